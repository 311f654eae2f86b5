// All colors that a place may have: the ab plane at its lightness, as far as sRGB reaches. Left green, right red; top yellow, bottom blue.

import { encode, inGamut, labOf, linearOf, nearestHex, rgbOfHex } from "./color.js";
import { ARROWS } from "./dom.js";

const [WIDTH, HEIGHT] = [300, 168];
const ROOM = 12; // around the colors, in pixels of the canvas

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
  }

  connectedCallback() {
    if (this.canvas) return;
    this.canvas = document.createElement("canvas");
    [this.canvas.width, this.canvas.height] = [WIDTH, HEIGHT];
    this.append(this.canvas);
    this.plane = new OffscreenCanvas(WIDTH, HEIGHT);
    this.reach = reachAt(this.L);
    this.setAttribute("role", "slider");
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", "360");
    this.addEventListener("pointerdown", (event) => {
      this.setPointerCapture(event.pointerId);
      this.#choose(event, true);
    });
    this.addEventListener("pointermove", (event) => {
      if (this.hasPointerCapture(event.pointerId)) this.#choose(event, true);
    });
    this.addEventListener("pointerup", (event) => this.#choose(event, false));
    this.addEventListener("keydown", (event) => this.#key(event));
    this.show(this.L, this.hex, []);
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
    brush.clearRect(0, 0, this.canvas.width, this.canvas.height);
    brush.drawImage(this.plane, 0, 0);
    for (const each of this.likely) this.#mark(brush, each, 4);
    const [, a, b] = labOf(rgbOfHex(this.hex));
    this.#mark(brush, nearestHex([this.L, a, b]), 9); // a color of another lightness, as it looks here
    this.setAttribute("aria-valuenow", String(Math.round((Math.atan2(b, a) * 180) / Math.PI + 360) % 360));
    this.setAttribute("aria-valuetext", this.words(this.hex));
  }

  /** @param {CanvasRenderingContext2D} brush @param {string} hex @param {number} radius */
  #mark(brush, hex, radius) {
    const [, a, b] = labOf(rgbOfHex(hex));
    const { left, top, across, down } = this.reach ?? reachAt(this.L);
    const [x, y] = [(a - left) / across, (top - b) / down];
    brush.beginPath();
    brush.arc(x, y, radius, 0, 7);
    brush.lineWidth = 4;
    brush.strokeStyle = "#000a";
    brush.stroke();
    brush.lineWidth = 2;
    brush.strokeStyle = "#fff";
    brush.stroke();
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

/** The plane at this lightness; outside sRGB transparent. @param {number} L @param {Reach} reach */
function paint(L, { left, top, across, down }) {
  const image = new ImageData(WIDTH, HEIGHT);
  const out = new Uint32Array(image.data.buffer);
  for (let y = 0, at = 0; y < HEIGHT; y += 1) {
    const b = top - (y + 0.5) * down;
    for (let x = 0; x < WIDTH; x += 1, at += 1) {
      const rgb = linearOf([L, left + (x + 0.5) * across, b]);
      if (rgb.some((each) => each < -0.0005 || each > 1.0005)) continue;
      const [red, green, blue] = rgb.map((each) => Math.round(255 * encode(each)));
      out[at] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
  }
  return image;
}

customElements.define("sl-gamut", Gamut);
