import assert from "node:assert/strict";
import { test } from "node:test";
import { lastAt, parseClock, rfc3339, span } from "../../webapp/static/lib/time.js";
import { write } from "../../webapp/static/model/event.js";
import { draftOf, isReady, readTypes, takesScan, wireValue } from "../../webapp/static/model/catalog.js";

const clocks = { nowMs: Date.parse("2026-11-20T07:03:12.345Z"), bootId: "b-1", monotonicMs: 1234.7, clockOffsetMs: -80.2 };

test("an instant carries the device's offset and milliseconds", () => {
  const ms = Date.parse("2026-11-20T07:03:12.345Z");
  assert.equal(rfc3339(ms, 60), "2026-11-20T08:03:12.345+01:00");
  assert.equal(rfc3339(ms, -210), "2026-11-20T03:33:12.345-03:30");
  assert.equal(rfc3339(ms, 0), "2026-11-20T07:03:12.345+00:00");
  assert.equal(Date.parse(rfc3339(ms)), ms);
});

test("a fact says who, when, by which clock, and leaves out what is not known", () => {
  const fields = { order: "MO-1", operation: "10", quantity: "2.5", lot: "", caused_at: null };
  const text = write({ type: "output.reported", fields }, { id: "i", seq: 7, declaredBy: "p1", clocks });
  const event = JSON.parse(text);
  assert.deepEqual(Object.keys(event), [
    "id", "type", "version", "occurred_at", "provenance", "declared_by", "device_seq", "boot_id", "monotonic_ms",
    "clock_offset_ms", "order", "operation", "quantity",
  ]);
  assert.equal(event.quantity, "2.5");
  assert.equal(event.provenance, "measured");
  assert.equal(event.monotonic_ms, 1235);
  assert.equal(event.clock_offset_ms, -80);
});

test("an instant somebody tells is declared, and was read off no clock of ours", () => {
  const atMs = Date.parse("2026-11-19T15:30:00Z");
  const event = JSON.parse(write({ type: "labor.stopped", person: "p1", fields: {}, occurredMs: atMs }, { id: "i", seq: 1, declaredBy: "p1", clocks }));
  assert.equal(event.provenance, "declared");
  assert.equal(Date.parse(event.occurred_at), atMs);
  assert.ok(!("boot_id" in event) && !("monotonic_ms" in event));
});

test("times of day as people type them", () => {
  for (const [typed, minutes] of [["7", 420], ["07:30", 450], ["7h30", 450], ["0730", 450], ["23.59", 1439]]) {
    assert.equal(parseClock(String(typed)), minutes, String(typed));
  }
  for (const typed of ["24:00", "7:61", "", "noon"]) assert.equal(parseClock(typed), null, typed);
  const now = new Date(2026, 10, 20, 6, 0).getTime();
  assert.equal(lastAt(22 * 60, now), new Date(2026, 10, 19, 22, 0).getTime(), "yesterday evening");
  assert.equal(span(3_661_000), "1:01:01");
});

test("the generic form writes what the server describes", () => {
  const [type] = readTypes([
    {
      type: "machine.reported", version: 1, label: "Report machine time",
      fields: [
        { name: "id", kind: "eventid", required: true, label: "Id" },
        { name: "machine", kind: "code", required: true, label: "Machine", input: "scan" },
        { name: "order", kind: "code", required: true, label: "Order", input: "scan" },
        { name: "operation", kind: "code", required: false, label: "Operation", input: "scan" },
        { name: "duration_ms", kind: "whole", required: true, label: "Duration", input: "number" },
        { name: "started_at", kind: "instant", required: false, label: "From", input: "time" },
      ],
    },
  ]);
  assert.deepEqual(type.fields.map(({ name }) => name), ["machine", "order", "operation", "duration_ms", "started_at"]);
  assert.ok(!isReady(type, { machine: "M04", order: "MO-1", duration_ms: "soon" }));
  const values = { machine: "M04", order: "MO-1", duration_ms: "7,5" };
  assert.ok(isReady(type, values));
  const draft = draftOf(type, values, Date.now());
  assert.deepEqual(draft.fields, { machine: "M04", order: "MO-1", operation: undefined, duration_ms: 450_000, started_at: undefined });
  assert.equal(draft.provenance, "declared");
  assert.deepEqual(takesScan(type, { is: "operation", order: "MO-2", operation: "20" }, values), { order: "MO-2", operation: "20" });
  assert.equal(takesScan(type, { is: "item", item: "OAK" }, values), null);
  assert.equal(wireValue(type.fields[4], "not a time", 0), null);
});
