// The way out. Whatever happens on it: every saved capture is on the server exactly once when the trouble ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEEP_MS, Queue } from "../../webapp/static/outbox/queue.js";
import { pack } from "../../webapp/static/outbox/rescue.js";
import { Sender } from "../../webapp/static/outbox/sender.js";
import { Server } from "../../webapp/static/outbox/server.js";
import { good } from "../../webapp/static/model/gestures.js";
import { chance, handClock, Memory, Plant } from "./keeping.js";

/** A page on a device: memory survives it, the rest does not. */
async function page(memory = new Memory(), plant = new Plant(), clock = handClock()) {
  const queue = new Queue(memory, clock);
  await queue.load();
  const server = new Server({ fetch: plant.fetch, clock: clock.clock });
  const sender = new Sender(queue, server, { now: clock.now, random: () => 0.5 });
  const count = (/** @type {string} */ quantity) => queue.capture(good({ order: "MO-1", operation: "10" }, quantity), "ana");
  return { memory, plant, clock, queue, server, sender, count };
}

test("captures go out in sequence, numbered without gaps, byte for byte as saved", async () => {
  const { queue, sender, plant, count } = await page();
  for (const quantity of ["1", "2.5", "3"]) await count(quantity);
  await sender.send();
  assert.deepEqual([...plant.log.values()], queue.entries.map(({ body }) => body));
  assert.deepEqual(queue.entries.map(({ seq, event }) => [seq, event.device_seq]), [[1, 1], [2, 2], [3, 3]]);
  assert.deepEqual(queue.counts, { waiting: 0, sent: 3, held: 0, refused: 0 });
  assert.equal(queue.lineage, "lineage-1");
});

test("a gesture of several facts is saved as a whole, or not at all", async () => {
  const { queue, memory } = await page();
  memory.isBroken = true;
  await assert.rejects(queue.capture([...good({ order: "A" }, "1"), ...good({ order: "A" }, "2")], "ana"));
  assert.deepEqual(queue.entries, []);
  memory.isBroken = false;
  const saved = await queue.capture([...good({ order: "A" }, "1"), ...good({ order: "A" }, "2")], "ana");
  assert.deepEqual(saved.map(({ seq }) => seq), [1, 2], "the failed gesture took no number");
  assert.equal(saved[0].local.gesture, saved[1].local.gesture);
});

for (const [mood, condition] of /** @type {const} */ ([
  ["unreachable", "no network"], ["lost answer", "no network"], ["500", "trouble"], ["html", "login"],
  ["redirect", "login"], ["other batch", "login"], ["cut", "trouble"], ["401", "enrol"],
])) {
  test(`${mood}: everything stays, "${condition}" is said, and it goes out once when that is over`, async () => {
    const { queue, sender, plant, clock, count } = await page();
    await count("1");
    await count("2");
    plant.mood = mood;
    let refusals = 0;
    sender.onRefused = () => { refusals += 1; };
    await sender.send();
    assert.equal(queue.counts.waiting, 2);
    assert.equal(sender.condition, condition);
    assert.equal(refusals, condition === "enrol" ? 1 : 0, "and somebody asks why");
    const requests = plant.requests;
    await sender.send();
    assert.equal(plant.requests, requests, "it waits before it tries again");
    await count("3");
    plant.mood = "ok";
    clock.forward(400_000);
    await sender.send();
    assert.deepEqual(queue.counts, { waiting: 0, sent: 3, held: 0, refused: 0 });
    assert.equal(plant.log.size, 3);
    assert.equal(sender.condition, "idle");
  });
}

test("a server in trouble is left in peace, unless a person asks", async () => {
  const { queue, sender, plant, count } = await page();
  await count("1");
  plant.mood = "500";
  await sender.send();
  plant.mood = "ok";
  await sender.send({ eager: true });
  assert.deepEqual([queue.counts.waiting, plant.requests], [1, 1]);
  await sender.send({ asked: true });
  assert.deepEqual([queue.counts.waiting, plant.requests], [0, 2]);
});

test("a clock that is set back by years does not make it wait for years", async () => {
  const { queue, sender, plant, clock, count } = await page();
  await count("1");
  plant.mood = "500";
  await sender.send();
  clock.forward(-6 * 365 * 86_400_000);
  plant.mood = "ok";
  await sender.send();
  assert.equal(queue.counts.waiting, 0);
});

test("only an id that a verdict names leaves the queue", async () => {
  const { queue, sender, plant, count } = await page();
  for (const quantity of ["1", "2", "3", "4"]) await count(quantity);
  plant.mood = "half";
  await sender.send();
  assert.equal(queue.counts.waiting, 0, "each answer takes half of what is left, and the last one");
  assert.equal(plant.requests, 3);
  assert.equal(plant.log.size, 4);
});

test("a rejected capture stays visible and stops nothing behind it", async () => {
  const { queue, sender, plant, count } = await page();
  const [bad] = await count("1");
  await count("2");
  plant.refused.push(bad.id);
  await sender.send();
  assert.deepEqual(queue.counts, { waiting: 0, sent: 1, held: 0, refused: 1 });
  const [refused] = queue.in("rejected");
  assert.equal(refused.problem?.title, "Not allowed");
  await queue.see([refused]);
  assert.equal(queue.counts.refused, 0);
  assert.equal(queue.in("rejected").length, 1, "seen, not gone");
  assert.ok((await pack(queue, null, "")).includes(bad.id));
});

test("the same id with other bytes is a conflict, shown and never sent again", async () => {
  const { queue, sender, plant, count } = await page();
  const [entry] = await count("1");
  plant.log.set(entry.id, JSON.stringify({ device_seq: 1, quantity: "9" }));
  await sender.send();
  assert.equal(queue.in("conflict").length, 1);
  await sender.send({ eager: true });
  assert.equal(plant.requests, 1);
});

test("a batch the server cannot take as a whole is halved until the one that spoils it stands alone", async () => {
  const { queue, sender, plant, count } = await page();
  for (const quantity of ["1", "666", "3", "4", "5"]) await count(quantity);
  plant.mood = "413";
  await sender.send();
  assert.equal(queue.in("rejected").length, 1);
  assert.equal(queue.in("rejected")[0].event.quantity, "666");
  assert.equal(plant.log.size, 4);
});

test("a batch has at most fifty captures and a quarter of a megabyte", async () => {
  const { queue, count } = await page();
  for (let n = 0; n < 60; n += 1) await count("1");
  assert.equal(queue.batch().length, 50);
  await queue.capture([{ type: "x", fields: { text: "y".repeat(100_000) } }], "ana");
  assert.ok(queue.batch(1000).length < 62);
});

test("a cookie the browser lost is replaced by the credential kept beside it", async () => {
  const { queue, sender, server, plant, count } = await page();
  server.token = plant.token = "fld_abc";
  await count("1");
  plant.mood = "401";
  await sender.send();
  assert.equal(queue.counts.waiting, 0);
  assert.equal(plant.requests, 2);
});

test("a server restored from a backup gets again what this device still holds", async () => {
  const { queue, sender, plant, count } = await page();
  for (const quantity of ["1", "2", "3"]) await count(quantity);
  await sender.send();
  plant.log = new Map([...plant.log].slice(0, 1));
  plant.lineage = "lineage-2";
  await queue.compareMemory({ lineage: "lineage-2", device: { id: "tablet-4", last_seq: 1 } });
  await sender.send({ eager: true });
  assert.equal(plant.log.size, 3);
  assert.equal(queue.counts.sent, 3);
});

test("the same lineage with a smaller last number is noticed too, and asked about once", async () => {
  const { queue, sender, plant, count } = await page();
  for (const quantity of ["1", "2", "3"]) await count(quantity);
  await sender.send();
  assert.equal(await queue.compareMemory({ lineage: "lineage-1", device: { id: "tablet-4", last_seq: 1 } }), 2);
  await sender.send({ eager: true });
  assert.equal(queue.counts.sent, 3);
  assert.equal(plant.log.size, 3);
  const requests = plant.requests;
  plant.lastSeq = 1; // a server that never counts them must not be asked for ever
  await count("4");
  await sender.send();
  assert.ok(plant.requests - requests < 4);
});

test("a server that was restored in silence, and took newer facts since, is found out by its gap", async () => {
  const { queue, sender, plant, count } = await page();
  for (const quantity of ["1", "2", "3"]) await count(quantity);
  await sender.send();
  plant.log = new Map([...plant.log].slice(0, 1));
  plant.lastSeq = 1;
  plant.mood = "lost answer"; // and of the answer that would have told, nothing is heard
  await count("4");
  await sender.send();
  assert.equal(plant.log.size, 2);
  plant.mood = "ok";
  await sender.send({ asked: true });
  assert.deepEqual([...plant.log.values()].map((text) => JSON.parse(text).device_seq).sort(), [1, 2, 3, 4]);
  assert.equal(queue.counts.sent, 4);
});

test("a server that was restored to before the first fact gets them all", async () => {
  const { sender, plant, count } = await page();
  for (const quantity of ["1", "2", "3"]) await count(quantity);
  await sender.send();
  plant.log.clear();
  plant.lastSeq = 0;
  await count("4");
  await sender.send();
  assert.equal(plant.log.size, 4);
});

test("a gap of what was refused, or is held under an earlier enrolment, is no reason to send again and again", async () => {
  const { queue, sender, plant, count } = await page();
  for (const quantity of ["1", "2", "3"]) await count(quantity);
  await sender.send();
  const [refused] = await count("4");
  plant.refused.push(refused.id);
  await sender.send();
  plant.missing = () => [[1, 2], [4, 4]];
  /** @type {number[]} */
  const requests = [];
  for (const quantity of ["5", "6", "7"]) {
    const before = plant.requests;
    await count(quantity);
    await sender.send();
    requests.push(plant.requests - before);
  }
  assert.deepEqual(requests, [2, 1, 1], "1 and 2 go again once, and exist");
  assert.equal(queue.counts.sent, 6);
});

test("no number is used twice, even when the device's own memory starts anew", async () => {
  const { queue, count } = await page();
  await queue.compareMemory({ lineage: "lineage-1", device: { id: "tablet-4", last_seq: 812 } });
  const [entry] = await count("1");
  assert.equal(entry.seq, 813);
});

test("acknowledged captures are let go after a fortnight, others never", async () => {
  const { queue, memory, plant, clock, sender, count } = await page();
  await count("1");
  await sender.send();
  plant.mood = "unreachable";
  await count("2");
  clock.forward(KEEP_MS + 1000);
  await queue.load();
  assert.equal(queue.entries.length, 2, "our own clock is no proof");
  await queue.compareMemory({ lineage: "lineage-1", device: { id: "tablet-4", last_seq: 1 } });
  assert.deepEqual(queue.entries.map(({ event }) => event.quantity), ["2"]);
  assert.equal((await memory.all()).length, 1);
});

test("what the engine holds is counted as held, a running clock is not", async () => {
  const { queue, sender, count } = await page();
  const [a, b] = [(await count("1"))[0], (await count("2"))[0]];
  await sender.send();
  await queue.learn({ [a.id]: { state: "held", reason: "rate.missing" }, [b.id]: { state: "held", reason: "time.open" } });
  assert.deepEqual(queue.counts, { waiting: 0, sent: 1, held: 1, refused: 0 });
  await queue.learn({ [a.id]: { state: "costed" } });
  assert.equal(queue.counts.held, 0);
});

test("a note travels beside its fact, and the fact holds only the salted digest", async () => {
  const { queue, sender, plant } = await page();
  const [entry] = await queue.capture([{ type: "defect.reported", fields: {}, note: "corner broken by Luis" }], "ana");
  assert.ok(!entry.body.includes("Luis"));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${entry.note?.salt}${entry.note?.text}`));
  assert.equal(entry.event.note_digest, Buffer.from(digest).toString("hex"));
  assert.deepEqual(JSON.parse(await pack(queue, null, "")).notes[entry.id], entry.note);
  await sender.send();
  assert.equal(plant.log.size, 1);
});

test("the server's clock is learnt from its answers", async () => {
  const { server, sender, count } = await page();
  await count("1");
  await sender.send();
  assert.equal(server.clockOffsetMs, 2000);
});

test("one sender at a time over the tabs; a tab that froze with the lock loses it after half a minute", async () => {
  const memory = new Memory();
  const { queue, server, plant, clock, count } = await page(memory);
  /** @type {any[]} */
  const asked = [];
  const locks = /** @type {any} */ ({
    request: async (/** @type {string} */ _name, /** @type {any} */ options, /** @type {any} */ work) => {
      asked.push(options);
      return work(options.steal ? {} : null);
    },
  });
  const sender = new Sender(queue, server, { locks, now: clock.now, random: () => 0.5 });
  await count("1");
  await sender.send();
  assert.equal(plant.requests, 0);
  clock.forward(15_000);
  await sender.send();
  assert.equal(plant.requests, 0);
  clock.forward(20_000);
  await sender.send();
  assert.equal(plant.log.size, 1);
  assert.deepEqual(asked, [{ ifAvailable: true }, { ifAvailable: true }, { steal: true }]);
});

test("exactly once, through a thousand random shifts of captures, faults, lost answers and crashes", async () => {
  /** @type {import("./keeping.js").Mood[]} */
  const moods = ["ok", "lost answer", "unreachable", "500", "html", "redirect", "401", "half", "cut", "other batch", "413"];
  for (let seed = 1; seed <= 1000; seed += 1) {
    const random = chance(seed);
    const pick = (/** @type {any[]} */ list) => list[Math.floor(random() * list.length)];
    const memory = new Memory();
    const plant = new Plant();
    const clock = handClock();
    let here = await page(memory, plant, clock);
    /** @type {string[]} */
    const saved = [];
    for (let step = 0; step < 12; step += 1) {
      plant.mood = pick(moods);
      memory.isBroken = random() < 0.1;
      const deed = random();
      if (deed < 0.55) {
        await here.count(String(1 + Math.floor(random() * 9))).then(([{ id }]) => saved.push(id), () => {});
      } else if (deed < 0.65) {
        here = await page(memory, plant, clock); // killed: only what was kept is left
      } else if (deed < 0.7) {
        await Promise.all([here.sender.send({ eager: true }), (await page(memory, plant, clock)).sender.send()]); // two tabs, no lock
        await here.queue.load();
      } else {
        await here.sender.send({ eager: random() < 0.5 });
      }
      clock.forward(Math.floor((random() - 0.1) * 600_000)); // clocks are set back, too
    }
    plant.mood = "ok";
    memory.isBroken = false;
    here = await page(memory, plant, clock);
    await here.sender.send({ eager: true });
    assert.deepEqual([...plant.log.keys()].sort(), [...saved].sort(), `seed ${seed}`);
    const numbers = [...plant.log.values()].map((text) => JSON.parse(text).device_seq).sort((a, b) => a - b);
    assert.deepEqual(numbers, saved.map((_id, index) => index + 1), `seed ${seed}: no gap, no number twice`);
    assert.equal(here.queue.in("conflict").length + here.queue.in("rejected").length, 0, `seed ${seed}`);
  }
});
