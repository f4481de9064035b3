// F26: whatever happens, in whatever order, every capture a person heard "saved" for is on the server exactly once when
// it is over, as it was captured and in the order of its numbers; nothing is there that nobody captured.
//
// FLOORLEDGER_CHECKS_SHIFTS says how many random shifts are tried; a failing one is shrunk and printed with its seed.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chance } from "./keeping.js";
import { Device, pass } from "./world.js";

const SHIFTS = Number(process.env.FLOORLEDGER_CHECKS_SHIFTS ?? "1000");
const DAY_MS = 86_400_000;

/** @typedef {{what: string, [more: string]: any}} Step */

/** @param {Record<string, fc.Arbitrary<any>>} more @param {string} what */
const step = (what, more = {}) => fc.record({ what: fc.constant(what), ...more });
const tab = fc.nat(1);
const turns = fc.nat(24);

const STEPS = fc.oneof(
  { weight: 8, arbitrary: step("capture", { tab, facts: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 6, arbitrary: step("send", { tab, how: fc.constantFrom("", "eager", "asked") }) },
  { weight: 3, arbitrary: step("both", { one: tab, facts: fc.integer({ min: 1, max: 2 }), other: tab }) },
  { weight: 3, arbitrary: step("killed capturing", { tab, turns }) },
  { weight: 3, arbitrary: step("killed sending", { tab, turns }) },
  { weight: 4, arbitrary: step("network", { mood: fc.constantFrom("ok", "lost answer", "unreachable", "500", "429", "html", "redirect", "401", "half", "cut", "other batch", "413") }) },
  { weight: 2, arbitrary: step("another tab") },
  { weight: 1, arbitrary: step("update") },
  { weight: 1, arbitrary: step("freeze", { tab }) },
  { weight: 1, arbitrary: step("thaw") },
  { weight: 2, arbitrary: step("time", { ms: fc.oneof(fc.nat(120_000), fc.nat(3 * DAY_MS)) }) },
  { weight: 1, arbitrary: step("sleep", { ms: fc.nat(DAY_MS) }) },
  { weight: 2, arbitrary: step("clock", { ms: fc.oneof(fc.integer({ min: -7_200_000, max: 7_200_000 }), fc.constantFrom(-6 * 365 * DAY_MS, 6 * 365 * DAY_MS)) }) },
  { weight: 1, arbitrary: step("disk", { isFull: fc.boolean() }) },
  { weight: 1, arbitrary: step("files", { refused: fc.boolean() }) },
  { weight: 2, arbitrary: step("connection lost") },
  { weight: 2, arbitrary: step("database gone", { isOpen: fc.boolean() }) },
  { weight: 2, arbitrary: step("database cut", { lost: fc.nat(4) }) },
  { weight: 2, arbitrary: step("journal damaged", { how: fc.constantFrom("cut", "noise", "gone") }) },
  { weight: 1, arbitrary: step("backup") },
  { weight: 1, arbitrary: step("restore", { isTold: fc.boolean() }) },
);

/** @type {Record<string, (device: Device, step: Step) => Promise<any>>} */
const DEEDS = {
  async capture(device, { tab, facts }) {
    await device.capture(await device.tab(tab), facts);
  },
  async send(device, { tab, how }) {
    await (await device.tab(tab)).send({ eager: how === "eager", asked: how === "asked" });
  },
  async both(device, { one, facts, other }) {
    const [mine, theirs] = [await device.tab(one), await device.tab(other)];
    await Promise.all([device.capture(mine, facts), theirs.send({ asked: true }), mine.send({ asked: true })]);
  },
  async "killed capturing"(device, { tab, turns }) {
    const page = await device.tab(tab);
    void device.capture(page, 2);
    await pass(turns);
    page.kill();
    await pass(4);
  },
  async "killed sending"(device, { tab, turns }) {
    const page = await device.tab(tab);
    void page.send({ asked: true }).catch(() => {});
    await pass(turns);
    page.kill();
    await pass(4);
  },
  async network(device, { mood }) {
    device.plant.mood = mood;
  },
  async "another tab"(device) {
    if (device.tabs.length < 2) await device.start();
  },
  async update(device) {
    device.killAll(); // a new version takes over when the page is loaded anew
    await (await device.tab()).meet().catch(() => {});
  },
  async freeze(device, { tab }) {
    const page = await device.tab(tab);
    if (device.tabs.length < 2) return;
    page.frozen ??= [];
    void page.send({ asked: true }).catch(() => {});
    await pass(3);
  },
  async thaw(device) {
    for (const page of device.tabs) page.thaw();
    await pass(3);
  },
  async time(device, { ms }) {
    device.wait(ms);
  },
  async sleep(device, { ms }) {
    device.sleep(ms);
  },
  async clock(device, { ms }) {
    device.nowMs += ms;
  },
  async disk(device, { isFull }) {
    device.isFull = isFull;
  },
  async files(device, { refused }) {
    if (refused !== device.refusesFiles) await whole(device);
    device.refusesFiles = refused;
  },
  async "connection lost"(device) {
    device.closeDatabases();
  },
  // One copy is damaged at a time: with both gone there is nothing to bring anything back from.
  async "database gone"(device, { isOpen }) {
    await whole(device);
    await remembered(device);
    if (!isOpen) device.killAll();
    device.wipe();
  },
  async "database cut"(device, { lost }) {
    await whole(device);
    await remembered(device);
    device.killAll();
    await device.cutDatabase(lost);
  },
  async "journal damaged"(device, { how }) {
    await whole(device);
    device.killAll();
    device.damageJournal(how);
  },
  async backup(device) {
    device.backUp();
  },
  async restore(device, { isTold }) {
    // Acknowledged captures are kept for a fortnight: that is how old a backup may be.
    if (device.trueMs - device.backup.atMs < 13 * DAY_MS) device.restore(isTold);
  },
};

/** Both copies are good again: what was damaged before has been seen by a page that had room to mend it. @param {Device} device */
async function whole(device) {
  device.isFull = false;
  device.killAll();
  const page = await device.tab();
  await page.settle();
  await pass(8);
}

/** What was acknowledged is kept here in one copy, for a server that forgets: not both forget at once. @param {Device} device */
async function remembered(device) {
  if (device.hasForgotten) await calm(device);
  device.hasForgotten = false;
  device.backUp();
}

/** Everything mended; nobody touches anything any more. @param {Device} device */
async function calm(device) {
  device.plant.mood = "ok";
  device.isFull = false;
  device.refusesFiles = false;
  for (const page of device.tabs) page.thaw();
  await pass(8);
  device.killAll();
  const page = await device.tab();
  await page.settle();
  for (let round = 0; round < 4; round += 1) {
    await page.meet();
    device.wait(400_000);
    await page.send({ eager: true });
  }
  return page;
}

test(`F26: exactly once through ${SHIFTS} random shifts`, async () => {
  let captures = 0;
  let told = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(STEPS, { minLength: 1, maxLength: 30 }), fc.nat(), async (steps, seed) => {
      const device = new Device(chance(seed));
      for (const step of steps) await DEEDS[step.what](device, step);
      const page = await calm(device);

      const { log } = device.plant;
      assert.deepEqual(page.queue.counts, { ...page.queue.counts, waiting: 0, refused: 0 }, "something still waits");
      for (const [id, text] of device.confirmed) assert.equal(log.get(id), text, `a confirmed capture is lost: ${text}`);
      for (const id of log.keys()) assert.ok(device.tried.has(id), "the server has what nobody captured");
      const facts = [...log.values()].map((text) => JSON.parse(text));
      const numbers = facts.map(({ device_seq }) => device_seq).sort((a, b) => a - b);
      assert.deepEqual(numbers, numbers.map((_number, index) => index + 1), "a number is missing or used twice");
      const inOrder = [...device.confirmed.values()].map((text) => JSON.parse(text).device_seq);
      assert.deepEqual(inOrder, [...inOrder].sort((a, b) => a - b), "numbers are not in the order of capturing");
      // A clock that is set twice may be wrong in between and right before and after: nobody can know that.
      if (steps.filter(({ what }) => what === "clock").length <= 1) {
        const wrong = facts.filter(({ id, occurred_at }) => Math.abs(Date.parse(occurred_at) - (device.truth.get(id) ?? 0)) > 2_000);
        assert.deepEqual(wrong.filter(({ id }) => !device.plant.doubts.has(id)), [], "a wrong time is neither mended nor told");
        told += wrong.length;
      }
      captures += device.confirmed.size;
      device.killAll();
    }),
    { numRuns: SHIFTS, timeout: 10_000, ...(process.env.FLOORLEDGER_CHECKS_SEED ? { seed: Number(process.env.FLOORLEDGER_CHECKS_SEED) } : {}) },
  );
  console.log(`${SHIFTS} shifts, ${captures} captures confirmed, none lost, none doubled; ${told} with a wrong time, all told`);
});
