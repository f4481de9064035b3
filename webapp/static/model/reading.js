// What a scan means, and what the phone does about it: the obvious. An operation with nothing running starts; the one
// that runs is being counted; another one is opened, with the switch as its first button.

import { tail } from "./code.js";

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
 *   | {is: "reason", reason: string}
 *   | {is: "word", word: string}
 *   | {is: "device", device: string}
 *   | {is: "unknown", letters: string}
 *   | {is: "foreign", text: string}} Scanned
 */

/**
 * What to do about it.
 * @typedef {{do: "sign in", person: string}
 *   | {do: "ask for badge"}
 *   | {do: "start", order: string, operation: string | null}
 *   | {do: "start indirect", activity: string}
 *   | {do: "count", span: Span}
 *   | {do: "open", screen: string, params: Record<string, string>}
 *   | {do: "say", what: "foreign" | "nothing to do"}} Response
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
        return { is: "reason", reason: label.ref };
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
 * What the phone does about a scan outside a form.
 * @param {Scanned} scanned
 * @param {{operator: string | null, reference: Reference, work: Work}} situation
 * @returns {Response}
 */
export function respond(scanned, { operator, reference, work }) {
  if (scanned.is === "person") return { do: "sign in", person: scanned.person };
  if (scanned.is === "foreign") return { do: "say", what: "foreign" };
  if (scanned.is === "unknown") return { do: "open", screen: "unknown", params: { letters: scanned.letters } };
  if (!operator) return { do: "ask for badge" };
  const running = work.of(operator);
  const productive = running.filter((span) => span.order);
  switch (scanned.is) {
    case "order": {
      const known = reference.orders.get(scanned.order);
      if (known && known.operations.length === 0) return onJob(scanned.order, null, operator, work);
      if (known && known.operations.length === 1) return onJob(scanned.order, known.operations[0].number, operator, work);
      return { do: "open", screen: "order", params: { order: scanned.order } };
    }
    case "operation":
      return onJob(scanned.order, scanned.operation, operator, work);
    case "machine":
      return { do: "open", screen: "machine", params: { machine: scanned.machine } };
    case "activity": {
      const here = work.on(operator, { indirect: scanned.activity });
      if (here) return { do: "open", screen: "running", params: { start: here.startId } };
      if (running.length === 0) return { do: "start indirect", activity: scanned.activity };
      return { do: "open", screen: "indirect", params: { activity: scanned.activity } };
    }
    case "item":
    case "lot": {
      const drawn = { item: scanned.item, ...(scanned.is === "lot" ? { lot: scanned.lot } : {}) };
      if (productive.length === 1) return { do: "open", screen: "consumption", params: { ...jobOf(productive[0]), ...drawn } };
      return { do: "open", screen: "which", params: drawn };
    }
    case "reason": {
      const kind = reference.reasons.get(scanned.reason)?.kind;
      if (kind === "defect" && productive.length === 1) {
        return { do: "open", screen: "defect", params: { ...jobOf(productive[0]), reason: scanned.reason } };
      }
      if (kind === "downtime") return { do: "open", screen: "machines", params: { reason: scanned.reason } };
      return { do: "say", what: "nothing to do" };
    }
    default: // places and quick codes mean something in a form only
      return { do: "say", what: "nothing to do" };
  }
}

/** A job as a screen's parameters: what is not known is not there.
 * @param {{order: string | null, operation: string | null}} job
 * @returns {Record<string, string>} */
export const jobOf = ({ order, operation }) => ({ ...(order ? { order } : {}), ...(operation ? { operation } : {}) });

/** @param {string} order @param {string | null} operation @param {string} operator @param {Work} work @returns {Response} */
function onJob(order, operation, operator, work) {
  const here = work.on(operator, { order, operation });
  if (here) return operation ? { do: "count", span: here } : { do: "open", screen: "running", params: { start: here.startId } };
  if (work.of(operator).length === 0) return { do: "start", order, operation };
  return { do: "open", screen: "operation", params: { order, ...(operation ? { operation } : {}) } };
}
