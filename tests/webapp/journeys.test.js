// How many scans and taps each capture needs, counted on the real screens; and a whole shift without touching any.

import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "../../webapp/static/model/code.js";
import { pickUp } from "./hands.js";

/** Nine letters for the n-th thing. @param {number} n */
function nine(n) {
  const alphabet = "BCDFGHJKLNPRSTVX";
  const seven = [...n.toString(16).padStart(7, "0")].map((digit) => alphabet[parseInt(digit, 16)]).join("");
  return seven + check(seven);
}

const WORDS = [
  "pause", "resume", "stop", "ok", "cancel", "undo", "break", "start_shift", "end_shift", "sign_out", "setup", "run", "rework", "teardown",
  "good", "scrap", "hold", "done", "1", "2", "4", "comma", "erase", "x5", "x10",
];

/** @type {Record<string, any>} */
const LABELS = {
  ana: { kind: "person", ref: "ana" },
  luis: { kind: "person", ref: "luis" },
  saw: { kind: "operation", ref: "MO-1001", operation: "10" },
  mill: { kind: "operation", ref: "MO-1001", operation: "20" },
  oak: { kind: "item", ref: "OAK" },
  oakLot: { kind: "lot", ref: "OAK", lot: "L-7" },
  burr: { kind: "reason", ref: "BURR" },
  cleaning: { kind: "activity", ref: "CLEAN" },
  ...Object.fromEntries(WORDS.map((word) => [`=${word}`, { kind: "word", ref: word }])),
};
const LETTERS = Object.fromEntries(Object.keys(LABELS).map((name, index) => [name, nine(index + 1)]));

const SNAPSHOT = {
  people: [{ key: "ana", name: "Ana", initials: "A" }, { key: "luis", name: "Luis", initials: "L" }],
  orders: [
    {
      code: "MO-1001", item_name: "Oak table", quantity: "12", unit: "pcs",
      operations: [{ number: "10", name: "Saw", standard_run_min: "2" }, { number: "20", name: "Mill", machines: ["M04"] }],
      components: [{ item: "OAK", operation: "10", quantity_per: "2", unit: "m" }],
    },
  ],
  items: [{ code: "OAK", name: "Oak", unit: "m", units: ["m"] }],
  machines: [{ code: "M04", name: "Mill" }],
  activities: [{ code: "CLEAN", name: { en: "Cleaning", fr: "Nettoyage" } }],
  reasons: [
    { code: "BURR", name: { en: "Burr", fr: "Bavure" }, kind: "defect" },
    { code: "LATE", name: { en: "Material late", fr: "Attente matière" }, kind: "pause" },
    { code: "TYPO", name: { en: "Typing mistake", fr: "Erreur de saisie" }, kind: "correction" },
  ],
  codes: Object.fromEntries(Object.entries(LABELS).map(([name, label]) => [LETTERS[name], label])),
};

/** A label printed after this phone's last contact. */
const STRANGE = nine(999);

/** A phone, and a scanner that reads labels by the names above. */
async function station(store = undefined) {
  const hands = await pickUp(/** @type {any} */ (SNAPSHOT), store);
  return { ...hands, scan: (/** @type {string} */ name) => hands.scan(LETTERS[name] ?? name), get facts() { return hands.facts; }, get runs() { return hands.runs; } };
}

/** One where Ana has started sawing; nothing is counted yet. */
async function atTheSaw() {
  const bench = await station();
  await bench.scan("ana");
  await bench.scan("saw");
  bench.effort();
  return bench;
}

test("start: one scan when the person is known, two on a shared tablet, no tap", async () => {
  const bench = await station();
  await bench.scan("saw"); // the badge may come second, too
  assert.deepEqual(bench.facts, [], "nobody signs yet");
  await bench.scan("ana");
  assert.deepEqual(bench.effort(), { scans: 2, taps: 0 });
  assert.deepEqual(bench.runs, ["10 run"]);
  await bench.scan("=stop");
  bench.effort();
  await bench.scan("saw");
  assert.deepEqual(bench.effort(), { scans: 1, taps: 0 });
  assert.deepEqual(bench.runs, ["10 run"]);
});

test("change of operation: one scan, no tap; exactly one job runs; it can be undone, or both kept, with one tap", async () => {
  const bench = await atTheSaw();
  await bench.scan("mill");
  assert.deepEqual(bench.effort(), { scans: 1, taps: 0 });
  assert.deepEqual(bench.runs, ["20 run"]);
  assert.match(bench.phone.said?.text ?? "", /Stopped.*Saw.*started.*Mill/);
  await bench.tap("Keep both");
  assert.deepEqual(bench.runs, ["10 run", "20 run"]);
  assert.deepEqual(bench.effort(), { scans: 0, taps: 1 });
  await bench.scan("=undo");
  assert.deepEqual(bench.runs, ["20 run"], "the switch stands again");
  await bench.scan("cleaning");
  await bench.scan("=undo");
  assert.deepEqual(bench.runs, ["20 run"]);
});

test("stop: one scan, no tap", async () => {
  const bench = await atTheSaw();
  await bench.scan("=stop");
  assert.deepEqual(bench.effort(), { scans: 1, taps: 0 });
  assert.deepEqual(bench.runs, []);
  assert.equal(bench.phone.place.screen, "result", "what came of it is shown");
});

test("good quantity as planned: one scan, one tap", async () => {
  const bench = await atTheSaw();
  await bench.scan("saw");
  await bench.tap("Save and stop");
  assert.deepEqual(bench.effort(), { scans: 1, taps: 1 });
  assert.equal(bench.facts.find(({ type }) => type === "output.reported")?.quantity, "12");
  assert.deepEqual(bench.runs, []);
});

test("another quantity: one scan, its digits, one tap; or no tap at all", async () => {
  const bench = await atTheSaw();
  await bench.scan("saw");
  await bench.tap("4");
  await bench.tap("Save, go on");
  assert.deepEqual(bench.effort(), { scans: 1, taps: 2 });
  await bench.scan("saw");
  await bench.scan("=x5");
  await bench.scan("=ok");
  assert.deepEqual(bench.effort(), { scans: 3, taps: 0 });
  assert.deepEqual(bench.facts.filter(({ type }) => type === "output.reported").map(({ quantity }) => quantity), ["4", "5"]);
  assert.deepEqual(bench.runs, ["10 run"]);
});

test("consumption of a lot: two scans, one tap", async () => {
  const bench = await station();
  await bench.scan("ana");
  await bench.scan("saw");
  bench.effort();
  await bench.scan("oakLot");
  await bench.tap("Save");
  const { scans, taps } = bench.effort();
  assert.ok(scans <= 2 && taps <= 1, `${scans} scans, ${taps} taps`);
  const drawn = bench.facts.find(({ type }) => type === "material.consumed");
  assert.equal(drawn?.lot, "L-7");
});

test("a defect with its reason: one scan and two taps, or two scans", async () => {
  const bench = await atTheSaw();
  await bench.scan("=scrap");
  await bench.tap("Burr");
  await bench.tap("Save");
  assert.deepEqual(bench.effort(), { scans: 1, taps: 2 });
  await bench.scan("burr");
  await bench.scan("burr");
  assert.deepEqual(bench.effort(), { scans: 2, taps: 0 });
  assert.deepEqual(bench.facts.filter(({ type }) => type === "defect.reported").map(({ reason, disposition }) => `${reason} ${disposition}`), ["BURR scrap", "BURR scrap"]);
});

test("a pause with its reason: two taps from the open work; resuming: one", async () => {
  const bench = await atTheSaw();
  bench.phone.go("running", { start: bench.phone.work.of("ana")[0].startId });
  await bench.tap("Pause");
  await bench.tap("Material late");
  assert.deepEqual(bench.effort(), { scans: 0, taps: 2 });
  assert.equal(bench.facts.at(-1)?.reason, "LATE");
  assert.equal(bench.phone.place.screen, "home");
  await bench.tap("Resume");
  assert.deepEqual(bench.effort(), { scans: 0, taps: 1 });
  assert.deepEqual(bench.runs, ["10 run"]);
});

test("a wrong number: corrected with its reason, the first one stays visible", async () => {
  const bench = await atTheSaw();
  await bench.scan("saw");
  await bench.tap("4");
  await bench.tap("Save, go on");
  const { seq } = bench.phone.queue.entries.at(-1) ?? { seq: 0 };
  bench.phone.go("me");
  bench.phone.go("fact", { seq: String(seq) });
  bench.effort();
  await bench.tap("Correct it");
  await bench.tap("Quantity");
  await bench.tap("2");
  await bench.tap("Go on");
  await bench.tap("Typing mistake");
  assert.deepEqual(bench.effort(), { scans: 0, taps: 5 });
  const [wrong, right] = bench.facts.filter(({ type }) => type === "output.reported");
  const correction = bench.facts.find(({ type }) => type === "event.replaced");
  assert.deepEqual([wrong.quantity, right.quantity], ["4", "2"]);
  assert.deepEqual([correction?.target_id, correction?.replacement_id, correction?.reason], [wrong.id, right.id, "TYPO"]);
  assert.equal(bench.phone.work.countedOn("MO-1001", "10").good, "2");
});

test("what another person captured, or what is older than today, is not offered to be corrected", async () => {
  const bench = await atTheSaw();
  await bench.scan("saw");
  await bench.scan("=x5");
  await bench.scan("=ok");
  const { seq } = bench.phone.queue.entries.at(-1) ?? { seq: 0 };
  await bench.scan("luis");
  bench.phone.go("fact", { seq: String(seq) });
  await assert.rejects(bench.tap("Correct it"), /no key says/);
  await bench.scan("ana");
  bench.passes(26 * 60);
  bench.phone.go("fact", { seq: String(seq) });
  await assert.rejects(bench.tap("Correct it"), /no key says/);
});

test("a whole shift without touching the screen", async () => {
  const bench = await station();
  await bench.scan("ana");
  await bench.scan("=start_shift");
  await bench.scan("=setup");
  await bench.scan("saw");
  assert.deepEqual(bench.runs, ["10 setup"]);
  bench.passes(15);
  await bench.scan("=run");
  assert.deepEqual(bench.runs, ["10 run"]);
  bench.passes(30);
  await bench.scan("burr");
  await bench.scan("burr"); // one piece of scrap
  await bench.scan("saw");
  for (const key of ["=1", "=4", "=erase", "=1", "=ok"]) await bench.scan(key); // eleven good ones
  assert.deepEqual(bench.runs, ["10 run"]);
  await bench.scan("=break");
  bench.passes(20);
  await bench.scan("=break");
  await bench.scan("=pause");
  assert.deepEqual(bench.runs, []);
  await bench.scan("=resume");
  assert.deepEqual(bench.runs, ["10 run"]);
  await bench.scan("mill"); // switch
  await bench.scan("=undo");
  assert.deepEqual(bench.runs, ["10 run"]);
  await bench.scan("=done");
  assert.deepEqual(bench.runs, []);
  assert.equal(bench.phone.reference.operation("MO-1001", "10")?.completed, true);
  await bench.scan("cleaning");
  bench.passes(10);
  await bench.scan("=end_shift");
  assert.deepEqual(bench.runs, []);
  assert.equal(bench.phone.place.screen, "farewell");
  await bench.scan("=sign_out");
  assert.equal(bench.phone.operator, null);
  assert.equal(bench.effort().taps, 0);
  const kinds = bench.facts.map(({ type }) => type);
  for (const kind of ["shift.started", "output.reported", "defect.reported", "break.started", "break.stopped", "operation.completed", "shift.ended"]) {
    assert.ok(kinds.includes(kind), kind);
  }
  assert.equal(bench.facts.find(({ type }) => type === "output.reported")?.quantity, "11");
  assert.equal(bench.phone.queue.counts.waiting, kinds.length);
});

test("beginning the shift: one tap or one scan; starting a job costs none more for it", async () => {
  const bench = await station();
  await bench.scan("ana");
  bench.effort();
  await bench.tap("Start my shift");
  assert.deepEqual(bench.effort(), { scans: 0, taps: 1 });
  assert.equal(bench.phone.place.screen, "home");
  await bench.scan("saw");
  assert.deepEqual(bench.runs, ["10 run"]);
  assert.deepEqual(bench.effort(), { scans: 1, taps: 0 });
  await bench.scan("=start_shift");
  assert.match(bench.phone.said?.text ?? "", /begun already/);
  await bench.tap("End my shift");
  await bench.scan("luis");
  await bench.scan("mill"); // who starts at once need not say so, and still may
  await bench.scan("=start_shift");
  assert.deepEqual(bench.runs, ["20 run"]);
  assert.deepEqual(
    bench.facts.filter(({ type }) => type.startsWith("shift.")).map(({ type, person }) => `${person} ${type}`),
    ["ana shift.started", "ana shift.ended", "luis shift.started"],
  );
});

test("an order this phone does not know yet: started, counted and stopped by its letters", async () => {
  const bench = await station();
  await bench.scan("ana");
  await bench.scan(STRANGE);
  await bench.tap("An order or operation: start a run");
  await bench.scan(STRANGE);
  assert.equal(bench.phone.place.screen, "quantity", "the running one is counted");
  await bench.scan("=4");
  await bench.scan("=ok");
  await bench.scan("saw");
  await bench.scan(STRANGE);
  assert.equal(bench.phone.work.of("ana").map(({ order }) => order).join(), STRANGE, "switched back to: it is known as work now");
  await bench.scan("=stop");
  const counted = bench.facts.find(({ type }) => type === "output.reported");
  assert.deepEqual([counted?.order, counted?.operation, counted?.quantity], [STRANGE, STRANGE, "4"]);
});

test("an order's number typed ahead of the server: worked on all the same", async () => {
  const bench = await station();
  await bench.scan("ana");
  bench.phone.go("orders", {}, { code: "mo-2002" });
  await bench.tap("Work on order MO-2002 all the same");
  bench.phone.fill({ number: "10" });
  await bench.tap("Start Run");
  const started = bench.facts.at(-1);
  assert.deepEqual([started?.type, started?.order, started?.operation], ["labor.started", "MO-2002", "10"]);
});

test("a machine left running: labor stops, machine time goes on, and the first screen says so", async () => {
  const bench = await station();
  await bench.scan("ana");
  await bench.scan("mill");
  bench.phone.go("running", { start: bench.phone.work.of("ana")[0].startId });
  bench.effort();
  await bench.tap("I leave, M04 runs");
  assert.equal(bench.effort().taps, 1);
  assert.deepEqual(bench.runs, []);
  assert.deepEqual(bench.phone.work.unattendedOf("ana").map(({ machine }) => machine), ["M04"]);
  await bench.tap("Runs without you"); // its card
  assert.equal(bench.phone.place.screen, "machine");
});

test("time told: a day of this week, a length, the person's word", async () => {
  const bench = await station();
  await bench.scan("ana");
  bench.phone.go("declare");
  await bench.scan("mill");
  bench.effort();
  await bench.tap("Setup");
  await bench.tap("Go on");
  for (const digit of ["1", "3", "0"]) await bench.tap(digit);
  await bench.tap("Save");
  assert.deepEqual(bench.effort(), { scans: 0, taps: 6 });
  const told = bench.facts.at(-1);
  assert.deepEqual(
    [told?.type, told?.activity, told?.duration_ms, told?.provenance, told?.person],
    ["labor.declared", "setup", 90 * 60_000, "declared", "ana"],
  );
});

test("a crew: one scan for all; the person who leaves is alone again", async () => {
  const bench = await station();
  await bench.scan("ana");
  bench.phone.gather(["luis"]);
  bench.effort();
  await bench.scan("saw");
  await bench.scan("mill");
  assert.deepEqual(bench.effort(), { scans: 2, taps: 0 });
  assert.deepEqual(bench.phone.work.ofAll(["ana", "luis"]).map(({ person, operation }) => `${person} ${operation}`), ["ana 20", "luis 20"]);
  assert.ok(bench.facts.every(({ declared_by }) => declared_by === "ana"), "one signs for all");
  await bench.scan("luis");
  assert.deepEqual(bench.phone.crew, []);
  assert.deepEqual(bench.runs, ["20 run"], "whoever signs in sees their own work");
});

test("a scan while the page still begins waits for what was typed here before, and is neither lost to it nor added to it", async () => {
  const first = await atTheSaw();
  await first.scan("=good");
  await first.scan("=1");
  // Another window of the tablet, which a busy machine lets begin slowly.
  const { store } = first;
  const { getAll } = store;
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  /** @type {() => void} */ let goOn = () => {};
  const slow = new Promise((resolve) => { goOn = () => resolve(null); });
  store.getAll = async (/** @type {string[]} */ keys) => {
    const found = await getAll(keys);
    if (keys.includes("draft")) await slow;
    return found;
  };
  const second = await station(store);
  await second.begins();
  const scanned = second.scan("=good");
  await settle();
  goOn();
  await Promise.all([scanned, settle()]);
  assert.deepEqual([second.phone.place.screen, second.phone.place.form.typed], ["quantity", undefined], "what was scanned last counts");
  await second.scan("=1");
  await second.scan("=1");
  assert.equal(second.phone.place.form.typed, "11");
  await second.scan("=ok");
  assert.deepEqual(second.facts.map(({ type, quantity }) => [type, quantity]), [["labor.started", undefined], ["output.reported", "11"]]);
  assert.equal(first.phone.place.form.typed, "1", "each window has what was typed there");
});
