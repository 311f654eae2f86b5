// Autosave in the browser (IndexedDB): a photo's file, its commands and how many of them are done. Saved at each step.

/** @typedef {import("./history.js").Command} Command */
/** @typedef {{id: string, name: string, at: number, used: number, color: boolean}} Kept */

const NAME = "safelight-darkroom";
/** @type {Promise<IDBDatabase> | null} */
let opening = null;

function database() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("photos", { keyPath: "id" });
      request.result.createObjectStore("files"); // apart: a file is written once, a photo at each step
      request.result.createObjectStore("commands", { keyPath: ["id", "number"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const got = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransaction} transaction */
const done = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });

/** All commands of a photo with a number from `from` on. @param {string} id @param {number} from */
const range = (id, from) => IDBKeyRange.bound([id, from], [id, Number.POSITIVE_INFINITY]);

/** @returns {Promise<Kept[]>} those used last come first */
export async function list() {
  const store = (await database()).transaction("photos").objectStore("photos");
  return (await got(store.getAll())).sort((one, other) => other.used - one.used);
}

/** @param {string} id @returns {Promise<{kept: Kept, commands: Command[]} | null>} */
export async function load(id) {
  const transaction = (await database()).transaction(["photos", "commands"]);
  const kept = await got(transaction.objectStore("photos").get(id));
  if (!kept) return null;
  const rows = await got(transaction.objectStore("commands").getAll(range(id, 0)));
  return { kept, commands: rows.map((row) => row.command) };
}

/** @param {Kept} kept @param {Blob | null} file */
export async function savePhoto(kept, file) {
  const transaction = (await database()).transaction(["photos", "files"], "readwrite");
  transaction.objectStore("photos").put(kept);
  if (file) transaction.objectStore("files").put(file, kept.id);
  await done(transaction);
}

/** The photo's file, if it was dropped or chosen in the page. @param {string} id @returns {Promise<Blob | undefined>} */
export const file = async (id) => got((await database()).transaction("files").objectStore("files").get(id));

/**
 * Save the commands from a number on, in place of those that were there, and how many are done.
 * @param {Kept} kept @param {number} from @param {Command[]} commands
 */
export async function saveCommands(kept, from, commands) {
  const transaction = (await database()).transaction(["photos", "commands"], "readwrite");
  transaction.objectStore("photos").put(kept);
  const store = transaction.objectStore("commands");
  store.delete(range(kept.id, from));
  commands.forEach((command, k) => {
    store.put({ id: kept.id, number: from + k, command });
  });
  await done(transaction);
}

/** @param {string} id */
export async function forget(id) {
  const transaction = (await database()).transaction(["photos", "files", "commands"], "readwrite");
  transaction.objectStore("photos").delete(id);
  transaction.objectStore("files").delete(id);
  transaction.objectStore("commands").delete(range(id, 0));
  await done(transaction);
}
