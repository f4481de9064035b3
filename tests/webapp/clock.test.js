// What time it is, when the clock on the wall is wrong, is set, or the device sleeps: right where it can be known, told
// where it cannot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, LONGEST_SLEEP_MS, SLACK_MS } from "../../webapp/static/outbox/clock.js";
import { Queue } from "../../webapp/static/outbox/queue.js";
import { Sender } from "../../webapp/static/outbox/sender.js";
import { Server } from "../../webapp/static/outbox/server.js";
import { start, stop } from "../../webapp/static/model/gestures.js";
import { Work } from "../../webapp/static/model/work.js";
import { Memory, Plant } from "./keeping.js";

const TRUE_MS = Date.parse("2026-11-20T08:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;

/** A device: what its clock shows, what has really passed, how long its page has run. @param {number} [errorMs] */
function world(errorMs = 0) {
  const now = { trueMs: TRUE_MS, errorMs, ranMs: 0, boot: 1 };
  /** @type {import("../../webapp/static/outbox/clock.js").Anchor | null} */ let kept = null;
  const page = () => {
    const clock = new Clock(`boot-${now.boot}`, () => ({ wallMs: now.trueMs + now.errorMs, monotonicMs: now.ranMs }));
    clock.onAnchor = (anchor) => (kept = JSON.parse(JSON.stringify(anchor)));
    clock.resume(kept);
    return clock;
  };
  let clock = page();
  return {
    now,
    get clock() {
      return clock;
    },
    /** How wrong it is. */
    get wrongMs() {
      return clock.read().nowMs - now.trueMs;
    },
    get isSure() {
      return clock.read().sureWithinMs !== null;
    },
    passes: (/** @type {number} */ ms) => void ((now.trueMs += ms), (now.ranMs += ms)),
    sleeps: (/** @type {number} */ ms) => void (now.trueMs += ms),
    isSet: (/** @type {number} */ byMs) => void (now.errorMs += byMs),
    restarts(/** @type {number} */ closedMs) {
      now.trueMs += closedMs;
      now.ranMs = 0;
      now.boot += 1;
      clock = page();
    },
    /** The server is asked; the answer takes that long. */
    asks(/** @type {number} */ tripMs = 40, /** @type {number} */ readAt = 0.5) {
      const sent = clock.depart();
      this.passes(tripMs * readAt);
      const serverMs = now.trueMs;
      this.passes(tripMs * (1 - readAt));
      clock.learn(serverMs, sent);
    },
  };
}

for (const errorMs of [0, 6 * YEAR, -6 * YEAR, HOUR, -HOUR]) {
  test(`a clock that is ${errorMs / HOUR} h off is right once the server was asked, and says how far off it is`, () => {
    const device = world(errorMs);
    assert.equal(device.clock.read().clockOffsetMs, null);
    assert.ok(!device.isSure);
    device.asks();
    assert.ok(device.isSure);
    device.passes(8 * HOUR);
    assert.equal(device.wrongMs, 0);
    assert.equal(device.clock.read().clockOffsetMs, 0 - errorMs);
  });
}

for (const byMs of [-HOUR, -6 * YEAR, -(SLACK_MS + 1), 6 * YEAR, LONGEST_SLEEP_MS + 1]) {
  test(`without contact, set by ${byMs} ms: the monotonic clock knows better`, () => {
    const device = world();
    device.asks();
    device.passes(MINUTE);
    device.isSet(byMs);
    device.passes(10 * MINUTE);
    assert.equal(device.wrongMs, 0);
    assert.equal(device.clock.read().clockOffsetMs, -byMs);
    assert.ok(!device.isSure, "to be compared all the same");
    device.isSet(-byMs); // and right again
    device.passes(MINUTE);
    assert.equal(device.wrongMs, 0);
    device.asks();
    assert.ok(device.isSure);
    assert.equal(device.wrongMs, 0);
  });
}

test("a device that slept has slept, however often, and its clock is not taken for set", () => {
  const device = world(-HOUR);
  device.asks();
  for (const ms of [200, 300, 400, 5_000, 9 * HOUR, 3 * 24 * HOUR]) {
    device.sleeps(ms);
    device.passes(MINUTE);
    assert.ok(Math.abs(device.wrongMs) <= SLACK_MS, `${ms}: ${device.wrongMs}`);
  }
  assert.ok(!device.isSure, "an hour forward would look the same");
});

test("set forward by an hour looks like sleep: it is taken for that until the server is asked", () => {
  const device = world();
  device.asks();
  device.isSet(HOUR);
  device.passes(MINUTE);
  assert.equal(device.wrongMs, HOUR);
  assert.ok(!device.isSure);
  device.asks();
  assert.equal(device.wrongMs, 0);
});

test("a page that starts anew goes on by the wall clock; one that went back stays where time was", () => {
  const device = world(6 * YEAR);
  device.asks();
  device.passes(MINUTE);
  device.restarts(14 * HOUR);
  assert.equal(device.wrongMs, 0, "as far off as before");
  assert.ok(!device.isSure);
  const lost = world();
  lost.asks();
  lost.isSet(-20 * YEAR); // a battery that was empty
  lost.restarts(HOUR);
  assert.equal(lost.wrongMs, -HOUR, "not before what was already, that much is known");
  lost.passes(HOUR);
  assert.equal(lost.wrongMs, -HOUR);
  lost.asks();
  assert.equal(lost.wrongMs, 0);
});

test("a slow answer does not spoil what a quick one said, unless it contradicts it", () => {
  const device = world();
  device.asks(40);
  device.passes(MINUTE);
  device.asks(8_000, 0.95);
  assert.ok(Math.abs(device.wrongMs) < 50, String(device.wrongMs));
  device.now.trueMs += 30_000; // neither clock has seen that
  device.now.errorMs -= 30_000;
  device.asks(2_000);
  assert.ok(Math.abs(device.wrongMs) <= 1_000);
});

test("time never runs back because it is known more exactly: no job ends before it began", () => {
  const device = world(30_000);
  device.asks(2_000, 0.1); // crowded: most of the way was the way back
  const started = device.clock.read();
  assert.ok(device.wrongMs < -700, `${device.wrongMs}`);
  device.asks(40, 0.9);
  assert.ok(device.clock.read().nowMs >= started.nowMs);

  const fast = world(30_000);
  fast.asks(2_000, 0.9); // crowded on the way there: it takes the server's time for later than it is
  const began = fast.clock.read();
  assert.ok(fast.wrongMs > 700, `${fast.wrongMs}`);
  fast.asks(40);
  const ended = fast.clock.read();
  assert.ok(ended.nowMs >= began.nowMs, "stands still instead");
  assert.equal(ended.nowMs - (ended.clockOffsetMs ?? NaN), fast.now.trueMs + fast.now.errorMs, "and says what the wall showed");
  fast.passes(2_000);
  assert.ok(Math.abs(fast.wrongMs) <= 20, "until the rest has caught up");
});

test("a guess that the server contradicts is given up at once", () => {
  const device = world();
  device.asks();
  device.restarts(0);
  device.isSet(HOUR);
  assert.ok(device.wrongMs >= HOUR - MINUTE);
  device.asks();
  assert.ok(Math.abs(device.wrongMs) <= 20);
});

test("small differences of two clocks never add up", () => {
  const device = world();
  device.asks();
  for (let second = 0; second < 8 * 3600; second += 1) {
    device.passes(1_000);
    device.now.errorMs = second % 2 === 0 ? 3 : -3; // read a little one after the other
    device.clock.read();
  }
  assert.equal(device.wrongMs, 0);
  assert.ok(device.isSure);
});

test("an answer that was on its way when the clock was set tells nothing; the next one does", async () => {
  const device = world();
  /** @type {any} */ let meanwhile = () => device.isSet(6 * YEAR);
  const answer = async () => {
    const now = new Date(device.now.trueMs).toISOString();
    meanwhile();
    meanwhile = () => {};
    return new Response(JSON.stringify({ now }), { headers: { "Content-Type": "application/json" } });
  };
  const server = new Server({ fetch: answer, clock: device.clock });
  await server.ask("/api/v1/device");
  assert.ok(!device.isSure);
  await server.ask("/api/v1/device");
  assert.equal(server.clockOffsetMs, -6 * YEAR);
  assert.equal(device.wrongMs, 0);
});

// ---- captures --------------------------------------------------------------------------------------------------------

/** A tablet without a network: a job is started, something happens, half an hour later it is stopped; then it is sent.
 * @param {(device: ReturnType<typeof world>) => void} happens */
async function job(happens, memory = new Memory()) {
  const device = world();
  const plant = new Plant();
  plant.now = () => device.now.trueMs;
  const open = async () => {
    const queue = new Queue(memory, { now: () => device.now.trueMs, clocks: () => device.clock.read() });
    await queue.load();
    const server = new Server({ fetch: plant.fetch, clock: device.clock });
    return { queue, sender: new Sender(queue, server, { now: () => device.now.trueMs, random: () => 0.5 }) };
  };
  device.asks();
  let { queue } = await open();
  await queue.capture(start("ana", { order: "MO-1", operation: "10" }, "run"), "ana");
  device.passes(10 * MINUTE);
  happens(device);
  device.passes(20 * MINUTE);
  let sender;
  ({ queue, sender } = await open());
  const [span] = new Work(queue.entries).of("ana");
  const stoppedMs = device.now.trueMs;
  const [stopped] = await queue.capture(stop(span), "ana");
  device.passes(MINUTE);
  await sender.send({ asked: true });
  const [from, to] = [...plant.log.values()].map((text) => Date.parse(JSON.parse(text).occurred_at));
  return { device, plant, queue, sender, stopped, tookMs: to - from, isMs: stoppedMs - TRUE_MS - 40 };
}

for (const [what, happens] of /** @type {[string, Parameters<typeof job>[0]][]} */ ([
  ["nothing", () => {}],
  ["its clock is set back by an hour", (device) => device.isSet(-HOUR)],
  ["its clock is set back by six years", (device) => device.isSet(-6 * YEAR)],
  ["its clock is set forward by six years", (device) => device.isSet(6 * YEAR)],
  ["its clock is set back and right again", (device) => { device.isSet(-HOUR); device.clock.read(); device.passes(MINUTE); device.isSet(HOUR); }],
  ["it sleeps for an hour", (device) => device.sleeps(HOUR)],
  ["its page is started anew", (device) => device.restarts(5 * MINUTE)],
])) {
  test(`a job in which ${what} takes as long as it took, and nothing is told of it`, async () => {
    const { tookMs, isMs, plant } = await job(happens);
    assert.ok(Math.abs(tookMs - isMs) < 1_000, `${tookMs} for ${isMs}`);
    assert.deepEqual([...plant.doubts], []);
  });
}

for (const [what, byMs, happens] of /** @type {[string, number, Parameters<typeof job>[0]][]} */ ([
  ["its clock is set forward by an hour", HOUR, (device) => device.isSet(HOUR)],
  ["its clock is set back by an hour while its page is closed", -HOUR, (device) => { device.isSet(-HOUR); device.restarts(2 * HOUR); }],
  ["its clock is set forward while its page is closed", HOUR, (device) => { device.isSet(HOUR); device.restarts(MINUTE); }],
])) {
  test(`a job in which ${what}: its end is wrong, and it is told by how much`, async () => {
    const { tookMs, isMs, plant, stopped, queue, sender } = await job(happens);
    assert.ok(Math.abs(tookMs - isMs - byMs) < 1_000, `${tookMs} for ${isMs}`);
    assert.deepEqual([...plant.doubts.keys()], [stopped.id]);
    assert.ok(Math.abs((plant.doubts.get(stopped.id) ?? 0) + byMs) < 100);
    // A server that forgot it is told the same, whatever the clock shows by then.
    plant.doubts.clear();
    plant.log.clear();
    plant.lineage = "lineage-2";
    await queue.compareMemory({ lineage: "lineage-2", device: plant.device });
    await sender.send({ asked: true });
    assert.ok(Math.abs((plant.doubts.get(stopped.id) ?? 0) + byMs) < 100);
  });
}

test("a guess is not sent before the server was asked what time it is", async () => {
  const device = world();
  const plant = new Plant();
  plant.now = () => device.now.trueMs;
  /** @type {string[]} */
  const asked = [];
  const fetch = async (/** @type {any} */ path, /** @type {any} */ init) => {
    asked.push(`${init.method} ${path}`);
    return plant.fetch(path, init);
  };
  device.asks();
  const queue = new Queue(new Memory(), { clocks: () => device.clock.read() });
  const sender = new Sender(queue, new Server({ fetch, clock: device.clock }), { now: () => device.now.trueMs, random: () => 0.5 });
  device.isSet(HOUR);
  await queue.capture(start("ana", { order: "MO-1" }, "run"), "ana");
  plant.mood = "unreachable";
  await sender.send();
  assert.deepEqual(asked, ["GET /api/v1/device"]);
  assert.equal(sender.condition, "no network");
  plant.mood = "ok";
  await sender.send({ asked: true });
  assert.deepEqual(asked.slice(1), ["GET /api/v1/device", "POST /api/v1/events"]);
  assert.equal(queue.counts.sent, 1);
  await queue.capture([{ type: "labor.stopped", person: "ana", fields: {} }], "ana");
  await sender.send();
  assert.deepEqual(asked.slice(3), ["POST /api/v1/events"], "once is enough");
});

test("a time somebody told was read off no clock, and is not compared with one", async () => {
  const device = world();
  const queue = new Queue(new Memory(), { clocks: () => device.clock.read() });
  const [entry] = await queue.capture([{ type: "labor.stopped", person: "ana", fields: {}, occurredMs: TRUE_MS }], "ana");
  assert.equal(entry.local.unsure, undefined);
});
