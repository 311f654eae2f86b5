// The service, as the page uses it (docs: /openapi.json). Every error is a Problem with one line for people.

import { floats } from "./join.js";

/** @typedef {import("./join.js").Box} Box */
/** @typedef {import("./join.js").Colors} Colors */
/** @typedef {import("./history.js").Hint} Hint */
/** @typedef {{color: string, share: number}} Likely */
/** @typedef {{x: number, y: number, worth: number, colors: Likely[]}} Place */
/**
 * @typedef {object} Photo
 * @property {string} id @property {string} name @property {string} sha256 @property {string} source
 * @property {string | null} of @property {boolean} opened @property {number} width @property {number} height
 * @property {boolean} has_colors @property {string} look @property {Box | null} mount @property {string[]} remarks
 * @property {number | null} unfamiliarity @property {string} format @property {number} depth
 */
/**
 * @typedef {object} Job
 * @property {string} id @property {string} state @property {number} progress @property {string[]} remarks
 * @property {{title: string, detail: string} | null} problem @property {string | null} result
 */

export class Problem extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.name = "Problem";
    this.status = status;
  }
}

/** Whether an error only says that nobody wants the answer any more. @param {unknown} error */
export const gaveUp = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * @param {string} path @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (gaveUp(error)) throw error;
    throw new Problem(0, "");
  }
  if (answer.ok) return answer;
  let detail = "";
  try {
    const problem = await answer.json();
    detail = problem.detail || problem.title || "";
  } catch {
    // No problem document: the status alone has to say it.
  }
  throw new Problem(answer.status, detail || `HTTP ${answer.status}`);
}

/** @param {string} path @param {unknown} body @param {AbortSignal} [signal] */
const post = (path, body, signal) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });

/** @param {string} id */
const at = (id) => `/v1/photos/${encodeURIComponent(id)}`;

/** Hints as the service takes them. @param {readonly Hint[]} hints */
export const rows = (hints) => hints.map(({ x, y, color, radius, region }) => ({ x, y, color, radius, region }));

/** @returns {Promise<Photo[]>} */
export const photos = async () => (await (await ask("/v1/photos")).json()).photos;

/** @param {string} id @returns {Promise<Photo>} */
export const photo = async (id) => (await ask(at(id))).json();

/** @param {Blob} file @param {string} name @returns {Promise<Photo>} */
export const send = async (file, name) =>
  (
    await ask(`/v1/photos?name=${encodeURIComponent(name)}`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: file,
    })
  ).json();

/** @param {string} id */
export const forget = (id) => ask(at(id), { method: "DELETE" });

/**
 * A part of a photo as pixels, at most so many of them.
 * @param {string} id @param {Box | null} box null: all of it @param {number} pixels @param {AbortSignal} [signal]
 * @returns {Promise<ImageData>}
 */
export async function preview(id, box, pixels, signal) {
  const query = new URLSearchParams({ pixels: String(Math.round(pixels)), format: "png" });
  if (box)
    for (const side of /** @type {const} */ (["left", "top", "width", "height"])) query.set(side, String(box[side]));
  return pixelsOf(await (await ask(`${at(id)}/preview?${query}`, { signal })).blob());
}

/** A small JPEG. @param {string} id @param {number} pixels */
export const thumbnail = async (id, pixels) => (await ask(`${at(id)}/preview?pixels=${pixels}&format=jpeg`)).blob();

/** The numbers in a picture file, as they are. @param {Blob} blob */
export async function pixelsOf(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  if (!brush) throw new Problem(0, "no canvas");
  brush.drawImage(bitmap, 0, 0);
  bitmap.close();
  return brush.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * The colors for these hints. stage "kriged": at once; "network": what the full-size result has.
 * @param {Photo} photo @param {{hints: readonly Hint[], vivid: number, reach: number}} wish
 * @param {"kriged" | "network"} stage @param {AbortSignal} [signal]
 * @returns {Promise<Colors>}
 */
export async function colors(photo, { hints, vivid, reach }, stage, signal) {
  const answer = await post(`${at(photo.id)}/colors`, { hints: rows(hints), vivid, reach, stage }, signal);
  const [count, , height, width] = shape(answer);
  const all = floats(await answer.arrayBuffer());
  const regions = regionsOf(hints);
  const size = width * height;
  const layers = Array.from({ length: count }, (_, k) => ({
    plane: {
      a: all.subarray(2 * k * size, (2 * k + 1) * size),
      b: all.subarray((2 * k + 1) * size, (2 * k + 2) * size),
      width,
      height,
    },
    region: k ? regions[k - 1] : null,
  }));
  return { layers, mount: photo.mount };
}

/** The different lassos, in the order in which they first come. @param {readonly Hint[]} hints */
export function regionsOf(hints) {
  /** @type {Map<string, [number, number][]>} */
  const found = new Map();
  for (const { region } of hints)
    if (region) found.set(JSON.stringify(region), found.get(JSON.stringify(region)) ?? region);
  return [...found.values()];
}

/**
 * How sure each color is that is shown, 0..1. @param {string} id
 * @param {{hints: readonly Hint[], vivid: number, reach: number}} how @param {AbortSignal} [signal]
 */
export async function certainty(id, { hints, vivid, reach }, signal) {
  const answer = await post(`${at(id)}/certainty`, { hints: rows(hints), vivid, reach }, signal);
  const [height, width] = shape(answer);
  return { width, height, sure: floats(await answer.arrayBuffer()) };
}

/**
 * The likeliest colors at a place. @param {string} id @param {number} x @param {number} y @param {readonly Hint[]} hints
 * @param {AbortSignal} [signal] @returns {Promise<{L: number, colors: Likely[]}>}
 */
export const likely = async (id, x, y, hints, signal) =>
  (await post(`${at(id)}/likely`, { x, y, hints: rows(hints) }, signal)).json();

/** Where a hint would help most. @param {string} id @param {readonly Hint[]} hints @param {number} count @param {AbortSignal} [signal] @returns {Promise<Place[]>} */
export const suggestions = async (id, hints, count, signal) =>
  (await (await post(`${at(id)}/suggestions`, { hints: rows(hints), count }, signal)).json()).places;

/** @param {string} id @param {Blob} mask @param {"auto" | "white"} missing what of it is missing; the page's own are white */
export const putMask = async (id, mask, missing) =>
  (
    await ask(`${at(id)}/mask?missing=${missing}`, {
      method: "PUT",
      headers: { "Content-Type": "image/png" },
      body: mask,
    })
  ).json();

/** @param {string} id */
export const getMask = async (id) => (await ask(`${at(id)}/mask`)).blob();

/** @param {string} id @param {number} sensitivity @returns {Promise<Job>} */
export const findScratches = async (id, sensitivity) => (await post(`${at(id)}/scratches`, { sensitivity })).json();

/** @param {string} job */
export const labels = async (job) => pixelsOf(await (await ask(`/v1/jobs/${job}/labels`)).blob());

/** @param {string} id @param {{method: string, grow: number, feather: number}} how @returns {Promise<Job>} */
export const fill = async (id, how) => (await post(`${at(id)}/fill`, how)).json();

/** The project as a file. @param {string} id @param {object} project */
export const projectFile = async (id, project) => (await post(`${at(id)}/project`, project)).blob();

/** The full-size result. @param {string} id @param {object} project @returns {Promise<Job>} */
export const result = async (id, project) => (await post(`${at(id)}/result`, project)).json();

/** @param {Job} job */
export const jobJson = async (job) => (await ask(`/v1/jobs/${job.id}/result`)).json();

/** The file that a job made, and its name. @param {Job} job */
export async function jobFile(job) {
  const answer = await ask(`/v1/jobs/${job.id}/result`);
  const header = answer.headers.get("Content-Disposition") ?? "";
  const coded = /filename\*=UTF-8''([^;]+)/i.exec(header);
  const plain = /filename="([^"]*)"/.exec(header) ?? /filename=([^;]+)/.exec(header);
  const name = coded ? decodeURIComponent(coded[1]) : plain ? plain[1].trim() : "result";
  return { blob: await answer.blob(), name };
}

/** @param {string} id */
export const cancel = (id) => ask(`/v1/jobs/${id}`, { method: "DELETE" });

/**
 * Wait for the end of a job. Polled: a stream of events for each tab would use up the browser's six connections.
 * @param {Job} job @param {(job: Job) => void} told @param {AbortSignal} [signal] cancels the job
 * @returns {Promise<Job>}
 */
export async function ended(job, told, signal) {
  const stop = () => cancel(job.id).catch(() => undefined);
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  try {
    for (let wait = 40; ; wait = Math.min(wait * 1.4, 400)) {
      if (signal?.aborted) throw new DOMException("cancelled", "AbortError");
      told(job);
      if (job.state === "done") return job;
      if (job.state === "cancelled") throw new DOMException("cancelled", "AbortError");
      if (job.state === "failed") throw new Problem(500, job.problem?.detail ?? job.problem?.title ?? "");
      await new Promise((resolve) => setTimeout(resolve, wait));
      job = await (await ask(`/v1/jobs/${job.id}`)).json();
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** @param {Response} answer */
const shape = (answer) => (answer.headers.get("Safelight-Shape") ?? "").split(",").map(Number);
