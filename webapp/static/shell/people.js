// Who stands at the device, and how they like it: language, appearance. The device sends; a badge only signs.

import { language, speak, t } from "../lib/i18n.js";
import { AWAY_AFTER_MS, current, NOBODY, signedIn, touched } from "../model/session.js";
import { personName } from "../model/words.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../capture/phone.js").Preferences} Preferences */
/** @typedef {import("../outbox/store.js").Store} Store */

const THEME_KEY = "floorledger.theme";
const NEWS_AFTER_MS = 20_000;

export class People {
  #session = NOBODY;
  #touchedMs = Date.now();

  /** @param {Phone} phone @param {import("./places.js").Places} places @param {import("./scans.js").Scans} scans @param {Store} store */
  constructor(phone, places, scans, store) {
    this.phone = phone;
    this.places = places;
    this.scans = scans;
    this.store = store;
  }

  /** @param {string} person @returns {Promise<void>} */
  async signIn(person) {
    const { phone } = this;
    this.#session = signedIn(person, Date.now());
    phone.operator = person;
    await this.store.put("session", this.#session).catch(() => {});
    await this.#speakAs(person);
    this.adorn();
    this.places.trail.length = 0;
    if (this.scans.resume()) return;
    if (!(await this.places.resumeDraft(person))) phone.home();
    phone.say(t("Hello {name}", { name: personName(phone.reference, person) }), "saved");
  }

  signOut() {
    const { phone } = this;
    this.#session = NOBODY;
    phone.operator = null;
    phone.said = null;
    this.places.leaveDraft();
    void this.store.put("session", this.#session).catch(() => {});
    void speak(phone.preferences.language).then(() => this.adorn());
    this.places.only("badge");
  }

  /** As it was when the page was left. @param {import("../model/session.js").Session | undefined} kept */
  async restore(kept) {
    const { phone } = this;
    this.#session = current(kept ?? NOBODY, Date.now(), phone.preferences.personal);
    phone.operator = this.#session.person;
    await this.#speakAs(phone.operator);
    this.adorn();
  }

  /** A sign of life. */
  touch() {
    this.#touchedMs = Date.now();
    if (!this.#session.person) return;
    const isNews = Date.now() - this.#session.touchedMs > NEWS_AFTER_MS;
    this.#session = touched(this.#session, Date.now());
    if (isNews) void this.store.put("session", this.#session).catch(() => {});
  }

  /** Nobody, once the person has been silent too long. */
  lookForAbsence() {
    this.#session = current(this.#session, Date.now(), this.phone.preferences.personal);
    if (this.phone.operator && !this.#session.person) this.signOut();
  }

  /** Nobody is here and nobody has been for a while. @param {number} ms */
  isIdle(ms) {
    return !this.phone.operator && Date.now() - this.#touchedMs > Math.min(ms, AWAY_AFTER_MS);
  }

  /** @param {Partial<Preferences>} values */
  async prefer(values) {
    const { phone } = this;
    const { language: wanted, ...rest } = values;
    if (wanted && !phone.operator) phone.preferences = { ...phone.preferences, language: wanted };
    if (wanted) await speak(wanted);
    phone.preferences = { ...phone.preferences, ...rest };
    await this.store.put("preferences", phone.preferences).catch(() => {});
    this.adorn();
  }

  /** Operators choose the language on their badge, not on the device. @param {string | null} person */
  #speakAs(person) {
    return speak((person && this.phone.reference.people.get(person)?.language) || this.phone.preferences.language);
  }

  /** The page says what language and appearance it has. */
  adorn() {
    const { documentElement: page } = document;
    const { theme } = this.phone.preferences;
    page.lang = language();
    page.dir = "ltr";
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
