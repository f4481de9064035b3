// What one tap or scan means in facts. Pure: a gesture returns drafts; the outbox saves those of one gesture together,
// all or none, and undo takes them back together.

/** @typedef {import("./event.js").Draft} Draft */
/** @typedef {import("./work.js").Span} Span */
/** @typedef {{order?: string | null, operation?: string | null, indirect?: string | null}} Job */

/** The reason an undo within ten seconds carries. */
export const UNDO = "UNDO";

/** @param {string} person @param {Job} job @param {string} activity @returns {Draft[]} */
export const start = (person, job, activity) => [
  {
    type: "labor.started",
    person,
    fields: job.indirect
      ? { activity: "indirect", indirect_code: job.indirect }
      : { activity, order: job.order, operation: job.operation },
  },
];

/**
 * @param {Span} span
 * @param {{pause?: boolean, atMs?: number}} [how] `atMs`: it ended earlier, somebody says
 * @returns {Draft[]}
 */
export const stop = (span, { pause = false, atMs } = {}) => [
  {
    type: "labor.stopped",
    person: span.person,
    fields: { start_id: span.startId, order: span.order, operation: span.operation },
    ...(atMs === undefined ? {} : { occurredMs: atMs }),
    ...(pause ? { local: { pause } } : {}),
  },
];

/** Leave what runs and start another. @param {Span[]} running @param {string} person @param {Job} job @param {string} activity */
export const change = (running, person, job, activity) => [
  ...running.flatMap((span) => stop(span)),
  ...start(person, job, activity),
];

/** @param {Job} job @param {string} quantity @returns {Draft[]} */
export const good = (job, quantity) => [
  { type: "output.reported", fields: { order: job.order, operation: job.operation, quantity } },
];

/**
 * @param {Job} job
 * @param {{quantity: string, reason: string, disposition: string, causedAt?: string | null, note?: string}} what
 * @returns {Draft[]}
 */
export const defect = (job, { quantity, reason, disposition, causedAt, note }) => [
  {
    type: "defect.reported",
    fields: { order: job.order, operation: job.operation, caused_at: causedAt, quantity, disposition, reason },
    ...(note ? { note } : {}),
  },
];

/** @param {Job} job @param {{item: string, quantity: string, unit: string, lot?: string}} what @returns {Draft[]} */
export const consumption = (job, { item, quantity, unit, lot }) => [
  { type: "material.consumed", fields: { order: job.order, operation: job.operation, item, quantity, unit, lot } },
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
