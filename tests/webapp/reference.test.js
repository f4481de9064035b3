// What the device knows of the plant: what changed since, what it noted itself, and what may be missing.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { named } from "../../webapp/static/lib/i18n.js";
import { applyDelta, makesThings, NOTHING_KNOWN, Reference } from "../../webapp/static/model/reference.js";
import { describe } from "../../webapp/static/model/words.js";
import { Things } from "../../webapp/static/model/things.js";

/** @typedef {import("../../webapp/static/model/reference.js").Snapshot} Snapshot */

const LISTS = /** @type {const} */ (["people", "orders", "items", "machines", "work_centers", "locations", "activities", "reasons", "lots", "open"]);
const plainKey = (/** @type {any} */ thing) => (thing.lot !== undefined ? `${thing.item}\n${thing.lot}` : (thing.key ?? thing.code ?? thing.id));
const reasonKey = (/** @type {any} */ { code, kind }) => `${code}\n${kind}`;

/** What a server would say leads from one snapshot to the other. @param {Snapshot} from @param {Snapshot} to */
function deltaOf(from, to) {
  /** @type {any} */ const changed = {};
  /** @type {any} */ const gone = {};
  for (const name of LISTS) {
    const keyOf = name === "reasons" ? reasonKey : plainKey;
    const before = new Map(from[name].map((/** @type {any} */ thing) => [keyOf(thing), JSON.stringify(thing)]));
    const after = new Set(to[name].map(keyOf));
    const news = to[name].filter((/** @type {any} */ thing) => before.get(keyOf(thing)) !== JSON.stringify(thing));
    const lost = from[name].filter((/** @type {any} */ thing) => !after.has(keyOf(thing)));
    if (news.length > 0) changed[name] = news;
    if (lost.length > 0) gone[name] = lost.map((/** @type {any} */ thing) => (name === "lots" || name === "reasons" ? keyOf(thing).split("\n") : keyOf(thing)));
  }
  const codes = Object.entries(to.codes).filter(([nine, label]) => JSON.stringify(from.codes[nine]) !== JSON.stringify(label));
  if (codes.length > 0) changed.codes = Object.fromEntries(codes);
  const lost = Object.keys(from.codes).filter((nine) => !(nine in to.codes));
  if (lost.length > 0) gone.codes = lost;
  return { since: from.version, version: to.version, changed, gone, site: to.site, settings: to.settings };
}

const plain = (/** @type {any} */ value) => JSON.parse(JSON.stringify(value));
const short = fc.string({ unit: fc.constantFrom(..."ABC-12"), minLength: 1, maxLength: 3 });
const words = fc.string({ unit: "grapheme", maxLength: 5 });
const coded = (/** @type {Record<string, fc.Arbitrary<any>>} */ rest = {}) =>
  fc.uniqueArray(fc.record({ code: short, name: words, ...rest }), { selector: ({ code }) => code, maxLength: 5 })
    .map((list) => list.sort((a, b) => (a.code < b.code ? -1 : 1)));
const snapshots = /** @type {fc.Arbitrary<Snapshot>} */ (/** @type {unknown} */ (fc.record({
  version: fc.uuid(),
  site: fc.record({ code: short, name: words }),
  settings: fc.record({ typed_time: fc.boolean() }, { requiredKeys: [] }),
  people: fc.uniqueArray(fc.record({ key: short, name: words, initials: short }), { selector: ({ key }) => key, maxLength: 5 })
    .map((list) => list.sort((a, b) => (`${a.name}\n${a.key}` < `${b.name}\n${b.key}` ? -1 : 1))),
  orders: coded({ operations: fc.constant([]), components: fc.constant([]), quantity: short }),
  items: coded({ unit: short }),
  machines: coded(),
  work_centers: coded(),
  locations: coded(),
  activities: coded(),
  reasons: fc.uniqueArray(fc.record({ code: short, kind: short }), { selector: reasonKey, maxLength: 5 })
    .map((list) => list.sort((a, b) => (reasonKey(a) < reasonKey(b) ? -1 : 1))),
  lots: fc.uniqueArray(fc.record({ item: short, lot: short }), { selector: plainKey, maxLength: 5 })
    .map((list) => list.sort((a, b) => (plainKey(a) < plainKey(b) ? -1 : 1))),
  open: fc.uniqueArray(fc.record({ id: short, type: short, person: short }), { selector: plainKey, maxLength: 5 })
    .map((list) => list.sort((a, b) => (a.id < b.id ? -1 : 1))),
  codes: fc.dictionary(short, fc.record({ kind: short, ref: short })),
})));

test("a delta leads from any snapshot to any other, and a second time nowhere else", () => {
  fc.assert(
    fc.property(snapshots, snapshots, (from, to) => {
      const delta = deltaOf(from, to);
      const led = applyDelta(from, delta);
      assert.ok(led);
      assert.deepEqual(plain(led), plain(to));
      assert.deepEqual(plain(applyDelta({ ...to, version: from.version }, delta)), plain(to), "what is there already stays");
    }),
  );
});

test("a chain of deltas is one walk", () => {
  fc.assert(
    fc.property(fc.array(snapshots, { minLength: 2, maxLength: 5 }), (days) => {
      const walked = days.slice(1).reduce((here, next) => applyDelta(here, deltaOf(here, next)) ?? here, days[0]);
      assert.deepEqual(plain(walked), plain(days.at(-1)));
    }),
  );
});

test("a delta of another snapshot is not taken, and the snapshot it is applied to is left as it was", () => {
  const snapshot = { ...NOTHING_KNOWN, version: "a", orders: [{ code: "MO-1", operations: [], components: [] }] };
  const before = structuredClone(snapshot);
  assert.equal(applyDelta(snapshot, { since: "b", version: "c" }), null);
  assert.equal(applyDelta(snapshot, { since: "a", version: "" }), null);
  assert.deepEqual(applyDelta(snapshot, { since: "a", version: "b", gone: { orders: ["MO-1"] } })?.orders, []);
  assert.deepEqual(snapshot, before);
});

test("a snapshot of an older server has no lots, places or settings, and that is fine", () => {
  const older = /** @type {any} */ ({ version: "a", site: { code: "x", name: "X" }, people: [], orders: [], items: [], machines: [], work_centers: [], activities: [], reasons: [], codes: {} });
  const led = applyDelta(older, { since: "a", version: "b", changed: { locations: [{ code: "A1", name: "Rack" }] } });
  assert.deepEqual(led?.locations, [{ code: "A1", name: "Rack" }]);
  assert.equal(new Reference(older).settings.away_minutes, 5);
  assert.equal(new Reference({ settings: { typed_time: true } }).settings.typed_time, true);
});

const order = {
  code: "MO-1/A",
  operations: [{ number: "10", name: "Saw" }, { number: "20", name: "Mill", completed: true }],
  components: [],
};
const things = (/** @type {any[]} */ ...facts) =>
  new Things(facts.map((event, index) => ({ state: "waiting", savedMs: 0, event: { id: `f${index}`, occurred_at: "2026-11-20T08:00:00Z", ...event } })));

test("an operation added here is there at once; one the snapshot knows stays as it is", () => {
  const reference = new Reference({ orders: [order] }, 5);
  const noted = reference.with(
    things(
      { type: "operation.added", order: "MO-1/A", operation: "30U", name: "Wash", work_center: "W" },
      { type: "operation.added", order: "MO-1/A", operation: "30U", name: "Later", work_center: "W" },
      { type: "operation.added", order: "MO-1/A", operation: "10", name: "Not this", work_center: "W" },
      { type: "operation.added", order: "BCDFGHJKL", operation: "10U", name: "Glue", work_center: "W" },
    ),
    new Map([["MO-1/A/20", false], ["MO-1/A/30U", true], ["MO-9/10", true]]),
  );
  assert.deepEqual(noted.orders.get("MO-1/A")?.operations, [
    { number: "10", name: "Saw" },
    { number: "20", name: "Mill", completed: false },
    { number: "30U", name: "Wash", work_center: "W", unplanned: true, completed: true },
  ]);
  assert.equal(noted.operation("BCDFGHJKL", "10U")?.name, "Glue");
  assert.ok(!noted.orders.has("MO-9"));
  assert.equal(noted.fetchedMs, 5);
  assert.equal(reference.orders.get("MO-1/A")?.operations.length, 2, "the snapshot is left as it was");
  const undone = noted.with(things(), new Map());
  assert.deepEqual(undone.orders.get("MO-1/A"), order, "what was taken back is gone");
  assert.equal(undone.search("mo-1").length, 1);
});

test("the number of an unplanned operation is the next ten, marked, and free", () => {
  const numbered = (/** @type {string[]} */ ...numbers) =>
    new Reference({ orders: [{ code: "O", operations: numbers.map((number) => ({ number, name: "" })), components: [] }] }).nextNumber("O");
  assert.equal(numbered("10", "20"), "30U");
  assert.equal(numbered("10", "25"), "30U");
  assert.equal(numbered("10", "20U"), "30U");
  assert.equal(numbered("A", "B"), "10U");
  assert.equal(numbered(), "10U");
  assert.equal(new Reference().nextNumber("unknown"), "10U");
});

test("units: an item's own first, the plant's usual ones for an item nobody knows", () => {
  const reference = new Reference({
    items: [{ code: "A", name: "A", unit: "kg", units: ["g", "kg", "t"] }, { code: "B", name: "B", unit: "pcs" }, { code: "C", name: "C", unit: "pcs" }],
  });
  assert.deepEqual(reference.unitsOf("A"), ["kg", "g", "t"]);
  assert.deepEqual(reference.unitsOf("new"), ["pcs", "kg"]);
  assert.deepEqual(reference.searchItems("c").map(({ code }) => code), ["C"]);
});

test("one code may be given to reasons of two kinds: they are two reasons", () => {
  const reference = new Reference({
    reasons: [
      { code: "X", kind: "defect", name: { en: "Crack" } }, { code: "X", kind: "pause", name: { en: "No wood" } },
      { code: "Y", kind: "pause", name: { en: "Late" } },
    ],
  });
  assert.deepEqual(["defect", "pause", null, "help"].map((kind) => named(reference.reason("X", kind)?.name)), ["Crack", "No wood", "Crack", "Crack"]);
  assert.deepEqual([reference.kindsOf("X"), reference.kindsOf("Y"), reference.kindsOf("Z")], [["defect", "pause"], ["pause"], []]);
  assert.equal(reference.reason("Z", "pause"), null);
  assert.deepEqual(["defect", "pause"].map((kind) => reference.reasonsOf(kind).map(({ name }) => named(name))), [["Crack"], ["No wood", "Late"]]);
  const at = { id: "f", occurred_at: "2026-11-20T08:00:00Z", reason: "X" };
  assert.match(describe(reference, { ...at, type: "defect.reported", quantity: "1", disposition: "scrap" }).about, /Crack/);
  assert.match(describe(reference, { ...at, type: "labor.stopped", start_id: "s" }).title, /No wood/);
  assert.match(describe(reference, { ...at, type: "break.started" }).about, /No wood/);
});

test("on a case there is only time to note; an order nobody knows here may be anything", () => {
  const order = (/** @type {object} */ more) => ({ code: "C-1", operations: [], components: [], ...more });
  const step = { number: "10", name: "Draft" };
  assert.deepEqual(
    [order({ kind: "case" }), order({ kind: "ticket" }), order({ kind: "project", operations: [step] }), order({ kind: "manufacturing" }), order({}), undefined].map(makesThings),
    [false, false, true, true, true, true],
  );
});
