// What a scan does, by what was scanned and what runs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "../../webapp/static/model/code.js";
import { change } from "../../webapp/static/model/gestures.js";
import { read, respond } from "../../webapp/static/model/reading.js";
import { mayBe } from "../../webapp/static/model/reasons.js";
import { Reference } from "../../webapp/static/model/reference.js";
import { Work } from "../../webapp/static/model/work.js";

const nine = (/** @type {string} */ seven) => seven + check(seven);
const ORDER = nine("BCDFGHJ");
const SAWING = nine("KLNPRST");
const MILLING = nine("VXBCDFG");
const BADGE = nine("XLNJDDL");
const ITEM = nine("PLRSHKK");
const SCRAP = nine("XDDTTCV");
const CLEANING = nine("RBXLGPK");
const MACHINE = nine("GFSNCDH");
const NEW = nine("BBBBBBC");

const reference = new Reference({
  people: [{ key: "ana", name: "Ana", initials: "A" }],
  orders: [
    {
      code: "MO-1001",
      item_name: "Oak table",
      operations: [{ number: "10", name: "Saw" }, { number: "20", name: "Mill" }],
      components: [{ item: "OAK", operation: null, quantity_per: "2", unit: "m" }, { item: "GLUE", operation: "20", quantity_per: "1", unit: "kg" }],
    },
    { code: "CASE-7", kind: "case", customer: "Oaks & Sons", operations: [], components: [] },
  ],
  items: [{ code: "OAK", name: "Oak", unit: "m" }],
  machines: [{ code: "M04", name: "Mill" }],
  reasons: [{ code: "BURR", name: { en: "Burr", fr: "Bavure" }, kind: "defect" }],
  codes: {
    [ORDER]: { kind: "order", ref: "MO-1001" },
    [SAWING]: { kind: "operation", ref: "MO-1001", operation: "10" },
    [MILLING]: { kind: "operation", ref: "MO-1001", operation: "20" },
    [BADGE]: { kind: "person", ref: "ana" },
    [ITEM]: { kind: "item", ref: "OAK" },
    [SCRAP]: { kind: "reason", ref: "BURR" },
    [CLEANING]: { kind: "activity", ref: "CLEAN" },
    [MACHINE]: { kind: "machine", ref: "M04" },
  },
}, 1);

/** @param {{order?: string, operation?: string, indirect?: string}[]} jobs that run for Ana */
const working = (...jobs) =>
  new Work(
    jobs.map(({ order, operation, indirect }, index) => ({
      state: "sent",
      savedMs: 0,
      event: {
        id: `s${index}`, type: "labor.started", occurred_at: "2026-11-20T08:00:00Z", person: "ana",
        activity: indirect ? "indirect" : "run", order, operation, indirect_code: indirect,
      },
    })),
  );

const scan = (/** @type {string} */ text, work = working(), operator = /** @type {string | null} */ ("ana")) =>
  respond(read(text, reference), { operator, reference, work });

test("an operation with nothing running starts", () => {
  assert.deepEqual(scan(SAWING), { do: "start", people: ["ana"], job: { order: "MO-1001", operation: "10" }, activity: "run" });
});

test("the running operation is counted", () => {
  const response = scan(SAWING, working({ order: "MO-1001", operation: "10" }));
  assert.equal(response.do, "count");
  assert.equal(response.do === "count" && response.span.startId, "s0");
});

test("another operation is switched to at once: one job runs before and after", () => {
  const response = /** @type {any} */ (scan(MILLING, working({ order: "MO-1001", operation: "10" })));
  assert.equal(response.do, "switch");
  assert.deepEqual(response.job, { order: "MO-1001", operation: "20" });
  assert.deepEqual(response.spans.map((/** @type {any} */ span) => span.startId), ["s0"]);
});

test("with several jobs running another operation is opened: a person says which", () => {
  const both = working({ order: "MO-1001", operation: "10" }, { order: "CASE-7" });
  assert.deepEqual(scan(MILLING, both), { do: "open", screen: "operation", params: { order: "MO-1001", operation: "20" } });
});

test("an order of several operations is opened; a case has none and starts", () => {
  assert.deepEqual(scan(ORDER), { do: "open", screen: "order", params: { order: "MO-1001" } });
  assert.deepEqual(scan("case-7"), { do: "start", people: ["ana"], job: { order: "CASE-7", operation: null }, activity: "run" });
});

test("a badge signs in, whoever is there", () => {
  assert.deepEqual(scan(BADGE), { do: "sign in", person: "ana" });
  assert.deepEqual(scan(BADGE, working(), null), { do: "sign in", person: "ana" });
});

test("without a person, work asks for the badge first", () => {
  assert.deepEqual(scan(SAWING, working(), null), { do: "ask for badge" });
});

test("material goes to the one job that runs, or asks which", () => {
  assert.deepEqual(scan(ITEM, working({ order: "MO-1001", operation: "10" })), {
    do: "open", screen: "consumption", params: { order: "MO-1001", operation: "10", item: "OAK" },
  });
  assert.equal(/** @type {any} */ (scan(ITEM)).screen, "which");
});

test("a supplier's label is material for the one job that runs; any other foreign code stays foreign", () => {
  assert.deepEqual(scan("(01)09506000134352(10)L7", working({ order: "MO-1001", operation: "10" })), {
    do: "open", screen: "consumption", params: { order: "MO-1001", operation: "10", item: "09506000134352", lot: "L7" },
  });
  assert.equal(/** @type {any} */ (scan("https://id.gs1.org/01/09506000134352")).screen, "which");
  assert.deepEqual(scan("WIFI:S:net;P:x;;", working({ order: "MO-1001", operation: "10" })), { do: "say", what: "foreign" });
});

test("a defect's reason opens the defect of the running job", () => {
  assert.deepEqual(scan(SCRAP, working({ order: "MO-1001", operation: "10" })), {
    do: "open", screen: "defect", params: { order: "MO-1001", operation: "10", reason: "BURR" },
  });
  assert.deepEqual(scan(SCRAP), { do: "say", what: "nothing to do" });
});

test("a reason's label says its kind; one from before that means what fits, and one nobody knows anything", () => {
  const pause = nine("NBGTRRB"), plain = nine("CCCCCCD"), unknown = nine("DDDDDDF");
  const label = { kind: "reason", ref: "X" };
  const two = new Reference({
    ...reference.snapshot,
    reasons: [{ code: "X", kind: "defect", name: "Crack" }, { code: "X", kind: "help", name: "Come" }],
    codes: { [pause]: { ...label, reason_kind: "pause" }, [plain]: label, [unknown]: { kind: "reason", ref: "NEW" } },
  }, 1);
  assert.deepEqual([pause, plain, unknown].map((code) => read(code, two)), [
    { is: "reason", reason: "X", kinds: ["pause"] }, { is: "reason", reason: "X", kinds: ["defect", "help"] }, { is: "reason", reason: "NEW", kinds: [] },
  ]);
  const situation = (/** @type {Work} */ work) => ({ operator: "ana", reference: two, work });
  const runs = working({ order: "MO-1001", operation: "10" });
  assert.equal(/** @type {any} */ (respond(read(plain, two), situation(runs))).screen, "defect");
  assert.equal(/** @type {any} */ (respond(read(plain, two), situation(working()))).screen, "help");
  assert.deepEqual(respond(read(pause, two), situation(runs)), { do: "say", what: "nothing to do" });
  const scanned = /** @type {any} */ (read(plain, two));
  assert.deepEqual(["defect", "help", "pause"].map((kind) => mayBe(scanned, kind)), [true, true, false]);
  assert.ok(mayBe(/** @type {any} */ (read(unknown, two)), "pause"));
});

test("an activity starts, or is opened when it runs", () => {
  assert.deepEqual(scan(CLEANING), { do: "start", people: ["ana"], job: { indirect: "CLEAN" }, activity: "indirect" });
  assert.deepEqual(scan(CLEANING, working({ indirect: "CLEAN" })), { do: "open", screen: "running", params: { start: "s0" } });
  assert.equal(scan(CLEANING, working({ order: "MO-1001", operation: "10" })).do, "switch");
});

test("who turns to waiting while one order runs, waits on that order", () => {
  const waiting = new Reference({ ...reference.snapshot, activities: [{ code: "CLEAN", name: { en: "Waiting", fr: "Attente" }, idle: true }] }, 1);
  const turn = (/** @type {Work} */ work) => /** @type {any} */ (respond(read(CLEANING, waiting), { operator: "ana", reference: waiting, work }));
  const job = { order: "MO-1001", operation: "10", indirect: "CLEAN" };
  const response = turn(working({ order: "MO-1001", operation: "10" }));
  assert.deepEqual([response.do, response.job], ["switch", job]);
  const drafts = change(response.spans, response.people, response.job, response.activity);
  assert.deepEqual(drafts[1].fields, { activity: "run", order: "MO-1001", operation: "10", indirect_code: "CLEAN" });
  assert.deepEqual(turn(working(job)), { do: "open", screen: "running", params: { start: "s0" } });
  assert.deepEqual(turn(working()).job, { indirect: "CLEAN" });
  assert.equal(turn(working({ order: "MO-1001", operation: "10" }, { order: "MO-1001", operation: "20" })).do, "open", "on which? it is asked");
});

test("a label printed after the last contact can be used all the same", () => {
  assert.deepEqual(scan(NEW), { do: "open", screen: "unknown", params: { letters: NEW } });
});

test("somebody else's code is said to be that", () => {
  assert.deepEqual(scan("3017620422003"), { do: "say", what: "foreign" });
});

test("numbers are understood as people type them", () => {
  assert.deepEqual(read(" mo-1001 ", reference), { is: "order", order: "MO-1001" });
  assert.deepEqual(read("mo-1001/20", reference), { is: "operation", order: "MO-1001", operation: "20" });
  assert.deepEqual(read("MO-1001 10", reference), { is: "operation", order: "MO-1001", operation: "10" });
  assert.deepEqual(read("m04", reference), { is: "machine", machine: "M04" });
  assert.deepEqual(read("MO-1001/99", reference), { is: "foreign", text: "MO-1001/99" });
});

test("what belongs to an operation, and what is found by words", () => {
  const [order] = reference.snapshot.orders;
  assert.deepEqual(reference.componentsOf(order, "10").map(({ item }) => item), ["OAK"], "no operation named: the first");
  assert.deepEqual(reference.componentsOf(order, "20").map(({ item }) => item), ["GLUE"]);
  assert.deepEqual(reference.search("oak").map(({ code }) => code), ["CASE-7", "MO-1001"]);
  assert.deepEqual(reference.search("mo-").map(({ code }) => code), ["MO-1001"]);
});

const say = (/** @type {string} */ word, work = working(), more = {}) =>
  /** @type {any} */ (respond({ is: "word", word }, { operator: "ana", reference, work, ...more }));

test("quick codes do what they say to what runs", () => {
  const one = working({ order: "MO-1001", operation: "10" });
  const two = working({ order: "MO-1001", operation: "10" }, { order: "MO-1001", operation: "20" });
  assert.deepEqual(say("stop", two).spans.map((/** @type {any} */ span) => span.startId), ["s0", "s1"]);
  assert.equal(say("pause", one).do, "pause");
  assert.equal(say("pause").what, "nothing runs");
  assert.deepEqual(say("break", one), { do: "break", people: ["ana"] });
  assert.equal(say("end_shift", one).do, "end shift");
  assert.deepEqual(say("start_shift", one, { arriving: ["ana"] }), { do: "start shift", people: ["ana"] });
  assert.equal(say("start_shift").what, "on shift");
  assert.deepEqual(say("done", one).job.operation, "10");
  assert.equal(say("done", two).what, "several run");
  assert.deepEqual(say("done", two, { here: { order: "MO-1001", operation: "20" } }).job, { order: "MO-1001", operation: "20" });
  assert.deepEqual(say("good", one), { do: "open", screen: "quantity", params: { order: "MO-1001", operation: "10" } });
  assert.equal(say("scrap", one).params.disposition, "scrap");
  assert.deepEqual(["7", "comma", "erase", "x10"].map((word) => say(word)), ["7", "comma", "erase", "x10"].map((key) => ({ do: "type", key })));
  assert.equal(say("later").what, "nothing to do", "a word made after this version");
  assert.deepEqual(/** @type {any} */ (respond({ is: "word", word: "break" }, { operator: null, reference, work: working() })), { do: "ask for badge" });
});

test("an activity is that of the next start, or at once that of the one job that runs", () => {
  assert.deepEqual(say("setup"), { do: "prepare", activity: "setup" });
  const started = respond({ is: "operation", order: "MO-1001", operation: "10" }, { operator: "ana", reference, work: working(), prepared: "setup" });
  assert.equal(/** @type {any} */ (started).activity, "setup");
  const turned = say("teardown", working({ order: "MO-1001", operation: "10" }));
  assert.equal(turned.do, "switch");
  assert.equal(turned.activity, "teardown");
  assert.equal(say("run", working({ order: "MO-1001", operation: "10" })).what, "runs already");
});

test("a crew is on one job together; a mate who is on it already is joined", () => {
  const crew = ["luis"];
  const luis = new Work([{ state: "sent", savedMs: 0, event: { id: "l0", type: "labor.started", occurred_at: "2026-11-20T08:00:00Z", person: "luis", activity: "run", order: "MO-1001", operation: "10" } }]);
  const here = { operator: "ana", crew, reference, work: luis };
  assert.deepEqual(respond({ is: "operation", order: "MO-1001", operation: "10" }, here), {
    do: "start", people: ["ana"], job: { order: "MO-1001", operation: "10" }, activity: "run",
  });
  const other = /** @type {any} */ (respond({ is: "operation", order: "MO-1001", operation: "20" }, here));
  assert.equal(other.do, "switch");
  assert.deepEqual(other.people, ["ana", "luis"]);
});

test("the test code of a scanner's page says that it works, to anybody", () => {
  assert.deepEqual(respond({ is: "word", word: "test" }, { operator: null, reference, work: working() }), { do: "say", what: "it works" });
});
