// The one sender. It empties the queue in sequence order, a small batch at a time, and learns from every answer.
//
// At least once from here, once in the server's log: an answer may get lost after the server has committed, so a
// capture goes out again until a verdict names it, and the server knows a repeat by its id and its bytes. A lock over
// the tabs of this browser saves work; it is not what makes that right.

import { delayAfter, NETWORK_CAP_MS, TROUBLE_CAP_MS } from "../lib/backoff.js";
import { uuid } from "../lib/uuid.js";
import { BATCH_CAPTURES, requestBody } from "./queue.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("./server.js").Answer} Answer */

/**
 * What the sender last met.
 *   idle         nothing waits, or it is on its way
 *   no network   nobody answers
 *   login        somebody answers who is not our server: this network wants a login
 *   trouble      our server answers that it cannot now
 *   enrol        our server does not know this device any more
 * @typedef {"idle" | "no network" | "login" | "trouble" | "enrol"} Condition
 */

const LOCK = "floorledger-sender";
const EVERY_MS = 15_000;
const STEAL_AFTER_MS = 30_000;
const TOO_MUCH = [400, 413, 422]; // refused as a whole: look for the one that spoils it

export class Sender {
  #running = false;
  #failures = 0;
  /** The pause after a failure: since when, and for how long. */
  #rest = { sinceMs: 0, ms: 0 };
  #most = BATCH_CAPTURES;
  /** @type {number | null} */ #lockMissedMs = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @type {Condition} */ condition = "idle";
  /** @type {number | null} */ conditionSinceMs = null;

  /**
   * @param {import("./queue.js").Queue} queue
   * @param {import("./server.js").Server} server
   * @param {{locks?: LockManager | undefined, now?: () => number, random?: () => number, onChange?: () => void, onRefused?: () => void}} [surroundings]
   *   `onRefused`: our server does not take this device for one of its own
   */
  constructor(queue, server, { locks, now = Date.now, random = Math.random, onChange = () => {}, onRefused = () => {} } = {}) {
    this.queue = queue;
    this.server = server;
    this.locks = locks;
    this.now = now;
    this.random = random;
    this.onChange = onChange;
    this.onRefused = onRefused;
  }

  /** When the next try may come, if one is being waited for. */
  get nextTryMs() {
    return this.condition === "idle" ? null : this.#rest.sinceMs + this.#rest.ms;
  }

  /** Try every 15 seconds from now on, sooner after a failure, whatever else wakes it. */
  keepTrying() {
    clearTimeout(this.#timer);
    const wait = this.condition === "idle" ? EVERY_MS : Math.min(EVERY_MS, Math.max(500, this.#rest.sinceMs + this.#rest.ms - this.now()));
    this.#timer = setTimeout(() => void this.send().finally(() => this.keepTrying()), wait * (1 + 0.2 * this.random()));
  }

  /**
   * Send what waits, until nothing does or somebody stops us.
   * @param {{eager?: boolean, asked?: boolean}} [how] eager: something changed (network back, page shown), so do not
   *   wait longer, except for a server in trouble; asked: a person wants it now, and one finger is no stampede
   */
  async send({ eager = false, asked = false } = {}) {
    if (asked || (eager && this.condition !== "trouble")) this.#rest.ms = 0;
    if (this.queue.batch(1).length === 0) this.#lockMissedMs = null; // whoever had the lock has sent
    if (this.#running || this.#isResting()) return;
    this.#running = true;
    try {
      while (this.queue.batch(1).length > 0 && !this.#isResting()) {
        if (!(await this.#underLock(() => this.#sendOne()))) return;
      }
    } finally {
      this.#running = false;
    }
  }

  /** A clock that was set back has not waited for years: the pause is over then. */
  #isResting() {
    const restedMs = this.now() - this.#rest.sinceMs;
    return restedMs >= 0 && restedMs < this.#rest.ms;
  }

  /** The device was enrolled anew. */
  forgiven() {
    this.#failures = 0;
    this.#rest.ms = 0;
    this.#meet("idle");
  }

  /**
   * One batch, one lock. A tab that was frozen while it held the lock would stop all others, so it is taken away.
   * @param {() => Promise<boolean>} work @returns {Promise<boolean>} whether to go on
   */
  async #underLock(work) {
    const steal = this.#lockMissedMs !== null && Math.abs(this.now() - this.#lockMissedMs) > STEAL_AFTER_MS;
    try {
      if (!this.locks) return await work();
      return await this.locks.request(LOCK, steal ? { steal: true } : { ifAvailable: true }, async (lock) => {
        if (!lock) {
          this.#lockMissedMs ??= this.now();
          return false;
        }
        this.#lockMissedMs = null;
        return work();
      });
    } catch {
      return false; // stolen from us, and the thief sends; or the disk is full, and the next try may find room
    }
  }

  /** @returns {Promise<boolean>} whether to go on with the next batch */
  async #sendOne() {
    const batch = this.queue.batch(this.#most);
    if (this.queue.mustAskTime(batch)) {
      const told = await this.server.ask("/api/v1/device");
      if (told.is !== "ok" && told.is !== "problem") return this.#giveUp(told); // a refusal concerns the facts, too: they go
    }
    const batchId = uuid();
    const doubts = this.queue.doubtsOf(batch);
    const answer = await this.server.ask("/api/v1/events", {
      method: "POST",
      body: requestBody(batchId, this.queue.lineage, batch, doubts),
    });
    switch (answer.is) {
      case "ok":
        return this.#takeVerdicts(batch, batchId, answer, doubts);
      case "problem":
        return this.#takeRefusal(batch, answer);
      default:
        return this.#giveUp(answer);
    }
  }

  /** For now. @param {Answer} answer */
  #giveUp(answer) {
    switch (answer.is) {
      case "unreachable":
        return this.#stop("no network", null);
      case "stranger":
        return this.#stop("login", null);
      case "broken":
        return this.#stop("trouble", answer.retryAfterMs);
      default:
        return this.#stop("trouble", null);
    }
  }

  /** @param {Entry[]} batch @param {string} batchId @param {Extract<Answer, {is: "ok"}>} answer
   * @param {Record<string, number>} [doubts] */
  async #takeVerdicts(batch, batchId, { body, headers }, doubts) {
    const isOurs =
      headers.get("Floorledger-Protocol") === "1" &&
      body?.protocol === 1 &&
      body.batch_id === batchId &&
      Array.isArray(body.verdicts);
    if (!isOurs) return this.#stop("login", null);
    // Whose memory it is first: a crash before that is known must not leave captures marked as sent to we know not whom.
    await this.queue.compareMemory({ lineage: body.lineage, device: body.device ?? null });
    const settled = await this.queue.settle(batch, body.verdicts, body.device?.id ?? null, doubts);
    if (settled === 0) return this.#stop("trouble", null); // an answer about nothing: do not ask in a loop
    this.#failures = 0;
    this.#rest.ms = 0;
    this.#most = BATCH_CAPTURES;
    this.#meet("idle");
    return true;
  }

  /** @param {Entry[]} batch @param {Extract<Answer, {is: "problem"}>} refusal */
  async #takeRefusal(batch, { status, problem }) {
    if (status === 401 || status === 403) {
      this.onRefused();
      return this.#stop("enrol", null);
    }
    // A server that does not speak our protocol yet may learn it: nothing is wrong with the captures.
    if (!TOO_MUCH.includes(status) || problem.code === "intake.protocol") return this.#stop("trouble", null);
    if (batch.length > 1) {
      this.#most = Math.ceil(batch.length / 2);
      return true;
    }
    await this.queue.settle(batch, [{ id: batch[0].id, verdict: "rejected", problem }], null);
    this.#most = BATCH_CAPTURES;
    return true;
  }

  /** @param {Condition} condition @param {number | null} retryAfterMs */
  #stop(condition, retryAfterMs) {
    this.#failures += 1;
    const capMs = condition === "trouble" ? TROUBLE_CAP_MS : NETWORK_CAP_MS;
    this.#rest = { sinceMs: this.now(), ms: Math.max(delayAfter(this.#failures, capMs, this.random), retryAfterMs ?? 0) };
    this.#meet(condition);
    if (this.#timer) this.keepTrying();
    return false;
  }

  /** @param {Condition} condition */
  #meet(condition) {
    if (condition !== this.condition) this.conditionSinceMs = this.now();
    this.condition = condition;
    this.onChange();
  }
}
