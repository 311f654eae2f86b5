// sRGB and CIE Lab (D65), as in safelight's pixels/color.py. White is (1, 1, 1) exactly, so that grey has no a or b.

/** @typedef {[number, number, number]} Rgb sRGB, 0..255 */
/** @typedef {[number, number, number]} Lab L 0..100, a, b */

const EDGE = 6 / 29; // where the cube root of Lab becomes a straight line
const XYZ = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
/** Linear sRGB to X/Xn, Y/Yn, Z/Zn: each row sums to 1. */
export const TO_XYZ = XYZ.map((row) => row.map((each) => each / (row[0] + row[1] + row[2])));
/** The inverse: each row sums to 1, too. */
export const TO_LINEAR = inverse(TO_XYZ);

/** @param {number[][]} m 3 × 3 */
function inverse(m) {
  const [[a, b, c], [d, e, f], [g, h, i]] = m;
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const rows = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  return rows.map((row) => row.map((each) => each / det));
}

/** Linear light 0..1 of gamma-encoded sRGB 0..1. @param {number} encoded */
export const linearize = (encoded) => (encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4);

/** Gamma-encoded sRGB 0..1 of linear light, which is clipped. @param {number} linear */
export function encode(linear) {
  const light = Math.min(Math.max(linear, 0), 1);
  return light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}

/** The f of Lab. @param {number} t */
export const compress = (t) => (t > EDGE ** 3 ? Math.cbrt(t) : EDGE + (t - EDGE ** 3) / (3 * EDGE ** 2));

/** The inverse of `compress`. @param {number} f */
export const expand = (f) => (f > EDGE ? f * f * f : EDGE ** 3 + (f - EDGE) * 3 * EDGE ** 2);

/** Linear light of the 256 levels. */
export const LINEAR = Float32Array.from({ length: 256 }, (_, level) => linearize(level / 255));

/** @param {Rgb} rgb @returns {Lab} */
export function labOf(rgb) {
  const light = rgb.map((each) => linearize(each / 255));
  const [fx, fy, fz] = TO_XYZ.map((row) => compress(row[0] * light[0] + row[1] * light[1] + row[2] * light[2]));
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** Linear sRGB of Lab, not clipped: outside 0..1 where sRGB has no such color. @param {Lab} lab */
export function linearOf([L, a, b]) {
  const fy = (L + 16) / 116;
  const x = expand(fy + a / 500);
  const y = expand(fy);
  const z = expand(fy - b / 200);
  return TO_LINEAR.map((row) => row[0] * x + row[1] * y + row[2] * z);
}

/** Whether sRGB has this color. @param {Lab} lab */
export const inGamut = (lab) => linearOf(lab).every((each) => each >= -0.0005 && each <= 1.0005);

/** @param {Lab} lab @returns {Rgb} */
export const rgbOf = (lab) => /** @type {Rgb} */ (linearOf(lab).map((each) => Math.round(255 * encode(each))));

/** The color of this ab at this L; where sRGB has none, with the chroma reduced until it has. @param {Lab} lab */
export function nearestHex([L, a, b]) {
  let [low, high] = [0, 1];
  if (!inGamut([L, a, b])) {
    for (let step = 0; step < 12; step += 1) {
      const middle = (low + high) / 2;
      if (inGamut([L, a * middle, b * middle])) low = middle;
      else high = middle;
    }
    return hexOf(rgbOf([L, a * low, b * low]));
  }
  return hexOf(rgbOf([L, a, b]));
}

/** @param {ArrayLike<number>} rgb */
export const hexOf = (rgb) =>
  `#${Array.from({ length: 3 }, (_, i) => Math.round(rgb[i]).toString(16).padStart(2, "0")).join("")}`;

/** @param {string} hex #rrggbb @returns {Rgb} */
export const rgbOfHex = (hex) => [
  Number.parseInt(hex.slice(1, 3), 16),
  Number.parseInt(hex.slice(3, 5), 16),
  Number.parseInt(hex.slice(5, 7), 16),
];

/**
 * What a person wrote for a color (#rgb, rrggbb, a CSS name) as #rrggbb; null if it is none.
 * @param {string} text
 * @returns {string | null}
 */
export function readColor(text) {
  const word = text.trim().toLowerCase().replace(/\s+/g, "");
  const short = /^#?([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(word);
  if (short)
    return `#${short
      .slice(1)
      .map((digit) => digit + digit)
      .join("")}`;
  const long = /^#?([0-9a-f]{6})$/.exec(word);
  if (long) return `#${long[1]}`;
  if (!/^[a-z]+$/.test(word) || !CSS.supports("color", word)) return null;
  const brush = document.createElement("canvas").getContext("2d");
  if (!brush) return null;
  brush.fillStyle = word;
  const found = String(brush.fillStyle);
  return /^#[0-9a-f]{6}$/.test(found) ? found : null;
}
