// Asks for colors: those kriged at once, then the network's. Only the latest wish is answered.

import * as api from "./api.js";

/** @typedef {import("./join.js").Colors} Colors */
/** @typedef {{hints: readonly import("./history.js").Hint[], vivid: number, reach: number}} Wish */

const KEPT = 24; // answers, so that undo and redo show at once

export class Colorist {
  /**
   * @param {(colors: Colors, stage: "kriged" | "network") => void} told
   * @param {(error: unknown) => void} failed
   */
  constructor(told, failed) {
    this.told = told;
    this.failed = failed;
    /** @type {Map<string, Colors>} */
    this.answers = new Map();
    /** @type {AbortController | null} */
    this.asking = null;
    /** @type {(() => void) | null} the latest wish of a drag */
    this.waiting = null;
    this.busy = false;
  }

  /** @param {api.Photo} photo @param {Wish} wish */
  async want(photo, wish) {
    this.stop();
    const key = keyOf(photo, wish);
    const known = this.answers.get(key);
    if (known) {
      this.told(known, "network");
      return;
    }
    const asking = new AbortController();
    this.asking = asking;
    try {
      if (wish.hints.length) {
        const first = await api.colors(photo, wish, "kriged", asking.signal);
        if (!asking.signal.aborted) this.told(first, "kriged");
      }
      const colors = await api.colors(photo, wish, "network", asking.signal);
      this.answers.set(key, colors);
      if (this.answers.size > KEPT) this.answers.delete(this.answers.keys().next().value ?? "");
      if (!asking.signal.aborted) this.told(colors, "network");
    } catch (error) {
      if (!api.gaveUp(error)) this.failed(error);
    }
  }

  /** While something is dragged: kriged colors alone, one question at a time. @param {api.Photo} photo @param {Wish} wish */
  async glimpse(photo, wish) {
    if (this.busy) {
      this.waiting = () => this.glimpse(photo, wish);
      return;
    }
    this.stop();
    this.busy = true;
    const asking = new AbortController();
    this.asking = asking;
    try {
      const colors = await api.colors(photo, wish, wish.hints.length ? "kriged" : "network", asking.signal);
      if (!asking.signal.aborted) this.told(colors, "kriged");
    } catch (error) {
      if (!api.gaveUp(error)) this.failed(error);
    }
    this.busy = false;
    const next = this.waiting;
    this.waiting = null;
    /** @type {(() => void) | null} */ (next)?.();
  }

  stop() {
    this.waiting = null;
    this.asking?.abort();
    this.asking = null;
  }
}

/** @param {api.Photo} photo @param {Wish} wish */
const keyOf = (photo, { hints, vivid, reach }) => JSON.stringify([photo.id, api.rows(hints), vivid, reach]);
