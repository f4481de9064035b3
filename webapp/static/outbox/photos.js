// Photos follow their facts: one at a time, when the server has the fact and nothing else waits. A photo stays here until
// the server says that it has it; what goes wrong with one says so on its fact and never holds up a capture.

import { delayAfter, TROUBLE_CAP_MS } from "../lib/backoff.js";

/** @typedef {import("./queue.js").Entry} Entry */

const DEADLINE_MS = 60_000; // a picture over a slow network
const NOT_YET = "photo.fact_unknown"; // the fact is there, but another server process has not seen it yet
const NEVER = [413, 415, 422];

export class Photos {
  #running = false;
  #failures = 0;
  #notBeforeMs = 0;

  /**
   * @param {import("./queue.js").Queue} queue
   * @param {import("./server.js").Server} server
   * @param {{now?: () => number, random?: () => number}} [surroundings]
   */
  constructor(queue, server, { now = Date.now, random = Math.random } = {}) {
    this.queue = queue;
    this.server = server;
    this.now = now;
    this.random = random;
  }

  /** Those whose facts the server has. @returns {Entry[]} */
  get ready() {
    return this.queue.withPhotos.filter(({ state }) => state === "sent");
  }

  /** Send what is ready, until nothing is or something is wrong. */
  async send() {
    if (this.#running || this.now() < this.#notBeforeMs) return;
    this.#running = true;
    try {
      for (const entry of this.ready) if (!(await this.#sendOne(entry))) return this.#wait();
      this.#failures = 0;
    } catch {
      this.#wait(); // the storage: the next try may find it open again
    } finally {
      this.#running = false;
    }
  }

  /** @param {Entry} entry @returns {Promise<boolean>} whether to go on with the next one */
  async #sendOne(entry) {
    const jpeg = await this.queue.store.photoOf(entry.id);
    if (!jpeg) {
      await this.queue.photoSettled(entry, { code: "photo.lost", title: "The browser lost this photo." });
      return true;
    }
    const answer = await this.server.ask(`/api/v1/photos/${entry.id}`, {
      method: "PUT",
      body: jpeg,
      headers: { "Content-Type": "image/jpeg", "Floorledger-Salt": entry.photo?.salt ?? "" },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (answer.is === "ok" && ["created", "exists"].includes(answer.body?.photo)) {
      await this.queue.photoSettled(entry, null);
      return true;
    }
    if (answer.is === "problem" && NEVER.includes(answer.status) && answer.problem.code !== NOT_YET) {
      await this.queue.photoSettled(entry, answer.problem);
      return true;
    }
    return false;
  }

  #wait() {
    this.#failures += 1;
    this.#notBeforeMs = this.now() + delayAfter(this.#failures, TROUBLE_CAP_MS, this.random);
  }
}
