// What a scan means, and what the phone does about it: the obvious. An operation with nothing running starts; the one
// that runs is being counted; another one is switched to at once, so that one job runs. Only when several run is a person
// asked. Quick codes say in a word what a key would.

import { tail } from "./code.js";
import { suppliedBy } from "./gs1.js";
import { peopleHere } from "./session.js";
import { jobKey, jobOfActivity } from "./work.js";

/** @typedef {import("./reference.js").Reference} Reference */
/** @typedef {import("./work.js").Work} Work */
/** @typedef {import("./work.js").Span} Span */

/**
 * What was read.
 * @typedef {{is: "person", person: string}
 *   | {is: "order", order: string}
 *   | {is: "operation", order: string, operation: string}
 *   | {is: "machine", machine: string}
 *   | {is: "item", item: string}
 *   | {is: "lot", item: string, lot: string}
 *   | {is: "location", location: string}
 *   | {is: "work center", workCenter: string}
 *   | {is: "activity", activity: string}
 *   | {is: "reason", reason: string, kinds: string[]}
 *   | {is: "word", word: string}
 *   | {is: "device", device: string}
 *   | {is: "unknown", letters: string}
 *   | {is: "foreign", text: string}} Scanned
 */

/** @typedef {import("./work.js").Job} Job */
/** @typedef {import("./work.js").Paused} Paused */

/**
 * What to do about it. `people` are those whose time it is about.
 * @typedef {{do: "sign in", person: string}
 *   | {do: "ask for badge"}
 *   | {do: "start", people: string[], job: Job, activity: string}
 *   | {do: "switch", people: string[], job: Job, activity: string, spans: Span[]}
 *   | {do: "pause", spans: Span[]}
 *   | {do: "resume", paused: Paused}
 *   | {do: "stop", spans: Span[]}
 *   | {do: "break", people: string[]}
 *   | {do: "back to work", breaks: Span[]}
 *   | {do: "start shift", people: string[]}
 *   | {do: "end shift", people: string[], spans: Span[], breaks: Span[]}
 *   | {do: "complete", job: Job, spans: Span[]}
 *   | {do: "prepare", activity: string}
 *   | {do: "count", span: Span}
 *   | {do: "open", screen: string, params: Record<string, string>}
 *   | {do: "press"} | {do: "cancel"} | {do: "undo"} | {do: "sign out"}
 *   | {do: "type", key: string}
 *   | {do: "say", what: "foreign" | "nothing to do" | "nothing runs" | "several run" | "no form" | "runs already" | "on shift" | "it works"}} Response
 */

/**
 * Who is here, what is known and what runs. `here` is the job of the screen that is open, `offered` says that it is
 * offered there to be started; `prepared` is the activity a quick code chose for the next start; `arriving` are those of
 * them whose shift was not begun here.
 * @typedef {{operator: string | null, crew?: string[], reference: Reference, work: Work, here?: Job | null,
 *   offered?: boolean, prepared?: string | null, arriving?: string[], nowMs?: number}} Situation
 */

/**
 * Read a label, or what somebody typed: nine letters, an order number, or order and operation with a slash.
 * @param {string} text @param {Reference} reference @returns {Scanned}
 */
export function read(text, reference) {
  const nine = tail(text);
  if (nine) {
    const label = reference.label(nine);
    if (!label) return { is: "unknown", letters: nine };
    switch (label.kind) {
      case "person":
        return { is: "person", person: label.ref };
      case "order":
        return { is: "order", order: label.ref };
      case "operation":
        return { is: "operation", order: label.ref, operation: label.operation ?? "" };
      case "machine":
        return { is: "machine", machine: label.ref };
      case "item":
        return { is: "item", item: label.ref };
      case "lot":
        return { is: "lot", item: label.ref, lot: label.lot ?? "" };
      case "location":
        return { is: "location", location: label.ref };
      case "work_center":
        return { is: "work center", workCenter: label.ref };
      case "activity":
        return { is: "activity", activity: label.ref };
      case "reason":
        // A label says the kind of its reason; one from before that, the kinds that have its code: none, where it is not known.
        return { is: "reason", reason: label.ref, kinds: label.reason_kind ? [label.reason_kind] : reference.kindsOf(label.ref) };
      case "word":
        return { is: "word", word: label.ref };
      case "device":
        return { is: "device", device: label.ref };
      default: // a kind made after this version of the page
        return { is: "unknown", letters: nine };
    }
  }
  const typed = text.trim().toUpperCase();
  const [order, operation] = typed.split(/\s*[/ ]\s*/);
  const known = [...reference.orders.values()].find(({ code }) => code.toUpperCase() === order);
  if (known && !operation) return { is: "order", order: known.code };
  if (known && known.operations.some(({ number }) => number === operation)) {
    return { is: "operation", order: known.code, operation };
  }
  const item = [...reference.items.values()].find(({ code }) => code.toUpperCase() === typed);
  if (item) return { is: "item", item: item.code };
  const machine = [...reference.machines.values()].find(({ code }) => code.toUpperCase() === typed);
  if (machine) return { is: "machine", machine: machine.code };
  return { is: "foreign", text: text.trim() };
}

/**
 * What the phone does about a scan that no open form wanted.
 * @param {Scanned} scanned @param {Situation} situation @returns {Response}
 */
export function respond(scanned, situation) {
  const { operator, reference, work } = situation;
  if (scanned.is === "person") return { do: "sign in", person: scanned.person };
  if (scanned.is === "foreign") return onSupplied(scanned.text, situation);
  if (scanned.is === "unknown") {
    // Once a person has worked on it, it is an order.
    const isWork = operator !== null && work.jobsOf(operator).includes(jobKey({ order: scanned.letters }));
    if (isWork) return onJob({ order: scanned.letters, operation: null }, situation);
    return { do: "open", screen: "unknown", params: { letters: scanned.letters } };
  }
  // Proof that a scanner is set up, for whoever sets it up.
  if (scanned.is === "word" && scanned.word === "test") return { do: "say", what: "it works" };
  if (!operator) return { do: "ask for badge" };
  const productive = work.of(operator).filter((span) => span.order);
  switch (scanned.is) {
    case "order": {
      const known = reference.orders.get(scanned.order);
      if (known && known.operations.length === 0) return onJob({ order: scanned.order, operation: null }, situation);
      if (known && known.operations.length === 1) {
        return onJob({ order: scanned.order, operation: known.operations[0].number }, situation);
      }
      return { do: "open", screen: "order", params: { order: scanned.order } };
    }
    case "operation":
      return onJob({ order: scanned.order, operation: scanned.operation }, situation);
    case "machine":
      return { do: "open", screen: "machine", params: { machine: scanned.machine } };
    case "activity":
      return onActivity(scanned.activity, situation);
    case "item":
    case "lot": {
      return onMaterial({ item: scanned.item, ...(scanned.is === "lot" ? { lot: scanned.lot } : {}) }, productive);
    }
    case "reason": {
      const { kinds } = scanned;
      if (kinds.includes("defect") && productive.length === 1) {
        return { do: "open", screen: "defect", params: { ...jobOf(productive[0]), reason: scanned.reason } };
      }
      if (kinds.includes("downtime")) return { do: "open", screen: "machines", params: { reason: scanned.reason } };
      if (kinds.includes("help")) return { do: "open", screen: "help", params: { reason: scanned.reason } };
      return { do: "say", what: "nothing to do" };
    }
    case "word":
      return obey(scanned.word, situation);
    default: // places mean something in a form only
      return { do: "say", what: "nothing to do" };
  }
}

/** A job as a screen's parameters: what is not known is not there.
 * @param {{order?: string | null, operation?: string | null}} job
 * @returns {Record<string, string>} */
export const jobOf = ({ order, operation }) => ({ ...(order ? { order } : {}), ...(operation ? { operation } : {}) });

/** A supplier's label: material for what runs, if it names an article. @param {string} text @param {Situation} situation @returns {Response} */
function onSupplied(text, { operator, reference, work }) {
  const drawn = operator ? suppliedBy(text, (code) => reference.items.has(code)) : null;
  return drawn ? onMaterial(drawn, work.of(operator)) : { do: "say", what: "foreign" };
}

/** @param {{item: string, lot?: string}} drawn @param {Span[]} running @returns {Response} */
function onMaterial(drawn, running) {
  const productive = running.filter((span) => span.order);
  if (productive.length === 1) return { do: "open", screen: "consumption", params: { ...jobOf(productive[0]), ...drawn } };
  return { do: "open", screen: "which", params: { ...drawn } };
}

/** How many jobs these spans are about: a crew on one operation is on one job. @param {Span[]} spans */
const jobsIn = (spans) => new Set(spans.map(jobKey));

/** @param {string} code @param {Situation} situation @returns {Response} */
function onActivity(code, situation) {
  const running = situation.work.ofAll(peopleHere(situation));
  return onJob(jobOfActivity(situation.reference.activities.get(code), code, running), situation);
}

/** @param {Job} job @param {Situation} situation @returns {Response} */
function onJob(job, { operator, crew, work, prepared }) {
  const people = peopleHere({ operator, crew });
  const activity = job.indirect ? "indirect" : (prepared ?? "run");
  const here = work.on(operator, job);
  const breaks = work.breaksOf(people);
  if (here) {
    if (breaks.length > 0) return { do: "back to work", breaks };
    if (prepared && !job.indirect && prepared !== here.activity) {
      return { do: "switch", people, job, activity: prepared, spans: work.allOn(people, job) };
    }
    // Letters nobody here can read stand for the operation, too.
    const isPlace = job.operation || tail(job.order ?? "") === job.order;
    return job.order && isPlace && !job.indirect ? { do: "count", span: here } : { do: "open", screen: "running", params: { start: here.startId } };
  }
  const running = work.ofAll(people);
  const jobs = jobsIn(running);
  if (jobs.size === 0) return { do: "start", people, job, activity };
  if (jobs.size === 1 && jobs.has(jobKey(job))) {
    // A mate is on it already: the others join.
    return { do: "start", people: people.filter((person) => !work.on(person, job)), job, activity };
  }
  if (jobs.size === 1) return { do: "switch", people, job, activity, spans: running };
  if (job.indirect) return { do: "open", screen: "indirect", params: { activity: job.indirect } };
  return { do: "open", screen: "operation", params: jobOf(job) };
}

/** Keys of an open form's number, as quick codes. */
const TYPED = /^(\d|comma|erase|x\d+)$/;

/** Do what a quick code says. @param {string} word @param {Situation} situation @returns {Response} */
function obey(word, situation) {
  const { operator, crew, work, here, offered, arriving = [], nowMs = 0 } = situation;
  const people = peopleHere({ operator, crew });
  const running = work.ofAll(people);
  const breaks = work.breaksOf(people);
  const one = oneJob(running, here);
  if (TYPED.test(word)) return { do: "type", key: word };
  switch (word) {
    case "ok":
      return { do: "press" };
    case "cancel":
      return { do: "cancel" };
    case "undo":
      return { do: "undo" };
    case "sign_out":
      return { do: "sign out" };
    case "crew":
    case "help":
      return { do: "open", screen: word, params: {} };
    case "break":
      return breaks.length > 0 ? { do: "back to work", breaks } : { do: "break", people };
    case "pause":
      return running.length > 0 ? { do: "pause", spans: running } : { do: "say", what: "nothing runs" };
    case "stop":
      return running.length > 0 ? { do: "stop", spans: running } : { do: "say", what: "nothing runs" };
    case "resume": {
      if (breaks.length > 0) return { do: "back to work", breaks };
      const [paused] = work.pausedOf(operator, nowMs).sort((a, b) => b.pausedMs - a.pausedMs);
      return paused ? { do: "resume", paused } : { do: "say", what: "nothing runs" };
    }
    case "start_shift":
      return arriving.length > 0 ? { do: "start shift", people: arriving } : { do: "say", what: "on shift" };
    case "end_shift":
      return { do: "end shift", people, spans: running, breaks };
    case "setup":
    case "run":
    case "rework":
    case "teardown": {
      if (offered && here && !work.on(operator, here)) {
        if (running.length === 0) return { do: "start", people, job: here, activity: word };
        return { do: "switch", people, job: here, activity: word, spans: running };
      }
      if (running.length === 0 || !one?.order) return { do: "prepare", activity: word };
      const spans = running.filter((span) => jobKey(span) === jobKey(one));
      if (spans.length === 0) return { do: "prepare", activity: word };
      if (spans.every((span) => span.activity === word)) return { do: "say", what: "runs already" };
      return { do: "switch", people, job: one, activity: word, spans };
    }
    case "good":
    case "scrap":
    case "hold":
    case "done": {
      if (!one?.order || !one.operation) return { do: "say", what: running.length > 1 ? "several run" : "nothing runs" };
      if (word === "done") return { do: "complete", job: one, spans: running.filter((span) => jobKey(span) === jobKey(one)) };
      if (word === "good") return { do: "open", screen: "quantity", params: jobOf(one) };
      return { do: "open", screen: "defect", params: { ...jobOf(one), disposition: word } };
    }
    default: // a word made after this version of the page
      return { do: "say", what: "nothing to do" };
  }
}

/** The job a word is about: that of the open screen, or the only one that runs.
 * @param {Span[]} running @param {Job | null | undefined} here @returns {Job | null} */
function oneJob(running, here) {
  if (here?.order && here.operation) return { order: here.order, operation: here.operation };
  const [first, ...others] = running;
  return first && others.every((span) => jobKey(span) === jobKey(first)) ? first : null;
}
