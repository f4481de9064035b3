// What this device noted about things, beside work: operations that were added, material drawn, calls for help,
// counters, and which words are used most. A fold over its own captures, as model/work.js is: right offline.

import { add, subtract } from "../lib/decimal.js";
import { occurredMs } from "./event.js";
import { reasonKind } from "./reasons.js";
import { corrections } from "./work.js";

/** @typedef {import("./event.js").Fact} Fact */
/** @typedef {import("./work.js").Kept} Kept */
/** @typedef {import("./reference.js").Operation} Operation */
/** @typedef {{id: string, reason: string, machine: string | null, order: string | null, operation: string | null, by: string | null, sinceMs: number, answeredMs: number | null, state: string}} Call an answer given elsewhere comes with the server's word on the call */

/** @param {(string | null | undefined)[]} parts */
const keyOf = (...parts) => parts.map((part) => part ?? "").join("\n");

export class Things {
  /**
   * @param {Iterable<Kept>} captures in sequence order
   * @param {number} [knownMs] what was sent before this instant is in the server's snapshot already
   */
  constructor(captures = [], knownMs = 0) {
    /** @type {Map<string, Operation[]>} by order */ this.added = new Map();
    /** @type {Map<string, string>} what the snapshot cannot show yet, by order, item and unit */ this.drawn = new Map();
    /** @type {Map<string, Call>} by id */ this.calls = new Map();
    /** @type {Map<string, string>} the last reading, by machine */ this.counters = new Map();
    /** @type {Map<string, Map<string, number>>} how often, by kind and code */ this.reasons = new Map();
    /** @type {Map<string, number>} how often, by place */ this.places = new Map();
    /** @type {Map<string, string[]>} what was looked at, latest first, by order and operation */ this.characteristics = new Map();
    const facts = [...captures];
    const corrected = corrections(facts);
    for (const capture of facts) {
      const isNews = capture.state === "waiting" || capture.savedMs > knownMs;
      if (!corrected.has(capture.event.id) && capture.state !== "rejected") this.#take(capture, isNews);
    }
  }

  /** Taken for an order on this device since the snapshot, less what went back, in one unit.
   * @param {string} order @param {string} item @param {string} unit */
  drawnFor(order, item, unit) {
    return this.drawn.get(keyOf(order, item, unit)) ?? "0";
  }

  /** How often the reasons of a kind were given here, by code. @param {string} kind @returns {Map<string, number>} */
  reasonsOf(kind) {
    return this.reasons.get(kind) ?? new Map();
  }

  /** Calls that nobody ended here, those answered elsewhere among them; oldest first. */
  get openCalls() {
    return [...this.calls.values()];
  }

  /** @param {string} order @param {string} operation */
  characteristicsOf(order, operation) {
    return this.characteristics.get(keyOf(order, operation)) ?? [];
  }

  /** @param {Kept} capture @param {boolean} isNews */
  #take({ event, state, floor }, isNews) {
    switch (event.type) {
      case "operation.added":
        if (isNews) this.#add(event);
        break;
      case "material.consumed":
      case "material.substituted":
        if (isNews) this.#draw(event, add);
        break;
      case "material.returned":
        if (isNews) this.#draw(event, subtract);
        break;
      case "material.moved":
        for (const place of [event.from_location, event.to_location]) if (place) count(this.places, place);
        break;
      case "machine.reported":
        if (event.counter_to) this.counters.set(event.machine, event.counter_to);
        break;
      case "inspection.reported":
        if (event.characteristic) this.#look(event);
        break;
      case "help.called":
        this.calls.set(event.id, {
          id: event.id, reason: event.reason, machine: event.machine ?? null, order: event.order ?? null,
          operation: event.operation ?? null, by: event.declared_by ?? null, sinceMs: occurredMs(event), state,
          answeredMs: floor?.answered_at ? Date.parse(floor.answered_at) : null,
        });
        break;
      case "help.answered":
        this.calls.delete(event.call_id);
        break;
    }
    if (event.reason) {
      const kind = reasonKind(event.type) ?? "";
      if (!this.reasons.has(kind)) this.reasons.set(kind, new Map());
      count(this.reasonsOf(kind), event.reason);
    }
  }

  /** @param {Fact} event */
  #add({ order, operation, name, work_center }) {
    const known = this.added.get(order) ?? [];
    if (known.some(({ number }) => number === operation)) return; // the earliest counts
    this.added.set(order, [...known, { number: operation, name, work_center, unplanned: true }]);
  }

  /** @param {Fact} event @param {(a: string, b: string) => string} sum */
  #draw({ order, item, unit, quantity }, sum) {
    const key = keyOf(order, item, unit);
    this.drawn.set(key, sum(this.drawn.get(key) ?? "0", quantity));
  }

  /** @param {Fact} event */
  #look({ order, operation, characteristic }) {
    const key = keyOf(order, operation);
    const others = (this.characteristics.get(key) ?? []).filter((other) => other !== characteristic);
    this.characteristics.set(key, [characteristic, ...others]);
  }
}

/** @param {Map<string, number>} counts @param {string} name */
const count = (counts, name) => counts.set(name, (counts.get(name) ?? 0) + 1);

/** What is used most here first; what was never used keeps its order.
 * @template {{code: string}} T @param {readonly T[]} things @param {Map<string, number>} counts @returns {T[]} */
export const mostUsed = (things, counts) => [...things].sort((a, b) => (counts.get(b.code) ?? 0) - (counts.get(a.code) ?? 0));
