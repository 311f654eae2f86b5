// One photo as the stage shows it: all of it at no more pixels than the screen has, and, zoomed in, the part in sight.

import * as api from "./api.js";
import { Piece } from "./join.js";

/** @typedef {import("./join.js").Box} Box */
/** @typedef {import("./join.js").Colors} Colors */
/** @typedef {import("./view.js").View} View */

export const MOST_PIXELS = 2_000_000;
const PAUSE = 120; // ms without a move, before a sharper part is asked for

/** A piece, drawn: the original, and with the colors that it was last joined with. */
class Drawn {
  /** @param {Piece} piece */
  constructor(piece) {
    this.piece = piece;
    this.original = canvasOf(piece.pixels);
    /** @type {ImageData} */
    this.pixels = piece.pixels;
    /** @type {OffscreenCanvas | null} */
    this.colored = null;
    /** @type {Colors | null} */
    this.joined = null;
  }

  /** @param {Colors | null} colors null: as it is */
  with(colors) {
    if (!colors) return this.original;
    if (this.joined !== colors || !this.colored) {
      this.pixels = this.piece.join(colors, this.colored ? this.pixels : undefined);
      this.colored = canvasOf(this.pixels, this.colored);
      this.joined = colors;
    }
    return this.colored;
  }

  /** @param {number} i @param {number} j @param {Colors | null} colors @returns {[number, number, number]} */
  at(i, j, colors) {
    this.with(colors);
    const { data, width } = colors ? this.pixels : this.piece.pixels;
    const start = 4 * (j * width + i);
    return [data[start], data[start + 1], data[start + 2]];
  }
}

/** @param {ImageData} pixels @param {OffscreenCanvas | null} [canvas] */
function canvasOf(pixels, canvas) {
  const onto = canvas ?? new OffscreenCanvas(pixels.width, pixels.height);
  onto.getContext("2d")?.putImageData(pixels, 0, 0);
  return onto;
}

export class Picture {
  /** @param {api.Photo} photo @param {() => void} changed called when there is something new to draw */
  constructor(photo, changed) {
    this.photo = photo;
    this.changed = changed;
    /** @type {Drawn | null} */
    this.whole = null;
    /** @type {Drawn | null} */
    this.part = null;
    /** @type {AbortController | null} */
    this.asking = null;
    this.timer = 0;
    this.wanted = "";
    /** @type {Promise<void> | undefined} */
    this.opening = undefined;
  }

  /** Fetch all of it, at no more pixels than given. @param {number} pixels */
  open(pixels) {
    this.opening ??= this.#fetchWhole(pixels).catch((error) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** @param {number} pixels */
  async #fetchWhole(pixels) {
    const wanted = Math.min(MOST_PIXELS, Math.max(pixels, 300_000));
    const image = await api.preview(this.photo.id, null, wanted);
    const box = { left: 0, top: 0, width: this.photo.width, height: this.photo.height };
    this.whole = new Drawn(new Piece(image, box, this.photo));
    this.changed();
  }

  /** Ask for the part in sight, if the whole is too coarse for it. @param {View} view @param {number} ratio */
  look(view, ratio) {
    const box = view.visible;
    if (!this.whole || !box) return;
    const have = this.whole.piece.width / this.photo.width;
    const need = Math.min(1, view.scale * ratio, Math.sqrt(MOST_PIXELS / (box.width * box.height)));
    const key = need > have * 1.02 ? JSON.stringify([box, need]) : "";
    if (key === this.wanted) return;
    this.wanted = key;
    clearTimeout(this.timer);
    this.asking?.abort();
    if (!key) {
      this.part = null;
      return;
    }
    this.timer = setTimeout(() => this.#fetchPart(box, need), PAUSE);
  }

  /** @param {Box} box @param {number} scale */
  async #fetchPart(box, scale) {
    const margin = 0.06;
    const [dx, dy] = [Math.ceil(box.width * margin), Math.ceil(box.height * margin)];
    const left = Math.max(0, box.left - dx);
    const top = Math.max(0, box.top - dy);
    const part = {
      left,
      top,
      width: Math.min(this.photo.width, box.left + box.width + dx) - left,
      height: Math.min(this.photo.height, box.top + box.height + dy) - top,
    };
    const pixels = Math.min(MOST_PIXELS, Math.ceil(part.width * part.height * scale * scale * 1.02));
    this.asking = new AbortController();
    try {
      const image = await api.preview(this.photo.id, part, pixels, this.asking.signal);
      this.part = new Drawn(new Piece(image, part, this.photo));
      this.changed();
    } catch (error) {
      if (!api.gaveUp(error)) this.wanted = "";
    }
  }

  /** The part alone, where it covers all that is seen. @param {View} view */
  #inSight(view) {
    const seen = view.visible;
    const covers = this.part && seen && contains(this.part.piece.box, seen);
    return [covers ? null : this.whole, this.part].filter((each) => each !== null);
  }

  /** Join what is in sight with colors, so that it only has to be drawn. @param {View} view @param {Colors} colors */
  lay(view, colors) {
    for (const drawn of this.#inSight(view)) drawn.with(colors);
  }

  /**
   * @param {CanvasRenderingContext2D} brush in screen pixels @param {View} view @param {number} ratio
   * @param {Colors | null} colors
   */
  draw(brush, view, ratio, colors) {
    for (const drawn of this.#inSight(view)) {
      const { box } = drawn.piece;
      const [x0, y0] = view.toStage(box.left, box.top);
      const [x1, y1] = view.toStage(box.left + box.width, box.top + box.height);
      const image = drawn.with(colors);
      const [left, top, across, down] = [x0 * ratio, y0 * ratio, (x1 - x0) * ratio, (y1 - y0) * ratio];
      if (Math.abs(across - image.width) < 1 && Math.abs(down - image.height) < 1) {
        brush.drawImage(image, Math.round(left), Math.round(top)); // pixel for pixel: sharp, and soon done
        continue;
      }
      brush.imageSmoothingEnabled = across < 3 * image.width;
      brush.imageSmoothingQuality = "high";
      brush.drawImage(image, left, top, across, down);
    }
  }

  /** The color at a place of the photo. @param {number} x @param {number} y in its pixels @param {Colors | null} colors @returns {[number, number, number] | null} */
  colorAt(x, y, colors) {
    for (const drawn of [this.part, this.whole]) {
      if (!drawn) continue;
      const { box, width, height } = drawn.piece;
      const [i, j] = [
        Math.floor(((x - box.left) * width) / box.width),
        Math.floor(((y - box.top) * height) / box.height),
      ];
      if (i < 0 || j < 0 || i >= width || j >= height) continue;
      return drawn.at(i, j, colors);
    }
    return null;
  }

  /** It is not looked at: its pixels are fetched again when it is. */
  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.whole = this.part = null;
    this.wanted = "";
    this.opening = undefined;
  }
}

/** @param {Box} outer @param {Box} inner */
const contains = (outer, inner) =>
  outer.left <= inner.left &&
  outer.top <= inner.top &&
  outer.left + outer.width >= inner.left + inner.width &&
  outer.top + outer.height >= inner.top + inner.height;
