// Where captures are kept. A capture counts as saved when its transaction has completed, with durability "strict":
// the disk has it, not only the operating system. Any abort, whatever its name, means "not saved".
//
// A photo of a capture is kept apart, in the same transaction, so that reading what waits does not mean reading pictures;
// it is let go when the server has it. Photos have no second copy: the fact is what must not be lost.
//
// The sequence number is taken in the same transaction as the capture that bears it, so the numbers have no gaps and
// the server can prove that nothing is missing. Browsers (iOS above all) close a database under an open page and damage
// it silently: the connection is made anew and the work done once more, and what the database lost comes back from the
// journal, with an alarm.

import { openDB } from "../vendor/idb/build/index.js";
import { openJournal, readLines, writeHigh, writeLine } from "./journal.js";

/** @typedef {import("./journal.js").Journal} Journal */
/** @typedef {{code: string, title: string, detail?: string, pointer?: string}} Problem */
/** @typedef {"waiting" | "sent" | "rejected" | "conflict" | "discarded"} State */
/** @typedef {{state: string, reason?: string, sentence?: string, action?: string, answered_at?: string}} Floor what the engine made of it, as the server last said */

/**
 * A capture as it is kept. Its text never changes; what is known about its way does.
 * @typedef {Object} Capture
 * @property {1} v shape of this record
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
 * @property {Picture | null} [photo] what is known of its photo; records made before there were photos have none
 * @property {{by: string, atMs: number} | null} [discarded] who let it go unsent, after it was saved as a file
 */

/** @typedef {{salt: string, bytes: number, sentMs: number | null, problem: Problem | null}} Picture */

/** @typedef {Pick<Capture, "id" | "body" | "note" | "local" | "savedMs"> & {photo?: {salt: string, jpeg: ArrayBuffer} | null}} Made */

/** @typedef {{kind: "restored", count: number} | {kind: "reopened"} | {kind: "no second copy"}} Alarm */

/** @typedef {import("../vendor/idb/build/index.js").IDBPDatabase} Database */

const NAME = "floorledger";
/** 2: photos. What version 1 kept stays as it is. */
const VERSION = 2;
const META_NEXT = "next_seq";
const META_DRAFT = "draft";
const PATIENCE_MS = 300;
/** A journal of acknowledged captures may grow to this before it is written anew. */
const COMPACT_BYTES = 65_536;

export class Store {
  /** @type {Database | null} */ #db = null;
  /** @type {Journal | null} */ #journal = null;
  #journalBytes = 0;
  /** Captures the server has not acknowledged, by id, should the database vanish under us. @type {Map<string, Capture>} */
  #unsent = new Map();
  #high = 0;
  /** @type {Record<string, any>} */ #facts = {};
  /** @type {Promise<Journal> | null} */ #opening = null;
  /** Done when the database has been held against the journal. @type {Promise<void> | null} */ #checked = null;

  /** @param {(alarm: Alarm) => void} onAlarm */
  constructor(onAlarm) {
    this.onAlarm = onAlarm;
    /** Called when a newer page wants another schema: this one must stop writing and reload. */
    this.onOutdated = () => {};
    /** Called when an older page, frozen in another window, does not let go of the database. */
    this.onBlocked = () => {};
  }

  get journalKind() {
    return this.#journal?.kind ?? "none";
  }

  /**
   * Open the database, and begin to hold it against the journal. What is kept can be read at once; saving waits for
   * the comparison, because it may find higher numbers and captures that were lost.
   */
  async open() {
    this.#opening = openJournal();
    this.#check().catch(() => {});
    await this.#withDb(() => Promise.resolve());
  }

  /** Hold the database against the journal, once; again if that failed, as it does while a disk is full. */
  #check() {
    this.#checked ??= (this.#opening ?? openJournal())
      .then((journal) => this.#compare(journal))
      .catch((error) => {
        this.#checked = null;
        throw error;
      });
    return this.#checked;
  }

  /** What the journal knows of this device, for when the database has forgotten. @returns {Promise<Record<string, any>>} */
  async recall() {
    await this.#check();
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
    for (const line of lines) this.#unsent.set(line.id, captureOf(line));
    await this.#withDb((db) => this.#mend(db));
    if (this.#high > high) await this.#write(writeHigh(this.#high, this.#facts));
    if (this.#journalBytes > COMPACT_BYTES) await this.#compact();
  }

  /** Two copies again, whichever was damaged: what waits and has no line in the journal gets one; what does not wait any
   * more, because another tab sent it, needs none. @param {Capture[]} captures as the database has them */
  async #copyAnew(captures) {
    const missing = [];
    for (const capture of captures) {
      if (capture.state !== "waiting") this.#unsent.delete(capture.id);
      else if (!this.#unsent.has(capture.id)) missing.push(capture);
    }
    if (missing.length === 0) return;
    for (const capture of missing) this.#unsent.set(capture.id, capture);
    await this.#write(missing.map(writeLineOf).join(""));
  }

  /**
   * Save what one gesture made: all or none. Resolves when the disk has it; rejects when it does not.
   * @param {((seq: number) => Made)[]} makers each gets its sequence number and returns the fixed fact
   * @param {{endsDraft?: boolean}} [how] what was typed has become these facts: a crash must not offer it again
   * @returns {Promise<Capture[]>}
   */
  async save(makers, { endsDraft = false } = {}) {
    await this.#check();
    /** @type {Capture[]} */
    let tried = [];
    const saved = await this.#withDb(async (db) => {
      const tx = db.transaction(["capture", "photo", "meta"], "readwrite", { durability: "strict" });
      tx.done.catch(() => {}); // what is asked of it says so, too
      const captures = tx.objectStore("capture");
      const photos = tx.objectStore("photo");
      const meta = tx.objectStore("meta");
      // A connection can be lost between the disk's yes and ours: then the first try is there.
      if (tried.length > 0 && (await captures.get(tried[0].seq))?.id === tried[0].id) return tried;
      const first = Math.max((await meta.get(META_NEXT)) ?? 1, this.#high + 1);
      const facts = makers.map((make, index) => make(first + index));
      const made = facts.map((fact, index) => fresh(first + index, fact));
      tried = made;
      await Promise.all([
        ...made.map((capture) => captures.add(capture)),
        ...facts.map(({ id, photo }) => (photo ? photos.put(photo.jpeg, id) : null)),
        meta.put(first + made.length, META_NEXT),
        endsDraft ? meta.delete(META_DRAFT) : null,
        tx.done,
      ]);
      return made;
    });
    for (const capture of saved) {
      this.#high = Math.max(this.#high, capture.seq);
      this.#unsent.set(capture.id, capture);
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
      if (capture.state === "waiting") this.#unsent.set(capture.id, capture);
      else this.#unsent.delete(capture.id);
    }
    if (this.#unsent.size === 0 && this.#journalBytes > COMPACT_BYTES) await this.#compact();
  }

  /** All captures still kept, in sequence order. @returns {Promise<Capture[]>} */
  async all() {
    const captures = await this.#withDb((db) => db.getAll("capture"));
    this.#check().then(() => this.#copyAnew(captures)).catch(() => {});
    return captures;
  }

  /** The photo of a capture. @param {string} id @returns {Promise<ArrayBuffer | null>} */
  async photoOf(id) {
    return (await this.#withDb((db) => db.get("photo", id))) ?? null;
  }

  /** The server has this photo, or will never have it: what is known of it stays, the picture goes.
   * @param {Capture} capture as it is from now on */
  async letPhotoGo(capture) {
    await this.#withDb(async (db) => {
      const tx = db.transaction(["capture", "photo"], "readwrite", { durability: "strict" });
      await Promise.all([tx.objectStore("capture").put(capture), tx.objectStore("photo").delete(capture.id), tx.done]);
    });
  }

  /** Forget acknowledged captures; nothing else is ever removed. @param {Capture[]} captures */
  async forget(captures) {
    const settled = captures.filter((capture) => capture.state !== "waiting");
    if (settled.length === 0) return;
    await this.#withDb(async (db) => {
      const tx = db.transaction(["capture", "photo"], "readwrite");
      await Promise.all([
        ...settled.map(({ seq }) => tx.objectStore("capture").delete(seq)),
        ...settled.map(({ id }) => tx.objectStore("photo").delete(id)),
        tx.done,
      ]);
    });
    // What was let go must leave the journal too, or the next start would take it for lost.
    await this.#check();
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
    await this.#check();
    this.#facts = { ...this.#facts, ...facts };
    await this.#write(writeHigh(this.#high, this.#facts));
  }

  /** No capture from now on may bear a number up to this one: the server has seen it. @param {number} seq */
  async skipTo(seq) {
    await this.#check();
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
    const db = await openDB(NAME, VERSION, {
      upgrade(db, before) {
        if (before < 1) {
          db.createObjectStore("capture", { keyPath: "seq" });
          db.createObjectStore("meta");
        }
        if (before < 2) db.createObjectStore("photo"); // by the id of its fact
      },
      blocked: () => this.onBlocked(),
      blocking: () => {
        this.#drop();
        this.onOutdated();
      },
      // At once, not at the next capture: another tab may start on an empty database and give out our numbers again.
      terminated: () => {
        this.#drop();
        this.#withDb(() => Promise.resolve()).catch(() => {});
      },
    });
    // A connection made anew may be to another database than before: an empty one.
    // Where that fails, on a full disk, reading goes on; the copies are held against each other before the next save.
    if (this.#unsent.size > 0 || this.#high > 0) await this.#mend(db).catch(() => (this.#checked = null));
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
    tx.done.catch(() => {});
    const captures = tx.objectStore("capture");
    /** @type {Capture[]} */
    const lost = [];
    for (const capture of this.#unsent.values()) {
      let { seq } = capture;
      let there = await captures.get(seq);
      // A number can have been given out twice while one copy was out of reach: both captures are kept, one of them
      // between the numbers, and the server shows that a number came twice.
      if (there && there.id !== capture.id) there = await captures.get((seq += 0.5));
      if (!there) lost.push({ ...capture, seq });
    }
    const meta = tx.objectStore("meta");
    const known = (await meta.get(META_NEXT)) ?? 1;
    const next = Math.max(known, this.#high + 1);
    // Nothing to mend is nothing to write: a full disk can be read.
    await Promise.all([
      ...lost.map((capture) => captures.put(capture)),
      next === known ? null : meta.put(next, META_NEXT),
      tx.done,
    ]);
    this.#high = next - 1;
    if (lost.length > 0) this.onAlarm({ kind: "restored", count: lost.length });
  }

  /** The journal anew: who we are, how far the numbers went, and what is not acknowledged. */
  async #compact() {
    const captures = await this.all();
    this.#unsent = new Map(captures.filter(({ state }) => state === "waiting").map((capture) => [capture.id, capture]));
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
const fresh = (seq, { photo, ...made }) => ({
  v: 1,
  seq,
  ...made,
  photo: photo ? { salt: photo.salt, bytes: photo.jpeg.byteLength, sentMs: null, problem: null } : null,
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
