// The room Look: before and after, how sure the colors are, and what is known of the photo.

import * as api from "./api.js";
import { ARROWS, find, input, make } from "./dom.js";
import { t } from "./strings.js";

/** @typedef {import("./stage.js").Spot} Spot */

const SURE = 0.5; // a color with this chance to be near the true one counts as sure
const VEIL = [163, 60, 255];
const DOUBLE = { ms: 350, far: 30 }; // two taps no longer or farther (CSS pixels) apart are one double tap

export class LookRoom {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.shows = false;
    this.askedFor = "";
    this.tapped = { since: -DOUBLE.ms, left: 0, top: 0 };
    input("compare").addEventListener("change", () => this.compare(input("compare").checked));
    input("certainty").addEventListener("change", () => this.certainty(input("certainty").checked));
    app.coloredWatchers.push((stage) => stage === "network" && this.#ask());
  }

  /** @param {Spot} _spot */
  down(_spot) {
    return false;
  }

  /** @param {Spot[]} _spots */
  move(_spots) {}

  /** @param {Spot} _spot */
  up(_spot) {}

  cancel() {}

  /** Twice at one place: nearer there, or all of the photo again. @param {Spot} spot */
  tap({ left, top }) {
    const { since, ...last } = this.tapped;
    const now = performance.now();
    const twice = now - since < DOUBLE.ms && Math.hypot(left - last.left, top - last.top) < DOUBLE.far;
    this.tapped = { since: twice ? -DOUBLE.ms : now, left, top };
    if (twice) this.app.stage.zoomOn(left, top);
  }

  /** @param {KeyboardEvent} event @returns {boolean} */
  key(event) {
    const direction = ARROWS[event.key];
    if (!direction) return false;
    this.app.stage.cross = null;
    this.app.stage.view.pan(-40 * direction[0], -40 * direction[1]);
    this.app.stage.viewChanged();
    return true;
  }

  enter() {
    const { stage } = this.app;
    stage.tool = this;
    stage.style.cursor = "grab";
    stage.paintOver = () => undefined;
    if (this.shows) this.#ask();
  }

  leave() {
    this.#unveil();
  }

  /** @param {boolean} on */
  compare(on) {
    const { stage } = this.app;
    stage.comparing = on;
    stage.divider?.setAttribute("aria-label", t("divider"));
    stage.tags?.forEach((tag, k) => {
      tag.textContent = t(k ? "after" : "before");
    });
    stage.refresh();
    this.render();
  }

  /** @param {boolean} on */
  certainty(on) {
    this.shows = on;
    this.askedFor = "";
    if (on) this.#ask();
    else this.#unveil();
    this.render();
  }

  #unveil() {
    this.askedFor = "";
    this.app.stage.veil = null;
    this.app.stage.refresh();
  }

  async #ask() {
    const { work, stage } = this.app;
    if (!this.shows || !work || this.app.roomName !== "look" || !work.doc.color) return;
    const { hints, vivid, reach } = work.doc;
    const key = JSON.stringify([work.target.id, api.rows(hints), vivid, reach]);
    if (key === this.askedFor) return;
    this.askedFor = key;
    try {
      const { width, height, sure } = await api.certainty(work.target.id, { hints, vivid, reach });
      if (this.askedFor !== key) return;
      stage.veil = { width, height, image: veil(sure, width, height) };
      stage.refresh();
      const share = sure.reduce((sum, each) => sum + (each >= SURE ? 1 : 0), 0) / sure.length;
      const words = t("certaintyShare", { share: this.app.percent(share) });
      find("certainty-text").textContent = `${words} ${t("certaintyHelp")}`;
      this.app.say(words);
    } catch (error) {
      this.askedFor = "";
      this.app.failed(error);
    }
  }

  render() {
    const { work, stage } = this.app;
    input("compare").checked = stage.comparing;
    input("certainty").checked = this.shows;
    find("certainty-legend").hidden = !this.shows;
    if (!this.shows) find("certainty-text").textContent = t("certaintyHelp");
    if (!work) return;
    const { photo } = work;
    /** @type {[import("./strings.js").Key, string][]} */
    const facts = [
      ["factName", photo.name],
      ["factSize", t("sizeValue", { w: photo.width, h: photo.height })],
      ["factKind", t("depthValue", { format: photo.format, depth: photo.depth })],
    ];
    if (photo.unfamiliarity !== null && photo.unfamiliarity !== undefined) {
      facts.push(["factUnfamiliar", t(photo.unfamiliarity > 1 ? "unfamiliarYes" : "unfamiliarNo")]);
    }
    find("facts").replaceChildren(...facts.flatMap(([key, words]) => [make("dt", {}, t(key)), make("dd", {}, words)]));
    find("remarks").replaceChildren(...photo.remarks.map((each) => make("li", {}, each)));
  }
}

/** Violet where the color is unsure. @param {Float32Array} sure @param {number} width @param {number} height */
function veil(sure, width, height) {
  const image = new ImageData(width, height);
  for (let i = 0; i < sure.length; i += 1) {
    const doubt = Math.min(1, Math.max(0, (0.75 - sure[i]) / 0.6));
    image.data.set([...VEIL, Math.round(190 * doubt)], 4 * i);
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
