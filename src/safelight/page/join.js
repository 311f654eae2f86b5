// The small ab plane joined to the photo's own lightness: a twin of `replace_ab` (pixels/color.py), in plain JS.
// What does not change with the colors, f(Y) of each pixel, is kept. Pixels differ from safelight's by a level at most.

import { compress, encode, LINEAR, TO_LINEAR, TO_XYZ } from "./color.js";

/** @typedef {{left: number, top: number, width: number, height: number}} Box in pixels of the full-size photo */
/** @typedef {{a: Float32Array, b: Float32Array, width: number, height: number}} Plane */
/** @typedef {{plane: Plane, region: [number, number][] | null}} Layer region: a lasso, fractions of the photo */
/** @typedef {{layers: Layer[], mount: Box | null}} Colors */

const FINE = 65535; // levels of linear light in the tables
const TABLE = Uint8Array.from({ length: FINE + 1 }, (_, level) => Math.floor(encode(level / FINE) * 255 + 0.5));
const COMPRESSED = Float32Array.from({ length: FINE + 1 }, (_, level) => compress(level / FINE));
const EDGE = 6 / 29;
const SLOPE = 3 * EDGE ** 2;
const [[RX, , RZ], [GX, , GZ], [BX, , BZ]] = TO_LINEAR;

/** A part of the photo as it is shown: its pixels, its f(Y), and where in the photo it lies. */
export class Piece {
  /**
   * @param {ImageData} pixels the original, this part of it, at the size of the screen or less
   * @param {Box} box where in the photo it lies
   * @param {{width: number, height: number}} photo the whole photo's size
   */
  constructor(pixels, box, photo) {
    this.pixels = pixels;
    this.box = box;
    this.photo = photo;
    this.width = pixels.width;
    this.height = pixels.height;
    this.fy = lightness(pixels.data);
  }

  /** Colored: RGBA. @param {Colors} colors @param {ImageData} [result] that is written over */
  join(colors, result = new ImageData(this.width, this.height)) {
    const out = new Uint32Array(result.data.buffer);
    const owner = this.#owners(colors.layers);
    colors.layers.forEach((layer, number) => {
      joinLayer(this, layer.plane, out, number ? owner : null, number);
    });
    if (colors.mount) this.#keepOutside(colors.mount, out);
    return result;
  }

  /** For each pixel the number of the layer that counts there; null if it is 0 everywhere. @param {Layer[]} layers */
  #owners(layers) {
    if (layers.length < 2) return null;
    const owners = new Uint8Array(this.width * this.height); // the service answers 255 regions at most
    layers.forEach(({ region }, number) => {
      if (region) fillPolygon(owners, this, region, number);
    });
    return owners;
  }

  /** The paper around a picture stays as it is. @param {Box} mount @param {Uint32Array} out */
  #keepOutside(mount, out) {
    const own = new Uint32Array(this.pixels.data.buffer);
    const [sx, sy] = [this.width / this.box.width, this.height / this.box.height];
    const [left, right] = [(mount.left - this.box.left) * sx, (mount.left + mount.width - this.box.left) * sx];
    const [top, bottom] = [(mount.top - this.box.top) * sy, (mount.top + mount.height - this.box.top) * sy];
    for (let y = 0; y < this.height; y += 1) {
      const inside = y + 0.5 >= top && y + 0.5 < bottom;
      for (let x = 0; x < this.width; x += 1) {
        if (inside && x + 0.5 >= left && x + 0.5 < right) x = Math.max(x, Math.ceil(right - 0.5) - 1);
        else out[y * this.width + x] = own[y * this.width + x];
      }
    }
  }
}

/** f(Y) of each pixel. @param {Uint8ClampedArray} data RGBA */
function lightness(data) {
  const fy = new Float32Array(data.length >> 2);
  const [r, g, b] = TO_XYZ[1];
  for (let i = 0, at = 0; i < fy.length; i += 1, at += 4) {
    const light = r * LINEAR[data[at]] + g * LINEAR[data[at + 1]] + b * LINEAR[data[at + 2]];
    fy[i] = COMPRESSED[(light * FINE + 0.5) | 0];
  }
  return fy;
}

/**
 * Where the middles of `count` pixels of a part lie on a plane: place of the one before, and the share of the next.
 * @param {number} count @param {number} start of the part, in pixels of the photo @param {number} extent of the part
 * @param {number} whole size of the photo @param {number} size of the plane
 */
function places(count, start, extent, whole, size) {
  const before = new Int32Array(count);
  const share = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const place = ((start + ((i + 0.5) * extent) / count) * size) / whole - 0.5;
    const kept = place < 0 ? 0 : place > size - 1 ? size - 1 : place;
    before[i] = Math.min(Math.floor(kept), Math.max(size - 2, 0));
    share[i] = kept - before[i];
  }
  return { before, share };
}

/**
 * @param {Piece} piece @param {Plane} plane @param {Uint32Array} out
 * @param {Uint8Array | null} owner null: everywhere; else only where it is `number` @param {number} number
 */
function joinLayer(piece, plane, out, owner, number) {
  const { width, height, box, photo, fy } = piece;
  const across = places(width, box.left, box.width, photo.width, plane.width);
  const down = places(height, box.top, box.height, photo.height, plane.height);
  let upper = { x: new Float32Array(width), z: new Float32Array(width), line: -1 };
  let lower = { x: new Float32Array(width), z: new Float32Array(width), line: -1 };
  for (let y = 0; y < height; y += 1) {
    if (owner && !rowHas(owner, y * width, width, number)) continue;
    if (lower.line === down.before[y]) [upper, lower] = [lower, upper];
    widen(upper, plane, down.before[y], across);
    widen(lower, plane, Math.min(down.before[y] + 1, plane.height - 1), across);
    const part = down.share[y];
    const [ux, uz, lx, lz] = [upper.x, upper.z, lower.x, lower.z];
    for (let x = 0, at = y * width; x < width; x += 1, at += 1) {
      if (owner && owner[at] !== number) continue;
      const f = fy[at];
      const fx = f + ux[x] + part * (lx[x] - ux[x]);
      const fz = f + uz[x] + part * (lz[x] - uz[x]);
      const Y = f > EDGE ? f * f * f : EDGE ** 3 + (f - EDGE) * SLOPE;
      const X = (fx > EDGE ? fx * fx * fx : EDGE ** 3 + (fx - EDGE) * SLOPE) - Y;
      const Z = (fz > EDGE ? fz * fz * fz : EDGE ** 3 + (fz - EDGE) * SLOPE) - Y;
      const red = FINE * (RX * X + RZ * Z);
      const green = FINE * (GX * X + GZ * Z);
      const blue = FINE * (BX * X + BZ * Z);
      const grey = Y * FINE + 0.5;
      let r = (red + grey) | 0;
      let g = (green + grey) | 0;
      let b = (blue + grey) | 0;
      if ((r | g | b) & ~FINE) {
        const reach = withinReach(Y * FINE, red, green, blue);
        r = (red * reach + grey) | 0;
        g = (green * reach + grey) | 0;
        b = (blue * reach + grey) | 0;
      }
      out[at] = 0xff000000 | (TABLE[b] << 16) | (TABLE[g] << 8) | TABLE[r];
    }
  }
}

/**
 * A line of the plane, as a / 500 and -b / 200, for each pixel of a row.
 * @param {{x: Float32Array, z: Float32Array, line: number}} wide @param {Plane} plane @param {number} line
 * @param {{before: Int32Array, share: Float32Array}} across
 */
function widen(wide, { a, b, width }, line, { before, share }) {
  if (wide.line === line) return;
  wide.line = line;
  const step = width > 1 ? 1 : 0;
  for (let x = 0; x < before.length; x += 1) {
    const at = line * width + before[x];
    const t = share[x];
    wide.x[x] = (a[at] + t * (a[at + step] - a[at])) / 500;
    wide.z[x] = (b[at] + t * (b[at + step] - b[at])) / -200;
  }
}

/**
 * How far one can go from a grey toward a color inside 0..FINE: the L stays, the chroma gives way.
 * @param {number} grey @param {number} red @param {number} green @param {number} blue beside the grey
 */
function withinReach(grey, red, green, blue) {
  let up = red > green ? red : green;
  if (blue > up) up = blue;
  let low = red < green ? red : green;
  if (blue < low) low = blue;
  let reach = 1;
  if (up > FINE - grey) reach = (FINE - grey) / up;
  if (-low > grey && grey / -low < reach) reach = grey / -low;
  return reach < 0 ? 0 : reach;
}

/** @param {Uint8Array} owner @param {number} start @param {number} count @param {number} number */
function rowHas(owner, start, count, number) {
  return owner.subarray(start, start + count).includes(number); // no further than the row, however large the picture
}

/**
 * The pixels whose middle lies inside a polygon (even-odd rule) get the number.
 * @param {Uint8Array} owners @param {Piece} piece @param {[number, number][]} region @param {number} number
 */
function fillPolygon(owners, piece, region, number) {
  const { width, height, box, photo } = piece;
  const corners = region.map(([x, y]) => [
    ((x * photo.width - box.left) * width) / box.width,
    ((y * photo.height - box.top) * height) / box.height,
  ]);
  for (let y = 0; y < height; y += 1) {
    const line = y + 0.5;
    const crossings = [];
    for (let k = 0; k < corners.length; k += 1) {
      const [x0, y0] = corners[k];
      const [x1, y1] = corners[(k + 1) % corners.length];
      if (y0 <= line !== y1 <= line) crossings.push(x0 + ((line - y0) * (x1 - x0)) / (y1 - y0));
    }
    crossings.sort((one, other) => one - other);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(0, Math.ceil(crossings[k] - 0.5));
      const to = Math.min(width, Math.ceil(crossings[k + 1] - 0.5));
      if (from < to) owners.fill(number, y * width + from, y * width + to);
    }
  }
}

/** Float16 to float32, by a table of all 65,536. */
const HALF = (() => {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits += 1) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) table[bits] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else table[bits] = sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
  }
  return table;
})();

/** @param {ArrayBuffer} buffer float16, little-endian @returns {Float32Array} */
export function floats(buffer) {
  const halves = new Uint16Array(buffer);
  const result = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) result[i] = HALF[halves[i]];
  return result;
}

/** Whether a place lies inside a polygon (even-odd rule). @param {number} x @param {number} y @param {[number, number][]} region */
export function inside(x, y, region) {
  let odd = false;
  for (let k = 0, last = region.length - 1; k < region.length; last = k, k += 1) {
    const [x0, y0] = region[k];
    const [x1, y1] = region[last];
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) odd = !odd;
  }
  return odd;
}
