// What is going on, as this device knows it: a fold over its own captures and over what the server's snapshot says runs,
// begun at another device or by this one before it lost its memory. No server is asked, so it is right offline, after a
// crash and after a reload. Facts that were voided or replaced count as if they had never been made, except that voiding a
// void brings them back.

import { add, subtract } from "../lib/decimal.js";
import { occurredMs } from "./event.js";

/** @typedef {import("./event.js").Fact} Fact */
/** @typedef {import("./event.js").Reading} Clocks */
/** @typedef {{event: Fact, local?: import("./event.js").Local, state: string, savedMs: number, sentMs?: number | null, floor?: {state?: string, reason?: string, answered_at?: string} | null}} Kept a capture, as far as this room looks */
/** @typedef {{order?: string | null, operation?: string | null, indirect?: string | null}} Job */

/**
 * An open span of a person's or a machine's time.
 * @typedef {Object} Span
 * @property {string} startId id of the fact that opened it
 * @property {string | null} person
 * @property {string | null} declaredBy who signed its start
 * @property {string | null} machine
 * @property {string} activity setup, run, rework, teardown or indirect; "downtime" and "break" for those
 * @property {string | null} order
 * @property {string | null} operation
 * @property {string | null} indirect code of an indirect activity
 * @property {string | null} reason of a downtime or a break
 * @property {number} sinceMs
 */

/** @typedef {Span & {pausedMs: number, pausedFor: string | null}} Paused */

/**
 * A closed span of labor. Told as a duration only, it has a length and no place in the day.
 * @typedef {{startId: string, stopId: string | null, person: string, job: string, activity: string, fromMs: number,
 *   toMs: number, isDuration?: boolean}} Worked
 */

/** @typedef {{startId: string, stopId: string | null, person: string, fromMs: number, toMs: number}} Away a break that is over */
/** @typedef {{order: string, operation: string, good: string, scrap: string}} Counted */

/** Beyond this a running clock was most likely forgotten: ask, never assume. */
export const LIKELY_FORGOTTEN_MS = 10 * 3_600_000;

/** A pause nobody came back from in this time is not shown as open work any more. */
const PAUSE_SHOWS_MS = 4 * 86_400_000;

/** @param {Job} job */
export const jobKey = (job) => `${job.order ?? ""}/${job.operation ?? ""}/${job.indirect ?? ""}`;

/** The job of somebody who turns to an activity: one that marks idle time is waited on the order that runs, if just one does.
 * @param {{code: string, idle?: boolean} | undefined} activity @param {string} code @param {Span[]} running @returns {Job} */
export function jobOfActivity(activity, code, running) {
  const jobs = new Map(running.filter(({ order }) => order).map((span) => [`${span.order}/${span.operation ?? ""}`, span]));
  const [span] = jobs.values();
  return activity?.idle && jobs.size === 1 ? { order: span.order, operation: span.operation, indirect: code } : { indirect: code };
}

/** The job a key stands for. @param {string} key @returns {{order: string | null, operation: string | null, indirect: string | null}} */
export function jobOfKey(key) {
  // An order's code may hold a slash; an operation's number and an activity's code do not.
  const [, order, operation, indirect] = /^(.*)\/([^/]*)\/([^/]*)$/.exec(key) ?? ["", "", "", ""];
  return { order: order || null, operation: operation || null, indirect: indirect || null };
}

export class Work {
  /** What stands in the place of a fact that was replaced, by that one's id. @type {Map<string, string>} */ #instead = new Map();

  /**
   * @param {Iterable<Kept>} captures in sequence order
   * @param {number} [knownMs] what was acknowledged up to here is in the server's snapshot already
   * @param {Fact[]} [open] starts of what runs, as the snapshot says
   */
  constructor(captures, knownMs = 0, open = []) {
    /** @type {Map<string, Span>} */ this.labor = new Map();
    /** @type {Map<string, Span>} by person */ this.breaks = new Map();
    /** @type {Map<string, Span>} by machine code */ this.machines = new Map();
    /** @type {Map<string, Span>} by machine code */ this.downtimes = new Map();
    /** @type {Map<string, Paused>} by person and job */ this.paused = new Map();
    /** @type {Worked[]} */ this.worked = [];
    /** @type {Away[]} */ this.away = [];
    /** @type {Map<string, number>} when each person's last shift ended, as told here */ this.shiftEnds = new Map();
    /** @type {Map<string, Counted>} what was counted here and the snapshot cannot show yet */ this.counted = new Map();
    /** @type {Map<string, boolean>} operations said to be done, or not done after all, since the snapshot */
    this.completed = new Map();
    /** @type {Map<string, Map<string, number>>} by person: jobs and when they were last touched */ this.touched = new Map();
    const facts = withOthers([...captures].filter(({ state }) => state !== "rejected"), open);
    const byId = new Map(facts.map((capture) => [capture.event.id, capture]));
    const corrected = corrections(facts);
    for (const [target, { event }] of corrected) if (event.replacement_id) this.#instead.set(target, event.replacement_id);
    const isNews = (/** @type {Kept} */ { state, savedMs }) => state === "waiting" || savedMs > knownMs;
    for (const capture of inPlace(facts, corrected)) this.#take(capture, isNews(capture));
    // What was said here since of a start's end is newer than what the server told of it.
    const told = new Set(open.map(({ id }) => id));
    for (const { event } of facts.filter(isNews)) told.add(event.start_id).add(byId.get(event.target_id)?.event.start_id);
    for (const capture of facts) if (isOver(capture) && !told.has(capture.event.id)) this.#drop(capture.event);
    // The snapshot still holds what was taken away since.
    for (const capture of facts) {
      const correction = corrected.get(capture.event.id);
      if (correction && isNews(correction) && !isNews(capture)) this.#count(capture.event, subtract);
    }
  }

  /** Whether what this start began is open. @param {string} startId */
  has(startId) {
    const spans = [this.breaks, this.machines, this.downtimes].flatMap((open) => [...open.values()]);
    return this.labor.has(startId) || spans.some((span) => span.startId === startId);
  }

  /** A person's open spans, oldest first. @param {string | null} person */
  of(person) {
    return [...this.labor.values()].filter((span) => span.person === person);
  }

  /** Open spans of several people, oldest first. @param {string[]} people */
  ofAll(people) {
    return [...this.labor.values()].filter((span) => span.person !== null && people.includes(span.person));
  }

  /** @param {string | null} person @param {number} [nowMs] @returns {Paused[]} */
  pausedOf(person, nowMs = 0) {
    return [...this.paused.values()].filter((span) => span.person === person && nowMs - span.pausedMs < PAUSE_SHOWS_MS);
  }

  /** The breaks these people are in. @param {string[]} people */
  breaksOf(people) {
    return people.flatMap((person) => this.breaks.get(person) ?? []);
  }

  /** The person's open span on a job, if any. @param {string | null} person @param {Job} job */
  on(person, job) {
    return this.of(person).find((span) => jobKey(span) === jobKey(job)) ?? null;
  }

  /** Open spans of these people on a job. @param {string[]} people @param {Job} job */
  allOn(people, job) {
    return this.ofAll(people).filter((span) => jobKey(span) === jobKey(job));
  }

  /** Machines this person started that run while nobody here works on their job. @param {string | null} person */
  unattendedOf(person) {
    const busy = new Set([...this.labor.values()].map(jobKey));
    return [...this.machines.values()].filter((span) => span.declaredBy === person && !busy.has(jobKey(span)));
  }

  /** Jobs of a person, the last touched first. @param {string} person @returns {string[]} keys */
  jobsOf(person) {
    const jobs = [...(this.touched.get(person) ?? new Map())];
    return jobs.sort(([, a], [, b]) => b - a).map(([job]) => job);
  }

  /** Counted here and not yet in the snapshot. @param {string} order @param {string} operation */
  countedOn(order, operation) {
    return this.counted.get(`${order}/${operation}`) ?? { order, operation, good: "0", scrap: "0" };
  }

  /** @param {Kept} capture @param {boolean} isNews not in the snapshot yet */
  #take({ event, local, savedMs }, isNews) {
    switch (event.type) {
      case "labor.started": {
        const span = open(event);
        if (span.sinceMs >= (this.breaks.get(event.person ?? "")?.sinceMs ?? 0)) this.#endBreak(event);
        this.labor.set(event.id, span);
        this.paused.delete(`${span.person} ${jobKey(span)}`);
        this.#touch(span, savedMs);
        break;
      }
      case "labor.stopped": {
        const span = this.labor.get(this.#standing(event.start_id));
        if (!span) break;
        this.#close(span, event);
        this.#touch(span, savedMs);
        if (local?.pause || event.reason) {
          const pausedMs = occurredMs(event);
          this.paused.set(`${span.person} ${jobKey(span)}`, { ...span, pausedMs, pausedFor: event.reason ?? null });
        }
        break;
      }
      case "labor.declared": {
        const span = open(event);
        this.#touch(span, savedMs);
        const [fromMs, toMs] = event.started_at
          ? [Date.parse(event.started_at), Date.parse(event.ended_at)]
          : [span.sinceMs, span.sinceMs + (event.duration_ms ?? 0)];
        this.worked.push({
          startId: event.id, stopId: null, person: span.person ?? "", job: jobKey(span), activity: span.activity, fromMs, toMs,
          ...(event.started_at ? {} : { isDuration: true }),
        });
        break;
      }
      case "break.started":
        this.#endBreak(event);
        this.breaks.set(event.person ?? "", open(event));
        break;
      case "break.stopped":
        if (!event.start_id || this.breaks.get(event.person ?? "")?.startId === this.#standing(event.start_id)) this.#endBreak(event);
        break;
      case "shift.ended":
        for (const span of this.of(event.person ?? null)) this.#close(span, event);
        this.#endBreak(event);
        this.shiftEnds.set(event.person ?? "", occurredMs(event));
        break;
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
      case "operation.completed":
      case "operation.reopened":
        if (isNews) this.completed.set(`${event.order}/${event.operation}`, event.type === "operation.completed");
        if (event.type === "operation.completed") {
          for (const [key, span] of this.paused) {
            if (span.order === event.order && span.operation === event.operation) this.paused.delete(key);
          }
        }
        break;
      case "output.reported":
      case "defect.reported":
        if (isNews) this.#count(event);
        break;
    }
  }

  /** Forget a start that ended elsewhere: when, this device does not know. @param {Fact} event */
  #drop({ id, person, machine }) {
    this.labor.delete(id);
    if (this.breaks.get(person ?? "")?.startId === id) this.breaks.delete(person ?? "");
    if (this.machines.get(machine ?? "")?.startId === id) this.machines.delete(machine ?? "");
    if (this.downtimes.get(machine ?? "")?.startId === id) this.downtimes.delete(machine ?? "");
  }

  /** The fact that counts where this one stood. @param {string} id */
  #standing(id) {
    let now = id;
    for (let next = this.#instead.get(now); next !== undefined; next = this.#instead.get(now)) now = next;
    return now;
  }

  /** @param {Span} span @param {Fact} end its stop, or the end of the shift */
  #close(span, end) {
    this.labor.delete(span.startId);
    this.worked.push({
      startId: span.startId,
      stopId: end.type === "labor.stopped" ? end.id : null,
      person: span.person ?? "",
      job: jobKey(span),
      activity: span.activity,
      fromMs: span.sinceMs,
      toMs: span.sinceMs + spanMs(span, end),
    });
  }

  /** A break ends at its stop, at the same person's next start, or at the end of the shift. @param {Fact} end */
  #endBreak(end) {
    const span = this.breaks.get(end.person ?? "");
    if (!span) return;
    this.breaks.delete(end.person ?? "");
    this.away.push({
      startId: span.startId,
      stopId: end.type === "break.stopped" ? end.id : null,
      person: span.person ?? "",
      fromMs: span.sinceMs,
      toMs: span.sinceMs + spanMs(span, end),
    });
  }

  /** @param {Span} span @param {number} savedMs */
  #touch(span, savedMs) {
    const jobs = this.touched.get(span.person ?? "") ?? new Map();
    this.touched.set(span.person ?? "", jobs.set(jobKey(span), savedMs));
  }

  /** @param {Fact} event @param {(sum: string, quantity: string) => string} [how] */
  #count(event, how = add) {
    const isGood = event.type === "output.reported";
    if (!isGood && (event.type !== "defect.reported" || event.disposition !== "scrap")) return;
    const sum = this.countedOn(event.order, event.operation);
    const field = isGood ? "good" : "scrap";
    this.counted.set(`${event.order}/${event.operation}`, { ...sum, [field]: how(sum[field], event.quantity) });
  }
}

/**
 * How long a span has been open. The time of a reading is right whatever happened to the clock on the wall meanwhile
 * (outbox/clock.js), and it is what the server will reckon with.
 * @param {Span} span @param {Pick<Clocks, "nowMs">} clocks
 */
export const elapsedMs = (span, { nowMs }) => Math.max(0, nowMs - span.sinceMs);

/** @param {Span} span @param {Fact} stop */
const spanMs = (span, stop) => elapsedMs(span, { nowMs: occurredMs(stop) });

/** @param {Fact} event @returns {Span} */
const open = (event) => ({
  startId: event.id,
  person: event.person ?? null,
  declaredBy: event.declared_by ?? null,
  machine: event.machine ?? null,
  activity: event.activity ?? STANDS_FOR[event.type] ?? "run",
  order: event.order ?? null,
  operation: event.operation ?? null,
  indirect: event.indirect_code ?? null,
  reason: event.reason ?? null,
  sinceMs: occurredMs(event),
});

/** What a span is when its fact names no activity. @type {Record<string, string>} */
const STANDS_FOR = { "downtime.started": "downtime", "break.started": "break" };

/** Our captures with the starts of others between them, each where its time is, and before what ends it in any case.
 * @param {Kept[]} captures @param {Fact[]} open @returns {Kept[]} */
function withOthers(captures, open) {
  const own = new Set(captures.map(({ event }) => event.id));
  const ended = new Set(captures.map(({ event }) => event.start_id));
  const facts = [...captures];
  for (const event of open) {
    if (own.has(event.id)) continue;
    const savedMs = occurredMs(event);
    const inTime = facts.findLastIndex((capture) => capture.savedMs <= savedMs) + 1; // most began a short while ago
    const end = ended.has(event.id) ? facts.findIndex((capture) => capture.event.start_id === event.id) : inTime;
    facts.splice(Math.min(inTime, end), 0, { event, state: "sent", savedMs });
  }
  return facts;
}

/** What costing says of a start as long as nothing ended it. */
const RUNNING = ["time.open", "break.open"];

/** Whether the server said of a start that its end is known. @param {Kept} capture */
function isOver({ event, floor }) {
  if (!event.type.endsWith(".started") || !floor?.state || floor.state === "received") return false;
  return floor.state !== "held" || !RUNNING.includes(floor.reason ?? "");
}

/** Facts that no longer count, and the fact that took each of them away. Latest first: a correction that was corrected
 * itself takes nothing back, nor does one the server refused. @template {{event: Fact, state?: string}} K @param {Iterable<K>} facts @returns {Map<string, K>} by target */
export function corrections(facts) {
  /** @type {Map<string, K>} */
  const corrected = new Map();
  for (const capture of [...facts].reverse()) {
    const { event, state } = capture;
    const isCorrection = state !== "rejected" && (event.type === "event.voided" || event.type === "event.replaced");
    if (isCorrection && !corrected.has(event.id)) corrected.set(event.target_id, capture);
  }
  return corrected;
}

/** The facts that count; one that replaces another stands where that one stood.
 * @param {Kept[]} facts @param {Map<string, Kept>} corrected @returns {Kept[]} */
function inPlace(facts, corrected) {
  const byId = new Map(facts.map((capture) => [capture.event.id, capture]));
  const replacements = new Set([...corrected.values()].map(({ event }) => event.replacement_id));
  /** @param {Kept} capture @returns {Kept[]} */
  const standing = (capture) => {
    const correction = corrected.get(capture.event.id)?.event;
    if (!correction) return [capture];
    const next = correction.type === "event.replaced" ? byId.get(correction.replacement_id) : undefined;
    return next && next !== capture ? standing(next) : [];
  };
  return facts.filter(({ event }) => !replacements.has(event.id)).flatMap(standing);
}
