// The mask: one byte a pixel of the photo, 1 = missing. Strokes are drawn in picture coordinates, whatever the zoom.
// A change is kept as runs (row, first, end) whose pixels are turned over: the same list undoes and redoes it.

/** @typedef {import("./join.js").Box} Box */
/** @typedef {Int32Array} Runs triples: row, first column, column after the last */
/** @typedef {{box: Box, runs: Runs}} Find */

export class Mask {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.bytes = new Uint8Array(width * height);
    this.committed = new Uint8Array(width * height); // as it was after the last command
    /** Halved and halved again, a cell being set if any of its four is: what a zoomed-out view looks at. */
    this.levels = pyramid(this.bytes, width, height);
    /** @type {Box | null} what was changed since the last command */
    this.dirty = null;
  }

  /** @returns {boolean} */
  get any() {
    return this.bytes.includes(1);
  }

  /**
   * One part of a stroke: all pixels whose middle is nearer to the line than the radius.
   * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 in pixels of the photo
   * @param {number} radius @param {0 | 1} value
   * @returns {Box | null} what may have changed
   */
  stroke(x0, y0, x1, y1, radius, value) {
    const r = Math.max(radius, 0.5);
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - r));
    const bottom = Math.min(this.height, Math.ceil(Math.max(y0, y1) + r) + 1);
    let [least, most] = [this.width, 0];
    for (let row = top; row < bottom; row += 1) {
      const span = capsule(row + 0.5, x0, y0, x1, y1, r);
      if (!span) continue;
      const from = Math.max(0, Math.ceil(span[0] - 0.5));
      const to = Math.min(this.width, Math.floor(span[1] - 0.5) + 1);
      if (from >= to) continue;
      this.bytes.fill(value, row * this.width + from, row * this.width + to);
      if (from < least) least = from;
      if (to > most) most = to;
    }
    // However thin the brush: the pixel under the cursor.
    const [cx, cy] = [Math.floor(x1), Math.floor(y1)];
    if (cx >= 0 && cy >= 0 && cx < this.width && cy < this.height) {
      this.bytes[cy * this.width + cx] = value;
      least = Math.min(least, cx);
      most = Math.max(most, cx + 1);
    }
    if (least >= most) return null;
    const box = { left: least, top, width: most - least, height: bottom - top };
    this.#changed(box);
    return box;
  }

  /** What was changed since the last command, as runs, and a new beginning. @returns {Runs} */
  commit() {
    const box = this.dirty;
    this.dirty = null;
    if (!box) return new Int32Array(0);
    const runs = [];
    for (let y = box.top; y < box.top + box.height; y += 1) {
      const start = y * this.width;
      const end = start + box.left + box.width;
      for (let at = start + box.left; at < end; at += 1) {
        if (this.bytes[at] === this.committed[at]) continue;
        const first = at;
        while (at < end && this.bytes[at] !== this.committed[at]) at += 1;
        runs.push(y, first - start, at - start);
      }
      this.committed.set(this.bytes.subarray(start + box.left, end), start + box.left);
    }
    return Int32Array.from(runs);
  }

  /** Take back what was drawn since the last command. @returns {Box | null} */
  cancel() {
    const box = this.dirty;
    if (!box) return null;
    for (let y = box.top; y < box.top + box.height; y += 1) {
      const start = y * this.width + box.left;
      this.bytes.set(this.committed.subarray(start, start + box.width), start);
    }
    this.#changed(box);
    this.dirty = null;
    return box;
  }

  /** Turn the pixels of these runs over. @param {Runs} runs @returns {Box | null} */
  flip(runs) {
    const box = boxOf(runs);
    if (!box) return null;
    for (let k = 0; k < runs.length; k += 3) {
      const start = runs[k] * this.width;
      for (let at = start + runs[k + 1]; at < start + runs[k + 2]; at += 1) {
        this.bytes[at] ^= 1;
        this.committed[at] = this.bytes[at];
      }
    }
    reduce(this.levels, box);
    return box;
  }

  /** The runs by which this mask differs from another, or from an empty one. @param {Uint8Array | null} other @returns {Runs} */
  differences(other) {
    const runs = [];
    for (let y = 0; y < this.height; y += 1) {
      const start = y * this.width;
      for (let x = 0; x < this.width; x += 1) {
        if (this.bytes[start + x] === (other ? other[start + x] : 0)) continue;
        const first = x;
        while (x < this.width && this.bytes[start + x] !== (other ? other[start + x] : 0)) x += 1;
        runs.push(y, first, x);
      }
    }
    return Int32Array.from(runs);
  }

  /** Those pixels of the runs that are not marked yet. @param {Runs} runs @returns {Runs} */
  lacking(runs) {
    const found = [];
    for (let k = 0; k < runs.length; k += 3) {
      const start = runs[k] * this.width;
      for (let x = runs[k + 1]; x < runs[k + 2]; x += 1) {
        if (this.bytes[start + x]) continue;
        const first = x;
        while (x < runs[k + 2] && !this.bytes[start + x]) x += 1;
        found.push(runs[k], first, x);
      }
    }
    return Int32Array.from(found);
  }

  /** @param {Box} box */
  #changed(box) {
    this.dirty = this.dirty ? around(this.dirty, box) : box;
    reduce(this.levels, box);
  }
}

/**
 * Where a row meets all that is nearer to a line than r; null if nowhere.
 * @param {number} y @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 @param {number} r
 * @returns {[number, number] | null}
 */
function capsule(y, x0, y0, x1, y1, r) {
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [cx, cy] of [
    [x0, y0],
    [x1, y1],
  ]) {
    const half = r * r - (y - cy) ** 2;
    if (half < 0) continue;
    left = Math.min(left, cx - Math.sqrt(half));
    right = Math.max(right, cx + Math.sqrt(half));
  }
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length > 0) {
    const [nx, ny] = [(-(y1 - y0) / length) * r, ((x1 - x0) / length) * r];
    const corners = [
      [x0 + nx, y0 + ny],
      [x1 + nx, y1 + ny],
      [x1 - nx, y1 - ny],
      [x0 - nx, y0 - ny],
    ];
    for (let k = 0; k < 4; k += 1) {
      const [ax, ay] = corners[k];
      const [bx, by] = corners[(k + 1) % 4];
      if (ay <= y === by <= y) continue;
      const x = ax + ((y - ay) * (bx - ax)) / (by - ay);
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  return left <= right ? [left, right] : null;
}

/** @param {Runs} runs @returns {Box | null} */
export function boxOf(runs) {
  if (!runs.length) return null;
  let [left, right, top, bottom] = [runs[1], runs[2], runs[0], runs[0] + 1];
  for (let k = 0; k < runs.length; k += 3) {
    if (runs[k] < top) top = runs[k];
    if (runs[k] + 1 > bottom) bottom = runs[k] + 1;
    if (runs[k + 1] < left) left = runs[k + 1];
    if (runs[k + 2] > right) right = runs[k + 2];
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** The smallest box around two. @param {Box} one @param {Box} other @returns {Box} */
export function around(one, other) {
  const left = Math.min(one.left, other.left);
  const top = Math.min(one.top, other.top);
  const right = Math.max(one.left + one.width, other.left + other.width);
  const bottom = Math.max(one.top + one.height, other.top + other.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** @param {Uint8Array} bytes @param {number} width @param {number} height */
function pyramid(bytes, width, height) {
  const levels = [{ bytes, width, height }];
  while (width > 64 && height > 64) {
    width = (width + 1) >> 1;
    height = (height + 1) >> 1;
    levels.push({ bytes: new Uint8Array(width * height), width, height });
  }
  return levels;
}

/** Bring the smaller levels up to date. @param {ReturnType<typeof pyramid>} levels @param {Box} box */
function reduce(levels, box) {
  let [left, top, right, bottom] = [box.left, box.top, box.left + box.width, box.top + box.height];
  for (let k = 1; k < levels.length; k += 1) {
    const [finer, level] = [levels[k - 1], levels[k]];
    left >>= 1;
    top >>= 1;
    right = Math.min(level.width, (right + 1) >> 1);
    bottom = Math.min(level.height, (bottom + 1) >> 1);
    for (let y = top; y < bottom; y += 1) {
      const upper = 2 * y * finer.width;
      const lower = 2 * y + 1 < finer.height ? upper + finer.width : upper;
      for (let x = left; x < right; x += 1) {
        const one = 2 * x;
        const two = one + 1 < finer.width ? one + 1 : one;
        level.bytes[y * level.width + x] =
          finer.bytes[upper + one] | finer.bytes[upper + two] | finer.bytes[lower + one] | finer.bytes[lower + two];
      }
    }
  }
}

/**
 * The mask as it looks in a part of the stage: RGBA of each pixel of the screen in it.
 * @param {Mask} mask @param {import("./view.js").View} view @param {number} ratio screen pixels a CSS pixel
 * @param {Box} part of the stage, in screen pixels @param {number} color RGBA as a little-endian number
 */
export function paintMask(mask, view, ratio, part, color) {
  const image = new ImageData(part.width, part.height);
  const out = new Uint32Array(image.data.buffer);
  const scale = view.scale * ratio;
  let number = 0;
  while (number + 1 < mask.levels.length && scale * 2 ** (number + 1) <= 1.2) number += 1;
  const level = mask.levels[number];
  const cell = 2 ** number;
  const columns = new Int32Array(part.width);
  for (let i = 0; i < part.width; i += 1) {
    const x = Math.floor((part.left + i + 0.5 - view.x * ratio) / scale / cell);
    columns[i] = x >= 0 && x < level.width ? x : -1;
  }
  for (let j = 0; j < part.height; j += 1) {
    const y = Math.floor((part.top + j + 0.5 - view.y * ratio) / scale / cell);
    if (y < 0 || y >= level.height) continue;
    const start = y * level.width;
    for (let i = 0; i < part.width; i += 1) {
      if (columns[i] >= 0 && level.bytes[start + columns[i]]) out[j * part.width + i] = color;
    }
  }
  return image;
}

/**
 * The runs of each find of a picture of numbers (0 = none), in their order.
 * @param {Uint8ClampedArray} data RGBA, the number in R, G, B @param {number} width @param {number} height
 * @returns {Map<number, Runs>}
 */
export function runsOfLabels(data, width, height) {
  /** @type {Map<number, number[]>} */
  const found = new Map();
  const words = new Uint32Array(data.buffer, data.byteOffset, width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const label = words[y * width + x] & 0xffffff;
      if (!label) continue;
      const first = x;
      while (x + 1 < width && (words[y * width + x + 1] & 0xffffff) === label) x += 1;
      const runs = found.get(label) ?? [];
      runs.push(y, first, x + 1);
      found.set(label, runs);
    }
  }
  return new Map([...found].map(([label, runs]) => [label, Int32Array.from(runs)]));
}
