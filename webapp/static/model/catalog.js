// The server's event types, kept for offline use: what the generic form is drawn from.

import { parseDecimal } from "../lib/decimal.js";
import { lastAt, parseClock, rfc3339 } from "../lib/time.js";
import { reasonKind } from "./reasons.js";

/** @typedef {{name: string, kind: string, required: boolean, label: string, input?: string, choices?: string[] | null}} Field */
/** @typedef {{type: string, version: number, label: string, doc?: string, fields: Field[]}} EventType */
/** @typedef {import("./event.js").Draft} Draft */
/** @typedef {import("./reading.js").Scanned} Scanned */

/** Types with a screen or a key of their own, and those that only a gesture makes or a lead's page. */
const ELSEWHERE = new Set([
  "labor.started", "labor.stopped", "labor.declared", "break.started", "break.stopped", "shift.started", "shift.ended",
  "machine.started", "machine.stopped", "machine.reported", "downtime.started", "downtime.stopped",
  "material.consumed", "material.returned", "material.substituted", "material.moved",
  "output.reported", "output.by_product", "defect.reported", "inspection.reported",
  "operation.added", "operation.completed", "operation.reopened", "help.called", "help.answered",
  "event.voided", "event.replaced", "event.approved", "event.declined", "order.closed", "order.reopened",
]);

/** The envelope is the outbox's. */
const ENVELOPE = new Set([
  "id", "type", "version", "occurred_at", "provenance", "declared_by", "device_seq", "boot_id", "monotonic_ms",
  "clock_offset_ms", "source", "source_row", "source_repeat", "note_digest", "photo_digest",
]);

/** The types the generic form is for. @param {EventType[]} types */
export const formTypes = (types) => types.filter(({ type }) => !ELSEWHERE.has(type));

/** As the server describes them, the envelope and what no person fills in taken out. @param {any[]} types @returns {EventType[]} */
export const readTypes = (types) =>
  types.map((type) => ({ ...type, fields: type.fields.filter((/** @type {Field} */ field) => isAsked(type.type, field)) }));

/** @param {string} type @param {Field} field */
function isAsked(type, field) {
  if (ENVELOPE.has(field.name)) return false;
  if (field.required) return true;
  // A reason nobody must give, of a kind nobody has named, would be every reason of the plant.
  return field.input !== "hidden" && !(field.name === "reason" && reasonKind(type) === null);
}

/** @param {Field} field */
const isInstant = (field) => field.kind === "instant";

/** @param {Field} field */
export const isFlag = (field) => field.kind === "flag";

/** A typed value as it travels; undefined if it is empty, null if it makes no sense.
 * @param {Field} field @param {any} value @param {number} nowMs */
export function wireValue(field, value, nowMs) {
  if (isFlag(field)) return value === true ? true : undefined;
  const text = String(value ?? "").trim();
  if (text === "") return undefined;
  if (isInstant(field)) {
    const minutes = parseClock(text);
    return minutes === null ? null : rfc3339(lastAt(minutes, nowMs));
  }
  if (field.name === "duration_ms") {
    const minutes = parseDecimal(text);
    return minutes === null ? null : Math.round(Number(minutes) * 60_000);
  }
  if (field.kind === "whole") {
    const number = parseDecimal(text);
    return number === null ? null : Math.round(Number(number));
  }
  return field.input === "number" ? parseDecimal(text) : text;
}

/** @param {EventType} type @param {Record<string, any>} values */
export const isReady = (type, values) =>
  type.fields.every((field) => {
    const value = wireValue(field, values[field.name], 0);
    return value !== null && (value !== undefined || !field.required);
  });

/** @param {EventType} type @param {Record<string, any>} values @param {number} nowMs @returns {Draft} */
export function draftOf(type, values, nowMs) {
  const fields = Object.fromEntries(type.fields.map((field) => [field.name, wireValue(field, values[field.name], nowMs)]));
  const { person, ...rest } = fields;
  return { type: type.type, person: typeof person === "string" ? person : null, provenance: "declared", fields: rest };
}

/** The form's values after a scan, or null if no field wants it.
 * @param {EventType} type @param {Scanned} scanned @param {Record<string, any>} values */
export function takesScan(type, scanned, values) {
  const has = (/** @type {string} */ name) => type.fields.some((field) => field.name === name);
  switch (scanned.is) {
    case "order":
      return has("order") ? { order: scanned.order, operation: "" } : null;
    case "operation":
      return has("order") ? { order: scanned.order, ...(has("operation") ? { operation: scanned.operation } : {}) } : null;
    case "item":
      return has("item") ? { item: scanned.item } : null;
    case "lot":
      return has("item") ? { item: scanned.item, ...(has("lot") ? { lot: scanned.lot } : {}) } : null;
    case "location": {
      const place = has("to_location") ? "to_location" : has("location") ? "location" : null;
      return place ? { [place]: scanned.location } : null;
    }
    case "work center":
      return has("work_center") ? { work_center: scanned.workCenter } : null;
    case "machine":
      return has("machine") ? { machine: scanned.machine } : null;
    case "reason":
      return has("reason") ? { reason: scanned.reason } : null;
    case "person":
      return has("person") ? { person: scanned.person } : null;
    case "activity":
      return has("indirect_code") ? { indirect_code: scanned.activity } : null;
    case "foreign":
      return has("lot") && values.item ? { lot: scanned.text } : null;
    default:
      return null;
  }
}
