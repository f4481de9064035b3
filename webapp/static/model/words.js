// Facts in the reader's words: one line for a list, one for the moment after a tap.

import { figure, named, t } from "../lib/i18n.js";

/** @typedef {import("./reference.js").Reference} Reference */
/** @typedef {import("./event.js").Fact} Fact */

/** Each activity's name; a function, because the language may change under it. @param {string} activity */
export function activityName(activity) {
  switch (activity) {
    case "setup":
      return t("Setup");
    case "run":
      return t("Run");
    case "rework":
      return t("Rework");
    case "indirect":
      return t("Other activity");
    case "downtime":
      return t("Standstill");
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
  return [order, [operation, name].filter(Boolean).join(" ")].filter(Boolean).join(" / ");
}

/** @param {Reference} reference @param {string} person */
export const personName = (reference, person) => reference.people.get(person)?.name ?? person;

/** @param {Reference} reference @param {string} reason */
export const reasonName = (reference, reason) => named(reference.reasons.get(reason)?.name) || reason;

/** @param {Reference} reference @param {string} machine */
export function machineName(reference, machine) {
  const name = reference.machines.get(machine)?.name;
  return name && name !== machine ? `${machine} ${name}` : machine;
}

/** @param {Reference} reference @param {string} item */
export const itemName = (reference, item) => reference.items.get(item)?.name ?? item;

/** What a fact says: its title and what it is about. @param {Reference} reference @param {Fact} event
 * @returns {{title: string, about: string}} */
export function describe(reference, event) {
  const job = jobName(reference, { order: event.order, operation: event.operation, indirect: event.indirect_code });
  const amount = event.quantity ? `${figure(event.quantity)}${event.unit ? ` ${event.unit}` : ""}` : "";
  const machine = event.machine ? machineName(reference, event.machine) : "";
  switch (event.type) {
    case "labor.started":
      return { title: t("Started: {what}", { what: activityName(event.activity) }), about: job };
    case "labor.stopped":
      return { title: t("Stopped"), about: job };
    case "output.reported":
      return { title: t("Good: {amount}", { amount }), about: job };
    case "defect.reported":
      return {
        title: t("Defect: {amount}", { amount }),
        about: [job, reasonName(reference, event.reason), dispositionName(event.disposition)].join(" · "),
      };
    case "material.consumed":
      return { title: t("Consumed: {amount}", { amount }), about: [itemName(reference, event.item), job].join(" · ") };
    case "machine.started":
      return { title: t("Machine started"), about: [machine, job].filter(Boolean).join(" · ") };
    case "machine.stopped":
      return { title: t("Machine stopped"), about: machine };
    case "downtime.started":
      return { title: t("Standstill began"), about: [machine, reasonName(reference, event.reason)].join(" · ") };
    case "downtime.stopped":
      return { title: t("Standstill ended"), about: machine };
    case "event.voided":
      return { title: t("Taken back"), about: "" };
    default: // a type made after this version of the page, or one drawn by the generic form
      return { title: event.type, about: [job, machine, amount].filter(Boolean).join(" · ") };
  }
}
