// The one view matrix: where a pixel of the photo lies on the screen. A scale and a shift, nothing else.

export const LEAST = 0.02;
export const MOST = 32;
const BESIDE = 8; // CSS pixels between a fitted photo and the controls

/** @typedef {import("./join.js").Box} Box */

/** CSS pixels of the stage = photo pixels · scale + (x, y). */
export class View {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.stage = { width: 1, height: 1 };
    this.photo = { width: 1, height: 1 };
    this.controls = { right: 0, below: 0 }; // CSS pixels of the stage that they take; a fitted photo keeps clear of them
    this.fitted = true; // stays fitted when the stage changes its size
  }

  /** @param {number} x @param {number} y in CSS pixels @returns {[number, number]} in pixels of the photo */
  toPhoto(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  /** @param {number} x @param {number} y in pixels of the photo @returns {[number, number]} in CSS pixels */
  toStage(x, y) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  /** Where a fitted photo lies. @returns {Box} */
  get #free() {
    const { width, height } = this.stage;
    const { right, below } = this.controls;
    const room = Math.min(24, width * 0.04);
    return {
      left: room,
      top: room,
      width: width - room - (right ? right + BESIDE : room),
      height: height - room - (below ? below + BESIDE : room),
    };
  }

  /** The scale at which all of the photo is seen. */
  get fitting() {
    const { width, height } = this.#free;
    return Math.max(LEAST / 4, Math.min(width / this.photo.width, height / this.photo.height, 4));
  }

  fit() {
    const { left, top, width, height } = this.#free;
    this.scale = this.fitting;
    this.x = left + (width - this.photo.width * this.scale) / 2;
    this.y = top + (height - this.photo.height * this.scale) / 2;
    this.fitted = true;
  }

  /** Zoom so that the photo stays where it is at this place of the stage. @param {number} scale @param {number} x @param {number} y */
  zoomTo(scale, x = this.stage.width / 2, y = this.stage.height / 2) {
    const wanted = Math.min(MOST, Math.max(Math.min(LEAST, this.fitting), scale));
    const [px, py] = this.toPhoto(x, y);
    this.scale = wanted;
    this.x = x - px * wanted;
    this.y = y - py * wanted;
    this.#hold();
  }

  /** @param {number} dx @param {number} dy in CSS pixels */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#hold();
  }

  /** Bring a place of the photo into sight. @param {number} px @param {number} py */
  reveal(px, py) {
    const [x, y] = this.toStage(px, py);
    const edge = Math.min(60, this.stage.width / 4, this.stage.height / 4);
    const dx = x < edge ? edge - x : x > this.stage.width - edge ? this.stage.width - edge - x : 0;
    const dy = y < edge ? edge - y : y > this.stage.height - edge ? this.stage.height - edge - y : 0;
    if (dx || dy) this.pan(dx, dy);
  }

  /** Some of the photo stays in sight. */
  #hold() {
    this.fitted = false;
    const [w, h] = [this.photo.width * this.scale, this.photo.height * this.scale];
    const [mx, my] = [Math.min(80, w / 2), Math.min(80, h / 2)];
    this.x = Math.min(this.stage.width - mx, Math.max(mx - w, this.x));
    this.y = Math.min(this.stage.height - my, Math.max(my - h, this.y));
  }

  /** The part of the photo that is in sight, whole pixels; null if none is. */
  get visible() {
    const [x0, y0] = this.toPhoto(0, 0);
    const [x1, y1] = this.toPhoto(this.stage.width, this.stage.height);
    const left = Math.max(0, Math.floor(x0));
    const top = Math.max(0, Math.floor(y0));
    const width = Math.min(this.photo.width, Math.ceil(x1)) - left;
    const height = Math.min(this.photo.height, Math.ceil(y1)) - top;
    return width > 0 && height > 0 ? { left, top, width, height } : null;
  }
}
