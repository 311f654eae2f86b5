// Masks as PNG files, without a canvas: a canvas reads back slowly, and its colors may be changed on the way.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes */
function checksum(bytes) {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) value = CRC[(value ^ bytes[i]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** @param {string} kind @param {Uint8Array} content */
function chunk(kind, content) {
  const whole = new Uint8Array(12 + content.length);
  const numbers = new DataView(whole.buffer);
  numbers.setUint32(0, content.length);
  for (let i = 0; i < 4; i += 1) whole[4 + i] = kind.charCodeAt(i);
  whole.set(content, 8);
  numbers.setUint32(8 + content.length, checksum(whole.subarray(4, 8 + content.length)));
  return whole;
}

/** @param {Uint8Array} bytes @param {"deflate"} way */
async function squeeze(bytes, way) {
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new CompressionStream(way));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A mask as a PNG of one bit a pixel: white is missing. @param {Uint8Array} mask @param {number} width @param {number} height */
export async function writeMask(mask, width, height) {
  const stride = 1 + ((width + 7) >> 3);
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (mask[y * width + x]) rows[y * stride + 1 + (x >> 3)] |= 0x80 >> (x & 7);
    }
  }
  const header = new Uint8Array(13);
  const numbers = new DataView(header.buffer);
  numbers.setUint32(0, width);
  numbers.setUint32(4, height);
  header.set([1, 0, 0, 0, 0], 8); // one bit, grey
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", await squeeze(rows, "deflate")),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Blob(/** @type {BlobPart[]} */ (parts), { type: "image/png" });
}
