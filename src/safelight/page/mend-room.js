// The room Mend: what is damaged is marked, by hand or by the finder, and filled.

import * as api from "./api.js";
import { button, find, input, offer } from "./dom.js";
import { boxOf, runsOfLabels } from "./mask.js";
import { paintBrush, paintCross, paintFinds } from "./over.js";
import { writeMask } from "./png.js";
import { t } from "./strings.js";

/** @typedef {import("./stage.js").Spot} Spot */
/** @typedef {import("./mask.js").Find} Find */

export class MendRoom {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.erasing = false;
    this.size = 55; // of the slider, 0..100
    this.shows = true;
    this.at = 0; // which find
    this.drawing = false;
    this.lowered = false; // the brush, by keys
    /** @type {{x: number, y: number} | null} */
    this.last = null;
    this.#listen();
  }

  /** Diameter of the brush in pixels of the photo. */
  get diameter() {
    const { width, height } = this.app.stage.view.photo;
    const largest = Math.max(60, Math.min(width, height) / 2.5);
    return Math.max(1, Math.round(largest ** (this.size / 100)));
  }

  enter() {
    const { stage } = this.app;
    stage.tool = this;
    stage.style.cursor = "none";
    this.#showMask();
    stage.paintOver = (brush, view) => {
      const { work } = this.app;
      if (!work) return;
      if (this.shows) paintFinds(brush, view, work.doc.finds, this.at);
      const radius = (this.diameter / 2) * view.scale;
      if (stage.hover && stage.hover.kind !== "touch")
        paintBrush(brush, stage.hover.left, stage.hover.top, radius, this.drawing);
      if (stage.cross && document.activeElement === stage) {
        const [x, y] = view.toStage(stage.cross.x, stage.cross.y);
        paintCross(brush, x, y);
        paintBrush(brush, x, y, radius, this.lowered);
      }
    };
    stage.draw();
  }

  leave() {
    this.#lift();
    this.app.stage.mask = null;
    this.app.stage.maskChanged("all");
  }

  #showMask() {
    const { stage, work } = this.app;
    const mask = this.shows && work ? work.mask : null;
    if (stage.mask === mask) return;
    stage.mask = mask;
    stage.maskChanged("all");
  }

  // What the pointer does.

  /** @param {Spot} spot */
  down(spot) {
    if (!this.app.work) return false;
    this.#lift();
    this.#showing(true);
    this.drawing = true;
    this.last = spot;
    this.#stroke(spot);
    return true;
  }

  /** @param {Spot[]} spots */
  move(spots) {
    if (this.drawing) for (const spot of spots) this.#stroke(spot);
  }

  /** @param {Spot} _spot */
  up(_spot) {
    this.#commit();
  }

  cancel() {
    this.drawing = false;
    const box = this.app.work?.mask.cancel();
    if (box) this.app.stage.maskChanged(box);
  }

  /** @param {Spot} _spot */
  tap(_spot) {}

  /** @param {Spot} spot */
  #stroke(spot) {
    const { work, stage } = this.app;
    if (!work) return;
    const from = this.last ?? spot;
    const radius = (this.diameter / 2) * (0.35 + 0.65 * spot.pressure);
    const box = work.mask.stroke(from.x, from.y, spot.x, spot.y, radius, this.erasing ? 0 : 1);
    this.last = { x: spot.x, y: spot.y };
    if (box) stage.maskChanged(box);
  }

  #commit() {
    this.drawing = false;
    this.last = null;
    const { work } = this.app;
    if (!work) return;
    const runs = work.mask.commit();
    if (runs.length)
      this.app.do({ kind: this.erasing ? "erase" : "stroke", change: { rev: work.history.fresh }, runs }, true);
  }

  // What the keyboard does in the picture.

  /** @param {KeyboardEvent} event @returns {boolean} */
  key(event) {
    const { stage, work } = this.app;
    if (!work) return false;
    if (event.key.startsWith("Arrow")) {
      if (this.lowered) this.#stroke(stage.crossSpot());
      else {
        const { x, y } = stage.crossing();
        const { width, height } = stage.view.photo;
        this.app.say(t("crossAt", { x: Math.round((100 * x) / width), y: Math.round((100 * y) / height) }));
      }
      return true;
    }
    if (event.key === "Enter") {
      if (this.lowered) this.#lift();
      else {
        this.#showing(true);
        this.lowered = true;
        this.last = null;
        this.#stroke(stage.crossSpot());
        this.app.say(t("brushDown"));
      }
      return true;
    }
    if (event.key === "Escape" && this.lowered) {
      this.#lift();
      return true;
    }
    return false;
  }

  /** A stroke that is being drawn ends here. */
  settle() {
    this.#lift();
    if (this.drawing) this.#commit();
  }

  #lift() {
    if (!this.lowered) return;
    this.lowered = false;
    this.#commit();
    this.app.say(t("brushUp"));
  }

  // Finds.

  async find() {
    const { work } = this.app;
    if (!work) return;
    try {
      const { sensitivity } = work.doc;
      const job = await this.app.run(t("finding"), () => api.findScratches(work.photo.id, sensitivity));
      const [numbers, told] = await Promise.all([api.labels(job.id), api.jobJson(job)]);
      const sure = new Map(
        /** @type {{number: number, confidence: number}[]} */ (told.finds).map((each) => [
          each.number,
          each.confidence,
        ]),
      );
      /** @type {Find[]} */
      const finds = [];
      const all = [...runsOfLabels(numbers.data, numbers.width, numbers.height)];
      all.sort(([one], [other]) => (sure.get(other) ?? 0) - (sure.get(one) ?? 0));
      for (const [, runs] of all) {
        const left = work.mask.lacking(runs); // what is marked already is no find
        const box = boxOf(left);
        if (box) finds.push({ box, runs: left });
      }
      if (this.app.work !== work) return;
      this.at = 0;
      this.#showing(true);
      if (!finds.length) {
        this.app.say(t("findsNone"));
        return;
      }
      this.app.do({ kind: "find", change: { finds } });
      this.app.say(t("findsFound", { n: finds.length }));
    } catch (error) {
      this.app.failed(error);
    }
  }

  /** @param {number} step */
  turn(step) {
    const finds = this.app.work?.doc.finds ?? [];
    if (!finds.length) return;
    this.at = (this.at + step + finds.length) % finds.length;
    this.#reveal();
    this.render();
    this.app.say(t("findWhich", { k: this.at + 1, n: finds.length }));
  }

  #reveal() {
    const found = this.app.work?.doc.finds[this.at];
    if (!found) return;
    this.app.stage.view.reveal(found.box.left + found.box.width / 2, found.box.top + found.box.height / 2);
    this.app.stage.viewChanged();
  }

  /** Accept (into the marks) or refuse one find, or all. @param {boolean} keep @param {boolean} all */
  decide(keep, all) {
    const { work } = this.app;
    this.settle();
    const finds = work?.doc.finds ?? [];
    if (!work || !finds.length) return;
    const chosen = all ? finds : [finds[Math.min(this.at, finds.length - 1)]];
    const left = finds.filter((each) => !chosen.includes(each));
    if (keep) {
      const runs = Int32Array.from(chosen.flatMap((each) => [...work.mask.lacking(each.runs)]));
      this.app.do({ kind: "keep", change: { finds: left, rev: work.history.fresh }, runs });
    } else this.app.do({ kind: "refuse", change: { finds: left } });
    this.at = Math.min(this.at, Math.max(0, left.length - 1));
    this.render();
    this.app.say(left.length ? t("findsLeft", { n: left.length }) : t("findsDone"));
    if (left.length) this.#reveal();
  }

  // Fill, and the mask as a file.

  /** @returns {Promise<boolean>} whether it is filled now */
  async fill() {
    const { work } = this.app;
    if (!work) return false;
    this.#lift();
    if (!work.marked) {
      this.app.say(t("fillEmpty"));
      return false;
    }
    const { rev, method, grow, feather } = work.doc;
    const how = { rev, method, grow, feather };
    try {
      await this.app.fillNow(work, how);
      if (this.app.work !== work) return false;
      if (work.doc.rev !== rev) {
        this.app.changed(); // what was filled was taken back meanwhile
        return false;
      }
      this.#showing(false);
      this.app.do({ kind: "fill", change: { mended: how } });
      this.app.say(t("filled"));
      return true;
    } catch (error) {
      this.app.failed(error);
      return false;
    }
  }

  clear() {
    const { work } = this.app;
    this.settle();
    if (!work?.marked) return;
    this.app.do({ kind: "clear", change: { rev: work.history.fresh, finds: [] }, runs: work.mask.differences(null) });
  }

  async save() {
    const { work } = this.app;
    if (!work) return;
    const { width, height, name } = work.photo;
    offer(await writeMask(work.mask.bytes, width, height), `${name.replace(/\.[^.]+$/, "")}-mask.png`);
    this.app.say(t("maskSaved"));
  }

  /** Any picture that the command line takes as a mask. @param {Blob} file */
  async load(file) {
    const { work } = this.app;
    if (!work) return;
    try {
      const { marked } = await api.putMask(work.photo.id, file, "auto");
      await this.replaceMask(work, await api.getMask(work.photo.id), "mask", {});
      if (this.app.work !== work) return;
      this.#showing(true);
      this.app.say(t("maskLoaded", { share: this.app.percent(marked) }));
    } catch (error) {
      this.app.failed(error);
    }
  }

  /**
   * @param {import("./work.js").Work} work @param {Blob | null} png of the photo's size; null: an empty mask
   * @param {string} kind @param {Partial<import("./history.js").Doc>} change
   */
  async replaceMask(work, png, kind, change) {
    const { width, height } = work.photo;
    const wanted = new Uint8Array(width * height);
    if (png) {
      const { data } = await api.pixelsOf(png);
      for (let i = 0; i < wanted.length; i += 1) wanted[i] = data[4 * i] >= 64 ? 1 : 0;
    }
    if (this.app.work !== work) return; // another photo is shown by now
    this.settle();
    this.app.do({
      kind,
      change: { ...change, finds: [], rev: work.history.fresh },
      runs: work.mask.differences(wanted),
    });
  }

  // The panel.

  #listen() {
    button("brush").addEventListener("click", () => this.erase(false));
    button("eraser").addEventListener("click", () => this.erase(true));
    input("brush-size").addEventListener("input", () => {
      this.size = Number(input("brush-size").value);
      this.render();
      this.app.stage.draw();
    });
    input("mask-on").addEventListener("change", () => this.#showing(input("mask-on").checked));
    this.#setting("sensitivity", "sensitivity", (text) => Number(text) / 100);
    this.#setting("method", "method", (text) => text);
    for (const name of /** @type {("grow" | "feather")[]} */ (["grow", "feather"])) {
      this.#setting(name, "method", (text) => Math.min(50, Math.max(0, Math.round(Number(text) || 0))));
    }
    button("find").addEventListener("click", () => this.find());
    button("find-previous").addEventListener("click", () => this.turn(-1));
    button("find-next").addEventListener("click", () => this.turn(1));
    button("find-keep").addEventListener("click", () => this.decide(true, false));
    button("find-refuse").addEventListener("click", () => this.decide(false, false));
    button("find-keep-all").addEventListener("click", () => this.decide(true, true));
    button("find-refuse-all").addEventListener("click", () => this.decide(false, true));
    button("fill").addEventListener("click", () => this.fill());
    button("clear-mask").addEventListener("click", () => this.clear());
    button("save-mask").addEventListener("click", () => this.save());
    button("load-mask").addEventListener("click", () => input("mask-file").click());
    input("mask-file").addEventListener("change", () => {
      const file = input("mask-file").files?.[0];
      if (file) this.load(file);
      input("mask-file").value = "";
    });
  }

  /** @param {"sensitivity" | "method" | "grow" | "feather"} id @param {string} kind @param {(text: string) => string | number} read */
  #setting(id, kind, read) {
    const element = /** @type {HTMLInputElement | HTMLSelectElement} */ (find(id));
    element.addEventListener("input", () => {
      this.app.work?.do({ kind, change: { [id]: read(element.value) }, merge: id });
      this.app.changed();
    });
    element.addEventListener("change", () => this.app.work?.history.seal());
  }

  /** @param {boolean} erasing */
  erase(erasing) {
    this.erasing = erasing;
    this.render();
  }

  /** @param {number} step */
  resize(step) {
    this.size = Math.min(100, Math.max(0, this.size + step));
    this.render();
    this.app.stage.draw();
    this.app.say(t("pixels", { n: this.diameter }));
  }

  /** @param {boolean} shows */
  #showing(shows) {
    this.shows = shows;
    if (this.app.roomName === "mend") this.#showMask();
    this.render();
    this.app.stage.draw();
  }

  render() {
    const { work } = this.app;
    if (!work) return;
    const { doc } = work;
    if (this.app.roomName === "mend") this.#showMask();
    button("brush").setAttribute("aria-pressed", String(!this.erasing));
    button("eraser").setAttribute("aria-pressed", String(this.erasing));
    input("brush-size").value = String(this.size);
    const words = t("pixels", { n: this.diameter });
    input("brush-size").setAttribute("aria-valuetext", words);
    find("brush-size-value").textContent = words;
    input("mask-on").checked = this.shows;
    input("sensitivity").value = String(Math.round(100 * doc.sensitivity));
    find("sensitivity-value").textContent = this.app.percent(doc.sensitivity);
    const { finds } = doc;
    this.at = Math.min(this.at, Math.max(0, finds.length - 1));
    find("finds").hidden = !finds.length;
    find("find-which").textContent = t("findWhich", { k: this.at + 1, n: finds.length });
    find("method", HTMLSelectElement).value = doc.method;
    for (const name of /** @type {("grow" | "feather")[]} */ (["grow", "feather"])) {
      if (document.activeElement !== input(name)) input(name).value = String(doc[name]);
    }
    const { marked } = work;
    find("fill-text").textContent = t(doc.mended && !work.upToDate ? "fillAgain" : "fill");
    button("fill").disabled = !marked || work.upToDate;
    find("fill-state").textContent = !marked
      ? t("fillEmpty")
      : work.upToDate
        ? t("fillDone")
        : doc.mended
          ? t("fillStale")
          : "";
    button("clear-mask").disabled = !marked;
    button("save-mask").disabled = !marked;
  }
}
