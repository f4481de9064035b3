// A fact as it travels: one flat JSON object, made once, on this device, at the moment it is confirmed.
//
// A screen says what happened (a draft); the outbox gives it the sequence number and fixes the text. From then on the
// text is the fact: it is stored, sent and sent again byte for byte, so that a repeat can be known for a repeat.

import { rfc3339 } from "../lib/time.js";

/** @typedef {"measured" | "declared" | "estimated"} Provenance */

/**
 * What a screen says happened.
 * @typedef {Object} Draft
 * @property {string} type e.g. "labor.started"
 * @property {string} [id] made beforehand, when another fact of the same gesture names this one
 * @property {Record<string, string | number | boolean | null | undefined>} fields the type's own fields, as on the wire
 * @property {string | null} [person] whom it is about
 * @property {Provenance} [provenance] "measured" unless told
 * @property {number} [occurredMs] when it happened, if that is not now: then it is somebody's word, not our clock's
 * @property {string} [note] free text; travels beside the fact, under a salted digest
 * @property {Photo} [photo] travels after the fact, under a salted digest
 * @property {Local} [local] what only this device needs to know
 */

/** @typedef {{salt: string, jpeg: ArrayBuffer}} Photo  the salt is 32 hexadecimal digits; the digest is that of both */

/**
 * Kept beside the fact, never sent.
 * @typedef {Object} Local
 * @property {string} [gesture] facts made by one tap carry the same
 * @property {boolean} [pause] this stop is a pause: offer to resume
 * @property {boolean} [unsure] what time it was is a guess, to be compared with the server's clock before it is sent
 * @property {number} [doubtMs] what that comparison said: how much later it really seems to have been
 */

/**
 * The time at the moment of confirming, as outbox/clock.js knows it.
 * @typedef {Object} Reading
 * @property {number} nowMs what time it is by the server's clock; as long as the server was never asked, by our own
 * @property {string} bootId which run of the page the monotonic clock belongs to
 * @property {number} monotonicMs never goes back within one boot
 * @property {number | null} clockOffsetMs how far the clock on the wall is behind `nowMs`; null: the server was never asked
 * @property {number | null} [sureWithinMs] how exactly `nowMs` is known; null: it is a guess until the server is asked
 */

/** @typedef {Record<string, any> & {id: string, type: string, occurred_at: string}} Fact */

/**
 * The fact's exact text.
 * @param {Draft} draft
 * @param {{id: string, seq: number, declaredBy: string | null, clocks: Reading, noteDigest?: string, photoDigest?: string}} stamp
 */
export function write(draft, { id, seq, declaredBy, clocks, noteDigest, photoDigest }) {
  const told = draft.occurredMs !== undefined;
  const event = {
    id,
    type: draft.type,
    version: 1,
    occurred_at: rfc3339(draft.occurredMs ?? clocks.nowMs),
    provenance: draft.provenance ?? (told ? "declared" : "measured"),
    person: draft.person,
    declared_by: declaredBy,
    device_seq: seq,
    // A told instant was read off no clock of ours.
    boot_id: told ? null : clocks.bootId,
    monotonic_ms: told ? null : Math.round(clocks.monotonicMs),
    clock_offset_ms: clocks.clockOffsetMs === null ? null : Math.round(clocks.clockOffsetMs),
    note_digest: noteDigest,
    photo_digest: photoDigest,
    ...draft.fields,
  };
  return JSON.stringify(event, (_key, value) => (value === null || value === "" ? undefined : value));
}

/** The fields every fact has; the others are its type's own. */
export const ENVELOPE = new Set([
  "id", "type", "version", "occurred_at", "provenance", "person", "declared_by", "device_seq", "boot_id", "monotonic_ms",
  "clock_offset_ms", "source", "source_row", "source_repeat", "note_digest", "photo_digest",
]);

/** @param {string} body @returns {Fact} */
export const parse = (body) => JSON.parse(body);

/** @param {Fact} event */
export const occurredMs = (event) => Date.parse(event.occurred_at);
