// Moving about: where we are, how we came here, and what was typed here and is not confirmed yet.

import { t } from "../lib/i18n.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../capture/phone.js").Place} Place */
/** @typedef {import("../outbox/store.js").Store} Store */

const DRAFT_KEEPS_MS = 24 * 3_600_000;
const LONGEST_TRAIL = 30;

export class Places {
  /** @type {Place[]} where we came from */ trail = [];
  /** Steps the browser itself can go back within this page. Only a person takes them: it goes back some time after it was
   * asked, and who asked twice by then would leave the page. What is left over serves the next step forward. */
  #steps = 0;
  #isDraftKept = false;

  /** @param {Phone} phone @param {import("./screens.js").Screens} screens @param {Store} store */
  constructor(phone, screens, store) {
    this.phone = phone;
    this.screens = screens;
    this.store = store;
  }

  /** @param {string} screen @param {Record<string, string>} [params] @param {Record<string, any>} [form] */
  go(screen, params = {}, form = {}) {
    const { place } = this.phone;
    this.trail.push(this.screens.get(place.screen)?.forgets ? { ...place, form: {} } : place);
    if (this.phone.said) this.phone.said.isAside = true;
    if (this.trail.length > LONGEST_TRAIL) this.trail.shift();
    this.show({ screen, params, form });
    this.#letBack();
  }

  /** As many steps back in the browser as there are here. */
  #letBack() {
    if (this.#steps < this.trail.length) history.pushState({ steps: ++this.#steps }, "", "/");
  }

  /** Go on to a screen that takes this one's place: the way back leads to where this one was opened.
   * @param {string} screen @param {Record<string, string>} [params] @param {Record<string, any>} [form] */
  instead(screen, params = {}, form = {}) {
    this.show({ screen, params, form });
  }

  back() {
    const place = this.trail.pop();
    if (place) this.show(place);
    else this.home();
  }

  /** The browser went back, because a person asked it to. @param {{steps?: number} | null} state */
  returned(state) {
    this.#steps = state?.steps ?? 0;
    this.back();
  }

  home() {
    this.only(this.phone.operator ? "home" : "badge");
  }

  /** A place nothing lies behind. @param {string} screen @param {Record<string, any>} [form] */
  only(screen, form = {}) {
    this.trail.length = 0;
    this.show({ screen, params: {}, form });
  }

  /** The place below the camera: a camera is not a place to come back to. */
  get under() {
    const { place } = this.phone;
    return place.screen === "scan" ? (this.trail.at(-1) ?? place) : place;
  }

  /** Back to the place below the camera, without drawing it yet. */
  leaveCamera() {
    const { under } = this;
    if (this.phone.place.screen === "scan") this.trail.pop();
    this.phone.place = under;
  }

  /** Open a screen in answer to a scan. @param {string} screen @param {Record<string, string>} params */
  open(screen, params) {
    if (this.phone.place.screen === "scan") this.show({ screen, params, form: {} });
    else this.go(screen, params);
  }

  /** @param {Place} place */
  show(place) {
    if (!this.screens.get(place.screen)) {
      const missing = () => this.phone.say(t("This page has not come whole yet. Is there a network? Try again."), "look");
      return void this.screens.loadOthers().then(() => this.show(place), missing);
    }
    this.phone.place = place;
    const { said } = this.phone;
    if (said?.sign === "saved" && said.undo.length === 0) this.phone.said = null; // a greeting is not carried along
    void this.#keepDraft();
    this.phone.draw();
    requestAnimationFrame(() => {
      document.querySelector(".body")?.scrollTo(0, 0);
      /** @type {HTMLElement | null} */ (document.querySelector("h1[tabindex]"))?.focus({ preventScroll: true });
    });
  }

  /** @param {Record<string, any>} values */
  fill(values) {
    const { place } = this.phone;
    this.phone.place = { ...place, form: { ...place.form, ...values } };
    void this.#keepDraft();
    this.phone.draw();
  }

  /** What is typed and not confirmed survives a crash, for the person who typed it. */
  async #keepDraft() {
    const { place, operator } = this.phone;
    const isDraft = Boolean(this.screens.get(place.screen)?.draft) && operator !== null;
    if (!isDraft && !this.#isDraftKept) return;
    this.#isDraftKept = isDraft;
    await this.store.put("draft", isDraft ? { ...place, person: operator, savedMs: Date.now() } : null).catch(() => {});
  }

  /** A half-typed capture waits for its author. */
  leaveDraft() {
    this.#isDraftKept = false;
  }

  /** Somebody else takes over: what its author had typed waits under the author's name. @param {string} person */
  async setAside(person) {
    this.leaveDraft();
    const draft = await this.store.get("draft").catch(() => null);
    if (!draft || draft.person === person) return;
    await this.store.put(`draft of ${draft.person}`, draft).catch(() => {});
    await this.store.put("draft", null).catch(() => {});
  }

  /** @param {string} person */
  async #draftOf(person) {
    const [last, aside] = await this.store.getAll(["draft", `draft of ${person}`]).catch(() => []);
    if (aside) await this.store.put(`draft of ${person}`, null).catch(() => {});
    return last?.person === person ? last : aside;
  }

  /** @param {string} person @returns {Promise<boolean>} whether there was one */
  async resumeDraft(person) {
    const draft = await this.#draftOf(person);
    if (draft) await this.screens.loadOthers().catch(() => {});
    const isFresh = draft && Date.now() - draft.savedMs <= DRAFT_KEEPS_MS;
    if (!isFresh || !this.screens.get(draft.screen)?.draft) return false;
    this.#isDraftKept = true;
    this.trail.push({ screen: "home", params: {}, form: {} });
    this.show({ screen: draft.screen, params: draft.params, form: draft.form });
    this.#letBack();
    return true;
  }
}
