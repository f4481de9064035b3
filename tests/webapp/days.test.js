// The phone and the costing agree on whose an instant is: tests/shared/days.json, read by both.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sharesOf } from "../../webapp/static/model/day.js";
import { Reference } from "../../webapp/static/model/reference.js";
import { weigherOf } from "../../webapp/static/model/splits.js";
import { Work } from "../../webapp/static/model/work.js";

const MINUTE = 60_000;
const BEGIN = Date.parse("2026-11-20T07:00:00Z");
const DAYS = JSON.parse(readFileSync(new URL("../shared/days.json", import.meta.url), "utf8"));

const instant = (/** @type {number} */ minutes) => new Date(BEGIN + minutes * MINUTE).toISOString();

/** A fact of the file as this device would hold it. @param {any} told */
function capture({ at, duration_min, from, until, ...told }) {
  const times = duration_min !== undefined ? { duration_ms: duration_min * MINUTE } : from !== undefined ? { started_at: instant(from), ended_at: instant(until) } : {};
  return { state: "sent", savedMs: BEGIN + at * MINUTE, event: { person: "ana", declared_by: "ana", occurred_at: instant(at), ...told, ...times } };
}

for (const { title, rule = "equal_share", orders = [], facts, minutes } of DAYS) {
  test(title, () => {
    const clocks = { nowMs: BEGIN + 600 * MINUTE, bootId: "b", monotonicMs: 0, clockOffsetMs: null };
    const shares = sharesOf(new Work(facts.map(capture)), "ana", clocks, { weigh: weigherOf(new Reference({ settings: { split_rule: rule }, orders })) });
    assert.deepEqual(Object.fromEntries(shares.map(({ startId, ms }) => [startId, ms / MINUTE])), minutes);
  });
}
