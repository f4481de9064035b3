// Which screens there are, and which of them is shown. Two come first; the others follow as soon as one is drawn.

import { badge } from "../capture/badge.js";
import { home } from "../capture/home.js";
import { speakOfAll } from "../lib/i18n.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../capture/phone.js").Place} Place */
/** @typedef {import("../capture/phone.js").Screen} Screen */

export class Screens {
  /** @type {Map<string, Screen>} */ #known = new Map([badge, home].map((screen) => [screen.name, screen]));
  /** @type {Promise<void> | null} */ #others = null;
  /** The camera's, once the screen that has it is loaded. */
  eye = { openEye: async (/** @type {Phone} */ _phone) => {}, closeEye: () => {} };

  /** All other screens. Offline, too: the service worker keeps them. Raises at a first visit that loses its network. */
  loadOthers() {
    this.#others ??= Promise.all([import("../capture/others.js"), speakOfAll()])
      .then(([{ OTHERS, closeEye, openEye }]) => {
        for (const screen of OTHERS) this.#known.set(screen.name, screen);
        this.eye = { openEye, closeEye };
      })
      .catch((error) => {
        this.#others = null; // a network that failed once may not fail the next time
        throw error;
      });
    return this.#others;
  }

  /** @param {string} name */
  get(name) {
    return this.#known.get(name);
  }

  /** What a place shows: with nobody signed in, only what is open to all. @param {Place} place @param {boolean} isSignedIn */
  at({ screen }, isSignedIn) {
    const found = this.#known.get(screen) ?? home;
    return found.open || isSignedIn ? found : badge;
  }
}
