// What forms about things say in facts, and how those facts read afterwards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formTypes, readTypes } from "../../webapp/static/model/catalog.js";
import { reasonKind } from "../../webapp/static/model/reasons.js";
import {
  addOperation, answerHelp, byProduct, callHelp, consumption, defect, giveBack, inspection, machineTime, move,
} from "../../webapp/static/model/gestures.js";
import { Reference } from "../../webapp/static/model/reference.js";
import { describe } from "../../webapp/static/model/words.js";

const job = { order: "MO-1", operation: "10" };
const oak = { item: "OAK", quantity: "2.5", unit: "m", lot: "L7" };

test("a defect caused where it was found says nothing of a cause; photo and note travel beside", () => {
  const photo = { salt: "00".repeat(16), jpeg: new ArrayBuffer(3) };
  const what = { quantity: "2", reason: "BURR", disposition: "use_as_is" };
  const [same] = defect(job, { ...what, causedAt: "10", note: "", photo: null });
  assert.equal(same.fields.caused_at, null);
  assert.ok(!("note" in same) && !("photo" in same));
  const [other] = defect(job, { ...what, causedAt: "5", note: "edge", photo });
  assert.deepEqual(other, {
    type: "defect.reported", note: "edge", photo,
    fields: { order: "MO-1", operation: "10", caused_at: "5", quantity: "2", disposition: "use_as_is", reason: "BURR" },
  });
});

test("material taken in place of another is another fact", () => {
  assert.equal(consumption(job, oak)[0].type, "material.consumed");
  assert.ok(!("replaces" in consumption(job, { ...oak, replaces: null })[0].fields));
  const [instead] = consumption(job, { ...oak, replaces: "ASH" });
  assert.equal(instead.type, "material.substituted");
  assert.deepEqual(instead.fields, { order: "MO-1", operation: "10", ...oak, replaces: "ASH" });
});

test("machine time is told, a counter is read", () => {
  const [told] = machineTime("M4", job, "run", { durationMs: 5_400_000 });
  assert.deepEqual([told.provenance, told.fields.duration_ms, told.fields.counter_from], ["declared", 5_400_000, undefined]);
  const [read] = machineTime("M4", job, "setup", { from: "0", to: "2.5" });
  assert.deepEqual([read.provenance, read.fields.counter_from, read.fields.counter_to, read.fields.duration_ms], ["measured", "0", "2.5", undefined]);
});

const reference = new Reference({
  items: [{ code: "OAK", name: "Oak board", unit: "m" }],
  machines: [{ code: "M4", name: "Mill" }],
  locations: [{ code: "A1", name: "Rack A1" }],
  work_centers: [{ code: "W", name: "Washing" }],
  reasons: [{ code: "MAT", name: { en: "Material", fr: "Matière" }, kind: "help" }],
});

test("every fact of a form reads as a sentence", () => {
  const read = (/** @type {import("../../webapp/static/model/event.js").Draft[]} */ [{ type, fields }]) => {
    const { title, about } = describe(reference, /** @type {any} */ ({ id: "i", occurred_at: "", type, ...fields }));
    return `${title} | ${about}`;
  };
  assert.equal(read(consumption(job, { ...oak, replaces: "ASH" })), "Consumed: 2.5 m | Oak board, lot L7 · instead of ASH · MO-1 / 10");
  assert.equal(read(giveBack(job, oak)), "Given back: 2.5 m | Oak board, lot L7 · MO-1 / 10");
  assert.equal(read(move({ ...oak, item: "BCDFGHJVS" }, { from: "A1", to: "B2" })), "Moved: 2.5 m | BCD FGH JVS, lot L7 · from A1 Rack A1 to B2");
  assert.equal(read(byProduct(job, { ...oak, lot: "" })), "By-product: 2.5 m | Oak board · MO-1 / 10");
  assert.equal(read(inspection(job, { result: "failed", characteristic: "Width", measured: "-0.35", unit: "mm", reason: "BURR" })), "Inspection: Failed | Width · -0.35 mm · BURR · MO-1 / 10");
  assert.equal(read(addOperation({ order: "MO-1", operation: "30U", name: "Wash", workCenter: "W" })), "Unplanned operation: Wash | MO-1 / 30U · Washing");
  assert.equal(read(callHelp("MAT", { machine: "M4", ...job })), "Help called: Material | M4 Mill · MO-1 / 10");
  assert.equal(read(answerHelp("call")), "Help has come | ");
  assert.equal(read(machineTime("M4", job, "run", { from: "1", to: "2.5" })), "Machine time: 1 → 2.5 h | M4 Mill · MO-1 / 10");
});

test("the generic form is for what has no screen, and asks for nothing a person cannot know", () => {
  const fields = [
    { name: "id", kind: "eventid", required: true, label: "Id", input: "hidden" },
    { name: "order", kind: "code", required: true, label: "Order", input: "scan" },
    { name: "photo_digest", kind: "digest", required: false, label: "Photo", input: "hidden" },
    { name: "reason", kind: "code", required: false, label: "Reason", input: "reason" },
    { name: "start_id", kind: "eventid", required: false, label: "Start", input: "hidden" },
  ];
  const types = readTypes(["order.completed", "order.closed", "event.declined", "material.moved", "help.answered", "something.new"].map((type) => ({ type, version: 1, label: type, fields })));
  assert.deepEqual(formTypes(types).map(({ type }) => type), ["order.completed", "something.new"]);
  assert.deepEqual(types[0].fields.map(({ name }) => name), ["order"]);
  assert.equal(reasonKind("downtime.noted"), "downtime");
  assert.equal(reasonKind("order.completed"), null);
});
