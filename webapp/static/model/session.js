// Who stands at the device. The device has its own identity and sends; a badge only says who signs. So leaving loses
// nothing: captures keep their author and go out whoever is here. With the person who signs there may be mates: a crew,
// whose time one gesture of that person notes.

/** A shared tablet forgets the person after this long without a touch or a scan. */
export const AWAY_AFTER_MS = 5 * 60_000;

/**
 * @typedef {Object} Session
 * @property {string | null} person key, or the nine letters of a badge this device does not know
 * @property {string[]} [crew] the mates who work with that person; gone as soon as the person is
 * @property {number} touchedMs last sign of life
 * @property {boolean} [proven] by badge or PIN; not when a colleague's tap on the name sufficed
 */

/** @type {Session} */
export const NOBODY = { person: null, crew: [], touchedMs: 0 };

/** Somebody new stands here, alone. @param {string} person @param {number} nowMs @param {boolean} [proven]
 * @returns {Session} */
export const signedIn = (person, nowMs, proven = true) => ({ person, crew: [], touchedMs: nowMs, proven });

/** The same person, who has shown badge or PIN by now, or has tapped the name once more. @param {Session} session
 * @param {number} nowMs @param {boolean} proven @returns {Session} */
export const stillHere = (session, nowMs, proven) => ({ ...touched(session, nowMs), proven: proven || session.proven !== false });

/** The person's mates from now on: nobody twice, and not the person. @param {Session} session @param {string[]} mates
 * @returns {Session} */
export const withCrew = (session, mates) => ({
  ...session,
  crew: session.person ? [...new Set(mates)].filter((mate) => mate !== session.person) : [],
});

/** Whose time a gesture is about: the person who signs and the mates. @param {{operator: string | null, crew?: string[]}} here */
export const peopleHere = ({ operator, crew = [] }) => (operator ? [operator, ...crew.filter((mate) => mate !== operator)] : []);

/** @param {Session} session @param {number} nowMs @returns {Session} */
export const touched = (session, nowMs) => ({ ...session, touchedMs: nowMs });

/**
 * The session as it is now: nobody's once its person has been silent too long. A clock that was set back is no proof
 * of absence.
 * @param {Session} session @param {number} nowMs @param {boolean} personal one person's own phone is never left
 * @param {number} [awayAfterMs] the site's own patience
 */
export const current = (session, nowMs, personal, awayAfterMs = AWAY_AFTER_MS) =>
  session.person && !personal && nowMs - session.touchedMs > awayAfterMs ? NOBODY : session;
