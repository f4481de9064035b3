// Facts in the reader's words: one line for a list, one for the moment after a tap.

import { clock, figure, named, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { grouped, tail } from "./code.js";
import { UNDO } from "./gestures.js";
import { reasonKind } from "./reasons.js";

/** @typedef {import("./reference.js").Reference} Reference */
/** @typedef {import("./event.js").Fact} Fact */

/** What somebody is shown to do: who waits on an order does not run it. @param {Pick<import("./work.js").Span, "activity" | "order" | "indirect">} span */
export const doingOf = ({ activity, order, indirect }) => (order && indirect ? "indirect" : activity);

/** Each activity's name; a function, because the language may change under it. @param {string} activity */
export function activityName(activity) {
  switch (activity) {
    case "setup":
      return t("Setup");
    case "run":
      return t("Run");
    case "rework":
      return t("Rework");
    case "teardown":
      return t("Teardown");
    case "indirect":
      return t("Other activity");
    case "downtime":
      return t("Standstill");
    case "break":
      return t("Break");
    default:
      return activity;
  }
}

/** @param {string} disposition */
export function dispositionName(disposition) {
  switch (disposition) {
    case "scrap":
      return t("Scrap");
    case "rework":
      return t("To rework");
    case "hold":
      return t("On hold");
    case "use_as_is":
      return t("Use as it is");
    default:
      return disposition;
  }
}

/** "MO-1001 / 10 Sawing", as far as it is known here.
 * @param {Reference} reference
 * @param {{order?: string | null, operation?: string | null, indirect?: string | null}} job */
export function jobName(reference, { order, operation, indirect }) {
  if (indirect) return named(reference.activities.get(indirect)?.name) || indirect;
  const name = reference.operation(order, operation)?.name;
  // One label's letters may stand for both: said once.
  const step = operation === order ? "" : [operation && spelled(operation), name].filter(Boolean).join(" ");
  return [order && spelled(order), step].filter(Boolean).join(" / ");
}

/** @param {Reference} reference @param {string} person */
export const personName = (reference, person) => reference.people.get(person)?.name ?? person;

/** @param {Reference} reference @param {string} reason @param {string | null} kind of reasons: one code may be given in several */
export const reasonName = (reference, reason, kind) => named(reference.reason(reason, kind)?.name) || reason;

/** With how many people, if it is more than one. @param {string} what @param {string[]} people */
export const withMates = (what, people) => (people.length > 1 ? t("{what}, {n} people", { what, n: people.length }) : what);

/** The undo of the moment after needs no word. @param {Reference} reference @param {string} reason */
export const reasonOfCorrection = (reference, reason) => (reference.reasons.has(reason) || reason !== UNDO ? reasonName(reference, reason, "correction") : "");

/** @param {Reference} reference @param {string} machine */
export function machineName(reference, machine) {
  const name = reference.machines.get(machine)?.name;
  return name && name !== machine ? `${machine} ${name}` : machine;
}

/** @param {Reference} reference @param {string} place */
export function placeName(reference, place) {
  const name = reference.locations.get(place)?.name;
  return name && name !== place ? `${place} ${name}` : spelled(place);
}

/** @param {Reference} reference @param {string} code */
export const workCenterName = (reference, code) => reference.workCenters.get(code)?.name ?? code;

/** @param {string} result */
export const resultName = (result) => (result === "passed" ? t("Passed") : result === "failed" ? t("Failed") : result);

/** Material as one line: its name, and its lot. @param {Reference} reference @param {{item: string, lot?: string}} what */
export const materialName = (reference, { item, lot }) => (lot ? t("{item}, lot {lot}", { item: itemName(reference, item), lot }) : itemName(reference, item));

/** @param {Reference} reference @param {string} item */
export const itemName = (reference, item) => reference.items.get(item)?.name ?? spelled(item);

/** The letters of a label nobody here could read, in groups of three as printed. @param {string} code */
const spelled = (code) => (tail(code) === code ? grouped(code) : code);

/** @param {(string | null | undefined)[]} parts */
const joined = (...parts) => parts.filter(Boolean).join(" · ");

/** What a fact says: its title and what it is about. @param {Reference} reference @param {Fact} event
 * @returns {{title: string, about: string}} */
export function describe(reference, event) {
  const job = jobName(reference, { order: event.order, operation: event.operation, indirect: event.indirect_code });
  // Pieces are counted in their order's unit.
  const unit = event.unit ?? reference.orders.get(event.order ?? "")?.unit;
  const amount = event.quantity ? `${figure(event.quantity)}${unit ? ` ${unit}` : ""}` : "";
  const because = () => reasonName(reference, event.reason, reasonKind(event.type));
  const machine = event.machine ? machineName(reference, event.machine) : "";
  const material = event.item ? materialName(reference, /** @type {any} */ (event)) : "";
  switch (event.type) {
    case "labor.started":
      return { title: t("Started: {what}", { what: activityName(event.activity) }), about: job };
    case "labor.stopped":
      return event.reason ? { title: t("Paused: {what}", { what: because() }), about: job } : { title: t("Stopped"), about: job };
    case "labor.declared": {
      const from = event.started_at ? Date.parse(event.started_at) : 0;
      const length = event.started_at ? Date.parse(event.ended_at) - from : (event.duration_ms ?? 0);
      const when = event.started_at ? `${clock(from)} – ${clock(from + length)}` : "";
      return {
        title: t("Time told: {hours}, {what}", { hours: hours(length).slice(0, -3), what: activityName(event.activity) }),
        about: [when, job].filter(Boolean).join(" · "),
      };
    }
    case "break.started":
      return { title: t("Break began"), about: event.reason ? because() : "" };
    case "break.stopped":
      return { title: t("Back from the break"), about: "" };
    case "shift.started":
      return { title: t("Shift began"), about: "" };
    case "shift.ended":
      return { title: t("Shift ended"), about: "" };
    case "operation.completed":
      return { title: t("Operation done"), about: job };
    case "operation.reopened":
      return { title: t("Operation goes on"), about: job };
    case "output.reported":
      return { title: t("Good: {amount}", { amount }), about: job };
    case "defect.reported":
      return {
        title: t("Defect: {amount}", { amount }),
        about: [job, because(), dispositionName(event.disposition)].join(" · "),
      };
    case "material.consumed":
      return { title: t("Consumed: {amount}", { amount }), about: joined(material, job) };
    case "material.substituted":
      return { title: t("Consumed: {amount}", { amount }), about: joined(material, t("instead of {item}", { item: itemName(reference, event.replaces) }), job) };
    case "material.returned":
      return { title: t("Given back: {amount}", { amount }), about: joined(material, job) };
    case "material.moved": {
      const to = placeName(reference, event.to_location);
      const way = event.from_location ? t("from {from} to {to}", { from: placeName(reference, event.from_location), to }) : t("to {to}", { to });
      return { title: t("Moved: {amount}", { amount }), about: joined(material, way, job) };
    }
    case "output.by_product":
      return { title: t("By-product: {amount}", { amount }), about: joined(material, job) };
    case "inspection.reported": {
      const measured = event.measured ? `${figure(event.measured)}${event.unit ? ` ${event.unit}` : ""}` : "";
      const reason = event.reason ? because() : "";
      return { title: t("Inspection: {result}", { result: resultName(event.result) }), about: joined(event.characteristic, measured, reason, job) };
    }
    case "operation.added":
      return { title: t("Unplanned operation: {name}", { name: event.name }), about: joined(job, workCenterName(reference, event.work_center)) };
    case "help.called":
      return { title: t("Help called: {reason}", { reason: because() }), about: joined(machine, job) };
    case "help.answered":
      return { title: t("Help has come"), about: "" };
    case "machine.reported":
      return {
        title: t("Machine time: {time}", { time: event.duration_ms === undefined ? `${figure(event.counter_from)} → ${figure(event.counter_to)} h` : hours(event.duration_ms) }),
        about: joined(machine, job),
      };
    case "machine.started":
      return { title: t("Machine started"), about: [machine, job].filter(Boolean).join(" · ") };
    case "machine.stopped":
      return { title: t("Machine stopped"), about: machine };
    case "downtime.started":
      return { title: t("Standstill began"), about: [machine, because()].join(" · ") };
    case "downtime.stopped":
      return { title: t("Standstill ended"), about: machine };
    case "event.voided":
      return { title: t("Taken back"), about: reasonOfCorrection(reference, event.reason) };
    case "event.replaced":
      return { title: t("Corrected"), about: reasonOfCorrection(reference, event.reason) };
    default: // a type made after this version of the page, or one drawn by the generic form
      return { title: event.type, about: [job, machine, amount].filter(Boolean).join(" · ") };
  }
}
