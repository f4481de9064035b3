// Who stands at the device, alone or with mates, and how they like it: language, appearance. The device sends; a badge
// only signs. Those who badged here within the shift are remembered, so that they can take over with one tap.

import { direction, language, speak, t } from "../lib/i18n.js";
import { startShift } from "../model/gestures.js";
import { dutyOf } from "../model/presence.js";
import { AWAY_AFTER_MS, current, NOBODY, signedIn, stillHere, touched, withCrew } from "../model/session.js";
import { personName } from "../model/words.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../capture/phone.js").Preferences} Preferences */
/** @typedef {import("../outbox/store.js").Store} Store */

const THEME_KEY = "floorledger.theme";
const NEWS_AFTER_MS = 20_000;
/** Longer ago than a long shift is another day's. */
const SHIFT_MS = 12 * 3_600_000;
const MINUTE_MS = 60_000;
/** So long a greeting stands that offers something. */
const OFFER_MS = 10_000;

export class People {
  #session = NOBODY;
  #touchedMs = Date.now();
  /** Who badged here, and when last. @type {Map<string, number>} */ #seen = new Map();
  /** The language each chose on this device. @type {Record<string, string>} */ #languages = {};

  /** @param {Phone} phone @param {import("./places.js").Places} places @param {import("./scans.js").Scans} scans @param {Store} store
   * @param {{onArrival: () => void}} surroundings `onArrival`: somebody came, maybe from another device */
  constructor(phone, places, scans, store, { onArrival }) {
    this.onArrival = onArrival;
    this.phone = phone;
    this.places = places;
    this.scans = scans;
    this.store = store;
  }

  /** @param {string} person @param {{proven?: boolean}} [how] `proven`: by badge or PIN, not by a tap on the name
   * @returns {Promise<void>} */
  async signIn(person, { proven = true } = {}) {
    const { phone } = this;
    const isNew = phone.operator !== person;
    if (isNew) this.onArrival();
    if (isNew) await this.places.setAside(person);
    this.#begin(isNew ? signedIn(person, Date.now(), proven) : stillHere(this.#session, Date.now(), proven));
    this.#see([person]);
    await this.#speakAs(person);
    this.adorn();
    this.places.trail.length = 0;
    if (this.scans.resume()) return;
    if (!(await this.places.resumeDraft(person))) phone.home();
    this.#greet(person);
  }

  /** Who comes to work is asked for nothing, and may say so with one tap. @param {string} person */
  #greet(person) {
    const { phone } = this;
    phone.say(t("Hello {name}", { name: personName(phone.reference, person) }), "saved");
    if (!phone.said || dutyOf(phone.queue.entries, phone.work, person, phone.clocks().nowMs) !== "off") return;
    const also = { label: t("Start my shift"), said: t("Shift began"), drafts: () => startShift(person) };
    phone.said = { ...phone.said, also, untilMs: Date.now() + OFFER_MS };
  }

  /** Leaving by the door: who goes is not offered for a quick switch any more. */
  signOut() {
    if (this.phone.operator) this.#seen.delete(this.phone.operator);
    this.#see([]);
    this.#leave();
  }

  #leave() {
    const { phone } = this;
    this.#begin(NOBODY);
    phone.said = null;
    this.places.leaveDraft();
    void speak(phone.preferences.language).then(() => this.adorn());
    this.places.only("badge");
  }

  /** As it was when the page was left. */
  async restore() {
    const [kept, seen, languages] = await this.store.getAll(["session", "seen", "languages"]).catch(() => []);
    this.#seen = new Map(Object.entries(seen ?? {}));
    this.#languages = languages ?? {};
    this.#begin(current(kept ?? NOBODY, Date.now(), this.phone.preferences.personal, this.#awayMs), { keep: false });
    await this.#speakAs(this.phone.operator);
    this.adorn();
  }

  /** @param {import("../model/session.js").Session} session */
  #begin(session, { keep = true } = {}) {
    this.#session = session;
    this.phone.operator = session.person;
    this.phone.crew = session.crew ?? [];
    this.phone.proven = session.proven !== false;
    if (keep) void this.store.put("session", session).catch(() => {});
  }

  /** The mates from now on. @param {string[]} mates */
  gather(mates) {
    this.#begin(withCrew(this.#session, mates));
    this.#see(mates);
    this.phone.draw();
  }

  /** Others who badged here within the shift, the last one first; for nobody when nobody is signed in. */
  get others() {
    const { operator } = this.phone;
    if (!operator) return [];
    return [...this.#seen]
      .filter(([person, seenMs]) => person !== operator && Date.now() - seenMs < SHIFT_MS)
      .sort(([, a], [, b]) => b - a)
      .map(([person]) => person);
  }

  /** @param {string[]} persons */
  #see(persons) {
    for (const person of persons) this.#seen.set(person, Date.now());
    for (const [person, seenMs] of this.#seen) if (Date.now() - seenMs >= SHIFT_MS) this.#seen.delete(person);
    void this.store.put("seen", Object.fromEntries(this.#seen)).catch(() => {});
  }

  /** A number and a PIN, for who has no badge at hand: only the server can tell.
   * @param {string} number @param {string} pin @returns {Promise<import("../outbox/server.js").Answer | null>} null, or why not */
  async signInByPin(number, pin) {
    const answer = await this.phone.server.ask("/api/v1/device/sign-in", { method: "POST", body: JSON.stringify({ number, pin }) });
    if (answer.is !== "ok" || typeof answer.body.person !== "string") return answer;
    if (this.phone.place.screen === "pin") await this.signIn(answer.body.person); // else who asked has left meanwhile
    return null;
  }

  /** A sign of life. */
  touch() {
    this.#touchedMs = Date.now();
    if (!this.#session.person) return;
    const isNews = Date.now() - this.#session.touchedMs > NEWS_AFTER_MS;
    this.#session = touched(this.#session, Date.now());
    if (isNews) void this.store.put("session", this.#session).catch(() => {});
  }

  get #awayMs() {
    return this.phone.reference.settings.away_minutes * MINUTE_MS;
  }

  /** Nobody, once the person has been silent too long. */
  lookForAbsence() {
    this.#session = current(this.#session, Date.now(), this.phone.preferences.personal, this.#awayMs);
    if (this.phone.operator && !this.#session.person) this.#leave();
  }

  /** Nobody is here and nobody has been for a while. @param {number} ms */
  isIdle(ms) {
    return !this.phone.operator && Date.now() - this.#touchedMs > Math.min(ms, AWAY_AFTER_MS);
  }

  /** A language chosen while somebody is signed in is that person's, any other one the device's.
   * @param {Partial<Preferences>} values */
  async prefer(values) {
    const { phone } = this;
    const { language: wanted, ...rest } = values;
    if (wanted && phone.operator) {
      this.#languages = { ...this.#languages, [phone.operator]: wanted };
      await this.store.put("languages", this.#languages).catch(() => {});
    } else if (wanted) phone.preferences = { ...phone.preferences, language: wanted };
    if (wanted) await speak(wanted);
    phone.preferences = { ...phone.preferences, ...rest };
    await this.store.put("preferences", phone.preferences).catch(() => {});
    this.adorn();
  }

  /** Operators choose the language on their badge, or here. @param {string | null} person */
  #speakAs(person) {
    const own = person && (this.#languages[person] ?? this.phone.reference.people.get(person)?.language);
    return speak(own || this.phone.preferences.language);
  }

  /** The page says what language and appearance it has. */
  adorn() {
    const { documentElement: page } = document;
    const { theme } = this.phone.preferences;
    page.lang = language();
    page.dir = direction();
    if (theme) page.dataset.theme = theme;
    else delete page.dataset.theme;
    try {
      localStorage.setItem(THEME_KEY, theme);
    } catch {
      // private window: the theme is right again once the storage is read
    }
    this.phone.draw();
  }
}

/** The theme before anything is drawn. */
export function dress() {
  try {
    const theme = localStorage.getItem(THEME_KEY);
    if (theme) document.documentElement.dataset.theme = theme;
  } catch {
    // as the system
  }
}
