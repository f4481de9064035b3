// A person's time as the costing will see it, as far as this device knows: one person on several jobs shares each instant
// among them by the site's split rule, and the instants of a break are nobody's. So the minutes of a day's jobs add up
// to the time the person was at work, never to more. tests/shared/days.json holds this and
// sync/costing/rules/labor_time.py together.

import { breaksOf, stretchesOf } from "./presence.js";
import { equalShare } from "./splits.js";
import { jobKey } from "./work.js";

/** @typedef {import("./event.js").Reading} Clocks */
/** @typedef {import("./work.js").Work} Work */
/** @typedef {import("./splits.js").Weigh} Weigh */
/** @typedef {import("./presence.js").Stretch} Stretch */
/** @typedef {Stretch & {ms: number, isClock: boolean}} Shared a stretch with the time that is its own; or, where that cannot be known here, the time its clock ran */

/**
 * Each stretch with its own share of the time.
 * @param {Work} work @param {string} person @param {Clocks} clocks @param {{sinceMs?: number, weigh?: Weigh}} [how]
 * @returns {Shared[]}
 */
export function sharesOf(work, person, clocks, { sinceMs = 0, weigh = equalShare } = {}) {
  const stretches = stretchesOf(work, person, clocks, sinceMs).map((stretch) => ({
    ...stretch,
    ms: stretch.isDuration ? stretch.toMs - stretch.fromMs : 0,
    isClock: false,
  }));
  const placed = stretches.filter(({ isDuration }) => !isDuration);
  const away = breaksOf(work, person, clocks);
  const marks = [...placed, ...away].flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  const cuts = [...new Set(marks)].sort((a, b) => a - b);
  for (let index = 1; index < cuts.length; index += 1) {
    const [fromMs, toMs] = [cuts[index - 1], cuts[index]];
    if (away.some((span) => span.fromMs <= fromMs && span.toMs >= toMs)) continue;
    const here = placed.filter((stretch) => stretch.fromMs <= fromMs && stretch.toMs >= toMs);
    const weights = here.length > 1 ? weigh(here) : here.map(() => 1);
    const whole = weights?.reduce((sum, weight) => sum + weight, 0) ?? 0;
    for (const [index, stretch] of here.entries()) {
      if (!weights) stretch.isClock = true;
      const share = weights ? weights[index] / whole : 1 / here.filter(({ job }) => job === stretch.job).length;
      stretch.ms += (toMs - fromMs) * share;
    }
  }
  return stretches;
}

/** Milliseconds of a person's own time on a job since an instant; with an activity, on that alone. `isClock`: only how
 * long its clock ran is known.
 * @param {Work} work @param {string} person @param {import("./work.js").Job} job @param {Clocks} clocks
 * @param {{sinceMs?: number, activity?: string, weigh?: Weigh}} [which] */
export function timeOn(work, person, job, clocks, { activity, ...how } = {}) {
  const mine = sharesOf(work, person, clocks, how)
    .filter((stretch) => stretch.job === jobKey(job) && (activity === undefined || stretch.activity === activity));
  return { ms: mine.reduce((sum, { ms }) => sum + ms, 0), isClock: mine.some(({ isClock }) => isClock) };
}

/** The first instant of the device's day. @param {number} nowMs */
export const midnightBefore = (nowMs) => new Date(nowMs).setHours(0, 0, 0, 0);

/** Longer than this nobody who is at work is silent; whoever is has gone home in between. */
const NIGHT_MS = 5 * 3_600_000;

/**
 * When the person's day began, as far as this device saw: at midnight, or before it for a night shift that goes on.
 * @param {Iterable<import("./work.js").Kept>} captures @param {string | null} person @param {number} nowMs
 */
export function dayStart(captures, person, nowMs) {
  const midnight = midnightBefore(nowMs);
  const own = [...captures].filter(({ event }) => event.declared_by === person).map(({ savedMs }) => savedMs);
  let since = Math.min(nowMs, ...own.filter((ms) => ms >= midnight));
  for (const ms of own.filter((before) => before < midnight).sort((a, b) => b - a)) {
    if (since - ms > NIGHT_MS) break;
    since = ms;
  }
  return Math.min(midnight, since);
}

/** When a clock that was forgotten may have ended. @typedef {{atMs: number, why: "last capture" | "usual end" | "eight hours"}} Proposal */

const EIGHT_HOURS_MS = 8 * 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Ends this device can propose for a span that was forgotten: the person's last capture after its start, the time of day
 * at which that person stopped for the day last time, eight hours. None lies in the future, none is said twice.
 * @param {Work} work @param {Iterable<import("./work.js").Kept>} captures @param {import("./work.js").Span} span
 * @param {number} nowMs
 * @returns {Proposal[]}
 */
export function proposeEnds(work, captures, span, nowMs) {
  const atWork = [...captures]
    .filter(({ event, savedMs }) => event.declared_by === span.person && event.id !== span.startId && savedMs > span.sinceMs)
    .map(({ savedMs }) => savedMs);
  // Today's captures say that the person is back, not when they left.
  const left = atWork.filter((ms) => ms < midnightBefore(nowMs) || span.sinceMs >= midnightBefore(nowMs));
  const lastDay = work.worked.filter(({ person, toMs, isDuration }) => person === span.person && !isDuration && toMs <= span.sinceMs);
  const usual = Math.max(0, ...lastDay.map(({ toMs }) => toMs));
  const last = Math.max(0, ...left);
  /** @type {Proposal[]} */
  const proposals = [];
  const propose = (/** @type {number} */ ms, /** @type {Proposal["why"]} */ why) => {
    const atMs = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
    if (atMs > span.sinceMs && atMs <= nowMs && !proposals.some((other) => other.atMs === atMs)) proposals.push({ atMs, why });
  };
  if (last > 0) propose(last, "last capture");
  if (usual > 0 && midnightBefore(usual) < midnightBefore(span.sinceMs)) {
    propose(midnightBefore(span.sinceMs) + (usual - midnightBefore(usual)), "usual end");
  }
  propose(span.sinceMs + EIGHT_HOURS_MS, "eight hours");
  return proposals;
}
