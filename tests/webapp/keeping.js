// A place for captures in memory, with the same promises as outbox/store.js: all or none, gapless numbers, and what was
// saved survives the page. A test can let it fail, and can start another page on it.

import { Clock } from "../../webapp/static/outbox/clock.js";

/** @typedef {import("../../webapp/static/outbox/store.js").Capture} Capture */

export class Memory {
  /** @type {Map<number, string>} as text: what is kept is a copy, never the caller's object */
  #captures = new Map();
  /** @type {Map<string, string>} */
  #values = new Map();
  /** @type {Map<string, ArrayBuffer>} */
  #photos = new Map();
  #next = 1;
  isBroken = false;
  /** No room for photos, though facts still fit. */
  isTight = false;

  /** @param {((seq: number) => any)[]} makers @returns {Promise<Capture[]>} */
  async save(makers) {
    await null;
    if (this.isBroken) throw new Error("the disk is full");
    const facts = makers.map((make, index) => make(this.#next + index));
    if (this.isTight && facts.some(({ photo }) => photo)) throw new Error("the disk is full");
    for (const { id, photo } of facts) if (photo) this.#photos.set(id, photo.jpeg);
    const made = facts.map(({ photo, ...fact }, index) => ({
      v: /** @type {const} */ (1),
      seq: this.#next + index,
      ...fact,
      photo: photo ? { salt: photo.salt, bytes: photo.jpeg.byteLength, sentMs: null, problem: null } : null,
      state: /** @type {const} */ ("waiting"),
      sentMs: null,
      sentAs: null,
      problem: null,
      floor: null,
      seenMs: null,
    }));
    for (const capture of made) this.#captures.set(capture.seq, JSON.stringify(capture));
    this.#next += made.length;
    return made;
  }

  /** @param {Capture[]} captures */
  async update(captures) {
    await null;
    for (const capture of captures) this.#captures.set(capture.seq, JSON.stringify(capture));
  }

  /** @param {Capture[]} captures */
  async forget(captures) {
    await null;
    for (const { seq, state } of captures) if (state !== "waiting") this.#captures.delete(seq);
  }

  /** @param {string} id */
  async photoOf(id) {
    return this.#photos.get(id) ?? null;
  }

  /** @param {Capture} capture */
  async letPhotoGo(capture) {
    this.#captures.set(capture.seq, JSON.stringify(capture));
    this.#photos.delete(capture.id);
  }

  /** @returns {Promise<Capture[]>} */
  async all() {
    return [...this.#captures.values()].map((text) => JSON.parse(text));
  }

  /** @param {string} key */
  async get(key) {
    const text = this.#values.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** @param {string} key @param {any} value */
  async put(key, value) {
    this.#values.set(key, JSON.stringify(value));
  }

  /** @param {number} seq */
  async skipTo(seq) {
    this.#next = Math.max(this.#next, seq + 1);
  }
}

/** A clock that moves when told. `clock` is a page's; `clocks` are those of a page that was told the time once.
 * @param {number} [startMs] */
export function handClock(startMs = Date.parse("2026-11-20T08:00:00Z")) {
  let nowMs = startMs;
  const now = () => nowMs;
  return {
    now,
    clock: new Clock("boot-1", () => ({ wallMs: nowMs, monotonicMs: nowMs - startMs })),
    forward: (/** @type {number} */ ms) => (nowMs += ms),
    clocks: () => ({ nowMs, bootId: "boot-1", monotonicMs: nowMs - startMs, clockOffsetMs: 120 }),
  };
}

/** @typedef {"ok" | "lost answer" | "unreachable" | "500" | "429" | "html" | "redirect" | "401" | "half" | "cut" | "other batch" | "413"} Mood */

/**
 * A server that keeps the contract, in whatever mood the test gives it. `log` is what it stored, by id.
 */
export class Plant {
  /** @type {Map<string, string>} */ log = new Map();
  /** What it was told of instants, by id. @type {Map<string, number>} */ doubts = new Map();
  /** @type {Mood} */ mood = "ok";
  lineage = "lineage-1";
  lastSeq = 0;
  requests = 0;
  /** @type {string[]} */ refused = [];
  now = () => Date.parse("2026-11-20T08:00:02.000Z");
  /** @type {string | null} the only credential it takes by header */ token = null;

  /** @type {typeof globalThis.fetch} */
  fetch = async (_path, init) => {
    this.requests += 1;
    await null;
    const { mood } = this;
    if (mood === "unreachable") throw new TypeError("Failed to fetch");
    if (mood === "500") return problem(500, "server.trouble");
    if (mood === "429") return problem(429, "request.too_many", { "Retry-After": "120" });
    if (mood === "html") return new Response("<html>login</html>", { headers: { "Content-Type": "text/html" } });
    if (mood === "redirect") return new Response(null, { status: 302, headers: { Location: "/login" } });
    if (mood === "401" && (!this.token || new Headers(init?.headers).get("Authorization") !== `Bearer ${this.token}`)) {
      return problem(401, "auth.revoked");
    }
    if (init?.method !== "POST") return ours(this.#known());
    const request = JSON.parse(String(init?.body));
    if (mood === "413" && request.events.length > 1) return problem(413, "intake.too_large");
    if (mood === "413" && request.events[0].quantity === "666") return problem(413, "intake.too_large");
    const answered = mood === "half" ? request.events.slice(0, Math.ceil(request.events.length / 2)) : request.events;
    const verdicts = answered.map((/** @type {any} */ event) => {
      if (this.refused.includes(event.id)) {
        return { id: event.id, verdict: "rejected", problem: { code: "intake.bad_value", title: "Not allowed" } };
      }
      const text = JSON.stringify(event);
      const known = this.log.get(event.id);
      if (known === undefined) this.log.set(event.id, text);
      this.lastSeq = Math.max(this.lastSeq, event.device_seq);
      if (request.doubts?.[event.id] !== undefined) this.doubts.set(event.id, request.doubts[event.id]);
      return { id: event.id, verdict: known === undefined ? "created" : known === text ? "exists" : "conflict" };
    });
    if (mood === "lost answer") throw new TypeError("Failed to fetch");
    const answer = { protocol: 1, batch_id: mood === "other batch" ? "another" : request.batch_id, ...this.#known(), verdicts };
    return ours(answer, mood === "cut");
  };

  /** The device as it knows it. */
  #known() {
    return { lineage: this.lineage, now: new Date(this.now()).toISOString(), device: this.device };
  }

  get device() {
    return { id: "tablet-4", last_seq: this.lastSeq, missing: this.missing() };
  }

  /** Gaps in the numbers it holds. @returns {[number, number][]} */
  missing() {
    const held = new Set([...this.log.values()].map((text) => JSON.parse(text).device_seq));
    return Array.from({ length: this.lastSeq }, (_, index) => index + 1).flatMap((number) => (held.has(number) ? [] : [[number, number]]));
  }
}

/** @param {object} body @param {boolean} [isCut] */
const ours = (body, isCut = false) =>
  new Response(isCut ? JSON.stringify(body).slice(0, -20) : JSON.stringify(body), {
    headers: { "Content-Type": "application/json", "Floorledger-Protocol": "1" },
  });

/** @param {number} status @param {string} code @param {Record<string, string>} [headers] */
const problem = (status, code, headers) =>
  new Response(JSON.stringify({ code, title: code, status }), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });

/** Chance that a failing run can be repeated with. @param {number} seed */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
