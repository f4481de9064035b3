// Photos beside facts: after them, one by one, kept until the server has them; and the file that rescues both.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Photos } from "../../webapp/static/outbox/photos.js";
import { MOST_PHOTO_BYTES, Queue } from "../../webapp/static/outbox/queue.js";
import { pack, relay, unpack, unsent } from "../../webapp/static/outbox/rescue.js";
import { Sender } from "../../webapp/static/outbox/sender.js";
import { Server } from "../../webapp/static/outbox/server.js";
import { handClock, Memory, Plant } from "./keeping.js";

const SALT = "00112233445566778899aabbccddeeff";
const JPEG = new Uint8Array([0xff, 0xd8, 1, 2, 3, 0xff, 0xd9]);

/** A device and a plant that also takes photos, as the contract has it. */
async function page({ plant = new Plant(), memory = new Memory() } = {}) {
  const clock = handClock();
  /** @type {Map<string, string>} */
  const taken = new Map();
  /** @type {{status: number, body: object}[]} answers to give before the right one */
  const answers = [];
  /** @type {any[]} */
  const relayed = [];
  const fetch = async (/** @type {any} */ path, /** @type {any} */ init) => {
    const found = /^\/api\/v1\/photos\/(.+)$/.exec(String(path));
    if (!found) {
      const body = JSON.parse(String(init.body ?? "{}"));
      if (body.relayed_from) relayed.push(body.relayed_from);
      return plant.fetch(path, init);
    }
    const next = answers.shift();
    const kind = next && next.status >= 400 ? "application/problem+json" : "application/json";
    const isNew = !taken.has(found[1]);
    if (!next) taken.set(found[1], createHash("sha256").update(init.headers["Floorledger-Salt"]).update(new Uint8Array(init.body)).digest("hex"));
    return new Response(JSON.stringify(next?.body ?? { photo: isNew ? "created" : "exists" }), { status: next?.status ?? (isNew ? 201 : 200), headers: { "Content-Type": kind } });
  };
  const queue = new Queue(memory, clock);
  await queue.load();
  const server = new Server({ fetch, clock: clock.clock });
  const sender = new Sender(queue, server, { now: clock.now, random: () => 0.5 });
  const photos = new Photos(queue, server, { now: clock.now, random: () => 0.5 });
  const defect = (jpeg = JPEG) =>
    queue.capture([{ type: "defect.reported", fields: { order: "MO-1", operation: "10" }, photo: { salt: SALT, jpeg: jpeg.slice().buffer } }], "ana");
  return { clock, plant, memory, queue, server, sender, photos, taken, answers, relayed, defect };
}

test("a photo goes after its fact, under the digest the fact bears, and is let go then", async () => {
  const { queue, sender, photos, taken, memory, defect } = await page();
  const [entry] = await defect();
  const digest = createHash("sha256").update(SALT).update(JPEG).digest("hex");
  assert.equal(entry.event.photo_digest, digest);
  await photos.send();
  assert.equal(taken.size, 0, "the server does not know the fact yet");
  await sender.send();
  await photos.send();
  assert.equal(taken.get(entry.id), digest);
  assert.equal(await memory.photoOf(entry.id), null);
  assert.equal(queue.withPhotos.length, 0);
  assert.ok(queue.entries[0].photo?.sentMs);
  await queue.load();
  assert.ok(queue.entries[0].photo?.sentMs, "the next start knows it too");
});

test("a photo waits for a server that cannot, and for one that does not know its fact yet", async () => {
  const { queue, sender, photos, taken, answers, clock, defect } = await page();
  await defect();
  await sender.send();
  for (const [status, code] of /** @type {[number, string][]} */ ([[503, "storage.unavailable"], [404, "photo.fact_unknown"], [401, "auth.revoked"]])) {
    answers.push({ status, body: { code, title: "no" } });
    await photos.send();
    assert.equal(queue.withPhotos.length, 1, code);
    await photos.send();
    assert.equal(taken.size, 0, "not in a loop");
    clock.forward(600_000);
  }
  await photos.send();
  assert.equal(taken.size, 1);
});

test("a photo the server will never take says so on its fact and holds up nothing", async () => {
  const { queue, sender, photos, taken, answers, defect } = await page();
  await defect();
  await defect();
  await sender.send();
  answers.push({ status: 422, body: { code: "photo.digest_mismatch", title: "Another picture" } });
  await photos.send();
  assert.equal(queue.entries[0].photo?.problem?.title, "Another picture");
  assert.equal(taken.size, 1);
  assert.equal(queue.counts.sent, 2);
});

test("a full disk, or 200 MB of photos, refuses the photo and takes the fact", async () => {
  const { queue, memory, defect } = await page();
  memory.isTight = true;
  const [tight] = await defect();
  assert.deepEqual([tight.state, tight.photo, tight.event.photo_digest], ["waiting", null, undefined]);
  assert.deepEqual(queue.entries.map(({ seq }) => seq), [1]);
  memory.isTight = false;
  await defect();
  assert.ok(queue.hasRoomFor(1));
  assert.ok(!queue.hasRoomFor(MOST_PHOTO_BYTES), "one is here already");
});

test("what a device cannot send, another one brings: its facts, notes and photos, under its own name, once", async () => {
  const broken = await page();
  await broken.defect();
  await broken.queue.capture([{ type: "output.reported", fields: { order: "MO-1", operation: "10", quantity: "3" }, note: "by hand" }], "luis");
  const file = unpack(await pack(broken.queue, { id: "d1", name: "Tablet 4" }, "2026-11-22T10:00:00.000+01:00"));
  assert.ok(file);
  assert.deepEqual([file.device, file.events.length, Object.keys(file.notes).length, Object.keys(file.photos).length], [{ id: "d1", name: "Tablet 4" }, 2, 1, 1]);

  const helper = await page();
  /** @type {number[]} */
  const progress = [];
  const result = await relay(file, helper.server, (done) => progress.push(done));
  assert.deepEqual([result.verdicts.map(({ verdict }) => verdict), result.photos, result.trouble, progress], [["created", "created"], 1, null, [2]]);
  assert.deepEqual(helper.relayed, ["d1"]);
  assert.deepEqual([...helper.plant.log.values()], broken.queue.entries.map(({ body }) => body), "byte for byte");
  assert.equal(helper.taken.get(file.events[0].id), file.events[0].photo_digest);
  const again = await relay(file, helper.server);
  assert.deepEqual(again.verdicts.map(({ verdict }) => verdict), ["exists", "exists"]);
  assert.equal(helper.queue.entries.length, 0, "they are not the helper's");
});

test("a rescue without a network loses nothing", async () => {
  const { queue, defect } = await page();
  await defect();
  const file = unpack(await pack(queue, { id: "d1", name: "Tablet 4" }, ""));
  const result = await relay(/** @type {any} */ (file), new Server({ fetch: async () => { throw new TypeError("no network"); } }));
  assert.deepEqual([result.verdicts, result.trouble?.is], [[], "unreachable"]);
});

test("a file that is none of ours is known for it", () => {
  for (const text of ["", "{", "[]", '{"floorledger":"rescue","version":2,"device":{"id":"d"},"events":[]}', '{"floorledger":"rescue","version":1,"events":[]}']) {
    assert.equal(unpack(text), null, text);
  }
});

test("a hostile file is none, or leads nowhere but where facts and photos go", async () => {
  const id = "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01";
  const at = "2026-11-22T10:00:00Z";
  const file = (/** @type {object} */ more) => unpack(JSON.stringify({ floorledger: "rescue", version: 1, device: { id: "d" }, events: [], ...more }));
  for (const fact of [null, 1, "x", [], {}, { id: 7, occurred_at: at }, { id, occurred_at: { toString: 1 } }, { id, occurred_at: at, declared_by: { toString: 1 } }]) {
    assert.equal(file({ events: [fact] }), null, JSON.stringify(fact));
  }
  const salt = "0".repeat(32);
  const photos = {
    "../../x": { salt, jpeg: "AAAA" }, [id]: { salt: "s\n", jpeg: "AAAA" }, [id.replace("0b", "1b")]: { salt, jpeg: "<b>" },
    [id.replace("0b", "2b")]: null, [id.replace("0b", "3b")]: { salt, jpeg: 7 }, [id.replace("0b", "4b")]: { salt, jpeg: "AAAA" },
  };
  const notes = JSON.parse(`{"__proto__":{"salt":"s","text":"t"},"${id}":{"salt":{"toJSON":1},"text":"t"}}`);
  const bent = file({ device: { id: "d", name: { _$litType$: 1, strings: ["<img>"] } }, exported_at: 7, lineage: {}, notes, photos, events: [{ id: "__proto__", occurred_at: at }] });
  assert.ok(bent);
  assert.deepEqual([bent.device, bent.exported_at, bent.lineage, bent.notes], [{ id: "d", name: "" }, "", null, {}]);
  /** @type {string[]} */
  const asked = [];
  const server = new Server({ fetch: async (/** @type {any} */ path) => { asked.push(path); throw new TypeError("no network"); } });
  await relay({ ...bent, events: [] }, server);
  assert.deepEqual(asked, [`/api/v1/photos/${id.replace("0b", "4b")}`]);
  assert.deepEqual([file({ notes: null, photos: null })?.notes, file({ notes: "x", photos: [1] })?.photos], [{}, {}]);
});

test("only what is in the file is let go of, by somebody, and it stays to be seen", async () => {
  const { queue, sender, plant, defect } = await page();
  await defect();
  await defect();
  const [first] = unsent(queue);
  await queue.discard([first], "ana");
  assert.deepEqual(queue.entries.map(({ state }) => state), ["discarded", "waiting"]);
  assert.deepEqual(queue.entries[0].discarded?.by, "ana");
  await sender.send();
  assert.equal(plant.log.size, 1);
  await queue.load();
  assert.equal(queue.entries[0].state, "discarded");
  assert.deepEqual(queue.counts, { waiting: 0, sent: 1, held: 0, refused: 0 });
});

