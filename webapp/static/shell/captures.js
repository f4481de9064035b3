// Every capture takes the same way: saved on the disk first, said second, sent third.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { signal as give } from "../lib/senses.js";
import { takeBack, UNDO } from "../model/gestures.js";
import { icon } from "../capture/icons.js";
import { isUndoInBar } from "../capture/phone.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../lib/senses.js").Signal} Signal */
/** @typedef {import("../model/event.js").Draft} Draft */

const UNDO_MS = 10_000;
const FLASH_MS = 600;

export class Captures {
  #isCapturing = false;
  /** @type {{sign: Signal, word: string, place: number} | null} */ #flash = null;
  /** Each capture flashes anew, also one that comes while the last one's flash is there still: they take turns in two
   * places. */
  #place = 0;

  /** @param {Phone} phone @param {{drawNow: () => void, touch: () => void}} surroundings */
  constructor(phone, { drawNow, touch }) {
    this.phone = phone;
    this.drawNow = drawNow;
    this.touch = touch;
  }

  /** @param {Draft[]} drafts @param {string} said @param {Signal} [sign]
   * @param {{endsDraft?: boolean, also?: import("../capture/phone.js").Also}} [how] what is captured on a form ends what
   *   was typed there; `also` is a second way to go on from it */
  async capture(drafts, said, sign = "saved", { endsDraft = this.phone.isForm, also } = {}) {
    if (this.#isCapturing) return false; // a second tap of an impatient finger
    this.#isCapturing = true;
    const { phone } = this;
    try {
      const saved = await phone.queue.capture(drafts, phone.operator, { endsDraft });
      performance.mark("saved");
      this.touch();
      phone.said = { text: said, sign, undo: saved.map(({ id }) => id), untilMs: Date.now() + UNDO_MS, also: also ?? null };
      if (drafts.some(({ photo }) => photo) && !saved.some(({ photo }) => photo)) {
        phone.said = { ...phone.said, sign: "look", text: t("{said}. Without the photo: there is no room for it here until others are sent.", { said }) };
      }
      this.#startFlash(phone.said.sign, phone.said.sign === "saved" ? t("Saved") : t("Saved, please look"));
      const { condition } = phone.sender;
      void phone.sender.send({ eager: condition === "no network" || condition === "login" });
      return true;
    } catch (error) {
      console.error(error);
      const text = t("NOT saved. Nothing was captured: try again, or tell your team lead.");
      phone.said = { text, sign: "lost", undo: [], untilMs: Infinity };
      this.#startFlash("lost", t("Not saved"));
      return false;
    } finally {
      this.#isCapturing = false;
    }
  }

  async undo() {
    const ids = this.phone.said?.undo ?? [];
    if (ids.length === 0) return;
    if (await this.capture(takeBack(ids, UNDO), t("Taken back"), "saved", { endsDraft: false })) {
      const { said } = this.phone;
      if (said) this.phone.said = { ...said, undo: [], also: null, untilMs: Date.now() + 3_000 };
      this.phone.draw();
    }
  }

  /** The second way to go on from what was just captured; what it makes can be undone in its turn. */
  async goOn() {
    const { said } = this.phone;
    if (!said?.also) return;
    await this.capture(said.also.drafts(said.undo), said.also.said, "saved", { endsDraft: false });
    this.phone.draw();
  }

  /** @param {string} text @param {Signal} [sign] */
  say(text, sign = "look") {
    this.phone.said = { text, sign, undo: [], untilMs: Date.now() + 6_000 };
    give(sign);
    this.phone.draw();
  }

  /** What was said has been read. */
  forgetSaid() {
    if (this.phone.said && Date.now() > this.phone.said.untilMs) this.phone.said = null;
  }

  /** @param {Signal} sign @param {string} word */
  #startFlash(sign, word) {
    this.#place = 1 - this.#place;
    const mine = { sign, word, place: this.#place };
    this.#flash = mine;
    give(sign);
    this.drawNow();
    setTimeout(() => {
      if (this.#flash === mine) this.#flash = null;
      this.phone.draw();
    }, FLASH_MS);
  }

  view() {
    const flash = this.#flash;
    return html`
      <div class="said-place" role="status" aria-live="polite">${this.#saidView()}</div>
      ${[0, 1].map((place) => (flash?.place === place ? flashView(flash) : nothing))}
    `;
  }

  #saidView() {
    const { phone } = this;
    const { said } = phone;
    if (!said || isUndoInBar(phone)) return nothing;
    const left = Math.ceil((said.untilMs - Date.now()) / 1000);
    const sign = said.sign === "saved" ? "check" : said.sign === "look" ? "alert" : "cross";
    const close = () => {
      phone.said = null;
      phone.draw();
    };
    return html`<div class=${`said said-${said.sign}`}>
      ${icon(sign)}<span class="said-text">${said.text}</span>
      ${said.also ? html`<button class="said-undo" type="button" @click=${() => this.goOn()}>${said.also.label}</button>` : nothing}
      ${said.undo.length > 0 ? html`<button class="said-undo" type="button" @click=${phone.undo}>${icon("undo")} ${t("Undo")} <span class="said-left">${left}</span></button>` : nothing}
      ${said.sign === "lost" ? html`<button class="said-undo" type="button" @click=${close}>${t("Close")}</button>` : nothing}
    </div>`;
  }
}

/** @param {{sign: Signal, word: string}} flash */
const flashView = ({ sign, word }) =>
  html`<div class=${`flash flash-${sign}`} aria-hidden="true">
    ${icon(sign === "saved" ? "check" : sign === "look" ? "alert" : "cross")}<span>${word}</span>
  </div>`;
