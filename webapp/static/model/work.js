// What is going on, as this device knows it: a fold over its own captures. No server is asked, so it is right offline,
// after a crash and after a reload. Voided facts count as if they had never been made, except that voiding a void
// brings them back.

import { add } from "../lib/decimal.js";
import { occurredMs } from "./event.js";

/** @typedef {import("./event.js").Fact} Fact */
/** @typedef {import("./event.js").Reading} Clocks */
/** @typedef {{event: Fact, local?: import("./event.js").Local, state: string, savedMs: number}} Kept a capture, as far as this room looks */

/**
 * An open span of a person's or a machine's time.
 * @typedef {Object} Span
 * @property {string} startId id of the fact that opened it
 * @property {string | null} person
 * @property {string | null} machine
 * @property {string} activity setup, run, rework or indirect; for downtime "downtime"
 * @property {string | null} order
 * @property {string | null} operation
 * @property {string | null} indirect code of an indirect activity
 * @property {string | null} reason of a downtime
 * @property {number} sinceMs
 * @property {string | null} bootId
 * @property {number | null} monotonicMs
 */

/** @typedef {Span & {pausedMs: number}} Paused */
/** @typedef {{person: string, job: string, fromMs: number, toMs: number}} Worked a closed span */
/** @typedef {{order: string, operation: string, good: string, scrap: string}} Counted */

/** Beyond this a running clock was most likely forgotten: ask, never assume. */
export const LIKELY_FORGOTTEN_MS = 10 * 3_600_000;

/** @param {{order?: string | null, operation?: string | null, indirect?: string | null}} job */
export const jobKey = (job) => `${job.order ?? ""}/${job.operation ?? ""}/${job.indirect ?? ""}`;

export class Work {
  /**
   * @param {Iterable<Kept>} captures in sequence order
   * @param {number} [countSinceMs] sent quantities up to here are in the server's snapshot already
   */
  constructor(captures, countSinceMs = 0) {
    /** @type {Map<string, Span>} */ this.labor = new Map();
    /** @type {Map<string, Span>} by machine code */ this.machines = new Map();
    /** @type {Map<string, Span>} by machine code */ this.downtimes = new Map();
    /** @type {Map<string, Paused>} by person and job */ this.paused = new Map();
    /** @type {Worked[]} */ this.worked = [];
    /** @type {Map<string, Counted>} what was counted here and the snapshot cannot show yet */ this.counted = new Map();
    const facts = [...captures];
    const voided = voidedIds(facts);
    for (const capture of facts) if (!voided.has(capture.event.id)) this.#take(capture, countSinceMs);
  }

  /** A person's open spans, oldest first. @param {string | null} person */
  of(person) {
    return [...this.labor.values()].filter((span) => span.person === person);
  }

  /** @param {string | null} person @returns {Paused[]} */
  pausedOf(person) {
    return [...this.paused.values()].filter((span) => span.person === person);
  }

  /** The person's open span on a job, if any.
   * @param {string | null} person @param {{order?: string | null, operation?: string | null, indirect?: string | null}} job */
  on(person, job) {
    return this.of(person).find((span) => jobKey(span) === jobKey(job)) ?? null;
  }

  /** Milliseconds a person has closed on a job since an instant.
   * @param {string} person @param {string} job @param {number} sinceMs */
  workedMs(person, job, sinceMs) {
    return this.worked
      .filter((span) => span.person === person && span.job === job && span.toMs > sinceMs)
      .reduce((sum, span) => sum + span.toMs - Math.max(span.fromMs, sinceMs), 0);
  }

  /** Counted here and not yet in the snapshot. @param {string} order @param {string} operation */
  countedOn(order, operation) {
    return this.counted.get(`${order}/${operation}`) ?? { order, operation, good: "0", scrap: "0" };
  }

  /** @param {Kept} capture @param {number} countSinceMs */
  #take({ event, local, state, savedMs }, countSinceMs) {
    switch (event.type) {
      case "labor.started": {
        const span = open(event);
        this.labor.set(event.id, span);
        this.paused.delete(`${span.person} ${jobKey(span)}`);
        break;
      }
      case "labor.stopped": {
        const span = this.labor.get(event.start_id);
        if (!span) break;
        this.labor.delete(event.start_id);
        const toMs = span.sinceMs + spanMs(span, event);
        this.worked.push({ person: span.person ?? "", job: jobKey(span), fromMs: span.sinceMs, toMs });
        if (local?.pause) this.paused.set(`${span.person} ${jobKey(span)}`, { ...span, pausedMs: occurredMs(event) });
        break;
      }
      case "machine.started":
        this.machines.set(event.machine, open(event));
        break;
      case "machine.stopped":
        this.machines.delete(event.machine);
        break;
      case "downtime.started":
        this.downtimes.set(event.machine, open(event));
        break;
      case "downtime.stopped":
        this.downtimes.delete(event.machine);
        break;
      case "output.reported":
      case "defect.reported":
        if (state === "waiting" || savedMs > countSinceMs) this.#count(event);
        break;
    }
  }

  /** @param {Fact} event */
  #count(event) {
    const sum = this.countedOn(event.order, event.operation);
    const isGood = event.type === "output.reported";
    if (!isGood && event.disposition !== "scrap") return;
    const field = isGood ? "good" : "scrap";
    this.counted.set(`${event.order}/${event.operation}`, { ...sum, [field]: add(sum[field], event.quantity) });
  }
}

/**
 * How long a span has been open: by the monotonic clock within one run of the page, by the wall clock otherwise.
 * @param {Span} span @param {Clocks} clocks
 */
export function elapsedMs(span, clocks) {
  if (span.bootId && span.bootId === clocks.bootId && span.monotonicMs !== null) return clocks.monotonicMs - span.monotonicMs;
  return Math.max(0, clocks.nowMs - span.sinceMs);
}

/** @param {Span} span @param {Fact} stop */
const spanMs = (span, stop) =>
  elapsedMs(span, {
    nowMs: occurredMs(stop),
    bootId: stop.boot_id ?? "",
    monotonicMs: stop.monotonic_ms ?? 0,
    clockOffsetMs: null,
  });

/** @param {Fact} event @returns {Span} */
const open = (event) => ({
  startId: event.id,
  person: event.person ?? null,
  machine: event.machine ?? null,
  activity: event.activity ?? (event.type === "downtime.started" ? "downtime" : "run"),
  order: event.order ?? null,
  operation: event.operation ?? null,
  indirect: event.indirect_code ?? null,
  reason: event.reason ?? null,
  sinceMs: occurredMs(event),
  bootId: event.boot_id ?? null,
  monotonicMs: event.monotonic_ms ?? null,
});

/** Facts that no longer count, latest void first: a void that was voided itself takes nothing back.
 * @param {Kept[]} facts */
export function voidedIds(facts) {
  /** @type {Set<string>} */
  const voided = new Set();
  for (const { event } of [...facts].reverse()) {
    if (event.type === "event.voided" && !voided.has(event.id)) voided.add(event.target_id);
  }
  return voided;
}
