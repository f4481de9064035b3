// A device that cannot send any more still has its captures: it writes them into a file, and any other device, or a lead
// on the device page, brings them to the server. They stay the first device's: its id, its numbers, its authors. Importing
// twice, or after the first device came back to life, is harmless: the server knows a repeat.

import { uuid } from "../lib/uuid.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("./queue.js").Verdict} Verdict */
/** @typedef {import("../model/event.js").Fact} Fact */

/**
 * @typedef {Object} File
 * @property {"rescue"} floorledger
 * @property {1} version
 * @property {{id: string, name: string}} device whose facts they are
 * @property {string} exported_at
 * @property {string | null} lineage
 * @property {Fact[]} events
 * @property {Record<string, {salt: string, text: string}>} notes
 * @property {Record<string, {salt: string, jpeg: string}>} photos by the id of their fact, in base64
 */

/** @typedef {{verdicts: Verdict[], photos: number, trouble: import("./server.js").Answer | null}} Result what became of it; `trouble` stopped it */

const BATCH = 50;

/** What the server has not acknowledged, oldest first: facts, and photos of facts it has. @param {import("./queue.js").Queue} queue */
export const unsent = (queue) => queue.entries.filter(({ state }) => state !== "sent" && state !== "discarded");

/**
 * The file's text. The facts' texts go in as they are.
 * @param {import("./queue.js").Queue} queue
 * @param {{id: string, name: string} | null} device
 * @param {string} exportedAt
 */
export async function pack(queue, device, exportedAt) {
  const entries = unsent(queue);
  const notes = Object.fromEntries(entries.flatMap(({ id, note }) => (note ? [[id, note]] : [])));
  /** @type {Record<string, {salt: string, jpeg: string}>} */
  const photos = {};
  for (const { id, photo } of queue.withPhotos) {
    const jpeg = await queue.store.photoOf(id);
    if (jpeg && photo) photos[id] = { salt: photo.salt, jpeg: toBase64(new Uint8Array(jpeg)) };
  }
  const head = { floorledger: "rescue", version: 1, device: device && { id: device.id, name: device.name }, exported_at: exportedAt, lineage: queue.lineage };
  return `${JSON.stringify(head).slice(0, -1)},"events":[${entries.map(({ body }) => body).join(",")}],"notes":${JSON.stringify(notes)},"photos":${JSON.stringify(photos)}}`;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SALT = /^[0-9a-f]{32}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * A file is what somebody chose: nothing is taken from it that is not what it ought to be.
 * @param {string} text @returns {File | null} null: no file of ours
 */
export function unpack(text) {
  /** @type {any} */ let file;
  try {
    file = JSON.parse(text);
  } catch {
    return null;
  }
  const isOurs = file?.floorledger === "rescue" && file.version === 1 && isText(file.device?.id) && Array.isArray(file.events) && file.events.every(isFact);
  if (!isOurs) return null;
  const { device, events, exported_at, lineage } = file;
  return {
    floorledger: "rescue",
    version: 1,
    device: { id: device.id, name: isText(device.name) ? device.name : "" },
    exported_at: isText(exported_at) ? exported_at : "",
    lineage: isText(lineage) ? lineage : null,
    events,
    notes: sound(file.notes, ({ salt, text: words }) => isText(salt) && isText(words)),
    // A photo's fact becomes part of an address.
    photos: sound(file.photos, ({ salt, jpeg }) => isText(salt) && SALT.test(salt) && isText(jpeg) && jpeg.length % 4 === 0 && BASE64.test(jpeg)),
  };
}

/** @param {unknown} value */
const isText = (value) => typeof value === "string";

/** What else is in it is the server's to judge. @param {any} fact */
const isFact = (fact) => isText(fact?.id) && isText(fact.occurred_at) && (fact.declared_by === undefined || isText(fact.declared_by));

/** What travels beside facts, by their ids, as far as it is any. @param {unknown} things @param {(thing: any) => boolean} isSound
 * @returns {Record<string, any>} */
const sound = (things, isSound) => Object.fromEntries(Object.entries(things ?? {}).filter(([id, thing]) => UUID.test(id) && thing !== null && isSound(thing)));

/**
 * Bring a file to the server: facts first, then photos.
 * @param {File} file
 * @param {import("./server.js").Server} server
 * @param {(done: number) => void} [onProgress] facts the server has answered for
 * @returns {Promise<Result>}
 */
export async function relay(file, server, onProgress = () => {}) {
  /** @type {Verdict[]} */
  const verdicts = [];
  for (let at = 0; at < file.events.length; at += BATCH) {
    const events = file.events.slice(at, at + BATCH);
    const batchId = uuid();
    const notes = Object.fromEntries(events.flatMap(({ id }) => (file.notes[id] ? [[id, file.notes[id]]] : [])));
    const answer = await server.ask("/api/v1/events", {
      method: "POST",
      body: JSON.stringify({ protocol: 1, batch_id: batchId, lineage: file.lineage, relayed_from: file.device.id, events, notes }),
    });
    if (answer.is !== "ok") return { verdicts, photos: 0, trouble: answer };
    if (answer.body?.batch_id !== batchId || !Array.isArray(answer.body.verdicts)) return { verdicts, photos: 0, trouble: { is: "stranger" } };
    verdicts.push(...answer.body.verdicts);
    onProgress(verdicts.length);
  }
  let photos = 0;
  for (const [id, { salt, jpeg }] of Object.entries(file.photos)) {
    const answer = await server.ask(`/api/v1/photos/${id}`, {
      method: "PUT",
      body: fromBase64(jpeg),
      headers: { "Content-Type": "image/jpeg", "Floorledger-Salt": salt },
      signal: AbortSignal.timeout(60_000),
    });
    if (answer.is === "ok") photos += 1;
    else if (answer.is !== "problem") return { verdicts, photos, trouble: answer };
  }
  return { verdicts, photos, trouble: null };
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let text = "";
  // A few thousand at a time: a call's arguments have their limit.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** @param {string} text @returns {ArrayBuffer} */
const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
