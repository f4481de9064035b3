// How long to wait before the next try: doubling, capped, and spread out so that twenty tablets of one hall do not all
// come back in the same second after the server restarts.

const FIRST_MS = 2_000;

/** A server in trouble is left in peace for longer and longer. */
export const TROUBLE_CAP_MS = 300_000;

/** Asking a network that is not there costs nobody anything. */
export const NETWORK_CAP_MS = 20_000;

/**
 * Milliseconds before try number `failures` + 1; half of the span is certain, the other half is chance.
 * @param {number} failures how many tries have failed in a row, from 1
 * @param {number} capMs
 * @param {() => number} random in [0, 1)
 */
export function delayAfter(failures, capMs, random = Math.random) {
  const span = Math.min(capMs, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(span / 2 + (span / 2) * random());
}
