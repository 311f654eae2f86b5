// The keyboard, everywhere in the page, and the page that explains it.

import { ARROWS, button, find, make } from "./dom.js";
import { download, saveProject } from "./files.js";
import { t } from "./strings.js";

/** @typedef {import("./strings.js").Key} Key */

/**
 * @param {import("./app.js").App} app @param {import("./color-room.js").ColorRoom} color
 * @param {import("./mend-room.js").MendRoom} mend @param {import("./look-room.js").LookRoom} look
 */
export function listen(app, color, mend, look) {
  const help = find("help-dialog", HTMLDialogElement);
  const explain = () => {
    find("help-table").replaceChildren(...table());
    help.showModal();
  };
  button("help").addEventListener("click", () => {
    find("menu", HTMLElement).hidePopover();
    explain();
  });
  button("help-close").addEventListener("click", () => help.close());

  /** @type {Record<string, () => void>} */
  const withControl = {
    z: () => app.undo(),
    "shift z": () => app.redo(),
    y: () => app.redo(),
    o: () => button("open").click(),
    s: () => download(app, mend),
    "shift s": () => saveProject(app),
  };
  /** @type {Record<string, () => void>} */
  const anywhere = {
    "?": explain,
    c: () => app.enter("color"),
    m: () => app.enter("mend"),
    l: () => app.enter("look"),
    PageUp: () => app.neighbor(-1),
    PageDown: () => app.neighbor(1),
    "+": () => app.stage.zoomBy(1.25),
    "=": () => app.stage.zoomBy(1.25),
    "-": () => app.stage.zoomBy(0.8),
    0: () => app.stage.zoomFit(),
    1: () => app.stage.zoomFull(),
    k: () => look.compare(!app.stage.comparing),
    u: () => {
      app.enter("look");
      look.certainty(!look.shows);
    },
    o: () => hold(true),
  };
  /** @type {Record<string, Record<string, () => void>>} */
  const inRoom = {
    color: {
      w: () => color.toggleWhere(),
      h: () => color.cycle(1),
      "shift h": () => color.cycle(-1),
      r: () => color.toggleRegion(),
      i: () => color.togglePicking(),
      delete: () => color.remove(),
    },
    mend: {
      b: () => mend.erase(false),
      e: () => mend.erase(true),
      "[": () => mend.resize(-5),
      "]": () => mend.resize(5),
      f: () => mend.find(),
      p: () => mend.turn(-1),
      n: () => mend.turn(1),
      a: () => mend.decide(true, false),
      x: () => mend.decide(false, false),
      g: () => mend.fill(),
    },
    look: {},
  };
  /** @param {boolean} on */
  const hold = (on) => {
    if (app.stage.holding === on) return;
    app.stage.holding = on;
    app.stage.refresh();
  };

  addEventListener(
    "keydown",
    (event) => {
      if (typing(event) || document.querySelector("dialog[open]")) return;
      const control = event.ctrlKey || event.metaKey;
      const nudge = ARROWS[event.key];
      // Caps lock turns the letters over: Shift itself decides.
      const letter = (event.shiftKey ? "shift " : "") + event.key.toLowerCase();
      let act = control ? withControl[letter] : (anywhere[event.key] ?? inRoom[app.roomName][letter]);
      if (control && nudge && app.roomName === "color" && color.hint) {
        act = () => color.nudge(nudge[0] * (event.shiftKey ? 5 : 1), nudge[1] * (event.shiftKey ? 5 : 1));
      }
      if (!act || event.altKey || (!app.work && !["?", "o"].includes(event.key))) return;
      event.preventDefault();
      act();
    },
    { capture: false },
  );
  addEventListener("keyup", (event) => {
    if (event.key === "o") hold(false);
    if (event.key === "Control" || event.key === "Meta") app.work?.history.seal();
  });
  addEventListener("blur", () => hold(false));

  const tabs = ["color", "mend", "look"];
  tabs.forEach((name, k) => {
    const tab = button(`tab-${name}`);
    tab.addEventListener("click", () => app.enter(/** @type {import("./app.js").RoomName} */ (name)));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(k + step + 3) % 3];
      app.enter(/** @type {import("./app.js").RoomName} */ (next));
      button(`tab-${next}`).focus();
      event.preventDefault();
    });
  });
}

/** Whether a key writes into a field. @param {KeyboardEvent} event */
function typing(event) {
  const target = event.target;
  if (target instanceof HTMLInputElement)
    return (
      !["range", "checkbox"].includes(target.type) || event.key.startsWith("Arrow") || event.key.startsWith("Page")
    );
  return target instanceof HTMLSelectElement;
}

/** The keys, by where they hold. */
function table() {
  /** @type {[Key, [Key, string][]][]} */
  const groups = [
    [
      "keyGeneral",
      [
        ["keyOpen", "Ctrl O"],
        ["keyUndo", "Ctrl Z · Ctrl Shift Z"],
        ["keyDownload", "Ctrl S"],
        ["saveProject", "Ctrl Shift S"],
        ["keyRooms", "C · M · L"],
        ["keyPhotos", "Page ↑ ↓"],
        ["keyZoom", `+ · − · 0 · 1 · ${t("keyWheel")}`],
        ["keyPan", `Alt ${t("keyArrows")}`],
        ["keyOriginal", "O"],
        ["keyCompare", "K"],
        ["keyCertainty", "U"],
        ["keyHelp", "?"],
      ],
    ],
    [
      "keyStage",
      [
        ["keyCross", t("keyArrows")],
        ["keyEnter", t("keyEnterName")],
      ],
    ],
    [
      "roomColor",
      [
        ["keyWhere", "W"],
        ["keyHints", "H · Shift H"],
        ["keyMoveHint", `Ctrl ${t("keyArrows")}`],
        ["keyDelete", "Delete"],
        ["keyLasso", "R"],
        ["keyPick", "I"],
      ],
    ],
    [
      "roomMend",
      [
        ["keyBrush", "B · E"],
        ["keySize", "[ · ]"],
        ["keyFind", "F"],
        ["keyFinds", "P · N · A · X"],
        ["keyFill", "G"],
      ],
    ],
    [
      "keyTouch",
      [
        ["touchTap", t("touchTapKey")],
        ["touchDrag", t("touchDragKey")],
        ["touchPinch", t("touchPinchKey")],
        ["touchDouble", t("touchDoubleKey")],
      ],
    ],
  ];
  return groups.flatMap(([title, rows]) => [
    make("h3", {}, t(title)),
    ...rows.map(([what, keys]) => make("div", {}, make("span", {}, t(what)), make("kbd", {}, keys))),
  ]);
}
