// What one tap or scan means in facts. Pure: a gesture returns drafts; the outbox saves those of one gesture together,
// all or none, and undo takes them back together.

import { t } from "../lib/i18n.js";
import { rfc3339 } from "../lib/time.js";
import { ENVELOPE, occurredMs } from "./event.js";

/** @typedef {import("./event.js").Draft} Draft */
/** @typedef {import("./event.js").Fact} Fact */
/** @typedef {import("./work.js").Span} Span */
/** @typedef {{order?: string | null, operation?: string | null, indirect?: string | null}} Job */

/** The reason an undo within ten seconds carries. */
export const UNDO = "UNDO";

/** @template T @param {T | T[]} one @returns {T[]} */
const each = (one) => (Array.isArray(one) ? one : [one]);

/** Waiting on an order is time of the order that names its activity. @param {Job} job @param {string} activity */
const fieldsOf = (job, activity) => {
  if (!job.order) return { activity: "indirect", indirect_code: job.indirect };
  const waiting = job.indirect ? { indirect_code: job.indirect } : {};
  return { activity: job.indirect ? "run" : activity, order: job.order, operation: job.operation, ...waiting };
};

/** @param {string | string[]} people one person or a crew @param {Job} job @param {string} activity @returns {Draft[]} */
export const start = (people, job, activity) =>
  each(people).map((person) => ({ type: "labor.started", person, fields: fieldsOf(job, activity) }));

/**
 * @param {Span | Span[]} spans
 * @param {{pause?: boolean, reason?: string | null, atMs?: number}} [how] a pause may say why; `atMs`: it ended earlier,
 *   somebody says
 * @returns {Draft[]}
 */
export const stop = (spans, { pause = false, reason, atMs } = {}) =>
  each(spans).map((span) => ({
    type: "labor.stopped",
    person: span.person,
    fields: { start_id: span.startId, order: span.order, operation: span.operation, ...(reason ? { reason } : {}) },
    ...(atMs === undefined ? {} : { occurredMs: atMs }),
    ...(pause ? { local: { pause } } : {}),
  }));

/** Leave what runs and start another. @param {Span[]} running @param {string | string[]} people @param {Job} job @param {string} activity */
export const change = (running, people, job, activity) => [...stop(running), ...start(people, job, activity)];

/** A switch that should not have stopped anything: its stops, which come first, are taken back.
 * @param {number} stops how many @param {string} said */
export const keepBoth = (stops, said) => ({
  label: t("Keep both"),
  said,
  drafts: (/** @type {string[]} */ saved) => takeBack(saved.slice(0, stops), UNDO),
});

/** The people go, the machine goes on: labor stops, machine time does not. @param {Span[]} spans @param {string} machine
 * @param {boolean} isOn its clock runs already @returns {Draft[]} */
export const leaveRunning = (spans, machine, isOn) => [
  ...(isOn ? [] : startMachine(machine, spans[0], "run")),
  ...stop(spans),
];

/** A break takes the time away from whatever runs, which stays open. @param {string | string[]} people @param {string} [reason]
 * @returns {Draft[]} */
export const startBreak = (people, reason) =>
  each(people).map((person) => ({ type: "break.started", person, fields: reason ? { reason } : {} }));

/** @param {Span | Span[]} breaks @param {{atMs?: number}} [how] @returns {Draft[]} */
export const stopBreak = (breaks, { atMs } = {}) =>
  each(breaks).map((span) => ({
    type: "break.stopped",
    person: span.person,
    fields: { start_id: span.startId },
    ...(atMs === undefined ? {} : { occurredMs: atMs }),
  }));

/** They are there from now on; work is told apart. @param {string | string[]} people @returns {Draft[]} */
export const startShift = (people) => each(people).map((person) => ({ type: "shift.started", person, fields: {} }));

/** Going home: each thing this device knows to be open is stopped by its name; the end of the shift stops what other
 * devices began. @param {string | string[]} people @param {Span[]} running @param {Span[]} breaks @returns {Draft[]} */
export const endShift = (people, running, breaks) => [
  ...stopBreak(breaks),
  ...stop(running),
  ...each(people).map((person) => ({ type: "shift.ended", person, fields: {} })),
];

/**
 * Time told afterwards: from and until, or a length and the instant it is booked at.
 * @param {string | string[]} people @param {Job} job @param {string} activity
 * @param {{fromMs: number, toMs: number} | {durationMs: number, atMs?: number}} when
 * @returns {Draft[]}
 */
export const declare = (people, job, activity, when) =>
  each(people).map((person) => ({
    type: "labor.declared",
    person,
    provenance: "declared",
    fields: {
      ...fieldsOf(job, activity),
      ...("fromMs" in when ? { started_at: rfc3339(when.fromMs), ended_at: rfc3339(when.toMs) } : { duration_ms: when.durationMs }),
    },
    ...("atMs" in when && when.atMs !== undefined ? { occurredMs: when.atMs } : {}),
  }));

/** Nothing is left to do on it; who still works on it here stops. @param {Job} job @param {Span[]} spans @returns {Draft[]} */
export const complete = (job, spans) => [
  ...stop(spans),
  { type: "operation.completed", fields: { order: job.order, operation: job.operation } },
];

/** @param {Job} job @returns {Draft[]} */
export const reopen = (job) => [{ type: "operation.reopened", fields: { order: job.order, operation: job.operation } }];

/** @param {Job} job @param {string} quantity @returns {Draft[]} */
export const good = (job, quantity) => [
  { type: "output.reported", fields: { order: job.order, operation: job.operation, quantity } },
];

/** @typedef {import("./event.js").Photo} Photo */
/** @typedef {{item: string, quantity: string, unit: string, lot?: string}} Amount of a material */

/**
 * @param {Job} job where it was found
 * @param {{quantity: string, reason: string, disposition: string, causedAt?: string | null, note?: string, photo?: Photo | null}} what
 * @returns {Draft[]}
 */
export const defect = (job, { quantity, reason, disposition, causedAt, note, photo }) => [
  {
    type: "defect.reported",
    fields: {
      order: job.order, operation: job.operation, caused_at: causedAt === job.operation ? null : causedAt,
      quantity, disposition, reason,
    },
    ...beside({ note, photo }),
  },
];

/** What travels apart from its fact. @param {{note?: string, photo?: Photo | null}} things */
const beside = ({ note, photo }) => ({ ...(note ? { note } : {}), ...(photo ? { photo } : {}) });

/** Drawn from stock; with `replaces`, in place of what the order asks for. @param {Job} job @param {Amount & {replaces?: string | null}} what
 * @returns {Draft[]} */
export const consumption = (job, { replaces, ...what }) => [
  replaces
    ? { type: "material.substituted", fields: { order: job.order, operation: job.operation, ...what, replaces } }
    : { type: "material.consumed", fields: { order: job.order, operation: job.operation, ...what } },
];

/** Unused, back to stock. @param {Job} job @param {Amount} what @returns {Draft[]} */
export const giveBack = (job, what) => [
  { type: "material.returned", fields: { order: job.order, operation: job.operation, ...what } },
];

/** @param {Amount} what @param {{from?: string | null, to: string, order?: string | null}} way @returns {Draft[]} */
export const move = (what, { from, to, order }) => [
  { type: "material.moved", fields: { ...what, from_location: from, to_location: to, order } },
];

/** @param {Job} job @param {Amount} what @returns {Draft[]} */
export const byProduct = (job, what) => [
  { type: "output.by_product", fields: { order: job.order, operation: job.operation, ...what } },
];

/**
 * @param {Job} job
 * @param {{result: string, characteristic?: string, measured?: string | null, unit?: string, quantity?: string | null,
 *   reason?: string | null, note?: string, photo?: Photo | null}} what
 * @returns {Draft[]}
 */
export const inspection = (job, { note, photo, ...what }) => [
  { type: "inspection.reported", fields: { order: job.order, operation: job.operation, ...what }, ...beside({ note, photo }) },
];

/** An operation nobody planned. @param {{order: string, operation: string, name: string, workCenter: string}} what @returns {Draft[]} */
export const addOperation = ({ order, operation, name, workCenter }) => [
  { type: "operation.added", fields: { order, operation, name, work_center: workCenter } },
];

/** Somebody is needed. @param {string} reason @param {{machine?: string | null, order?: string | null, operation?: string | null, workCenter?: string | null}} where
 * @returns {Draft[]} */
export const callHelp = (reason, { machine, order, operation, workCenter }) => [
  { type: "help.called", fields: { reason, machine, order, operation, work_center: workCenter } },
];

/** @param {string} call id of the call @returns {Draft[]} */
export const answerHelp = (call) => [{ type: "help.answered", fields: { call_id: call } }];

/** Machine time told afterwards: its length, or two readings of the counter in hours.
 * @param {string} machine @param {Job} job @param {"setup" | "run"} activity
 * @param {{durationMs: number} | {from: string, to: string}} how @returns {Draft[]} */
export const machineTime = (machine, job, activity, how) => [
  {
    type: "machine.reported",
    provenance: "from" in how ? "measured" : "declared",
    fields: {
      machine, order: job.order, operation: job.operation, activity,
      ...("from" in how ? { counter_from: how.from, counter_to: how.to } : { duration_ms: how.durationMs }),
    },
  },
];

/** @param {string} machine @param {Job} job @param {"setup" | "run"} activity @returns {Draft[]} */
export const startMachine = (machine, job, activity) => [
  { type: "machine.started", fields: { machine, order: job.order, operation: job.operation, activity } },
];

/** @param {Span} span @returns {Draft[]} */
export const stopMachine = (span) => [
  { type: "machine.stopped", fields: { machine: span.machine, start_id: span.startId } },
];

/** @param {string} machine @param {string} reason @returns {Draft[]} */
export const startDowntime = (machine, reason) => [{ type: "downtime.started", fields: { machine, reason } }];

/** @param {Span} span @returns {Draft[]} */
export const stopDowntime = (span) => [
  { type: "downtime.stopped", fields: { machine: span.machine, start_id: span.startId } },
];

/** Take facts back, the last one first. @param {string[]} ids @param {string} reason @returns {Draft[]} */
export const takeBack = (ids, reason) =>
  [...ids].reverse().map((id) => ({ type: "event.voided", fields: { target_id: id, reason } }));

/** What a correction changes of a fact. @typedef {{fields?: Draft["fields"], occurredMs?: number}} Change */
/** A fact with what this device keeps beside it. @typedef {{event: Fact, local?: import("./event.js").Local, note?: {text: string} | null}} Told */

/**
 * A fact told anew, with something changed: the new one counts where the old one stood, also for what names the old one
 * (the stop of a start). Work that was done elsewhere stopped elsewhere: then its stop is told anew with it.
 * @param {Told} told @param {Change} how @param {string} reason @param {() => string} newId
 * @param {Told[]} [naming] facts that name this one by `start_id`
 * @returns {Draft[]}
 */
export function correct(told, how, reason, newId, naming = []) {
  const id = newId();
  return [
    ...replace(told, how, reason, id),
    ...(isElsewhere(how) ? naming.flatMap((stop) => replace(stop, { fields: { start_id: id, ...placeOf(how) } }, reason, newId())) : []),
  ];
}

/** @param {Change} how */
const isElsewhere = ({ fields = {} }) => "order" in fields || "operation" in fields;

/** Where a stop says its work was: as its start says. @param {Change} how */
const placeOf = ({ fields = {} }) =>
  Object.fromEntries(["order", "operation"].filter((name) => name in fields).map((name) => [name, fields[name]]));

/** @param {Told} told @param {Change} how @param {string} reason @param {string} id of the new fact @returns {Draft[]} */
function replace({ event, local, note }, how, reason, id) {
  const own = Object.entries(event).filter(([name]) => !ENVELOPE.has(name));
  const atMs = how.occurredMs ?? occurredMs(event);
  return [
    {
      id,
      type: event.type,
      person: event.person ?? null,
      fields: { ...Object.fromEntries(own), ...how.fields },
      occurredMs: atMs,
      // An instant nobody changed is known as well as it was.
      provenance: how.occurredMs === undefined ? event.provenance : "declared",
      ...(note ? { note: note.text } : {}),
      ...(local?.pause ? { local: { pause: true } } : {}),
    },
    { type: "event.replaced", fields: { target_id: event.id, replacement_id: id, reason } },
  ];
}
