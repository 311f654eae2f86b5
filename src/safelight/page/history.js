// One immutable document a photo, and the list of commands that led to it: undo and redo are steps in that list.

/** @typedef {import("./mask.js").Runs} Runs */
/** @typedef {import("./mask.js").Find} Find */
/** @typedef {[number, number][]} Region fractions of the photo */
/** @typedef {{id: number, x: number, y: number, color: string, radius: number, region: Region | null}} Hint */
/** @typedef {{rev: number, method: string, grow: number, feather: number}} Mended */
/**
 * @typedef {object} Doc
 * @property {readonly Hint[]} hints @property {number} vivid 0..1 @property {number} reach 0..1
 * @property {boolean} color whether the photo is colored at all
 * @property {number} rev which state of the mask: a number for each
 * @property {readonly Find[]} finds of the scratch finder, neither accepted nor refused yet
 * @property {number} sensitivity 0..1 @property {string} method @property {number} grow @property {number} feather
 * @property {Mended | null} mended what is filled: the mask of that number, in that way
 */
/**
 * @typedef {object} Command
 * @property {string} kind its name: a key of the table of strings
 * @property {Partial<Doc>} change @property {Runs} [runs] pixels of the mask that it turns over
 * @property {string} [merge] commands with the same word, one after the other, become one
 */

/** @type {Doc} */
export const EMPTY = Object.freeze({
  hints: [],
  vivid: 0.5,
  reach: 0,
  color: true,
  rev: 0,
  finds: [],
  sensitivity: 0.5,
  method: "auto",
  grow: 0,
  feather: 0,
  mended: null,
});

export class History {
  /** @param {Doc} [base] */
  constructor(base = EMPTY) {
    /** @type {Doc[]} docs[k] is the document after k commands */
    this.docs = [base];
    /** @type {Command[]} */
    this.commands = [];
    this.at = 0;
    /** @type {number | null} the number of the command that may still be merged with */
    this.open = null;
    this.most = numberIn(base); // of all hints and states of the mask that there ever were
  }

  get doc() {
    return this.docs[this.at];
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.commands.length;
  }

  /** The next number for a hint, or a state of the mask: one that never was, also where what had it was undone. */
  get fresh() {
    return this.most + 1;
  }

  /** Do a command; the undone ones after it are gone. @param {Command} command */
  do(command) {
    const joined =
      command.merge !== undefined && this.open === this.at && this.commands[this.at - 1]?.merge === command.merge;
    if (joined) {
      this.at -= 1;
      command = { ...command, change: { ...this.commands[this.at].change, ...command.change } };
    }
    this.commands.length = this.at;
    this.docs.length = this.at + 1;
    this.commands.push(command);
    this.docs.push(Object.freeze({ ...this.doc, ...command.change }));
    this.most = Math.max(this.most, numberIn(command.change));
    this.at += 1;
    this.open = command.merge === undefined ? null : this.at;
  }

  /** Nothing is merged with what was done so far: a gesture ended. */
  seal() {
    this.open = null;
  }

  /** @returns {Command | null} the command that was taken back: its runs are to be turned over */
  undo() {
    if (!this.canUndo) return null;
    this.at -= 1;
    this.open = null;
    return this.commands[this.at];
  }

  /** @returns {Command | null} the command that was done again: its runs are to be turned over */
  redo() {
    if (!this.canRedo) return null;
    this.at += 1;
    this.open = null;
    return this.commands[this.at - 1];
  }

  /** The runs between the mask as it is and the mask of a number; null if that is not in the list. @param {number} rev */
  runsBack(rev) {
    const runs = [];
    for (let k = this.at; k >= 0; k -= 1) {
      if (this.docs[k].rev === rev) return runs;
      if (k && this.commands[k - 1].runs) runs.push(/** @type {Runs} */ (this.commands[k - 1].runs));
    }
    return null;
  }

  /** Commands as they were kept. @param {Command[]} commands @param {number} at */
  static restored(commands, at, base = EMPTY) {
    const history = new History(base);
    for (const command of commands) history.do({ ...command, merge: undefined });
    history.at = Math.min(at, commands.length);
    return history;
  }
}

/** The highest number of a hint or a state of the mask. @param {Partial<Doc>} doc */
const numberIn = (doc) =>
  Math.max(doc.rev ?? 0, doc.mended?.rev ?? 0, ...(doc.hints ?? []).map((/** @type {Hint} */ hint) => hint.id));
