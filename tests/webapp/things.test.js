// What this device noted about things: drawn, called for, read off a counter, used most.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mostUsed, Things } from "../../webapp/static/model/things.js";

/** @param {any[]} facts */
const fold = (facts, /** @type {{state?: string, knownMs?: number}} */ { state = "sent", knownMs = 0 } = {}) =>
  new Things(facts.map((event, index) => ({ state, savedMs: 10 + index, event: { id: `f${index}`, occurred_at: "2026-11-20T08:00:00Z", ...event } })), knownMs);

const job = { order: "MO-1", operation: "10", item: "OAK", unit: "m" };

test("what is drawn adds up, less what went back, unit by unit", () => {
  const things = fold([
    { type: "material.consumed", ...job, quantity: "2.5" },
    { type: "material.substituted", ...job, item: "ASH", replaces: "OAK", quantity: "1" },
    { type: "material.returned", ...job, quantity: "0.5" },
    { type: "material.consumed", ...job, unit: "mm", quantity: "300" },
    { type: "material.consumed", ...job, quantity: "100" },
    { type: "event.voided", target_id: "f4", reason: "UNDO" },
  ]);
  assert.equal(things.drawnFor("MO-1", "OAK", "m"), "2");
  assert.equal(things.drawnFor("MO-1", "OAK", "mm"), "300");
  assert.equal(things.drawnFor("MO-1", "ASH", "m"), "1");
  assert.equal(things.drawnFor("MO-2", "OAK", "m"), "0");
});

test("what was drawn before the snapshot is in the snapshot", () => {
  const draw = [{ type: "material.consumed", ...job, quantity: "2" }];
  assert.equal(fold(draw, { knownMs: 100 }).drawnFor("MO-1", "OAK", "m"), "0");
  assert.equal(fold(draw, { knownMs: 100, state: "waiting" }).drawnFor("MO-1", "OAK", "m"), "2");
});

test("what the server refused does not count", () => {
  assert.equal(fold([{ type: "material.consumed", ...job, quantity: "2" }], { state: "rejected" }).drawnFor("MO-1", "OAK", "m"), "0");
});

test("a call stays open until it is answered or taken back", () => {
  const call = { type: "help.called", reason: "MAT", machine: "M04", declared_by: "p1" };
  const things = fold([
    call, call, call,
    { type: "help.answered", call_id: "f0" },
    { type: "event.voided", target_id: "f1", reason: "UNDO" },
  ]);
  assert.deepEqual(things.openCalls.map(({ id, by, machine, state }) => ({ id, by, machine, state })), [{ id: "f2", by: "p1", machine: "M04", state: "sent" }]);
});

test("operations added before the snapshot are the snapshot's business", () => {
  const facts = [{ type: "operation.added", order: "MO-1", operation: "30U", name: "Wash", work_center: "W" }];
  assert.equal(fold(facts, { knownMs: 100 }).added.size, 0);
  assert.equal(fold(facts, { knownMs: 5 }).added.get("MO-1")?.length, 1);
  assert.equal(fold(facts, { knownMs: 100, state: "waiting" }).added.get("MO-1")?.length, 1, "what waits is in no snapshot");
});

test("the last reading, the characteristics looked at, and what is used most", () => {
  const things = fold([
    { type: "machine.reported", machine: "M04", order: "MO-1", counter_from: "1", counter_to: "2.5" },
    { type: "machine.reported", machine: "M04", order: "MO-1", duration_ms: 60_000 },
    { type: "inspection.reported", ...job, result: "passed", characteristic: "Width" },
    { type: "inspection.reported", ...job, result: "failed", characteristic: "Depth", reason: "BURR" },
    { type: "inspection.reported", ...job, result: "passed", characteristic: "Width" },
    { type: "defect.reported", ...job, quantity: "1", disposition: "scrap", reason: "BURR" },
    { type: "defect.reported", ...job, quantity: "1", disposition: "scrap", reason: "CHIP" },
    { type: "material.moved", item: "OAK", quantity: "1", unit: "m", from_location: "A1", to_location: "B2" },
  ]);
  assert.equal(things.counters.get("M04"), "2.5");
  assert.deepEqual(things.characteristicsOf("MO-1", "10"), ["Width", "Depth"]);
  const reasons = [{ code: "KNOT" }, { code: "CHIP" }, { code: "DENT" }, { code: "BURR" }];
  assert.deepEqual(mostUsed(reasons, things.reasonsOf("defect")).map(({ code }) => code), ["BURR", "CHIP", "KNOT", "DENT"]);
  assert.equal(things.reasonsOf("pause").size, 0, "each kind is counted by itself");
  assert.deepEqual([...things.places.keys()], ["A1", "B2"]);
});
