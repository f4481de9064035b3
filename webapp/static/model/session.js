// Who stands at the device. The device has its own identity and sends; a badge only says who signs. So leaving loses
// nothing: captures keep their author and go out whoever is here.

/** A shared tablet forgets the person after this long without a touch or a scan. */
export const AWAY_AFTER_MS = 5 * 60_000;

/**
 * @typedef {Object} Session
 * @property {string | null} person key, or the nine letters of a badge this device does not know
 * @property {number} touchedMs last sign of life
 */

/** @type {Session} */
export const NOBODY = { person: null, touchedMs: 0 };

/** @param {string} person @param {number} nowMs @returns {Session} */
export const signedIn = (person, nowMs) => ({ person, touchedMs: nowMs });

/** @param {Session} session @param {number} nowMs @returns {Session} */
export const touched = (session, nowMs) => ({ ...session, touchedMs: nowMs });

/**
 * The session as it is now: nobody's once its person has been silent too long. A clock that was set back is no proof
 * of absence.
 * @param {Session} session @param {number} nowMs @param {boolean} personal one person's own phone is never left
 */
export const current = (session, nowMs, personal) =>
  session.person && !personal && nowMs - session.touchedMs > AWAY_AFTER_MS ? NOBODY : session;
