// Where captures are kept. A capture counts as saved when its transaction has completed, with durability "strict":
// the disk has it, not only the operating system. Any abort, whatever its name, means "not saved".
//
// The sequence number is taken in the same transaction as the capture that bears it, so the numbers have no gaps and
// the server can prove that nothing is missing. Browsers (iOS above all) close a database under an open page and damage
// it silently: the connection is made anew and the work done once more, and what the database lost comes back from the
// journal, with an alarm.

import { openDB } from "../vendor/idb/build/index.js";
import { openJournal, readLines, writeHigh, writeLine } from "./journal.js";

/** @typedef {import("./journal.js").Journal} Journal */
/** @typedef {{code: string, title: string, detail?: string, pointer?: string}} Problem */
/** @typedef {"waiting" | "sent" | "rejected" | "conflict"} State */
/** @typedef {{state: string, reason?: string, sentence?: string, action?: string}} Floor what the engine made of it, as the server last said */

/**
 * A capture as it is kept. Its text never changes; what is known about its way does.
 * @typedef {Object} Capture
 * @property {1} v shape of this record; the database's own version stays 1
 * @property {number} seq
 * @property {string} id
 * @property {string} body the fact's exact text
 * @property {{salt: string, text: string} | null} note
 * @property {import("../model/event.js").Local} local
 * @property {State} state
 * @property {number} savedMs
 * @property {number | null} sentMs when the server acknowledged it
 * @property {string | null} sentAs the device the server knew us as then
 * @property {Problem | null} problem
 * @property {Floor | null} floor
 * @property {number | null} seenMs a person has looked at its refusal
 */

/** @typedef {Pick<Capture, "id" | "body" | "note" | "local" | "savedMs">} Made */

/** @typedef {{kind: "restored", count: number} | {kind: "reopened"} | {kind: "no second copy"}} Alarm */

/** @typedef {import("../vendor/idb/build/index.js").IDBPDatabase} Database */

const NAME = "floorledger";
const META_NEXT = "next_seq";
const META_DRAFT = "draft";
const PATIENCE_MS = 300;
/** A journal of acknowledged captures may grow to this before it is written anew. */
const COMPACT_BYTES = 65_536;

export class Store {
  /** @type {Database | null} */ #db = null;
  /** @type {Journal | null} */ #journal = null;
  #journalBytes = 0;
  /** Captures the server has not acknowledged, should the database vanish under us. @type {Map<number, Capture>} */
  #unsent = new Map();
  #high = 0;
  /** @type {Record<string, any>} */ #facts = {};
  /** Done when the database has been held against the journal. @type {Promise<void>} */ #checked = Promise.resolve();

  /** @param {(alarm: Alarm) => void} onAlarm */
  constructor(onAlarm) {
    this.onAlarm = onAlarm;
    /** Called when a newer page wants another schema: this one must stop writing and reload. */
    this.onOutdated = () => {};
  }

  get journalKind() {
    return this.#journal?.kind ?? "none";
  }

  /**
   * Open the database, and begin to hold it against the journal. What is kept can be read at once; saving waits for
   * the comparison, because it may find higher numbers and captures that were lost.
   */
  async open() {
    const opening = openJournal();
    this.#checked = opening.then((journal) => this.#compare(journal));
    await this.#withDb(() => Promise.resolve());
  }

  /** What the journal knows of this device, for when the database has forgotten. @returns {Promise<Record<string, any>>} */
  async recall() {
    await this.#checked;
    return this.#facts;
  }

  /** @param {Journal} journal */
  async #compare(journal) {
    this.#journal = journal;
    const { lines, high, facts } = readLines(journal.found);
    this.#journalBytes = journal.found.length;
    this.#high = Math.max(this.#high, high);
    this.#facts = { ...facts, ...this.#facts };
    if (journal.kind === "none") this.onAlarm({ kind: "no second copy" });
    for (const line of lines) this.#unsent.set(line.seq, captureOf(line));
    await this.#withDb((db) => this.#mend(db));
    if (this.#journalBytes > COMPACT_BYTES) await this.#compact();
  }

  /**
   * Save what one gesture made: all or none. Resolves when the disk has it; rejects when it does not.
   * @param {((seq: number) => Made)[]} makers each gets its sequence number and returns the fixed fact
   * @param {{endsDraft?: boolean}} [how] what was typed has become these facts: a crash must not offer it again
   * @returns {Promise<Capture[]>}
   */
  async save(makers, { endsDraft = false } = {}) {
    await this.#checked;
    /** @type {Capture[]} */
    let tried = [];
    const saved = await this.#withDb(async (db) => {
      const tx = db.transaction(["capture", "meta"], "readwrite", { durability: "strict" });
      const captures = tx.objectStore("capture");
      const meta = tx.objectStore("meta");
      // A connection can be lost between the disk's yes and ours: then the first try is there.
      if (tried.length > 0 && (await captures.get(tried[0].seq))?.id === tried[0].id) return tried;
      const first = Math.max((await meta.get(META_NEXT)) ?? 1, this.#high + 1);
      /** @type {Capture[]} */
      const made = makers.map((make, index) => fresh(first + index, make(first + index)));
      tried = made;
      await Promise.all([
        ...made.map((capture) => captures.add(capture)),
        meta.put(first + made.length, META_NEXT),
        endsDraft ? meta.delete(META_DRAFT) : null,
        tx.done,
      ]);
      return made;
    });
    for (const capture of saved) {
      this.#high = Math.max(this.#high, capture.seq);
      this.#unsent.set(capture.seq, capture);
    }
    // Saved already; the second copy is given a moment, not a veto.
    await Promise.race([this.#write(saved.map(writeLineOf).join("")), after(PATIENCE_MS)]);
    return saved;
  }

  /** Write again what is known about captures; their text stays. @param {Capture[]} captures */
  async update(captures) {
    if (captures.length === 0) return;
    await this.#withDb(async (db) => {
      const tx = db.transaction("capture", "readwrite", { durability: "strict" });
      await Promise.all([...captures.map((capture) => tx.store.put(capture)), tx.done]);
    });
    for (const capture of captures) {
      if (capture.state === "waiting") this.#unsent.set(capture.seq, capture);
      else this.#unsent.delete(capture.seq);
    }
    if (this.#unsent.size === 0 && this.#journalBytes > COMPACT_BYTES) await this.#compact();
  }

  /** All captures still kept, in sequence order. @returns {Promise<Capture[]>} */
  async all() {
    return this.#withDb((db) => db.getAll("capture"));
  }

  /** Forget acknowledged captures; nothing else is ever removed. @param {Capture[]} captures */
  async forget(captures) {
    const settled = captures.filter((capture) => capture.state !== "waiting");
    if (settled.length === 0) return;
    await this.#withDb(async (db) => {
      const tx = db.transaction("capture", "readwrite");
      await Promise.all([...settled.map((capture) => tx.store.delete(capture.seq)), tx.done]);
    });
    // What was let go must leave the journal too, or the next start would take it for lost.
    await this.#checked;
    await this.#compact();
  }

  /** @param {string} key @returns {Promise<any>} */
  async get(key) {
    return this.#withDb((db) => db.get("meta", key));
  }

  /** Several at once: starting up should not take a transaction for each. @param {string[]} keys @returns {Promise<any[]>} */
  async getAll(keys) {
    return this.#withDb((db) => {
      const { store } = db.transaction("meta");
      return Promise.all(keys.map((key) => store.get(key)));
    });
  }

  /** @param {string} key @param {any} value */
  async put(key, value) {
    await this.#withDb((db) => db.put("meta", value, key));
  }

  /** What must be known of this device even when the database is lost: who it is. @param {object} facts */
  async remember(facts) {
    await this.#checked;
    this.#facts = { ...this.#facts, ...facts };
    await this.#write(writeHigh(this.#high, this.#facts));
  }

  /** No capture from now on may bear a number up to this one: the server has seen it. @param {number} seq */
  async skipTo(seq) {
    await this.#checked;
    if (seq <= this.#high) return;
    this.#high = seq;
    await this.#write(writeHigh(seq, this.#facts));
  }

  /** @template T @param {(db: Database) => Promise<T>} work @returns {Promise<T>} */
  async #withDb(work) {
    try {
      return await work(await this.#connect());
    } catch (error) {
      // Whatever its name: a dead handle stays dead, so retrying on it is in vain. A new one, once.
      this.#drop();
      const result = await work(await this.#connect());
      if (isLost(error)) this.onAlarm({ kind: "reopened" });
      return result;
    }
  }

  async #connect() {
    if (this.#db) return this.#db;
    const db = await openDB(NAME, 1, {
      upgrade(db) {
        db.createObjectStore("capture", { keyPath: "seq" });
        db.createObjectStore("meta");
      },
      blocking: () => {
        this.#drop();
        this.onOutdated();
      },
      terminated: () => this.#drop(),
    });
    // A connection made anew may be to another database than before: an empty one.
    if (this.#unsent.size > 0 || this.#high > 0) await this.#mend(db);
    this.#db = db;
    return db;
  }

  #drop() {
    this.#db?.close();
    this.#db = null;
  }

  /** Put back what the database lost and the second copy has. @param {Database} db */
  async #mend(db) {
    const tx = db.transaction(["capture", "meta"], "readwrite", { durability: "strict" });
    const captures = tx.objectStore("capture");
    const kept = new Set(await captures.getAllKeys());
    const lost = [...this.#unsent.values()].filter((capture) => !kept.has(capture.seq));
    for (const capture of lost) void captures.put(capture);
    const meta = tx.objectStore("meta");
    const next = Math.max((await meta.get(META_NEXT)) ?? 1, this.#high + 1);
    void meta.put(next, META_NEXT);
    await tx.done;
    this.#high = next - 1;
    if (lost.length > 0) this.onAlarm({ kind: "restored", count: lost.length });
  }

  /** The journal anew: who we are, how far the numbers went, and what is not acknowledged. */
  async #compact() {
    const captures = await this.all();
    this.#unsent = new Map(captures.filter(({ state }) => state === "waiting").map((capture) => [capture.seq, capture]));
    const whole = writeHigh(this.#high, this.#facts) + [...this.#unsent.values()].map(writeLineOf).join("");
    this.#journalBytes = 0;
    await this.#write(whole, "rewrite");
  }

  /** The first copy is safe already: trouble with the second is told, and stops nothing.
   * @param {string} lines @param {"append" | "rewrite"} [how] */
  async #write(lines, how = "append") {
    try {
      await this.#journal?.[how](lines);
      this.#journalBytes += lines.length;
    } catch {
      this.onAlarm({ kind: "no second copy" });
    }
  }
}

/** @param {number} seq @param {Made} made @returns {Capture} */
const fresh = (seq, made) => ({
  v: 1,
  seq,
  ...made,
  state: "waiting",
  sentMs: null,
  sentAs: null,
  problem: null,
  floor: null,
  seenMs: null,
});

/** @param {import("./journal.js").Line} line */
const captureOf = ({ seq, id, body, savedMs, note, local }) =>
  fresh(seq, { id, body, savedMs, note: /** @type {any} */ (note) ?? null, local: local ?? {} });

/** @param {Capture} capture */
const writeLineOf = ({ seq, id, body, savedMs, note, local }) =>
  writeLine({ seq, id, body, savedMs, ...(note ? { note } : {}), ...(Object.keys(local).length ? { local } : {}) });

/** @param {number} ms */
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {unknown} error */
const isLost = (error) =>
  error instanceof DOMException && ["InvalidStateError", "UnknownError", "AbortError"].includes(error.name);
