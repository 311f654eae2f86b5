// The room Color: hints and their colors, regions, where a hint would help, vividness and reach.

import * as api from "./api.js";
import { hexOf, labOf, readColor, rgbOfHex } from "./color.js";
import { button, dot, find, input, make, swatch } from "./dom.js";
import { Gamut } from "./gamut.js";
import { inside } from "./join.js";
import { nameOf } from "./names.js";
import { paintCross, paintHints, paintPlaces, paintRegion } from "./over.js";
import { t } from "./strings.js";

/** @typedef {import("./history.js").Hint} Hint */
/** @typedef {import("./stage.js").Spot} Spot */

const RECENT = "safelight-recent"; // colors, in the browser's local storage
const MOST_RECENT = 14;
const RADIUS = 0.015; // of a new hint, of the shorter side
const LARGEST = 0.25;
const PLACES = 5; // where next
const TOUCH = { mouse: 14, pen: 18, touch: 26, key: 14 };

export class ColorRoom {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {number | null} the hint that is worked on */
    this.chosen = null;
    /** @type {api.Place[]} */
    this.places = [];
    this.asksWhere = false;
    this.picking = false;
    /** @type {[number, number][] | null} the corners of a region that is being drawn */
    this.corners = null;
    this.cornersBefore = 0; // the stroke that is being drawn
    /** @type {{L: number, colors: api.Likely[]} | null} */
    this.likely = null;
    this.likelyFor = "";
    this.placesFor = "";
    this.dragged = false;
    this.writing = false;
    /** @type {string[]} */
    this.recent = readRecent();
    this.gamut = find("gamut", Gamut);
    this.gamut.words = (hex) => t("gamutValue", { color: t(nameOf(hex)), hex });
    this.#listen();
    app.coloredWatchers.push((stage) => {
      if (stage !== "network" || app.roomName !== "color") return;
      this.#askLikely();
      this.#askWhere();
    });
  }

  get #doc() {
    return this.app.work?.doc ?? null;
  }

  /** @returns {Hint | null} */
  get hint() {
    return this.#doc?.hints.find((each) => each.id === this.chosen) ?? null;
  }

  enter() {
    const { stage } = this.app;
    stage.tool = this;
    stage.style.cursor = "crosshair";
    stage.paintOver = (brush, view) => {
      const doc = this.#doc;
      if (!doc) return;
      for (const hint of doc.hints) if (hint.region) paintRegion(brush, view, hint.region, hint.id === this.chosen);
      if (this.corners) paintRegion(brush, view, this.corners, true, false);
      if (this.asksWhere) paintPlaces(brush, view, this.places);
      paintHints(brush, view, doc.hints, this.chosen);
      if (stage.cross && document.activeElement === stage)
        paintCross(brush, ...view.toStage(stage.cross.x, stage.cross.y));
    };
  }

  leave() {
    this.chosen = null;
    this.picking = false;
    this.corners = null;
    this.places = [];
    this.asksWhere = false;
  }

  // What the pointer does.

  /** @param {Spot} spot */
  down(spot) {
    if (this.corners) {
      this.cornersBefore = this.corners.length;
      this.corners.push(this.#fraction(spot));
      this.dragged = false;
      return true;
    }
    if (this.picking) return false;
    const hint = this.#hintAt(spot);
    if (!hint) return false;
    this.dragged = false;
    this.choose(hint.id);
    return true;
  }

  /** @param {Spot[]} spots */
  move(spots) {
    const last = spots[spots.length - 1];
    if (this.corners) {
      for (const spot of spots) {
        const [x, y] = this.#fraction(spot);
        const [bx, by] = this.corners[this.corners.length - 1];
        const { width, height } = this.app.stage.view.photo;
        if (Math.hypot((x - bx) * width, (y - by) * height) * this.app.stage.view.scale < 3) continue;
        this.corners.push([x, y]);
        this.dragged = true;
      }
      this.app.stage.draw();
      return;
    }
    const { hint } = this;
    if (!hint || !this.app.work) return;
    const [x, y] = this.#fraction(last);
    const { width, height } = this.app.stage.view.photo;
    const far = Math.hypot((x - hint.x) * width, (y - hint.y) * height) * this.app.stage.view.scale;
    if (!this.dragged && far < (last.kind === "touch" ? 9 : 3)) return;
    this.dragged = true;
    this.#change(hint.id, { x, y }, "hintMove", `move ${hint.id}`, true);
  }

  /** @param {Spot} _spot */
  up(_spot) {
    if (this.corners) {
      if (this.dragged) this.closeRegion();
      return;
    }
    this.app.work?.history.seal();
    if (this.dragged) {
      this.app.say(t("hintMoved"));
      this.app.changed();
    }
    this.dragged = false;
  }

  cancel() {
    if (this.corners)
      this.corners.length = this.cornersBefore; // those that were set stay
    else if (this.dragged) this.app.undo();
    this.dragged = false;
  }

  /** @param {Spot} spot */
  tap(spot) {
    if (this.picking) {
      this.#pickAt(spot);
      return;
    }
    const place = this.#placeAt(spot);
    if (place) this.addAt(place.x, place.y, place.colors[0]?.color);
    else this.#addAtSpot(spot);
  }

  /** @param {Spot} spot */
  #addAtSpot(spot) {
    const { width, height } = this.app.stage.view.photo;
    if (spot.x < 0 || spot.y < 0 || spot.x >= width || spot.y >= height) {
      this.choose(null);
      return;
    }
    const [x, y] = this.#fraction(spot);
    this.addAt(x, y);
  }

  /** A new hint; without a color it has the one that is there. @param {number} x @param {number} y fractions @param {string} [color] */
  addAt(x, y, color) {
    const { work, stage } = this.app;
    if (!work) return;
    const there = stage.picture?.colorAt(x * work.photo.width, y * work.photo.height, stage.colors) ?? [128, 128, 128];
    const hint = { id: work.history.fresh, x, y, color: color ?? hexOf(there), radius: RADIUS, region: null };
    this.chosen = hint.id;
    this.writing = false;
    this.likely = null;
    this.likelyFor = "";
    this.app.do({ kind: "hint", change: { hints: [...work.doc.hints, hint], color: true } });
    this.app.say(t("hintAdded", { n: work.doc.hints.length, color: t(nameOf(hint.color)) }));
    find("room-color").scrollTo({ top: 0 });
  }

  /** @param {Spot} spot */
  #hintAt(spot) {
    const { view } = this.app.stage;
    const reach = TOUCH[/** @type {"mouse"} */ (spot.kind)] ?? 14;
    let best = null;
    let least = reach;
    for (const hint of this.#doc?.hints ?? []) {
      const [x, y] = view.toStage(hint.x * view.photo.width, hint.y * view.photo.height);
      const far = Math.hypot(x - spot.left, y - spot.top);
      if (far <= least) [best, least] = [hint, far];
    }
    return best;
  }

  /** @param {Spot} spot */
  #placeAt(spot) {
    const { view } = this.app.stage;
    if (!this.asksWhere) return null;
    return (
      this.places.find((place) => {
        const [x, y] = view.toStage(place.x * view.photo.width, place.y * view.photo.height);
        return Math.hypot(x - spot.left, y - spot.top) < 20;
      }) ?? null
    );
  }

  /** @param {{x: number, y: number}} spot pixels of the photo @returns {[number, number]} */
  #fraction({ x, y }) {
    const { width, height } = this.app.stage.view.photo;
    return [Math.min(1, Math.max(0, x / width)), Math.min(1, Math.max(0, y / height))];
  }

  // What the keyboard does in the picture.

  /** @param {KeyboardEvent} event @returns {boolean} */
  key(event) {
    const { stage } = this.app;
    if (event.key.startsWith("Arrow")) {
      const { x, y } = stage.crossing();
      const { width, height } = stage.view.photo;
      this.app.say(t("crossAt", { x: Math.round((100 * x) / width), y: Math.round((100 * y) / height) }));
      return true;
    }
    if (event.key === "Enter") {
      const spot = stage.crossSpot();
      const existing = this.picking || this.corners ? null : this.#hintAt({ ...spot, kind: "key" });
      if (this.corners) this.#cornerByKey(spot);
      else if (existing) this.choose(existing.id);
      else this.tap(spot);
      return true;
    }
    if (event.key === "Escape") {
      if (!this.corners && !this.picking && this.chosen === null) return false;
      this.corners = null;
      if (!this.picking) this.choose(null);
      this.picking = false;
      this.render();
      stage.draw();
      return true;
    }
    if (event.key === "Delete" || event.key === "Backspace") {
      this.remove();
      return true;
    }
    return false;
  }

  /** The same corner twice closes the region. @param {Spot} spot */
  #cornerByKey(spot) {
    const corner = this.#fraction(spot);
    const last = this.corners?.[this.corners.length - 1];
    if (last && last[0] === corner[0] && last[1] === corner[1]) this.closeRegion();
    else this.corners?.push(corner);
    this.app.stage.draw();
  }

  /** Move the chosen hint by keys. @param {number} dx @param {number} dy in steps of the screen */
  nudge(dx, dy) {
    const { hint } = this;
    const { view } = this.app.stage;
    if (!hint) return;
    const x = Math.min(1, Math.max(0, hint.x + (dx * 4) / view.scale / view.photo.width));
    const y = Math.min(1, Math.max(0, hint.y + (dy * 4) / view.scale / view.photo.height));
    this.#change(hint.id, { x, y }, "hintMove", `move ${hint.id}`);
  }

  /** @param {number} step */
  cycle(step) {
    const hints = this.#doc?.hints ?? [];
    if (!hints.length) return;
    const at = hints.findIndex((each) => each.id === this.chosen);
    const next = hints[(at + step + hints.length) % hints.length] ?? hints[0];
    this.choose(next.id);
    const { view } = this.app.stage;
    view.reveal(next.x * view.photo.width, next.y * view.photo.height);
    this.app.stage.viewChanged();
  }

  // What is done to hints.

  /** @param {number | null} id */
  choose(id) {
    if (this.chosen !== id) {
      this.chosen = id;
      this.likely = null;
      this.likelyFor = "";
      this.corners = null;
      this.writing = false;
    }
    const { hint } = this;
    if (hint) this.app.say(this.#title(hint));
    this.render();
    this.app.stage.draw();
    this.#askLikely();
  }

  /** @param {Hint} hint */
  #title(hint) {
    const number = (this.#doc?.hints.findIndex((each) => each.id === hint.id) ?? 0) + 1;
    return t("hintTitle", { n: number, color: t(nameOf(hint.color)) });
  }

  /**
   * @param {number} id @param {Partial<Hint>} what @param {string} kind @param {string} [merge] @param {boolean} [dragging]
   */
  #change(id, what, kind, merge, dragging = false) {
    const { work } = this.app;
    if (!work) return;
    const hints = work.doc.hints.map((each) => (each.id === id ? { ...each, ...what } : each));
    work.do({ kind, change: { hints }, merge });
    this.app.changed(dragging);
  }

  /** @param {string} hex @param {boolean} [dragging] */
  setColor(hex, dragging = false) {
    const { hint } = this;
    if (!hint) return;
    this.writing = false;
    this.#change(hint.id, { color: hex }, "hintColor", `color ${hint.id}`, dragging);
    if (dragging) return;
    this.app.work?.history.seal();
    this.recent = [hex, ...this.recent.filter((each) => each !== hex)].slice(0, MOST_RECENT);
    try {
      localStorage.setItem(RECENT, JSON.stringify(this.recent));
    } catch {
      // Private windows may keep nothing; the colors are then those of this visit.
    }
    this.app.say(this.#title({ ...hint, color: hex }));
    this.render();
  }

  remove() {
    const { hint } = this;
    const { work } = this.app;
    if (!hint || !work) return;
    this.chosen = null;
    this.corners = null;
    this.app.do({ kind: "hintDelete", change: { hints: work.doc.hints.filter((each) => each.id !== hint.id) } });
    this.app.say(t("hintDeleted"));
    this.app.stage.focus();
  }

  toggleRegion() {
    const { hint } = this;
    if (!hint) return;
    if (this.corners) this.closeRegion();
    else if (hint.region) this.#change(hint.id, { region: null }, "region");
    else {
      this.corners = [];
      const keys = matchMedia("(pointer: coarse)").matches ? "" : ` ${t("lassoKeys")}`;
      this.app.say(t("lassoNow") + keys);
    }
    this.render();
    this.app.stage.draw();
  }

  closeRegion() {
    const { hint, corners } = this;
    if (!hint || !corners) return;
    if (corners.length < 3) {
      this.app.say(t("lassoFew"));
      return;
    }
    this.corners = null;
    const tolerance = 0.7 / this.app.stage.view.scale;
    const { width, height } = this.app.stage.view.photo;
    const region = simplify(corners, tolerance, width, height);
    // Where the lasso was drawn elsewhere, the hint goes into it: outside it would have no effect.
    const place = inside(hint.x, hint.y, region) ? {} : middle(region);
    this.#change(hint.id, { region, ...place }, "region");
    this.app.say(t("lassoDone"));
  }

  // Colors to choose from.

  togglePicking() {
    if (!this.hint) return;
    this.picking = !this.picking;
    if (this.picking) {
      this.app.say(t("pickNow"));
      this.app.stage.focus();
    }
    this.render();
  }

  /** @param {Spot} spot */
  #pickAt(spot) {
    const { stage } = this.app;
    const color = stage.picture?.colorAt(spot.x, spot.y, stage.colors);
    if (!color) return;
    this.picking = false;
    this.setColor(hexOf(color));
  }

  async #askLikely() {
    const { work } = this.app;
    const { hint } = this;
    if (!work || !hint || this.dragged) return;
    // The hint itself is left out: what would be likely if nobody had said anything here.
    const others = work.doc.hints.filter((each) => Math.hypot(each.x - hint.x, each.y - hint.y) > each.radius / 2);
    const key = JSON.stringify([work.target.id, hint.id, hint.x, hint.y, api.rows(others)]);
    if (key === this.likelyFor) return;
    this.likelyFor = key;
    try {
      const answer = await api.likely(work.target.id, hint.x, hint.y, others);
      if (this.likelyFor !== key) return;
      this.likely = answer;
      this.render();
    } catch (error) {
      this.likelyFor = "";
      this.app.failed(error);
    }
  }

  toggleWhere() {
    this.asksWhere = !this.asksWhere;
    this.places = [];
    this.placesFor = "";
    this.render();
    this.app.stage.draw();
    if (this.asksWhere) this.#askWhere(true);
  }

  /** @param {boolean} [aloud] */
  async #askWhere(aloud = false) {
    const { work } = this.app;
    if (!work || !this.asksWhere) return;
    const { hints } = work.doc;
    const key = JSON.stringify([work.target.id, api.rows(hints)]);
    if (key === this.placesFor) return;
    this.placesFor = key;
    try {
      const places = await api.suggestions(work.target.id, hints, PLACES);
      if (this.placesFor !== key || !this.asksWhere) return;
      this.places = places;
      if (aloud) this.app.say(places.length ? t("placesFound", { n: places.length }) : t("placesNone"));
      this.render();
      this.app.stage.draw();
    } catch (error) {
      this.placesFor = "";
      this.app.failed(error);
    }
  }

  // The panel.

  #listen() {
    const { app } = this;
    button("where").addEventListener("click", () => this.toggleWhere());
    button("hint-done").addEventListener("click", () => this.choose(null));
    button("delete-hint").addEventListener("click", () => this.remove());
    button("lasso").addEventListener("click", () => this.toggleRegion());
    button("pick").addEventListener("click", () => this.togglePicking());
    this.gamut.chosen = (color, dragging) => this.setColor(color, dragging);
    const hex = input("hex");
    hex.addEventListener("input", () => {
      this.writing = true; // what is being written is not written over
    });
    hex.addEventListener("change", () => {
      const color = readColor(hex.value);
      this.writing = !color;
      find("hex-wrong").textContent = color ? "" : t("hexWrong");
      hex.setAttribute("aria-invalid", String(!color));
      if (!color) find("hex-wrong").scrollIntoView({ block: "nearest" });
      if (color) this.setColor(color);
    });
    const size = input("hint-size");
    size.addEventListener("input", () => {
      const { hint } = this;
      if (hint)
        this.#change(
          hint.id,
          { radius: round(LARGEST * (Number(size.value) / 100) ** 2, 4) },
          "hintSize",
          `size ${hint.id}`,
          true,
        );
    });
    size.addEventListener("change", () => {
      app.work?.history.seal();
      app.changed();
    });
    for (const name of /** @type {("vivid" | "reach")[]} */ (["vivid", "reach"])) {
      const slider = input(name);
      slider.addEventListener("input", () => {
        app.work?.do({ kind: name, change: { [name]: Number(slider.value) / 100 }, merge: name });
        app.changed(true);
      });
      slider.addEventListener("change", () => {
        app.work?.history.seal();
        app.changed();
      });
    }
    const on = input("color-on");
    on.addEventListener("change", () => app.do({ kind: "color", change: { color: on.checked } }));
  }

  render() {
    const doc = this.#doc;
    if (!doc) return;
    const { hint } = this;
    if (this.chosen !== null && !hint) this.chosen = this.corners = null; // its hint was undone
    find("no-hint").hidden = !!hint;
    find("hint").hidden = !hint;
    find("places").hidden = !this.asksWhere || !this.places.length || !!hint;
    button("where").setAttribute("aria-pressed", String(this.asksWhere));
    if (hint) this.#renderHint(hint);
    this.#renderPlaces();
    this.#renderHints(doc.hints);
    input("color-on").checked = doc.color;
    for (const name of /** @type {("vivid" | "reach")[]} */ (["vivid", "reach"])) {
      input(name).value = String(Math.round(100 * doc[name]));
      input(name).disabled = !doc.color;
      find(`${name}-value`).textContent = this.app.percent(doc[name]);
    }
  }

  /** @param {Hint} hint */
  #renderHint(hint) {
    find("hint-title").textContent = this.#title(hint);
    find("hint-color").style.backgroundColor = hint.color;
    const colors = this.likely?.colors ?? [];
    const row = find("likely");
    row.replaceChildren(
      ...colors.map(({ color, share }) =>
        swatch(color, `${t(nameOf(color))}, ${this.app.percent(share)}`, color === hint.color, () =>
          this.setColor(color),
        ),
      ),
    );
    row.setAttribute("aria-busy", String(!this.likely));
    const recent = find("recent");
    if (this.recent.length) {
      recent.replaceChildren(
        ...this.recent.map((color) =>
          swatch(color, t("gamutValue", { color: t(nameOf(color)), hex: color }), color === hint.color, () =>
            this.setColor(color),
          ),
        ),
      );
    } else recent.replaceChildren(make("span", { class: "quiet" }, t("noRecent")));
    this.gamut.show(
      this.likely?.L ?? this.#lightnessAt(hint),
      hint.color,
      colors.map((each) => each.color),
    );
    const hex = input("hex");
    if (!this.writing) {
      hex.value = hint.color;
      hex.setAttribute("aria-invalid", "false");
      find("hex-wrong").textContent = "";
    }
    button("pick").setAttribute("aria-pressed", String(this.picking));
    input("hint-size").value = String(Math.round(100 * Math.sqrt(hint.radius / LARGEST)));
    const pixels = Math.max(
      1,
      Math.round(2 * hint.radius * Math.min(this.app.stage.view.photo.width, this.app.stage.view.photo.height)),
    );
    find("hint-size-value").textContent = t("pixels", { n: pixels });
    input("hint-size").setAttribute("aria-valuetext", t("pixels", { n: pixels }));
    button("lasso").setAttribute("aria-pressed", String(!!this.corners));
    find("lasso-text").textContent = t(this.corners ? "lassoDrawing" : hint.region ? "lassoRemove" : "lasso");
  }

  /** @param {Hint} hint */
  #lightnessAt(hint) {
    const { stage } = this.app;
    const { width, height } = stage.view.photo;
    return labOf(stage.picture?.colorAt(hint.x * width, hint.y * height, stage.colors) ?? rgbOfHex(hint.color))[0];
  }

  #renderPlaces() {
    if (find("places").hidden) return;
    find("places-list").replaceChildren(
      ...this.places.map((place, k) => {
        const best = place.colors[0]?.color ?? "#808080";
        const dots = make("span", { class: "likely" }, ...place.colors.map((each) => dot(each.color)));
        const row = make(
          "button",
          { type: "button" },
          make("span", { class: "number", "aria-hidden": "true" }, String(k + 1)),
          t("place", { n: k + 1, color: t(nameOf(best)) }),
          dots,
        );
        row.addEventListener("click", () => this.addAt(place.x, place.y, best));
        return make("li", {}, row);
      }),
    );
  }

  /** @param {readonly Hint[]} hints */
  #renderHints(hints) {
    find("hints-card").hidden = !hints.length;
    find("hints-title").textContent = t("hints", { n: hints.length });
    const list = find("hints");
    const focused = list.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.id
      : null;
    list.replaceChildren(
      ...hints.map((hint) => {
        const row = make(
          "button",
          { type: "button", "data-id": String(hint.id), "aria-pressed": String(hint.id === this.chosen) },
          dot(hint.color),
          this.#title(hint),
        );
        row.addEventListener("click", () => {
          this.choose(hint.id);
          const { view } = this.app.stage;
          view.reveal(hint.x * view.photo.width, hint.y * view.photo.height);
          this.app.stage.viewChanged();
        });
        return make("li", {}, row);
      }),
    );
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-id="${focused}"]`))?.focus();
  }
}

/** @param {number} value @param {number} digits */
const round = (value, digits) => Number(value.toFixed(digits));

/** @returns {string[]} */
function readRecent() {
  try {
    const kept = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => /^#[0-9a-f]{6}$/.test(each)).slice(0, MOST_RECENT) : [];
  } catch {
    return [];
  }
}

/** A place inside a region: the middle of its widest stretch at half its height. @param {[number, number][]} region */
function middle(region) {
  const ys = region.map(([, y]) => y);
  const y = (Math.min(...ys) + Math.max(...ys)) / 2;
  const crossings = [];
  for (let k = 0; k < region.length; k += 1) {
    const [x0, y0] = region[k];
    const [x1, y1] = region[(k + 1) % region.length];
    if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) * (x1 - x0)) / (y1 - y0));
  }
  crossings.sort((one, other) => one - other);
  let [x, widest] = [region[0][0], 0];
  for (let k = 0; k + 1 < crossings.length; k += 2) {
    const width = crossings[k + 1] - crossings[k];
    if (width > widest) [x, widest] = [(crossings[k] + crossings[k + 1]) / 2, width];
  }
  return { x: round(x, 6), y: round(y, 6) };
}

/**
 * Fewer corners, none farther from the drawn line than `tolerance` pixels (Douglas & Peucker 1973).
 * @param {[number, number][]} corners fractions @param {number} tolerance @param {number} width @param {number} height
 * @returns {[number, number][]}
 */
export function simplify(corners, tolerance, width, height) {
  const keep = new Uint8Array(corners.length);
  keep[0] = keep[corners.length - 1] = 1;
  const stack = [[0, corners.length - 1]];
  while (stack.length) {
    const [first, last] = /** @type {[number, number]} */ (stack.pop());
    const [ax, ay] = [corners[first][0] * width, corners[first][1] * height];
    const [bx, by] = [corners[last][0] * width, corners[last][1] * height];
    const length = Math.hypot(bx - ax, by - ay) || 1e-9;
    let [worst, most] = [-1, tolerance];
    for (let k = first + 1; k < last; k += 1) {
      const [x, y] = [corners[k][0] * width, corners[k][1] * height];
      const along = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length ** 2));
      const far = Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
      if (far > most) [worst, most] = [k, far];
    }
    if (worst < 0) continue;
    keep[worst] = 1;
    stack.push([first, worst], [worst, last]);
  }
  const kept = corners.filter((_, k) => keep[k]);
  const enough = kept.length >= 3 ? kept : corners;
  return enough.map(([x, y]) => [round(x, 6), round(y, 6)]);
}
