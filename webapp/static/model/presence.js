// What a person is at right now, as far as this device knows: at work or not, on what, for how long, and whose the time is.
// The first screen needs this much; the reckoning of a day stands in day.js.

import { elapsedMs, jobKey } from "./work.js";

/** @typedef {import("./event.js").Reading} Clocks */
/** @typedef {import("./work.js").Work} Work */
/** @typedef {import("./splits.js").Weigh} Weigh */
/** @typedef {{startId: string, job: string, activity: string, beganMs: number, fromMs: number, toMs: number, isOpen: boolean, isDuration: boolean}} Stretch from when it counts, and when it began */

/**
 * A person's stretches of labor since an instant, the open ones until now.
 * @param {Work} work @param {string} person @param {Clocks} clocks @param {number} [sinceMs]
 * @returns {Stretch[]} by their beginning
 */
export function stretchesOf(work, person, clocks, sinceMs = 0) {
  const closed = work.worked
    .filter((worked) => worked.person === person)
    .map(({ startId, job, activity, fromMs, toMs, isDuration = false }) => ({ startId, job, activity, beganMs: fromMs, fromMs, toMs, isOpen: false, isDuration }));
  const open = work.of(person).map((span) => ({
    startId: span.startId, job: jobKey(span), activity: span.activity, beganMs: span.sinceMs,
    fromMs: span.sinceMs, toMs: span.sinceMs + elapsedMs(span, clocks), isOpen: true, isDuration: false,
  }));
  return [...closed, ...open]
    .filter(({ fromMs, toMs, isDuration }) => (isDuration ? fromMs >= sinceMs : toMs > sinceMs))
    .map((stretch) => (stretch.isDuration ? stretch : { ...stretch, fromMs: Math.max(stretch.fromMs, sinceMs) }))
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** A person's breaks, the open one until now. @param {Work} work @param {string} person @param {Clocks} clocks */
export function breaksOf(work, person, clocks) {
  const open = work.breaks.get(person);
  return [
    ...work.away.filter((away) => away.person === person).map(({ fromMs, toMs }) => ({ fromMs, toMs })),
    ...(open ? [{ fromMs: open.sinceMs, toMs: open.sinceMs + elapsedMs(open, clocks) }] : []),
  ];
}

/** How the person's time goes to an open span now. @typedef {"alone" | "shared" | "all" | "none" | "unknown"} Standing */

/**
 * Whether a person's open span has their time to itself now; and the jobs that have some of it.
 * @param {Work} work @param {import("./work.js").Span} span @param {Clocks} clocks @param {Weigh} weigh
 * @returns {{is: Standing, jobs: string[]}}
 */
export function standingOf(work, span, clocks, weigh) {
  const open = stretchesOf(work, span.person ?? "", clocks).filter(({ isOpen }) => isOpen);
  const jobs = [...new Set(open.map(({ job }) => job))];
  if (jobs.length < 2) return { is: "alone", jobs };
  const weights = weigh(open);
  if (!weights) return { is: "unknown", jobs };
  const paid = jobs.filter((job) => open.some((one, index) => one.job === job && weights[index] > 0));
  if (!paid.includes(jobKey(span))) return { is: "none", jobs: paid };
  return { is: paid.length > 1 ? "shared" : "all", jobs: paid };
}

/** How long an open span has run, less the breaks in it. @param {Work} work @param {import("./work.js").Span} span @param {Clocks} clocks */
export function attendedMs(work, span, clocks) {
  const untilMs = span.sinceMs + elapsedMs(span, clocks);
  const lost = breaksOf(work, span.person ?? "", clocks)
    .map(({ fromMs, toMs }) => Math.min(toMs, untilMs) - Math.max(fromMs, span.sinceMs))
    .filter((ms) => ms > 0)
    .reduce((sum, ms) => sum + ms, 0);
  return Math.max(0, untilMs - span.sinceMs - lost);
}

/** Nobody rests less than this between two days at work (directive 2003/88/EC), so who was silent for longer went home. */
const REST_MS = 11 * 3_600_000;

/**
 * Whether a person is at work, as far as this device saw: "on" says that their shift was begun here, "here" that they did
 * something without having said so, "off" that neither is so, or that they went home since.
 * @param {readonly import("./work.js").Kept[]} captures in sequence order @param {Work} work @param {string} person @param {number} nowMs
 * @returns {"on" | "here" | "off"}
 */
export function dutyOf(captures, work, person, nowMs) {
  /** @type {Set<string>} */
  const gone = new Set();
  let sinceMs = nowMs;
  let isSeen = false;
  for (let index = captures.length - 1; index >= 0; index -= 1) {
    const { event, state, savedMs } = captures[index];
    if (state === "rejected" || gone.has(event.id)) continue;
    if (event.type === "event.voided" || event.type === "event.replaced") gone.add(event.target_id);
    else if ((event.person ?? event.declared_by) === person) {
      if (sinceMs - savedMs > REST_MS || event.type === "shift.ended") break;
      if (event.type === "shift.started") return "on";
      sinceMs = savedMs;
      isSeen = true;
    }
  }
  return isSeen || work.of(person).length > 0 || work.breaks.has(person) ? "here" : "off";
}
