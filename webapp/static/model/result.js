// What a person has done on a job, beside what was expected: shown when the job ends. Own figures only, from this
// device's own captures; money only as the standard value of the pieces, where the site allows it.

import { add, multiply } from "../lib/decimal.js";
import { sharesOf } from "./day.js";
import { weigherOf } from "./splits.js";
import { corrections, jobKey } from "./work.js";

/** @typedef {import("./work.js").Kept} Kept */
/** @typedef {import("./work.js").Job} Job */
/** @typedef {import("./reference.js").Reference} Reference */

const MINUTE_MS = 60_000;

/**
 * @typedef {Object} Result
 * @property {number} setupMs
 * @property {number} runMs
 * @property {number} otherMs rework and teardown, which no standard covers
 * @property {number} totalMs
 * @property {boolean} isClock this device cannot know the person's share of it: the times are how long the clock ran
 * @property {string} good
 * @property {string} scrap
 * @property {string} rework
 * @property {number | null} expectedMs standard time: setup if there was one, and the run of each good piece; null: none known
 * @property {number | null} expectedPieces that the standard makes in the run time; null: none known
 * @property {string | null} value standard value of the good pieces, in the site's currency; null: not shown here
 */

/**
 * @param {{captures: Iterable<Kept>, work: import("./work.js").Work, reference: Reference, clocks: import("./event.js").Reading}} known
 * @param {string} person @param {Job} job @returns {Result}
 */
export function resultOf({ captures, work, reference, clocks }, person, job) {
  const mine = sharesOf(work, person, clocks, { weigh: weigherOf(reference) }).filter((stretch) => stretch.job === jobKey(job));
  const time = (/** @type {string[]} */ ...activities) =>
    mine.filter(({ activity }) => activities.includes(activity)).reduce((sum, { ms }) => sum + ms, 0);
  const [setupMs, runMs, otherMs] = [time("setup"), time("run"), time("rework", "teardown")];
  const facts = [...captures];
  const corrected = corrections(facts);
  const pieces = { good: "0", scrap: "0", rework: "0" };
  for (const { event } of facts) {
    if (event.declared_by !== person || corrected.has(event.id)) continue;
    if (event.order !== job.order || event.operation !== job.operation) continue;
    if (event.type === "output.reported") pieces.good = add(pieces.good, event.quantity);
    if (event.type === "defect.reported" && event.disposition === "scrap") pieces.scrap = add(pieces.scrap, event.quantity);
    if (event.type === "defect.reported" && event.disposition === "rework") pieces.rework = add(pieces.rework, event.quantity);
  }
  const step = reference.operation(job.order, job.operation);
  const setupStandardMs = Number(step?.standard_setup_min ?? 0) * MINUTE_MS;
  const runStandardMs = Number(step?.standard_run_min ?? 0) * MINUTE_MS;
  const isClock = mine.some((stretch) => stretch.isClock);
  // Clock time stands beside no standard: the standard is about the person's own minutes.
  const isKnown = setupStandardMs + runStandardMs > 0 && !isClock;
  const price = reference.settings.standard_cost ? step?.standard_cost : undefined;
  return {
    setupMs,
    runMs,
    otherMs,
    totalMs: mine.reduce((sum, { ms }) => sum + ms, 0),
    isClock,
    ...pieces,
    expectedMs: isKnown ? (setupMs > 0 ? setupStandardMs : 0) + runStandardMs * Number(pieces.good) : null,
    expectedPieces: runStandardMs > 0 && runMs > 0 && !isClock ? runMs / runStandardMs : null,
    value: price ? multiply(price, pieces.good) : null,
  };
}
