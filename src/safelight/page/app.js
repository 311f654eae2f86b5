// The open photos, what is done to the one that is shown, and what the page says about it.

import * as api from "./api.js";
import { Colorist } from "./colorist.js";
import { button, find, make } from "./dom.js";
import * as keep from "./keep.js";
import { Stage } from "./stage.js";
import { current, t } from "./strings.js";
import { Work } from "./work.js";

/** @typedef {import("./history.js").Command} Command */
/** @typedef {"color" | "mend" | "look"} RoomName */
/** @typedef {{enter: () => void, leave: () => void, render: () => void, settle?: () => void}} Room */

const MOST_AWAKE = 4; // photos whose pixels the page holds, some 40 MB each
const QUIET_AFTER = 7000; // ms, then a message fades

export class App {
  constructor() {
    this.stage = find("stage", Stage);
    /** @type {api.Photo[]} */
    this.photos = [];
    /** @type {Map<string, Work>} */
    this.works = new Map();
    /** @type {Work | null} */
    this.work = null;
    /** @type {Record<string, Room>} */
    this.rooms = {};
    /** @type {RoomName} */
    this.roomName = "color";
    this.colorist = new Colorist(
      (colors, stage) => this.#colored(colors, stage),
      (error) => this.failed(error),
    );
    /** @type {(() => void)[]} called at each change */
    this.watchers = [];
    /** @type {((stage: "kriged" | "network") => void)[]} called when colors have come */
    this.coloredWatchers = [];
    /** @type {AbortController | null} */
    this.job = null;
    /** @type {string | undefined} what colors were asked for last */
    this.asked = undefined;
    this.announced = true; // that the photo is in color
    /** @type {Work | null} which is being filled again */
    this.mending = null;
    this.toldLost = false;
    this.wanted = ""; // the photo that was asked for last
    this.quieting = 0;
  }

  /** Say something, to all and to screen readers. @param {string} words */
  say(words) {
    const live = find("live");
    live.textContent = words;
    live.classList.remove("old");
    clearTimeout(this.quieting);
    this.quieting = setTimeout(() => this.hush(), QUIET_AFTER);
  }

  /** The message is no longer shown; it can still be read by screen readers. */
  hush() {
    find("live").classList.add("old");
  }

  /** @param {unknown} error */
  failed(error) {
    if (api.gaveUp(error)) return;
    if (error instanceof api.Problem && error.status === 0) this.say(t("noService"));
    else if (error instanceof api.Problem && (error.status === 401 || error.status === 403)) this.say(t("sessionOver"));
    else this.say(t("failed", { why: error instanceof Error ? error.message : String(error) }));
  }

  /** The page cannot keep work (private window, full disk): said once. */
  #lost() {
    if (this.toldLost) return;
    this.toldLost = true;
    this.say(t("notKept"));
  }

  /** Do something to the photo. @param {Command} command @param {boolean} [drawn] the mask shows it already */
  do(command, drawn = false) {
    if (!this.work) return;
    const box = this.work.do(command, drawn);
    if (box) this.stage.maskChanged(box);
    this.changed();
  }

  undo() {
    this.rooms[this.roomName]?.settle?.(); // a stroke that is being drawn is what is taken back
    this.#step(this.work?.undo() ?? null, "undone", "nothingToUndo");
  }

  redo() {
    this.rooms[this.roomName]?.settle?.();
    this.#step(this.work?.redo() ?? null, "redone", "nothingToRedo");
  }

  /** @param {Command | null} command @param {"undone" | "redone"} said @param {"nothingToUndo" | "nothingToRedo"} nothing */
  #step(command, said, nothing) {
    if (!this.work) return;
    this.say(
      command ? t(said, { what: t(/** @type {import("./strings.js").Key} */ (`do_${command.kind}`)) }) : t(nothing),
    );
    if (!command) return;
    if (command.runs) this.stage.maskChanged("all");
    this.changed();
  }

  /** No photo is open. */
  welcome() {
    find("welcome").hidden = false;
    this.changed();
  }

  /** Everything that follows from the document: buttons, panels, picture, colors. @param {boolean} [dragging] */
  changed(dragging = false) {
    this.#showPicture();
    this.recolor(dragging); // the service works while the panels are rendered
    this.#renderBar();
    this.rooms[this.roomName]?.render();
    for (const watch of this.watchers) watch();
    this.stage.draw();
  }

  #renderBar() {
    const { work } = this;
    button("undo").disabled = !work?.history.canUndo;
    button("redo").disabled = !work?.history.canRedo;
    button("download").disabled = !work;
    for (const id of ["save-project", "close-photo"]) button(id).disabled = !work;
    find("title").textContent = work?.photo.name ?? "safelight";
    find("title").classList.toggle("unseen", !work);
    document.title = work ? `${work.photo.name} · safelight` : "safelight";
    this.stage.setAttribute("aria-label", t("stage"));
  }

  /** The filled picture if there is one, else the photo. */
  #showPicture() {
    const { work, stage } = this;
    if (!work) return;
    this.#mendAgain(work);
    const picture = work.picture;
    stage.came = work.original;
    if (stage.picture === picture) return;
    if (picture.whole) {
      stage.picture = picture;
      stage.refresh();
      return;
    }
    picture.open(this.#pixels).then(
      () => this.work === work && this.changed(),
      (error) => this.failed(error),
    );
  }

  /** As many pixels as the stage has for all of the photo. */
  get #pixels() {
    const { view, ratio } = this.stage;
    return view.photo.width * view.photo.height * (view.fitting * ratio) ** 2;
  }

  /** Ask for the colors of the document as it is now. @param {boolean} [dragging] */
  recolor(dragging = false) {
    const { work, stage } = this;
    if (!work) return;
    const { hints, vivid, reach, color } = work.doc;
    if (!color) {
      this.colorist.stop();
      this.asked = undefined;
      if (stage.colors) {
        stage.colors = null;
        stage.refresh();
      }
      stage.dataset.answer = "none";
      return;
    }
    const key = JSON.stringify([work.target.id, api.rows(hints), vivid, reach, dragging]);
    if (key === this.asked) return;
    this.asked = key;
    stage.dataset.answer = "asked";
    if (dragging) this.colorist.glimpse(work.target, { hints, vivid, reach });
    else this.colorist.want(work.target, { hints, vivid, reach });
  }

  /** @param {import("./join.js").Colors} colors @param {"kriged" | "network"} stage */
  #colored(colors, stage) {
    if (!this.work?.doc.color) return;
    this.stage.recolor(colors);
    this.stage.dataset.answer = stage;
    if (!this.announced && stage === "network") this.say(t("colored"));
    this.announced ||= stage === "network";
    for (const watch of this.coloredWatchers) watch(stage);
  }

  /** Show a photo. @param {string} id */
  async show(id) {
    const known = this.photos.find((each) => each.id === id);
    this.wanted = id;
    if (!known || this.work?.photo.id === id) return;
    if (!known.opened) this.say(t("opening", { name: known.name }));
    try {
      const photo = known.opened ? known : await api.photo(id);
      this.photos = this.photos.map((each) => (each.id === id ? photo : each));
      let work = this.works.get(id);
      let restored = false;
      if (!work) {
        work = new Work(
          photo,
          () => this.stage.refresh(),
          () => this.#lost(),
          this.works.values(),
        );
        restored = await work.restore();
        work = this.works.get(id) ?? work; // where it was asked for twice
        this.works.set(id, work);
      }
      if (this.wanted !== id || this.work === work) return; // another was asked for meanwhile
      this.rooms[this.roomName]?.leave();
      this.#replace(work);
      this.rooms[this.roomName]?.enter();
      await work.original.open(this.#pixels);
      if (this.work !== work) return;
      this.announced = restored || photo.has_colors;
      if (restored) this.say(t("restored"));
      else this.say(photo.has_colors ? t("ownColors") : t("coloring"));
      this.asked = undefined;
      this.changed();
    } catch (error) {
      const why = error instanceof api.Problem ? error.message : String(error);
      if (error instanceof api.Problem && error.status >= 400 && error.status < 500)
        this.say(t("notOpened", { name: known.name, why }));
      else this.failed(error);
    }
  }

  /** @param {Work | null} work */
  #replace(work) {
    this.colorist.stop();
    this.job?.abort();
    this.asked = undefined;
    this.work = work;
    this.stage.picture = null;
    this.stage.colors = null;
    this.stage.mask = null;
    this.stage.dataset.answer = "none";
    find("welcome").hidden = !!work;
    for (const id of ["panel", "zoom"]) find(id).hidden = !work;
    this.stage.tabIndex = work ? 0 : -1;
    if (work) {
      this.stage.begin(work.photo);
      this.works.delete(work.photo.id); // the one that was looked at last is the last
      this.works.set(work.photo.id, work);
      for (const each of [...this.works.values()].slice(0, -MOST_AWAKE)) each.rest();
    }
    this.renderStrip();
    this.changed();
  }

  /** What was filled before the page was closed is filled again, when it is come to. @param {Work} work */
  async #mendAgain(work) {
    const { mended } = work;
    if (!mended || work.target !== work.photo || this.mending === work || !work.maskAt(mended.rev)) return;
    this.mending = work;
    try {
      await this.fillNow(work, mended);
      if (this.work === work) this.changed();
    } catch (error) {
      this.failed(error);
    } finally {
      this.mending = null;
    }
  }

  /** Fill; the document is not changed. @param {Work} work @param {import("./history.js").Mended} how */
  async fillNow(work, how) {
    const mask = work.maskAt(how.rev)?.slice(); // as it is now: strokes may follow while it is written
    if (!mask) return;
    const { writeMask } = await import("./png.js");
    const { width, height } = work.photo;
    await api.putMask(work.photo.id, await writeMask(mask, width, height), "white");
    const wish = { method: how.method, grow: how.grow, feather: how.feather };
    const done = await this.run(t("filling"), () => api.fill(work.photo.id, wish));
    const { photo } = await api.jobJson(done);
    work.remember(how, photo);
    await work.pictureOf(photo).open(this.#pixels);
  }

  /**
   * Start a job, show its progress, wait for its end.
   * @param {string} words @param {() => Promise<api.Job>} begin @returns {Promise<api.Job>}
   */
  async run(words, begin) {
    this.job?.abort();
    const own = new AbortController();
    this.job = own;
    const progress = find("job-progress", HTMLProgressElement);
    find("job-text").textContent = words;
    progress.removeAttribute("value");
    const soon = setTimeout(() => {
      find("job").hidden = false;
      this.say(words);
    }, 150);
    try {
      const told = (/** @type {api.Job} */ job) => {
        if (job.progress > 0) progress.value = job.progress;
      };
      return await api.ended(await begin(), told, own.signal);
    } catch (error) {
      if (api.gaveUp(error)) this.say(t("cancelled"));
      throw error;
    } finally {
      clearTimeout(soon);
      if (this.job === own) {
        this.job = null;
        find("job").hidden = true;
      }
    }
  }

  /** @param {number} step */
  async neighbor(step) {
    const at = this.photos.findIndex((each) => each.id === this.work?.photo.id);
    const next = this.photos[at + step];
    if (next) await this.show(next.id);
  }

  /** Open files: the first is shown. @param {{name: string, file: Blob}[]} files */
  async open(files) {
    const before = this.photos.length;
    /** @type {string | null} */
    let first = null;
    let wrong = "";
    for (const { name, file } of files) {
      this.say(t("opening", { name }));
      try {
        const photo = await this.#send(file, name);
        first ??= photo.id;
        const work = new Work(
          photo,
          () => this.stage.refresh(),
          () => this.#lost(),
        );
        const known = (await keep.load(photo.sha256).catch(() => null))?.kept;
        if (!known) await work.keepPhoto(file);
        this.renderStrip();
        if (first === photo.id) await this.show(first);
      } catch (error) {
        if (error instanceof api.Problem && error.status >= 400) wrong = t("notOpened", { name, why: error.message });
        else this.failed(error);
      }
    }
    if (wrong) {
      this.announced = true; // colors that come meanwhile do not wipe it away
      this.say(wrong);
    } else if (files.length > 1) this.say(t("opened", { n: this.photos.length - before }));
  }

  /** Give the service a photo; one that is open already is not opened twice. @param {Blob} file @param {string} name */
  async #send(file, name) {
    const photo = await api.send(file, name);
    const same = this.photos.find((each) => each.sha256 === photo.sha256);
    if (!same) {
      this.photos.push(photo);
      return photo;
    }
    if (same.id !== photo.id) await api.forget(photo.id);
    return same;
  }

  /** Close the photo that is shown; its file stays as it is. */
  async closePhoto() {
    const { work } = this;
    if (!work) return;
    const at = this.photos.findIndex((each) => each.id === work.photo.id);
    this.photos.splice(at, 1);
    this.works.delete(work.photo.id);
    work.close();
    await work.saving;
    await keep.forget(work.keptAs).catch(() => undefined);
    await api.forget(work.photo.id).catch(() => undefined);
    const next = this.photos[Math.min(at, this.photos.length - 1)];
    this.rooms[this.roomName]?.leave();
    this.#replace(null);
    this.say(t("photoClosed"));
    if (next) await this.show(next.id);
  }

  /** @param {RoomName} name */
  enter(name) {
    if (this.roomName !== name) {
      this.rooms[this.roomName]?.leave();
      this.stage.comparing = false; // half a picture is not worked on, and the switch is in another room
      this.stage.refresh();
    }
    this.roomName = name;
    for (const each of ["color", "mend", "look"]) {
      const tab = button(`tab-${each}`);
      tab.setAttribute("aria-selected", String(each === name));
      tab.tabIndex = each === name ? 0 : -1;
      find(`room-${each}`).hidden = each !== name;
    }
    this.rooms[name]?.enter();
    this.rooms[name]?.render();
    this.stage.draw();
  }

  /** The photos at the bottom, from two on. */
  renderStrip() {
    const strip = find("strip");
    const list = find("thumbs");
    strip.hidden = this.photos.length < 2;
    if (strip.hidden) return;
    const at = this.photos.findIndex((each) => each.id === this.work?.photo.id);
    button("previous").disabled = at <= 0;
    button("next").disabled = at < 0 || at >= this.photos.length - 1;
    const known = new Map([...list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.id, row]));
    const rows = this.photos.map((photo) => known.get(photo.id) ?? this.#thumb(photo));
    list.replaceChildren(...rows);
    this.photos.forEach((photo, k) => {
      const face = /** @type {HTMLElement} */ (rows[k].firstElementChild);
      const worked = (this.works.get(photo.id)?.history.at ?? 0) > 0;
      face.setAttribute("aria-label", worked ? t("worked", { name: photo.name }) : photo.name);
      face.setAttribute("aria-current", String(k === at));
      face.querySelector(".dot")?.toggleAttribute("hidden", !worked);
      if (k === at) rows[k].scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  }

  /** @param {api.Photo} photo */
  #thumb(photo) {
    const image = make("img", { alt: "" });
    const face = make(
      "button",
      { type: "button", title: photo.name },
      image,
      make("span", { class: "dot", hidden: "" }),
    );
    face.addEventListener("click", () => this.show(photo.id));
    const row = make("li", { "data-id": photo.id }, face);
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      api.thumbnail(photo.id, 24_000).then(
        (blob) => {
          image.src = URL.createObjectURL(blob);
          image.onload = () => URL.revokeObjectURL(image.src);
        },
        () => undefined,
      );
    });
    seen.observe(row);
    return row;
  }

  /** A share in words. @param {number} share 0..1 */
  percent(share) {
    const digits = share > 0 && share < 0.01 ? 2 : share < 0.1 ? 1 : 0;
    return share.toLocaleString(current(), { style: "percent", maximumFractionDigits: digits });
  }
}
