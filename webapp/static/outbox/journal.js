// The second copy of every capture the server has not acknowledged, outside IndexedDB.
//
// Why: a browser whose IndexedDB files were damaged opens an empty or shortened database without any error. What a
// person heard "saved" for must survive that, so each capture is also a line of a file in the origin's private file
// system, or of localStorage where that is refused.

/** @typedef {{body: string, seq: number, id: string, savedMs: number, note?: object, local?: object}} Line what is needed to make the capture again */

/**
 * @typedef {Object} Journal
 * @property {"file" | "localStorage" | "none"} kind
 * @property {string} found what was in it when it was opened
 * @property {(lines: string) => Promise<void>} append raises if it could not be written
 * @property {(lines: string) => Promise<void>} rewrite the whole
 */

const KEY = "floorledger.journal";
const PATIENCE_MS = 4_000;

/** The best journal this browser gives. @returns {Promise<Journal>} */
export async function openJournal() {
  try {
    return await openFile();
  } catch {
    // private windows, old browsers, plain http: fall through
  }
  try {
    return openLocalStorage();
  } catch {
    return { kind: "none", found: "", append: () => Promise.resolve(), rewrite: () => Promise.resolve() };
  }
}

/** @returns {Promise<Journal>} */
async function openFile() {
  const worker = new Worker(new URL("./journal-worker.js", import.meta.url));
  let last = 0;
  /** @type {Map<number, {resolve: (lines: string) => void, reject: (why: Error) => void}>} */
  const open = new Map();
  worker.onmessage = ({ data }) => {
    const call = open.get(data.id);
    open.delete(data.id);
    if (data.ok) call?.resolve(data.lines);
    else call?.reject(new Error(data.why));
  };
  /** @param {string} verb @param {string} [lines] @returns {Promise<string>} */
  const ask = (verb, lines = "") =>
    new Promise((resolve, reject) => {
      const id = (last += 1);
      open.set(id, { resolve, reject });
      setTimeout(() => {
        if (open.delete(id)) reject(new Error("the journal does not answer"));
      }, PATIENCE_MS);
      worker.postMessage({ id, verb, lines });
    });
  worker.onerror = () => {
    for (const { reject } of open.values()) reject(new Error("the journal's worker failed"));
    open.clear();
  };
  try {
    const found = await ask("open");
    return {
      kind: "file",
      found: found + (await takeOver((lines) => ask("append", lines))),
      append: async (lines) => void (await ask("append", lines)),
      rewrite: async (lines) => void (await ask("rewrite", lines)),
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Lines of a start when files were refused: into the file now. @param {(lines: string) => Promise<string>} append */
async function takeOver(append) {
  try {
    const lines = localStorage.getItem(KEY) ?? "";
    if (!lines) return "";
    await append(lines);
    localStorage.removeItem(KEY);
    return lines;
  } catch {
    return ""; // they stay where they are
  }
}

/** @returns {Journal} */
function openLocalStorage() {
  const text = localStorage.getItem(KEY) ?? "";
  const found = text && !text.endsWith("\n") ? `${text}\n` : text;
  localStorage.setItem(KEY, found); // raises where writing is refused
  return {
    kind: "localStorage",
    found,
    append: async (lines) => localStorage.setItem(KEY, (localStorage.getItem(KEY) ?? "") + lines),
    rewrite: async (lines) => localStorage.setItem(KEY, lines),
  };
}

/** One capture as a line, with a sum over its text. @param {Line} line */
export const writeLine = (line) => `${JSON.stringify({ ...line, sum: sumOf(line.body) })}\n`;

/** The number that no later capture may use again, whatever else is lost. @param {number} seq @param {object} facts who this device is */
export const writeHigh = (seq, facts) => `${JSON.stringify({ high: seq, facts })}\n`;

/**
 * What a journal holds. Lines cut by a crash or damaged on disk are passed over; the rest is good.
 * @param {string} text
 * @returns {{lines: Line[], high: number, facts: Record<string, any>}}
 */
export function readLines(text) {
  /** @type {Map<string, Line>} */
  const lines = new Map();
  let high = 0;
  let facts = {};
  for (const row of text.split("\n")) {
    if (!row) continue;
    let line;
    try {
      line = JSON.parse(row);
    } catch {
      continue;
    }
    if (typeof line?.high === "number") {
      high = Math.max(high, line.high);
      facts = { ...facts, ...line.facts };
    } else if (typeof line?.body === "string" && typeof line.seq === "number" && line.sum === sumOf(line.body)) {
      high = Math.max(high, Math.floor(line.seq)); // halves: see store.js
      const { sum: _sum, ...kept } = line;
      lines.set(line.id, kept);
    }
  }
  return { lines: [...lines.values()].sort((a, b) => a.seq - b.seq), high, facts };
}

/** FNV-1a: finds damage, proves nothing. @param {string} text */
export function sumOf(text) {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return sum.toString(16);
}
