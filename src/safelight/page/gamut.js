// All colors that a place may have: the ab plane at its lightness, as far as sRGB reaches. Left green, right red; top yellow, bottom blue.

import { encode, inGamut, labOf, linearOf, nearestHex, rgbOfHex } from "./color.js";
import { ARROWS, keepStrokes } from "./dom.js";

const [WIDTH, HEIGHT] = [300, 168]; // at which it is painted; it is shown at the pixels of the screen
const ROOM = 12; // around the colors
const DOT = 22; // CSS pixels around it that take it with a finger
const RANGE = 0.0005; // beyond sRGB that counts as within

export class Gamut extends HTMLElement {
  constructor() {
    super();
    this.L = 50;
    this.hex = "#808080";
    /** @type {string[]} */
    this.likely = [];
    /** @type {(hex: string) => string} what a screen reader says of a color */
    this.words = (hex) => hex;
    /** @type {(hex: string, dragging: boolean) => void} */
    this.chosen = () => undefined;
    this.drawn = Number.NaN;
    this.start = { x: 0, y: 0 }; // of a stroke
    this.taken = false; // a stroke chooses, and does not scroll
    this.dot = { x: 0, y: 0 }; // of the color now, CSS pixels
    this.shown = { width: WIDTH, height: HEIGHT }; // CSS pixels
  }

  connectedCallback() {
    if (this.canvas) return;
    this.canvas = document.createElement("canvas");
    this.append(this.canvas);
    this.plane = new OffscreenCanvas(WIDTH, HEIGHT);
    this.reach = reachAt(this.L);
    this.setAttribute("role", "slider");
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", "360");
    keepStrokes(this, () => this.taken);
    this.addEventListener("pointerdown", (event) => {
      this.setPointerCapture(event.pointerId);
      this.start = { x: event.clientX, y: event.clientY };
      this.taken = event.pointerType !== "touch" || this.#onDot(event);
      if (this.taken) this.#choose(event, true);
    });
    this.addEventListener("pointermove", (event) => {
      if (!this.hasPointerCapture(event.pointerId)) return;
      // A finger that goes up or down elsewhere than on the dot scrolls the panel.
      this.taken ||= Math.abs(event.clientX - this.start.x) > Math.abs(event.clientY - this.start.y);
      if (this.taken) this.#choose(event, true);
    });
    this.addEventListener("pointerup", (event) => this.#choose(event, false));
    this.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(([{ contentRect }]) => {
      this.shown = { width: contentRect.width, height: contentRect.height };
      this.#draw();
    }).observe(this);
  }

  /** @param {number} L 0..100 @param {string} hex the color now @param {string[]} likely */
  show(L, hex, likely) {
    [this.L, this.hex, this.likely] = [L, hex, likely];
    this.#draw();
  }

  #draw() {
    const brush = this.canvas?.getContext("2d");
    if (!this.canvas || !brush || !this.plane) return;
    if (this.drawn !== this.L) {
      this.reach = reachAt(this.L);
      this.plane.getContext("2d")?.putImageData(paint(this.L, this.reach), 0, 0);
      this.drawn = this.L;
    }
    const { width, height } = this.shown;
    this.canvas.width = Math.round(width * devicePixelRatio); // which clears it
    this.canvas.height = Math.round(height * devicePixelRatio);
    brush.scale(devicePixelRatio, devicePixelRatio);
    brush.imageSmoothingQuality = "high";
    brush.drawImage(this.plane, 0, 0, width, height);
    for (const each of this.likely) this.#mark(brush, each, 4);
    const [, a, b] = labOf(rgbOfHex(this.hex));
    this.dot = this.#mark(brush, nearestHex([this.L, a, b]), 9); // a color of another lightness, as it looks here
    this.setAttribute("aria-valuenow", String(Math.round((Math.atan2(b, a) * 180) / Math.PI + 360) % 360));
    this.setAttribute("aria-valuetext", this.words(this.hex));
  }

  /** @param {CanvasRenderingContext2D} brush @param {string} hex @param {number} radius */
  #mark(brush, hex, radius) {
    const [, a, b] = labOf(rgbOfHex(hex));
    const { left, top, across, down } = this.reach ?? reachAt(this.L);
    const x = (((a - left) / across) * this.shown.width) / WIDTH;
    const y = (((top - b) / down) * this.shown.height) / HEIGHT;
    brush.beginPath();
    brush.arc(x, y, radius, 0, 7);
    brush.lineWidth = 4;
    brush.strokeStyle = "#000a";
    brush.stroke();
    brush.lineWidth = 2;
    brush.strokeStyle = "#fff";
    brush.stroke();
    return { x, y };
  }

  /** @param {PointerEvent} event */
  #onDot(event) {
    const { left, top } = this.getBoundingClientRect();
    return Math.hypot(event.clientX - left - this.dot.x, event.clientY - top - this.dot.y) < DOT;
  }

  /** @param {number} a @param {number} b @param {boolean} dragging */
  #set(a, b, dragging) {
    this.hex = nearestHex([this.L, a, b]);
    this.#draw();
    this.chosen(this.hex, dragging);
  }

  /** @param {PointerEvent} event @param {boolean} dragging */
  #choose(event, dragging) {
    const frame = this.getBoundingClientRect();
    const { left, top, across, down } = this.reach ?? reachAt(this.L);
    const x = ((event.clientX - frame.left) / frame.width) * WIDTH;
    const y = ((event.clientY - frame.top) / frame.height) * HEIGHT;
    this.#set(left + x * across, top - y * down, dragging);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const direction = ARROWS[event.key];
    if (!direction) return;
    event.preventDefault();
    const [, a, b] = labOf(rgbOfHex(this.hex));
    const step = event.shiftKey ? 12 : 4;
    this.#set(a + step * direction[0], b - step * direction[1], false);
  }
}

/** @typedef {{left: number, top: number, across: number, down: number}} Reach ab at the corner, and ab a pixel */

/** What of the ab plane is shown: all that sRGB has at this lightness. @param {number} L @returns {Reach} */
function reachAt(L) {
  let [a0, a1, b0, b1] = [-8, 8, -8, 8];
  for (let a = -90; a <= 100; a += 3) {
    for (let b = -112; b <= 98; b += 3) {
      if (!inGamut([L, a, b])) continue;
      if (a < a0) a0 = a;
      if (a > a1) a1 = a;
      if (b < b0) b0 = b;
      if (b > b1) b1 = b;
    }
  }
  const across = (a1 - a0) / (WIDTH - 2 * ROOM);
  const down = (b1 - b0) / (HEIGHT - 2 * ROOM);
  return { left: a0 - ROOM * across, top: b1 + ROOM * down, across, down };
}

/** The plane at this lightness; outside sRGB transparent, with a smooth edge. @param {number} L @param {Reach} reach */
function paint(L, { left, top, across, down }) {
  const image = new ImageData(WIDTH, HEIGHT);
  const out = new Uint32Array(image.data.buffer);
  const beyond = new Float32Array(WIDTH * HEIGHT); // how far outside sRGB
  for (let y = 0, at = 0; y < HEIGHT; y += 1) {
    const b = top - (y + 0.5) * down;
    for (let x = 0; x < WIDTH; x += 1, at += 1) {
      const rgb = linearOf([L, left + (x + 0.5) * across, b]);
      beyond[at] = Math.max(...rgb, 1 - Math.min(...rgb)) - 1 - RANGE;
      const [red, green, blue] = rgb.map((each) => Math.round(255 * encode(each)));
      out[at] = (blue << 16) | (green << 8) | red;
    }
  }
  for (let at = 0; at < out.length - WIDTH; at += 1) {
    if (at % WIDTH === WIDTH - 1) continue; // the rim stays empty
    const slope = Math.abs(beyond[at + 1] - beyond[at]) + Math.abs(beyond[at + WIDTH] - beyond[at]);
    out[at] |= Math.round(255 * Math.min(1, Math.max(0, 0.5 - beyond[at] / slope))) << 24;
  }
  return image;
}

customElements.define("sl-gamut", Gamut);
