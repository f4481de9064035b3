// The outbox as the rest of the page sees it: captures and where each of them stands.
//
//   waiting   saved here, not acknowledged; goes out as soon as it can, in sequence order
//   sent      a verdict of the server named its id: created, or exists
//   rejected  the server will not have it and says why; stays visible, stops nothing behind it
//   discarded saved as a file and let go by a person; never by the program
//   conflict  the server holds another fact under this id; both are kept; stays visible
//
// "Held" is not a state of the way but of the costing: a sent capture whose `floor` says so.

import { parse, write } from "../model/event.js";
import { uuid } from "../lib/uuid.js";

/** @typedef {import("./store.js").Capture} Capture */
/** @typedef {import("./store.js").Made} Made */
/** @typedef {import("./store.js").Problem} Problem */
/** @typedef {import("../model/event.js").Draft} Draft */
/** @typedef {import("../model/event.js").Fact} Fact */
/** @typedef {Capture & {readonly event: Fact}} Entry a capture with its text read */
/** @typedef {{id: string, verdict: string, problem?: Problem}} Verdict */
/** @typedef {{id: string, last_seq: number, missing?: [number, number][]}} Known a device, and which of its numbers the server holds */

/**
 * Where captures are kept; outbox/store.js in a browser.
 * @typedef {Object} Keeping
 * @property {(makers: ((seq: number) => Made)[], how?: {endsDraft?: boolean}) => Promise<Capture[]>} save
 * @property {(captures: Capture[]) => Promise<void>} update
 * @property {(captures: Capture[]) => Promise<void>} forget
 * @property {() => Promise<Capture[]>} all
 * @property {(key: string) => Promise<any>} get
 * @property {(key: string, value: any) => Promise<void>} put
 * @property {(seq: number) => Promise<void>} skipTo
 * @property {(id: string) => Promise<ArrayBuffer | null>} photoOf
 * @property {(capture: Capture) => Promise<void>} letPhotoGo
 */

/** Acknowledged captures are kept this long: a server restored from a backup may ask for them again. */
export const KEEP_MS = 14 * 86_400_000;
const DAY_MS = 86_400_000;

/** More photos than this are not kept here: they are what fills a disk, and a full one takes no facts either. */
export const MOST_PHOTO_BYTES = 200 * 1024 * 1024;

/** How long a call for help waits for an answer. */
export const CALL_MS = 12 * 3_600_000;

/** An instant that is off by less is right. */
const RIGHT_MS = 1_000;

export const BATCH_CAPTURES = 50;
export const BATCH_BYTES = 256 * 1024;

export class Queue {
  /** @type {Map<number, Entry>} */ #entries = new Map();
  /** @type {Set<() => void>} */ #listeners = new Set();
  /** @type {string | null} */ lineage = null;
  /** How many stand where; refusals a person has looked at are not counted any more. */
  counts = { waiting: 0, sent: 0, held: 0, refused: 0 };
  /** How many answers were taken: a question that was asked before the last one is answered by a server that had not heard
   * of it yet, and looks like one that forgot. */
  settlings = 0;
  /** What the server forgot is sent again once, not in a loop: the memory that was answered to. */
  #answered = "";
  /** Go again to fill a gap in the server's numbers. @type {Set<string>} */ #filling = new Set();
  /** It held them all the same, under the name of an enrolment before this one: no gap of theirs. @type {Set<string>} */
  #elsewhere = new Set();
  /** When the old ones were last let go, by the server's clock. */
  #tidiedMs = -Infinity;

  /**
   * @param {Keeping} store
   * @param {{now?: () => number, clocks: () => import("../model/event.js").Reading, announce?: () => void}} surroundings
   *   `announce` tells this browser's other tabs that something changed
   */
  constructor(store, { now = Date.now, clocks, announce = () => {} }) {
    this.store = store;
    this.now = now;
    this.clocks = clocks;
    this.announce = announce;
  }

  /** Read what is kept. */
  async load() {
    this.lineage = (await this.store.get("lineage")) ?? null;
    const captures = await this.store.all();
    this.#entries = new Map(captures.map((capture) => [capture.seq, entryOf(capture)]));
    this.#tell();
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /** In sequence order. */
  get entries() {
    return [...this.#entries.values()];
  }

  /** @param {import("./store.js").State} state */
  in(state) {
    return this.entries.filter((entry) => entry.state === state);
  }

  /**
   * Save what one gesture says happened: all or none. Resolves when the disk has it. A photo the disk will not take is
   * left out: what happened matters more than its picture.
   * @param {Draft[]} drafts
   * @param {string | null} declaredBy who signs
   * @param {{endsDraft?: boolean}} [how] see Store.save
   * @returns {Promise<Entry[]>}
   */
  async capture(drafts, declaredBy, how) {
    const named = drafts.map((draft) => ({ ...draft, id: draft.id ?? uuid() }));
    try {
      return await this.#save(named, declaredBy, how);
    } catch (error) {
      if (!named.some(({ photo }) => photo)) throw error;
      return await this.#save(named.map(({ photo: _photo, ...draft }) => draft), declaredBy, how);
    }
  }

  /** @param {(Draft & {id: string})[]} drafts @param {string | null} declaredBy @param {{endsDraft?: boolean}} [how] */
  async #save(drafts, declaredBy, how) {
    const clocks = this.clocks();
    const gesture = uuid();
    const makers = await Promise.all(
      drafts.map(async (draft) => {
        const { id } = draft;
        const note = draft.note ? await sealNote(draft.note) : null;
        const photo = draft.photo && this.hasRoomFor(draft.photo.jpeg.byteLength) ? draft.photo : null;
        const photoDigest = photo ? await digestOf(photo.salt, photo.jpeg) : undefined;
        return (/** @type {number} */ seq) => ({
          id,
          body: write(draft, { id, seq, declaredBy, clocks, noteDigest: note?.digest, photoDigest }),
          photo,
          note: note ? { salt: note.salt, text: note.text } : null,
          // A told instant was read off no clock of ours.
          local: { ...draft.local, gesture, ...(clocks.sureWithinMs === null && draft.occurredMs === undefined ? { unsure: true } : {}) },
          savedMs: clocks.nowMs,
        });
      }),
    );
    const saved = (await this.store.save(makers, how)).map(entryOf);
    for (const entry of saved) this.#entries.set(entry.seq, entry);
    this.#tell();
    this.announce();
    return saved;
  }

  /** Whether one more photo may be kept; a capture is never refused for its photo. @param {number} bytes */
  hasRoomFor(bytes) {
    return this.photoBytes + bytes <= MOST_PHOTO_BYTES;
  }

  /** Captures whose photo the server has not, oldest first. */
  get withPhotos() {
    return this.entries.filter(({ photo, state }) => photo && photo.sentMs === null && !photo.problem && state !== "discarded");
  }

  get photoBytes() {
    return this.withPhotos.reduce((sum, { photo }) => sum + (photo?.bytes ?? 0), 0);
  }

  /** The server has this photo; or, with a problem, never will. @param {Entry} entry
   * @param {import("./store.js").Problem | null} problem */
  async photoSettled(entry, problem) {
    const now = this.#entries.get(entry.seq);
    if (!now?.photo) return;
    const changed = { ...now, photo: { ...now.photo, sentMs: problem ? null : this.now(), problem } };
    await this.store.letPhotoGo(captureOf(changed));
    this.#entries.set(entry.seq, changed);
    this.#tell();
    this.announce();
  }

  /**
   * Let waiting captures go unsent: only a person may, and only what is safe in a file (outbox/rescue.js). They stay to
   * be seen, like all that is settled. @param {Entry[]} entries @param {string} by who takes it upon them
   */
  async discard(entries, by) {
    const discarded = { by, atMs: this.now() };
    await this.#change(
      entries.filter(({ state }) => state !== "sent").map((entry) => ({ ...entry, state: /** @type {const} */ ("discarded"), discarded, seenMs: this.now() })),
    );
  }

  /**
   * The next batch: waiting captures, oldest first.
   * @param {number} most captures
   * @returns {Entry[]}
   */
  batch(most = BATCH_CAPTURES) {
    /** @type {Entry[]} */
    const chosen = [];
    let bytes = 0;
    for (const entry of this.#entries.values()) {
      if (entry.state !== "waiting") continue;
      bytes += 3 * entry.body.length; // an upper bound of its UTF-8
      if (chosen.length > 0 && (chosen.length >= most || bytes > BATCH_BYTES)) break;
      chosen.push(entry);
    }
    return chosen;
  }

  /**
   * Take the server's verdicts on a batch. Only an id that a verdict names leaves the queue.
   * @param {Entry[]} batch
   * @param {Verdict[]} verdicts
   * @param {string | null} device whom the server takes us for
   * @param {Record<string, number>} [doubts] what went with them, of `doubtsOf`
   */
  async settle(batch, verdicts, device, doubts) {
    this.settlings += 1;
    const byId = new Map(verdicts.map((verdict) => [verdict.id, verdict]));
    const changed = batch.flatMap((entry) => {
      const verdict = byId.get(entry.id);
      const state = verdict && STATE_AFTER[verdict.verdict];
      if (!state) return [];
      if (this.#filling.delete(entry.id) && verdict.verdict === "exists") this.#elsewhere.add(entry.id);
      const local = doubts && entry.local.unsure ? { ...entry.local, doubtMs: doubts[entry.id] ?? 0 } : entry.local;
      return [{ ...entry, local, state, sentMs: this.#serverMs() ?? this.now(), sentAs: device, problem: verdict.problem ?? null }];
    });
    await this.#change(changed);
    return changed.length;
  }

  /** Whether these can only be sent well once the server has been asked what time it is. @param {Entry[]} batch */
  mustAskTime(batch) {
    return this.clocks().sureWithinMs === null && batch.some(({ local }) => local.unsure && local.doubtMs === undefined);
  }

  /**
   * Instants that were a guess and seem to have been a wrong one: by id, how much later it really was, in milliseconds.
   * The clock on the wall showed what it showed; if it is as far off now as was believed then, the guess was right.
   * Undefined while the clock is a guess itself.
   * @param {Entry[]} batch @returns {Record<string, number> | undefined}
   */
  doubtsOf(batch) {
    const { clockOffsetMs, sureWithinMs = 0 } = this.clocks();
    if (clockOffsetMs === null || sureWithinMs === null) return undefined;
    /** @type {Record<string, number>} */
    const doubts = {};
    for (const { id, local, event } of batch) {
      const laterMs = local.doubtMs ?? (local.unsure ? clockOffsetMs - (event.clock_offset_ms ?? 0) : 0);
      if (Math.abs(laterMs) > RIGHT_MS + sureWithinMs) doubts[id] = Math.round(laterMs);
    }
    return doubts;
  }

  /**
   * Hold our memory against that of the server, which has just answered. One that does not remember what it acknowledged
   * was restored from a backup: everything still kept goes out again, and what it does remember it will answer with
   * `exists`. If it was not told that it was restored, the numbers tell: it knows none above some number, or, when
   * newer ones have come since, it misses some below.
   * @param {{lineage: string, device: Known | null}} answer
   * @returns {Promise<number>} how many go again
   */
  async compareMemory(answer) {
    const again = await this.#sendAgain(answer);
    await this.#tidy();
    return again;
  }

  /** @param {{lineage: string, device: Known | null}} answer */
  async #sendAgain({ lineage, device }) {
    const memory = `${lineage} ${device?.id} ${device?.last_seq} ${device?.missing?.join()}`;
    if (memory === this.#answered) return 0;
    const sent = this.in("sent");
    const moved = lineage !== this.lineage; // also when we do not know to whom they were sent
    const forgotten = moved ? sent : device ? sent.filter((entry) => this.#isForgotten(entry, device)) : [];
    for (const { id } of moved ? [] : forgotten) this.#filling.add(id);
    const again = forgotten.map((entry) => ({ ...entry, state: /** @type {const} */ ("waiting"), floor: null }));
    // What must go again first, whose memory it was after that: a crash between them must not look like an answer given.
    await this.#change(again);
    if (lineage !== this.lineage) {
      await this.store.put("lineage", lineage);
      this.lineage = lineage;
    }
    if (device) await this.store.skipTo(device.last_seq);
    this.#answered = memory;
    return again.length;
  }

  /** @param {Entry} entry @param {Known} device */
  #isForgotten({ id, seq, sentAs }, device) {
    if (sentAs !== device.id) return false;
    const number = Math.floor(seq);
    const isMissing = number > device.last_seq || (device.missing ?? []).some(([first, last]) => number >= first && number <= last);
    if (!isMissing && device.missing) this.#elsewhere.delete(id);
    return isMissing && !this.#elsewhere.has(id);
  }

  /** What the engine made of captures. @param {Record<string, import("./store.js").Floor>} floors by id */
  async learn(floors) {
    await this.#change(
      this.entries.flatMap((entry) => {
        const floor = floors[entry.id];
        return floor && JSON.stringify(floor) !== JSON.stringify(entry.floor) ? [{ ...entry, floor }] : [];
      }),
    );
  }

  /** A person has looked at these refusals. @param {Entry[]} entries */
  async see(entries) {
    await this.#change(entries.map((entry) => ({ ...entry, seenMs: this.#serverMs() ?? this.now() })));
  }

  /** Sent captures whose fate is still open, newest first. @param {number} most */
  undecided(most) {
    const open = this.in("sent").filter((entry) => !entry.floor || ["received", "held"].includes(entry.floor.state) || this.#isCalling(entry));
    return open.reverse().slice(0, most);
  }

  /** A call for help that may still be answered. @param {Entry} entry */
  #isCalling({ event, floor, savedMs }) {
    return event.type === "help.called" && !floor?.answered_at && this.clocks().nowMs - savedMs < CALL_MS;
  }

  /** @param {(Capture | Entry)[]} captures */
  async #change(captures) {
    if (captures.length === 0) return;
    await this.store.update(captures.map(captureOf));
    for (const capture of captures) this.#entries.set(capture.seq, entryOf(captureOf(capture)));
    this.#tell();
    this.announce();
  }

  #tell() {
    const counts = { waiting: 0, sent: 0, held: 0, refused: 0 };
    for (const entry of this.#entries.values()) {
      if (entry.state === "waiting") counts.waiting += 1;
      else if (entry.state === "sent") counts[isHeld(entry) ? "held" : "sent"] += 1;
      else if (entry.seenMs === null) counts.refused += 1;
    }
    this.counts = counts;
    for (const listener of this.#listeners) listener();
  }

  /** Once a day, let go of what was acknowledged long ago. Only a server that has just answered can say how long that is:
   * a clock of ours that jumps ahead would throw away what a restored server will ask for. */
  async #tidy() {
    const nowMs = this.#serverMs();
    if (nowMs === null || nowMs - this.#tidiedMs < DAY_MS) return;
    this.#tidiedMs = nowMs;
    const hasPhoto = new Set(this.withPhotos.filter(({ state }) => state === "sent").map(({ id }) => id));
    const old = this.entries.filter(({ id, state, sentMs, seenMs }) => {
      const settledMs = state === "sent" ? sentMs : state === "waiting" ? null : seenMs;
      return settledMs !== null && nowMs - settledMs > KEEP_MS && !hasPhoto.has(id);
    });
    if (old.length === 0) return;
    for (const { seq } of old) this.#entries.delete(seq);
    this.#tell();
    await this.store.forget(old.map(captureOf));
  }

  /** What the server's clock says, if it ever told. */
  #serverMs() {
    const { nowMs, clockOffsetMs } = this.clocks();
    return clockOffsetMs === null ? null : nowMs;
  }
}

/** @type {Record<string, import("./store.js").State>} */
const STATE_AFTER = { created: "sent", exists: "sent", rejected: "rejected", conflict: "conflict" };

/** A span whose end has not come yet waits for nobody. */
const RUNNING = ["time.open", "break.open"];

/** Held for somebody to mend. @param {Capture | Entry} entry */
export const isHeld = ({ floor }) => floor?.state === "held" && !RUNNING.includes(floor.reason ?? "");

/** The engine waits for its end. @param {Capture | Entry} entry */
export const isRunning = ({ floor }) => floor?.state === "held" && RUNNING.includes(floor.reason ?? "");

/**
 * The request for a batch. The facts' texts go in as they are, byte for byte.
 * @param {string} batchId @param {string | null} lineage @param {(Capture | Entry)[]} entries
 * @param {Record<string, number>} [doubts] see Queue.doubtsOf
 */
export function requestBody(batchId, lineage, entries, doubts = {}) {
  const notes = Object.fromEntries(entries.flatMap(({ id, note }) => (note ? [[id, note]] : [])));
  return (
    `{"protocol":1,"batch_id":${JSON.stringify(batchId)},"lineage":${JSON.stringify(lineage)},` +
    `"events":[${entries.map(({ body }) => body).join(",")}],"notes":${JSON.stringify(notes)}` +
    `${Object.keys(doubts).length > 0 ? `,"doubts":${JSON.stringify(doubts)}` : ""}}`
  );
}

/** Free text travels under a salted digest, so that it can be erased without breaking the fact. @param {string} text */
async function sealNote(text) {
  const salt = hex(crypto.getRandomValues(new Uint8Array(16)));
  return { salt, text, digest: await digestOf(salt, new TextEncoder().encode(text)) };
}

/** What a fact says of what travels beside it. @param {string} salt 32 hexadecimal digits @param {ArrayBuffer | Uint8Array} content */
export async function digestOf(salt, content) {
  const head = new TextEncoder().encode(salt);
  const whole = new Uint8Array(head.length + content.byteLength);
  whole.set(head);
  whole.set(new Uint8Array(content), head.length);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", whole)));
}

const hex = (/** @type {Uint8Array} */ bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {Capture} capture @returns {Entry} */
const entryOf = (capture) => ({ ...capture, event: parse(capture.body) });

/** @param {Capture | Entry} entry @returns {Capture} */
const captureOf = (entry) => {
  const { event: _event, ...capture } = /** @type {Entry} */ (entry);
  return capture;
};
