// The stage: one stack of canvases under one view matrix. Pointers and keys become places of the photo for the tools.

import { ARROWS, keepStrokes } from "./dom.js";
import { around, paintMask } from "./mask.js";
import { View } from "./view.js";

/** @typedef {import("./join.js").Box} Box */
/** @typedef {import("./join.js").Colors} Colors */
/** @typedef {{x: number, y: number, left: number, top: number, pressure: number, kind: string}} Spot x, y: pixels of the photo; left, top: CSS pixels of the stage */
/**
 * @typedef {object} Tool what the pointer does
 * @property {(spot: Spot) => boolean} down true: takes the gesture; false: it moves the view, or is a tap
 * @property {(spots: Spot[]) => void} move @property {(spot: Spot) => void} up @property {() => void} cancel
 * @property {(spot: Spot) => void} tap
 */

const SLOP = { mouse: 4, pen: 8, touch: 12 };
const NEARER = 3; // times the fitted photo, at least: a double tap
const FIRM = 300; // ms after which a stroke is no beginning of a pinch
const MASK_COLOR = 0xa04632ff; // AABBGGRR

export class Stage extends HTMLElement {
  constructor() {
    super();
    this.view = new View();
    this.ratio = 1;
    /** @type {Tool | null} */
    this.tool = null;
    /** @type {import("./picture.js").Picture | null} the photo, mended or not, in color */
    this.picture = null;
    /** @type {import("./picture.js").Picture | null} the photo as it came, for comparing */
    this.came = null;
    /** @type {Colors | null} */
    this.colors = null;
    /** @type {import("./mask.js").Mask | null} what is shown of it; null: nothing */
    this.mask = null;
    /** @type {{width: number, height: number, image: OffscreenCanvas} | null} */
    this.veil = null;
    this.comparing = false;
    this.split = 0.5; // of the stage's width
    this.holding = false; // the original is shown while a key is held
    /** @type {(brush: CanvasRenderingContext2D, view: View) => void} */
    this.paintOver = () => undefined;
    /** @type {{x: number, y: number} | null} where the keyboard points, in pixels of the photo */
    this.cross = null;
    /** @type {Spot | null} */
    this.hover = null;
    this.told = { moved: () => undefined, key: /** @param {KeyboardEvent} _ */ (_) => false };
    /** @type {Map<number, {x: number, y: number}>} */
    this.pointers = new Map();
    /** @type {HTMLElement | null} what lies over the stage and is to be kept clear of */
    this.controls = null;
    /** @type {{mode: "tool" | "pan" | "tap" | "pinch", id: number, kind: string, since: number, x: number, y: number, startX: number, startY: number} | null} */
    this.gesture = null;
    this.spaceDown = false;
    /** @type {Box | "all" | null} */
    this.maskDirty = "all";
    this.pictureDirty = true;
    this.frame = 0;
  }

  connectedCallback() {
    if (this.childElementCount) return;
    this.setAttribute("role", "application");
    this.canvases = ["picture", "mask", "over"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = name;
      canvas.setAttribute("aria-hidden", "true");
      this.append(canvas);
      return canvas;
    });
    this.brushes = this.canvases.map((canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")));
    this.divider = document.createElement("div");
    this.divider.className = "divider";
    this.divider.tabIndex = 0;
    this.divider.hidden = true;
    this.divider.setAttribute("role", "slider");
    this.divider.setAttribute("aria-valuemin", "0");
    this.divider.setAttribute("aria-valuemax", "100");
    this.tags = ["before", "after"].map((name) => {
      const tag = document.createElement("span");
      tag.className = `tag ${name}`;
      tag.hidden = true;
      return tag;
    });
    this.append(this.divider, ...this.tags);
    this.#listen();
    const seen = new ResizeObserver((entries) => this.#resized(entries[entries.length - 1]));
    try {
      seen.observe(this, { box: "device-pixel-content-box" });
    } catch {
      seen.observe(this);
    }
  }

  /** @param {ResizeObserverEntry} entry */
  #resized(entry) {
    const { width, height } = entry.contentRect;
    if (!width || !height || !this.canvases) return;
    this.#endStroke();
    const exact = entry.devicePixelContentBoxSize?.[0];
    const wanted = Math.round(width * devicePixelRatio);
    // Emulated ratios do not reach the exact size; then the ratio itself is taken.
    const across = exact && Math.abs(exact.inlineSize - wanted) <= 1 ? exact.inlineSize : wanted;
    const down = exact && across === exact.inlineSize ? exact.blockSize : Math.round(height * devicePixelRatio);
    for (const canvas of this.canvases) [canvas.width, canvas.height] = [across, down];
    this.ratio = across / width;
    const middle = this.view.toPhoto(this.view.stage.width / 2, this.view.stage.height / 2);
    this.view.stage = { width, height };
    this.#clearControls();
    if (this.view.fitted) this.view.fit();
    else {
      const [x, y] = this.view.toStage(...middle);
      this.view.pan(width / 2 - x, height / 2 - y);
    }
    this.viewChanged();
  }

  /** Show another photo. @param {{width: number, height: number}} photo */
  begin(photo) {
    const { width, height } = this.getBoundingClientRect(); // the panel may have come just now
    if (width && height) this.view.stage = { width, height };
    this.#clearControls();
    this.view.photo = { width: photo.width, height: photo.height };
    this.view.fit();
    this.cross = null;
    this.viewChanged();
  }

  #clearControls() {
    const frame = this.getBoundingClientRect();
    const bar = this.controls?.getBoundingClientRect();
    const [right, below] = bar?.width ? [frame.right - bar.left, frame.bottom - bar.top] : [0, 0];
    const upright = bar && bar.height > bar.width;
    this.view.controls = { right: upright ? right : 0, below: upright ? 0 : below };
  }

  /** Where the stage changes under a stroke, as a phone is turned, it would go on elsewhere in the photo. */
  #endStroke() {
    if (this.gesture?.mode !== "tool") return;
    this.gesture = null;
    if (this.hover) this.tool?.up(this.hover);
  }

  viewChanged() {
    this.pictureDirty = true;
    this.maskDirty = "all";
    this.told.moved();
    this.draw();
  }

  /** Other colors, laid on the photo at once: the next frame has only to draw. @param {Colors} colors */
  recolor(colors) {
    this.colors = colors;
    this.picture?.lay(this.view, colors);
    this.refresh();
  }

  /** The picture has to be drawn again. */
  refresh() {
    this.pictureDirty = true;
    this.draw();
  }

  /** The mask has changed here. @param {Box | "all"} box pixels of the photo */
  maskChanged(box) {
    if (box === "all" || this.maskDirty === "all") this.maskDirty = "all";
    else this.maskDirty = this.maskDirty ? around(this.maskDirty, box) : box;
    this.draw();
  }

  draw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.#drawNow());
  }

  #drawNow() {
    this.frame = 0;
    if (!this.canvases || !this.brushes) return;
    if (this.pictureDirty) this.#drawPicture(this.brushes[0], this.canvases[0]);
    if (this.maskDirty) this.#drawMask(this.brushes[1], this.canvases[1]);
    const over = this.brushes[2];
    over.setTransform(1, 0, 0, 1, 0, 0);
    over.clearRect(0, 0, this.canvases[2].width, this.canvases[2].height);
    over.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    if (this.picture) this.paintOver(over, this.view);
    this.#placeDivider();
  }

  /** @param {CanvasRenderingContext2D} brush @param {HTMLCanvasElement} canvas */
  #drawPicture(brush, canvas) {
    this.pictureDirty = false;
    brush.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.picture) return;
    const original = this.came ?? this.picture;
    this.picture.look(this.view, this.ratio);
    if (this.holding) {
      original.look(this.view, this.ratio);
      original.draw(brush, this.view, this.ratio, null);
      return;
    }
    this.picture.draw(brush, this.view, this.ratio, this.colors);
    if (this.veil) {
      const [x, y] = this.view.toStage(0, 0);
      const [w, h] = [this.view.photo.width * this.view.scale, this.view.photo.height * this.view.scale];
      brush.imageSmoothingEnabled = true;
      brush.drawImage(this.veil.image, x * this.ratio, y * this.ratio, w * this.ratio, h * this.ratio);
    }
    if (this.comparing) {
      if (original !== this.picture) original.look(this.view, this.ratio);
      brush.save();
      brush.beginPath();
      brush.rect(0, 0, Math.round(this.split * canvas.width), canvas.height);
      brush.clip();
      brush.clearRect(0, 0, canvas.width, canvas.height);
      original.draw(brush, this.view, this.ratio, null);
      brush.restore();
    }
  }

  /** @param {CanvasRenderingContext2D} brush @param {HTMLCanvasElement} canvas */
  #drawMask(brush, canvas) {
    let part = { left: 0, top: 0, width: canvas.width, height: canvas.height };
    if (this.maskDirty && this.maskDirty !== "all") {
      const { left, top, width, height } = this.maskDirty;
      // A cell of a coarser level of the mask may reach beyond the box by this much.
      const rim = Math.ceil(2 / (this.view.scale * this.ratio)) + 1;
      const [x0, y0] = this.view.toStage(left - rim, top - rim);
      const [x1, y1] = this.view.toStage(left + width + rim, top + height + rim);
      const from = { x: Math.max(0, Math.floor(x0 * this.ratio)), y: Math.max(0, Math.floor(y0 * this.ratio)) };
      part = {
        left: from.x,
        top: from.y,
        width: Math.min(canvas.width, Math.ceil(x1 * this.ratio)) - from.x,
        height: Math.min(canvas.height, Math.ceil(y1 * this.ratio)) - from.y,
      };
    }
    this.maskDirty = null;
    if (part.width <= 0 || part.height <= 0) return;
    if (!this.mask) {
      brush.clearRect(part.left, part.top, part.width, part.height);
      return;
    }
    brush.putImageData(paintMask(this.mask, this.view, this.ratio, part, MASK_COLOR), part.left, part.top);
  }

  #placeDivider() {
    if (!this.divider || !this.tags) return;
    this.divider.hidden = !this.comparing || !this.picture;
    for (const tag of this.tags) tag.hidden = this.divider.hidden;
    this.divider.style.left = `${this.split * 100}%`;
    this.divider.setAttribute("aria-valuenow", String(Math.round(this.split * 100)));
  }

  /** @param {number} split 0..1 */
  setSplit(split) {
    this.split = Math.min(1, Math.max(0, split));
    this.refresh();
  }

  /** @param {PointerEvent} event @returns {Spot} */
  #spot(event) {
    const frame = this.getBoundingClientRect();
    const [left, top] = [event.clientX - frame.left, event.clientY - frame.top];
    const [x, y] = this.view.toPhoto(left, top);
    return { x, y, left, top, pressure: event.pointerType === "pen" ? event.pressure : 1, kind: event.pointerType };
  }

  #listen() {
    keepStrokes(this);
    this.addEventListener("pointerdown", (event) => this.#down(event));
    this.addEventListener("pointermove", (event) => this.#move(event));
    this.addEventListener("pointerup", (event) => this.#up(event, false));
    this.addEventListener("pointercancel", (event) => this.#up(event, true));
    this.addEventListener("pointerleave", () => {
      this.hover = null;
      this.draw();
    });
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("keyup", (event) => {
      if (event.key === " ") this.spaceDown = false;
    });
    this.addEventListener("blur", () => {
      this.spaceDown = false;
      this.draw();
    });
    this.addEventListener("focus", () => this.draw());
    this.divider?.addEventListener("keydown", (event) => {
      const step = {
        ArrowLeft: -0.02,
        ArrowDown: -0.02,
        ArrowRight: 0.02,
        ArrowUp: 0.02,
        PageDown: -0.1,
        PageUp: 0.1,
        Home: -1,
        End: 1,
      }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.setSplit(this.split + step);
    });
    this.divider?.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.divider?.setPointerCapture(event.pointerId);
    });
    this.divider?.addEventListener("pointermove", (event) => {
      event.stopPropagation();
      if (!this.divider?.hasPointerCapture(event.pointerId)) return;
      const frame = this.getBoundingClientRect();
      this.setSplit((event.clientX - frame.left) / frame.width);
    });
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.picture || this.#firm(event)) return;
    if (event.pointerType === "pen" && this.pointers.size) {
      // The hand came first: it neither draws nor pinches.
      if (this.gesture?.mode === "tool") this.tool?.cancel();
      this.pointers.clear();
    }
    this.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const whose = { id: event.pointerId, kind: event.pointerType, since: event.timeStamp };
    if (this.pointers.size === 2) {
      if (this.gesture?.mode === "tool") this.tool?.cancel();
      this.gesture = { mode: "pinch", ...whose, x: 0, y: 0, startX: 0, startY: 0 };
      return;
    }
    if (this.pointers.size > 2) return;
    const spot = this.#spot(event);
    const start = {
      ...whose,
      x: event.clientX,
      y: event.clientY,
      startX: event.clientX,
      startY: event.clientY,
    };
    if (event.button === 1 || this.spaceDown) this.gesture = { mode: "pan", ...start };
    else if (event.button === 0 && this.tool?.down(spot)) this.gesture = { mode: "tool", ...start };
    else if (event.button === 0) this.gesture = { mode: "tap", ...start };
    if (event.button === 1) event.preventDefault();
  }

  /** Whether a stroke goes on whatever else touches: a pen's, beside which the hand rests, and one well under way. @param {PointerEvent} event */
  #firm(event) {
    const { gesture } = this;
    if (gesture?.mode !== "tool" || event.pointerId === gesture.id) return false;
    if (gesture.kind === "pen") return true;
    const far = Math.hypot(gesture.x - gesture.startX, gesture.y - gesture.startY);
    return event.pointerType === "touch" && far > SLOP.touch && event.timeStamp - gesture.since > FIRM;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const gesture = this.gesture;
    if (gesture?.mode === "tool" && gesture.id !== event.pointerId) return;
    this.hover = this.#spot(event);
    const last = this.pointers.get(event.pointerId);
    if (last && gesture?.mode === "pinch") this.#pinch(event, last);
    if (last) this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (!gesture || gesture.id !== event.pointerId || gesture.mode === "pinch") {
      this.draw();
      return;
    }
    if (gesture.mode === "tool") {
      const events = event.getCoalescedEvents?.() ?? [];
      this.tool?.move((events.length ? events : [event]).map((each) => this.#spot(each)));
    } else {
      const far = Math.hypot(event.clientX - gesture.startX, event.clientY - gesture.startY);
      if (gesture.mode === "tap" && far > (SLOP[/** @type {"mouse"} */ (event.pointerType)] ?? 6)) gesture.mode = "pan";
      if (gesture.mode === "pan") {
        this.view.pan(event.clientX - gesture.x, event.clientY - gesture.y);
        this.viewChanged();
      }
    }
    [gesture.x, gesture.y] = [event.clientX, event.clientY];
    this.draw();
  }

  /** Two fingers: what lies between them stays between them. @param {PointerEvent} event @param {{x: number, y: number}} last */
  #pinch(event, last) {
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    const frame = this.getBoundingClientRect();
    const span = Math.hypot(last.x - other.x, last.y - other.y);
    const now = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    const [mx, my] = [(event.clientX + other.x) / 2, (event.clientY + other.y) / 2];
    this.view.pan(mx - (last.x + other.x) / 2, my - (last.y + other.y) / 2);
    if (span > 4) this.view.zoomTo((this.view.scale * now) / span, mx - frame.left, my - frame.top);
    this.viewChanged();
  }

  /** @param {PointerEvent} event @param {boolean} lost */
  #up(event, lost) {
    this.pointers.delete(event.pointerId);
    const gesture = this.gesture;
    if (!gesture) return;
    if (gesture.mode === "pinch") {
      if (!this.pointers.size) this.gesture = null;
      return;
    }
    if (gesture.id !== event.pointerId) return;
    this.gesture = null;
    if (gesture.mode === "tool") {
      if (lost) this.tool?.cancel();
      else this.tool?.up(this.#spot(event));
    } else if (gesture.mode === "tap" && !lost) {
      this.cross = null;
      this.tool?.tap(this.#spot(event));
    }
    this.draw();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.picture) return;
    event.preventDefault();
    const frame = this.getBoundingClientRect();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    if (!event.ctrlKey && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      this.view.pan(-(event.deltaX || event.deltaY) * unit, event.deltaX ? -event.deltaY * unit : 0);
    } else {
      const speed = event.ctrlKey ? 0.01 : 0.0022;
      const factor = Math.exp(-Math.max(-240, Math.min(240, event.deltaY * unit)) * speed);
      this.view.zoomTo(this.view.scale * factor, event.clientX - frame.left, event.clientY - frame.top);
    }
    this.viewChanged();
  }

  /** @param {number} factor */
  zoomBy(factor) {
    this.view.zoomTo(this.view.scale * factor);
    this.viewChanged();
  }

  /** Nearer at this place, or all of the photo where it is near already. @param {number} left @param {number} top CSS pixels */
  zoomOn(left, top) {
    if (this.view.scale > 1.5 * this.view.fitting) this.view.fit();
    else this.view.zoomTo(Math.max(1 / this.ratio, NEARER * this.view.fitting), left, top);
    this.viewChanged();
  }

  zoomFit() {
    this.view.fit();
    this.viewChanged();
  }

  zoomFull() {
    this.view.zoomTo(1 / this.ratio);
    this.viewChanged();
  }

  /** Where the keyboard points; the middle of what is in sight at first. */
  crossing() {
    if (!this.cross) {
      const [x, y] = this.view.toPhoto(this.view.stage.width / 2, this.view.stage.height / 2);
      this.cross = this.#within(x, y);
    }
    return this.cross;
  }

  /** @param {number} x @param {number} y */
  #within(x, y) {
    const { width, height } = this.view.photo;
    return { x: Math.min(width - 0.5, Math.max(0.5, x)), y: Math.min(height - 0.5, Math.max(0.5, y)) };
  }

  /** The cross as a spot for the tools. @returns {Spot} */
  crossSpot() {
    const { x, y } = this.crossing();
    const [left, top] = this.view.toStage(x, y);
    return { x, y, left, top, pressure: 1, kind: "key" };
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this || !this.picture) return;
    if (event.key === " ") this.spaceDown = true;
    if (event.ctrlKey || event.metaKey) return;
    const direction = ARROWS[event.key];
    if (direction && event.altKey) {
      this.view.pan(-60 * direction[0], -60 * direction[1]);
      this.viewChanged();
    } else if (direction) {
      const step = (event.shiftKey ? 40 : 8) / this.view.scale;
      const from = this.crossing();
      const one = Math.max(step, 1);
      this.cross = this.#within(from.x + direction[0] * one, from.y + direction[1] * one);
      this.view.reveal(this.cross.x, this.cross.y);
      this.told.key(event);
      this.viewChanged();
    } else if (!this.told.key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.define("sl-stage", Stage);
