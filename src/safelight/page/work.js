// One open photo: its document and history, its mask, its pictures, and how it is kept in the browser.

import * as api from "./api.js";
import { EMPTY, History } from "./history.js";
import * as keep from "./keep.js";
import { Mask } from "./mask.js";
import { Picture } from "./picture.js";

/** @typedef {import("./history.js").Command} Command */
/** @typedef {import("./history.js").Mended} Mended */

const MOST_FILLED = 2; // pictures of fills that are kept
const MOST_FILLS = 4; // filled photos that the service keeps, each as large as the photo

export class Work {
  /**
   * @param {api.Photo} photo @param {() => void} changed there is something new to draw
   * @param {(error: unknown) => void} lost the browser keeps nothing
   * @param {Iterable<Work>} others that are open: a copy of one of their photos has work of its own
   */
  constructor(photo, changed, lost, others = []) {
    this.photo = photo;
    /** @type {Set<string>} */
    const taken = new Set([...others].map((each) => each.keptAs));
    /** @type {string} */
    this.keptAs = photo.sha256;
    for (let number = 2; taken.has(this.keptAs); number += 1) this.keptAs = `${photo.sha256} ${number}`;
    this.changed = changed;
    this.lost = lost;
    this.history = new History({ ...EMPTY, color: !photo.has_colors });
    /** @type {Mask | null} made when it is first needed: a byte for each pixel */
    this.made = null;
    this.original = new Picture(photo, changed);
    /** @type {Map<string, api.Photo>} what was filled, by mask and way */
    this.fills = new Map();
    /** @type {Map<string, Picture>} */
    this.filled = new Map();
    this.saving = Promise.resolve();
    this.unsaved = 0; // commands from this number on are not kept yet
    this.pending = false;
    /** @type {{doc: import("./history.js").Doc, time: string} | null} */
    this.stamp = null;
  }

  get doc() {
    return this.history.doc;
  }

  get mask() {
    this.made ??= new Mask(this.photo.width, this.photo.height);
    return this.made;
  }

  /** Whether any pixel is marked; makes no mask. */
  get marked() {
    return this.made?.any ?? false;
  }

  /** What is filled is what is marked now, in the way that is chosen now. */
  get upToDate() {
    const { rev, method, grow, feather } = this.doc;
    const { mended } = this;
    return (
      !!mended && mended.rev === rev && mended.method === method && mended.grow === grow && mended.feather === feather
    );
  }

  /** How it is filled; null also where nothing is marked any more, so that what is shown is what is saved. */
  get mended() {
    const { mended } = this.doc;
    return mended && this.marked ? mended : null;
  }

  /** The photo that is colored: the filled one, if it is filled. */
  get target() {
    const { mended } = this;
    return (mended && this.fills.get(keyOf(mended))) || this.photo;
  }

  /** Keep what was filled; the service forgets the oldest, which are filled again if they are come back to. @param {Mended} how @param {api.Photo} photo */
  remember(how, photo) {
    this.fills.set(keyOf(how), photo);
    for (const [key, each] of this.fills) {
      if (this.fills.size <= MOST_FILLS) break;
      this.fills.delete(key);
      this.#forget(each);
    }
  }

  /** @param {api.Photo} photo that was filled */
  #forget(photo) {
    this.filled.get(photo.id)?.close();
    this.filled.delete(photo.id);
    api.forget(photo.id).catch(() => undefined);
  }

  /** The picture of the target. */
  get picture() {
    return this.pictureOf(this.target);
  }

  /** @param {api.Photo} photo this one, or one that was filled */
  pictureOf(photo) {
    if (photo === this.photo) return this.original;
    const picture = this.filled.get(photo.id) ?? new Picture(photo, this.changed);
    this.filled.delete(photo.id); // the one that was asked for last is the last
    this.filled.set(photo.id, picture);
    for (const [id, each] of this.filled) {
      if (this.filled.size <= MOST_FILLED) break;
      each.close();
      this.filled.delete(id);
    }
    return picture;
  }

  /** Do a command. @param {Command} command @param {boolean} [drawn] the mask shows it already @returns what changed of the mask */
  do(command, drawn = false) {
    const box = command.runs && !drawn ? this.mask.flip(command.runs) : null;
    this.history.do(command);
    this.unsaved = Math.min(this.unsaved, this.history.at - 1);
    this.#save();
    return box;
  }

  /** @returns {Command | null} */
  undo() {
    const command = this.history.undo();
    if (command?.runs) this.mask.flip(command.runs);
    if (command) this.#save();
    return command;
  }

  /** @returns {Command | null} */
  redo() {
    const command = this.history.redo();
    if (command?.runs) this.mask.flip(command.runs);
    if (command) this.#save();
    return command;
  }

  /** The mask as it was at a number; null where the list has none of it. @param {number} rev @returns {Uint8Array | null} */
  maskAt(rev) {
    const back = this.history.runsBack(rev);
    if (!back) return null;
    if (!back.length) return this.mask.bytes;
    const then = new Mask(this.photo.width, this.photo.height);
    then.bytes.set(this.mask.bytes);
    for (const runs of back) then.flip(runs);
    return then.bytes;
  }

  /** One time for a state of the document: project and result that are saved from it agree to the byte. */
  get savedAt() {
    if (this.stamp?.doc !== this.doc) this.stamp = { doc: this.doc, time: `${new Date().toISOString().slice(0, 19)}Z` };
    return this.stamp.time;
  }

  /** @returns {keep.Kept} */
  get #kept() {
    return {
      id: this.keptAs, // a photo has another id each time the service is started
      name: this.photo.name,
      at: this.history.at,
      used: Date.now(),
      color: this.history.docs[0].color,
    };
  }

  /** Keep the photo itself, so that it is there when the service has forgotten it. @param {Blob | null} file */
  async keepPhoto(file) {
    try {
      await keep.savePhoto(this.#kept, file);
    } catch (error) {
      this.lost(error);
    }
  }

  /** Bring back what was kept. @returns {Promise<boolean>} whether there was work */
  async restore() {
    try {
      const found = await keep.load(this.keptAs);
      if (!found) return false;
      this.history = History.restored(found.commands, found.kept.at, { ...EMPTY, color: found.kept.color });
      this.unsaved = found.commands.length;
      for (const command of found.commands.slice(0, this.history.at)) if (command.runs) this.mask.flip(command.runs);
      return found.commands.length > 0;
    } catch (error) {
      this.lost(error);
      return false;
    }
  }

  /** Save what is new; while a save runs, the next one gathers. */
  #save() {
    if (this.pending) return;
    this.pending = true;
    this.saving = this.saving.then(async () => {
      this.pending = false;
      const from = this.unsaved;
      this.unsaved = this.history.commands.length;
      try {
        await keep.saveCommands(this.#kept, from, this.history.commands.slice(from));
      } catch (error) {
        this.unsaved = Math.min(this.unsaved, from);
        this.lost(error);
      }
    });
  }

  /** Let go of what can be had again: a photo that is not looked at is its commands and its marks. */
  rest() {
    this.original.close();
    for (const picture of this.filled.values()) picture.close();
    this.filled.clear();
    if (!this.marked) this.made = null;
  }

  /** The photo is no longer open. */
  close() {
    this.rest();
    for (const photo of this.fills.values()) this.#forget(photo);
    this.fills.clear();
  }
}

/** @param {Mended} how */
const keyOf = ({ rev, method, grow, feather }) => `${rev} ${method} ${grow} ${feather}`;
