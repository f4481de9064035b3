// The second copy's file, in a worker: only there may a page write a file of its own synchronously and flush it.
//
// A file can be open in one tab only, so each tab takes the first free of a few. A file that nobody holds any more was
// left by a tab that is gone: its lines are taken over.

const FILES = 8;

/** @typedef {{read(buffer: Uint8Array, options: {at: number}): number, write(buffer: Uint8Array, options: {at: number}): number, truncate(size: number): void, flush(): void, getSize(): number, close(): void}} SyncHandle */

/** @type {SyncHandle | null} */
let file = null;

/** @param {number} number @returns {Promise<SyncHandle>} */
async function hold(number) {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("outbox", { create: true });
  const handle = await folder.getFileHandle(`journal-${number}.jsonl`, { create: true });
  return /** @type {any} */ (handle).createSyncAccessHandle();
}

/** @param {SyncHandle} handle */
function text(handle) {
  const bytes = new Uint8Array(handle.getSize());
  handle.read(bytes, { at: 0 });
  return new TextDecoder().decode(bytes);
}

/** @param {string} added */
function append(added) {
  if (!file) throw new Error("the journal is not open");
  const at = file.getSize();
  const bytes = new TextEncoder().encode(added);
  if (file.write(bytes, { at }) !== bytes.length) {
    file.truncate(at); // a full disk: no half line
    throw new Error("the journal could not be written");
  }
  file.flush();
}

/** In place, from the front: a full disk or a crash leaves old lines behind new ones, never an empty file.
 * @param {string} whole */
function rewrite(whole) {
  if (!file) throw new Error("the journal is not open");
  const bytes = new TextEncoder().encode(whole);
  if (file.write(bytes, { at: 0 }) !== bytes.length) throw new Error("the journal could not be written");
  file.truncate(bytes.length);
  file.flush();
}

/** @type {Record<string, (added: string) => Promise<string> | string>} */
const verbs = {
  async open() {
    let lines = "";
    for (let number = 0; number < FILES; number += 1) {
      let handle;
      try {
        handle = await hold(number);
      } catch (error) {
        if (number === FILES - 1 && !file) throw error;
        continue; // another tab's
      }
      const found = text(handle);
      const cut = found && !found.endsWith("\n") ? "\n" : ""; // a line cut by a crash stays alone
      lines += found + cut;
      if (!file) {
        file = handle;
        if (cut) append(cut);
      } else {
        if (found) {
          append(found + cut);
          handle.truncate(0);
          handle.flush();
        }
        handle.close();
      }
    }
    return lines;
  },
  append(added) {
    append(added);
    return "";
  },
  rewrite(whole) {
    rewrite(whole);
    return "";
  },
};

onmessage = async ({ data: { id, verb, lines } }) => {
  try {
    postMessage({ id, ok: true, lines: await verbs[verb](lines) });
  } catch (error) {
    postMessage({ id, ok: false, why: String(error) });
  }
};
