// The darkroom's page: everything is brought together here.

import * as api from "./api.js";
import { App } from "./app.js";
import { ColorRoom } from "./color-room.js";
import { button, find } from "./dom.js";
import * as files from "./files.js";
import * as keep from "./keep.js";
import * as keys from "./keys.js";
import { LookRoom } from "./look-room.js";
import { MendRoom } from "./mend-room.js";
import * as pick from "./pick.js";
import { current, speak, t, translate } from "./strings.js";

const LANGUAGE = "safelight-language";
const THEME = "safelight-theme";

/** @param {string} key */
function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function keepIt(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A private window forgets it.
  }
}

speak(kept(LANGUAGE) ?? navigator.language ?? "en");
translate(document);
const app = new App();
const color = new ColorRoom(app);
const mend = new MendRoom(app);
const look = new LookRoom(app);
app.rooms = { color, mend, look };
app.stage.controls = find("zoom");
app.stage.addEventListener("pointerdown", () => app.hush());
app.stage.told = {
  moved: () => {
    find("zoom-value").textContent = app.percent(app.stage.view.scale * app.stage.ratio);
  },
  key: (event) => (app.roomName === "color" ? color : app.roomName === "mend" ? mend : look).key(event),
};
files.listen(app, mend);
keys.listen(app, color, mend, look);
pick.listen(app, (hex) => color.setColor(hex));
button("undo").addEventListener("click", () => app.undo());
button("redo").addEventListener("click", () => app.redo());
button("previous").addEventListener("click", () => app.neighbor(-1));
button("next").addEventListener("click", () => app.neighbor(1));
button("zoom-in").addEventListener("click", () => app.stage.zoomBy(1.25));
button("zoom-out").addEventListener("click", () => app.stage.zoomBy(0.8));
button("zoom-fit").addEventListener("click", () => app.stage.zoomFit());
button("zoom-full").addEventListener("click", () => app.stage.zoomFull());
button("job-cancel").addEventListener("click", () => app.job?.abort());
app.watchers.push(() => app.renderStrip());

/** The page keeps to what a keyboard on the screen leaves free, and shows the field that is written in. */
function makeRoom() {
  const seen = window.visualViewport;
  if (!seen || seen.scale > 1.05) return;
  document.body.style.height = innerHeight - seen.height > 60 ? `${seen.height}px` : "";
  if (document.activeElement?.matches("input:is([type=text], [type=number])"))
    document.activeElement.scrollIntoView({ block: "nearest" });
}
window.visualViewport?.addEventListener("resize", makeRoom);

const language = find("language", HTMLSelectElement);
language.value = current();
language.addEventListener("change", () => {
  speak(language.value);
  keepIt(LANGUAGE, language.value);
  translate(document);
  look.compare(app.stage.comparing);
  app.changed();
});

const theme = find("theme", HTMLSelectElement);
theme.value = kept(THEME) ?? "auto";
const dress = () => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
};
dress();
theme.addEventListener("change", () => {
  keepIt(THEME, theme.value);
  dress();
});

/** The photos of the command line; without any, those that this browser kept. */
async function begin() {
  app.photos = (await api.photos()).filter((photo) => photo.source !== "mended");
  if (!app.photos.some((photo) => photo.source === "command line")) await bringBack();
  app.enter("color");
  app.renderStrip();
  if (app.photos.length) await app.show(app.photos[0].id);
  else app.welcome();
}

async function bringBack() {
  const before = await keep.list().catch(() => []);
  for (const each of before.toReversed()) {
    if (app.photos.some((photo) => photo.sha256 === each.id)) continue;
    const file = await keep.file(each.id).catch(() => undefined);
    if (!file) continue;
    app.say(t("opening", { name: each.name }));
    await api.send(file, each.name).then(
      (photo) => app.photos.push(photo),
      (error) => app.failed(error),
    );
  }
}

begin().catch((error) => {
  app.welcome();
  app.failed(error);
});
document.documentElement.dataset.ready = "yes";
