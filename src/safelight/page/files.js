// Photos and projects in, results and projects out.

import * as api from "./api.js";
import { button, find, input, offer } from "./dom.js";
import { EMPTY } from "./history.js";
import { writeMask } from "./png.js";
import { t } from "./strings.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./work.js").Work} Work */

const FORMAT = "safelight-project";
const VERSION = 1;

/** @param {App} app @param {import("./mend-room.js").MendRoom} mend */
export function listen(app, mend) {
  const files = input("files");
  for (const id of ["open", "welcome-open"]) button(id).addEventListener("click", () => files.click());
  files.addEventListener("change", () => {
    take(app, mend, [...(files.files ?? [])]);
    files.value = "";
  });
  const project = input("project-file");
  button("open-project").addEventListener("click", () => project.click());
  project.addEventListener("change", () => {
    take(app, mend, [...(project.files ?? [])]);
    project.value = "";
  });
  button("save-project").addEventListener("click", () => saveProject(app));
  button("download").addEventListener("click", () => download(app, mend));
  button("close-photo").addEventListener("click", () => app.closePhoto());
  for (const id of ["save-project", "open-project", "close-photo"]) {
    button(id).addEventListener("click", () => find("menu", HTMLElement).hidePopover());
  }
  listenToDrops(app, mend);
}

/** @param {App} app @param {import("./mend-room.js").MendRoom} mend */
function listenToDrops(app, mend) {
  const shade = find("drop");
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    depth += 1;
    shade.hidden = false;
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) shade.hidden = true;
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    shade.hidden = true;
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (!entries.some((entry) => entry?.isDirectory)) take(app, mend, files);
    else
      unfold(entries).then(
        (found) => (found.length ? take(app, mend, found) : app.say(t("noPhotos"))),
        (error) => app.failed(error), // a folder that may not be read
      );
  });
  addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length) take(app, mend, pasted);
  });
}

/** The files in folders that were dropped, in the order of their names. @param {(FileSystemEntry | null)[]} entries @returns {Promise<File[]>} */
async function unfold(entries) {
  /** @type {File[]} */
  const files = [];
  for (const entry of entries) {
    if (entry?.isFile) {
      const one = /** @type {FileSystemFileEntry} */ (entry);
      files.push(await new Promise((resolve, reject) => one.file(resolve, reject)));
    } else if (entry) {
      const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
      /** @type {FileSystemEntry[]} */
      const inside = [];
      for (;;) {
        /** @type {FileSystemEntry[]} */
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) break;
        inside.push(...some);
      }
      inside.sort((one, other) => one.name.localeCompare(other.name));
      const photos = await unfold(inside);
      files.push(...photos.filter((file) => /^image\/|^$/.test(file.type) && !file.name.startsWith(".")));
    }
  }
  return files;
}

/** Files of any kind that the page knows: photos first, then the project that may belong to one. @param {App} app @param {import("./mend-room.js").MendRoom} mend @param {File[]} files */
async function take(app, mend, files) {
  const projects = files.filter((file) => /\.json$/i.test(file.name));
  const photos = files.filter((file) => !projects.includes(file));
  if (photos.length) await app.open(photos.map((file) => ({ name: file.name, file })));
  for (const file of projects) await openProject(app, mend, file);
}

/** The document as a project. The mask is one that the service has. @param {Work} work @param {string | null} mask its sha256 */
function projectOf(work, mask) {
  const { hints, vivid, reach, color, method, grow, feather } = work.doc;
  return {
    format: FORMAT,
    version: VERSION,
    photo: { name: work.photo.name, sha256: work.photo.sha256 },
    steps: [...(mask ? ["mend"] : []), ...(color ? ["color"] : [])],
    color: { hints: api.rows(hints), vivid, reach, recolor: work.photo.has_colors },
    ...(mask ? { mend: { mask: { sha256: mask }, method, grow, feather, grain: 1 } } : {}),
    saved: work.savedAt,
  };
}

/** @param {Work} work @returns {Promise<string | null>} */
async function sendMask(work) {
  if (!work.marked) return null;
  const { width, height, id } = work.photo;
  return (await api.putMask(id, await writeMask(work.mask.bytes, width, height), "white")).sha256;
}

/** @param {App} app */
export async function saveProject(app) {
  const { work } = app;
  if (!work) return;
  if (!work.marked && !work.doc.color) {
    app.say(t("nothingToSave"));
    return;
  }
  try {
    const file = await api.projectFile(work.photo.id, projectOf(work, await sendMask(work)));
    const name = `${work.photo.name.replace(/\.[^.]+$/, "")}.safelight.json`;
    offer(file, name);
    app.say(t("projectSaved", { name }));
  } catch (error) {
    app.failed(error);
  }
}

/** The full-size result. What is marked and not yet filled is filled first, so that the page shows what is saved. @param {App} app @param {import("./mend-room.js").MendRoom} mend */
export async function download(app, mend) {
  const { work } = app;
  if (!work) return;
  if (!work.marked && !work.doc.color) {
    app.say(t("nothingToSave"));
    return;
  }
  try {
    if (work.marked && !work.upToDate && !(await mend.fill())) return;
    const project = projectOf(work, await sendMask(work));
    const job = await app.run(t("downloading"), () => api.result(work.photo.id, project));
    const { blob, name } = await api.jobFile(job);
    offer(blob, name);
    app.say(t("downloaded", { name }));
  } catch (error) {
    app.failed(error);
  }
}

/** @param {App} app @param {import("./mend-room.js").MendRoom} mend @param {File} file */
async function openProject(app, mend, file) {
  let project;
  try {
    project = JSON.parse(await file.text());
  } catch {
    project = null;
  }
  if (project?.format !== FORMAT) {
    app.say(t("projectWrong"));
    return;
  }
  if (project.version !== VERSION) {
    app.say(t("projectNewer"));
    return;
  }
  const wanted = project.photo?.sha256;
  const photo = wanted ? await photoOf(app, wanted) : app.work?.photo;
  if (!photo) {
    app.say(t("projectOther", { name: project.photo?.name ?? "?" }));
    return;
  }
  await app.show(photo.id);
  const { work } = app;
  if (!work) return;
  try {
    await adopt(mend, work, project);
    app.say(t("projectOpened"));
  } catch (error) {
    app.failed(error);
  }
}

/** The open photo of a checksum; those that were not looked at yet have none before. @param {App} app @param {string} sha256 */
async function photoOf(app, sha256) {
  const known = app.photos.find((each) => each.sha256 === sha256);
  if (known) return known;
  for (const { id, opened } of app.photos) {
    if (opened) continue;
    const photo = await api.photo(id).catch(() => null); // one that is damaged is none
    if (photo?.sha256 === sha256) return photo;
  }
  return undefined;
}

/** One command makes the document that of the project. @param {import("./mend-room.js").MendRoom} mend @param {Work} work @param {any} project */
async function adopt(mend, work, project) {
  const steps = project.steps ?? ["color"];
  const color = project.color ?? {};
  const fill = project.mend ?? {};
  let fresh = work.history.fresh;
  const hints = (color.hints ?? []).map((/** @type {any} */ row) => {
    fresh += 1;
    return {
      id: fresh,
      x: row.x,
      y: row.y,
      color: hexOfRow(row.color),
      radius: row.radius ?? 0.01,
      region: row.region ?? null,
    };
  });
  const png = steps.includes("mend") && fill.mask?.png ? await (await fetchPng(fill.mask.png)).blob() : null;
  await mend.replaceMask(work, png, "project", {
    hints,
    vivid: color.vivid ?? EMPTY.vivid,
    reach: color.reach ?? EMPTY.reach,
    color: steps.includes("color"),
    method: fill.method ?? EMPTY.method,
    grow: fill.grow ?? EMPTY.grow,
    feather: fill.feather ?? EMPTY.feather,
    mended: null,
  });
  if (png) await mend.fill();
  work.stamp = typeof project.saved === "string" ? { doc: work.doc, time: project.saved } : null;
}

/** Base64 as a response: its bytes. @param {string} text */
const fetchPng = async (text) => new Response(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)));

/** A color of a hint file as #rrggbb; three numbers are rounded to the nearest. @param {string | number[]} color */
function hexOfRow(color) {
  if (typeof color === "string") return color.length === 4 ? color.replace(/[0-9a-f]/gi, "$&$&") : color;
  return `#${color
    .map((each) =>
      Math.round(each * 255)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
