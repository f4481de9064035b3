// How one person's time on several jobs at once is shared, by the split rule of the site: what stands, one file a rule
// and with its reasons, in sync/costing/splits/, once more for the person at the device. tests/shared/days.json holds
// both together. What this device cannot know it does not guess: then a job shows its clock time, under that name.

import { jobOfKey } from "./work.js";

/** @typedef {import("./reference.js").Reference} Reference */
/** @typedef {{startId: string, job: string, activity: string, beganMs: number}} Open a stretch that is open at an instant */
/** @typedef {(open: Open[]) => number[] | null} Weigh what stretches that are open together weigh; null: cannot be known here */

/** How many there are of each. @param {string[]} names @returns {Map<string, number>} */
function counted(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** @param {Map<string, number>} counts @param {string} name */
const of = (counts, name) => counts.get(name) ?? 1;

/** One for each job. @type {Weigh} */
export function equalShare(open) {
  const taps = counted(open.map(({ job }) => job));
  return open.map(({ job }) => 1 / of(taps, job));
}

/** One for each order, or indirect activity, shared by its jobs. @type {Weigh} */
function numberOfOrders(open) {
  const taps = counted(open.map(({ job }) => job));
  const jobs = counted([...taps.keys()].map(ownerOf));
  return open.map(({ job }) => 1 / of(jobs, ownerOf(job)) / of(taps, job));
}

/** What was begun first on an order takes the whole instant, for its order. @type {Weigh} */
function mainOrder(open) {
  const onOrders = open.filter(({ job }) => jobOfKey(job).order);
  const [first] = [...(onOrders.length > 0 ? onOrders : open)].sort((a, b) => a.beganMs - b.beganMs || byId(a, b));
  const taps = counted(open.map(({ job }) => job));
  return open.map(({ job }) => (ownerOf(job) === ownerOf(first.job) ? 1 / of(taps, job) : 0));
}

/** What was begun last is attended. @type {Weigh} */
function unattended(open) {
  const [last] = [...open].sort((a, b) => b.beganMs - a.beganMs || byId(a, b));
  const taps = counted(open.map(({ job }) => job));
  return open.map(({ job }) => (job === last.job ? 1 / of(taps, job) : 0));
}

/** Jobs as their standard times; one that has none as much as the others on average. An order or operation this device
 * does not know may have one. @param {Reference} reference @returns {Weigh} */
const standardTime = (reference) => (open) => {
  const kinds = open.map((one) => `${one.job}/${kindOf(one.activity)}`);
  const taps = counted(kinds);
  const standards = open.map((one) => standardOf(reference, one));
  if (standards.includes(null)) return null;
  const each = new Map(kinds.map((kind, index) => [kind, standards[index] ?? 0]));
  const known = [...each.values()].filter((minutes) => minutes > 0);
  const mean = known.length > 0 ? known.reduce((sum, minutes) => sum + minutes, 0) / known.length : 1;
  return kinds.map((kind) => (each.get(kind) || mean) / of(taps, kind));
};

/** Minutes, zero where there is no standard, null where this device cannot say.
 * @param {Reference} reference @param {Open} open */
function standardOf(reference, { job, activity }) {
  const { order, operation, indirect } = jobOfKey(job);
  if (indirect && !order) return 0;
  const known = reference.orders.get(order ?? "");
  const step = reference.operation(order, operation);
  if (!known || (operation && !step)) return null;
  if (kindOf(activity) === "setup") return Number(step?.standard_setup_min ?? 0);
  return Number(step?.standard_run_min ?? 0) * Number(known.quantity ?? 0);
}

/** @param {string} activity */
const kindOf = (activity) => ({ setup: "setup", teardown: "setup", indirect: "" })[activity] ?? "run";

/** The order, or the indirect activity, a job belongs to. @param {string} job */
function ownerOf(job) {
  const { order, indirect } = jobOfKey(job);
  return order ? `order ${order}` : `indirect ${indirect}`;
}

/** @param {Open} a @param {Open} b */
const byId = (a, b) => (a.startId < b.startId ? -1 : 1);

/** The rule of the site; of one made after this version of the page only single jobs are known.
 * @param {Reference} reference @returns {Weigh} */
export function weigherOf(reference) {
  switch (reference.settings.split_rule) {
    case "equal_share":
      return equalShare;
    case "number_of_orders":
      return numberOfOrders;
    case "main_order":
      return mainOrder;
    case "unattended":
      return unattended;
    case "standard_time":
      return standardTime(reference);
    default:
      return () => null;
  }
}
