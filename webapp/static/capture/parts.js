// Pieces every screen is made of: the frame, keys, tiles, the number pad, a job's card.

import { classes, html, nothing } from "../lib/dom.js";
import { add, share } from "../lib/decimal.js";
import { decimalSign, figure, t } from "../lib/i18n.js";
import { tail } from "../model/code.js";
import { nextTyped, quantityOf, spaced, troubleOf } from "../model/typing.js";
import { jobName } from "../model/words.js";
import { signer } from "./faces.js";
import { icon } from "./icons.js";
import { isUndoInBar } from "./phone.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").View} View */
/** @typedef {import("./phone.js").Span} Span */
/** @typedef {import("./icons.js").Sign} Sign */

/** The sign of an activity. @param {string} activity @returns {Sign} */
export function activitySign(activity) {
  switch (activity) {
    case "setup":
      return "setup";
    case "rework":
      return "rework";
    case "indirect":
      return "clock";
    case "downtime":
      return "halt";
    default:
      return "run";
  }
}

/**
 * The frame of a screen below home: where you are, a way back, the content, the main actions in reach of the thumb.
 * @param {Phone} phone
 * @param {{title: string, about?: View, body: View, deck?: View, back?: () => void}} content
 */
export const frame = (phone, { title, about, body, deck, back = phone.back }) => html`
  <header class="bar">
    <button class="bar-key" type="button" @click=${back} aria-label=${t("Back")}>${icon("back")}</button>
    <div class="bar-title">
      <h1 tabindex="-1">${title}</h1>
      ${phone.operator || isSaid(about) ? html`<p>${signer(phone)}${phone.operator && isSaid(about) ? " · " : nothing}${about ?? nothing}</p>` : nothing}
    </div>
    ${barChip(phone)}
  </header>
  <main class="body">${body}</main>
  ${deck && deck !== nothing ? html`<footer class="deck">${deck}</footer>` : nothing}
`;

/** @param {View | undefined} words */
const isSaid = (words) => Boolean(words) && words !== nothing;

/** @param {Phone} phone */
const barChip = (phone) =>
  isUndoInBar(phone)
    ? html`<button class="chip chip-undo" type="button" @click=${phone.undo}>${icon("undo")}<span>${t("Undo")}</span></button>`
    : outboxChip(phone);

/** Where the captures of this device stand, in one word and sign. @param {Phone} phone */
export function outboxChip(phone) {
  const { waiting, refused, held } = phone.queue.counts;
  const { condition } = phone.sender;
  /** @type {[string, Sign, string]} */
  const [look, sign, words] =
    phone.device && condition === "enrol"
      ? ["stop", "alert", t("Enrol again")]
      : refused > 0
        ? ["stop", "alert", t("{n} refused", { n: refused })]
        : condition === "login" && waiting > 0
          ? ["waiting", "alert", t("Network login")]
          : waiting > 0
            ? ["waiting", condition === "no network" ? "off" : "wait", t("{n} waiting", { n: waiting })]
            : held > 0
              ? ["held", "hold", t("{n} held", { n: held })]
              : ["quiet", "check", t("All sent")];
  return html`<button class="chip chip-${look}" type="button" @click=${() => phone.go("queue")}>
    ${icon(sign)}<span>${words}</span>
  </button>`;
}

/**
 * @param {{label: string, sign?: Sign, onTap: () => void, look?: string, about?: View, disabled?: boolean, pressed?: boolean}} what
 */
export const key = ({ label, sign, onTap, look = "", about, disabled = false, pressed }) => html`
  <button
    class=${classes("key", look && look.split(" ").map((name) => `key-${name}`).join(" "))}
    type="button"
    ?disabled=${disabled}
    aria-pressed=${pressed === undefined ? nothing : String(pressed)}
    @click=${onTap}
  >
    ${sign ? icon(sign) : nothing}
    <span class="key-words"><span class="key-label">${label}</span>${isSaid(about) ? html`<span class="key-about">${about}</span>` : nothing}</span>
  </button>
`;

/** Choices as tiles, one of them pressed.
 * @param {{label: string, legend?: string, options: {value: string, label: string, about?: string, sign?: Sign}[], chosen: string | null, onChoose: (value: string) => void, columns?: string}} what */
export const tiles = ({ label, legend = label, options, chosen, onChoose, columns = "" }) => html`
  <fieldset class="choice">
    <legend class="label">${legend}</legend>
    <div class=${classes("tiles", columns && `tiles-${columns}`)}>
      ${options.map(
        (option) => html`<button
          class="tile"
          type="button"
          aria-pressed=${String(option.value === chosen)}
          @click=${() => onChoose(option.value)}
        >
          <span class="tile-sign">${option.value === chosen ? icon("check") : option.sign ? icon(option.sign) : nothing}</span>
          <span class="key-words"><span class="key-label">${option.label}</span>${option.about ? html`<span class="key-about">${option.about}</span>` : nothing}</span>
        </button>`,
      )}
    </div>
  </fieldset>
`;

/** A job's own name without its order, as large text. @param {Phone} phone @param {{order: string | null, operation: string | null, indirect: string | null}} job @returns {string} */
export function titleOf(phone, job) {
  if (job.indirect && job.order) return `${jobName(phone.reference, job)} · ${titleOf(phone, { ...job, indirect: null })}`;
  const operation = phone.reference.operation(job.order, job.operation);
  if (job.order && job.operation) return [job.operation, operation?.name].filter(Boolean).join(" ");
  return jobName(phone.reference, job);
}

/** A bar of what is done, with the figures beside it: nothing is said by length alone.
 * @param {{done: string, whole: string, unit?: string | null, scrap?: string}} what */
export const progress = ({ done, whole, unit, scrap = "0" }) => html`
  <span class="progress">
    <progress max="1" value=${share(done, whole)} aria-hidden="true"></progress>
    <span class="progress-words">
      ${t("{done} of {whole}", { done: figure(done), whole: `${figure(whole)}${unit ? ` ${unit}` : ""}` })}
      ${scrap !== "0" ? html`<span class="progress-scrap">${t("{n} scrap", { n: figure(scrap) })}</span>` : nothing}
    </span>
  </span>
`;

/** Good and scrap of an operation: the server's figures plus what was counted here since.
 * @param {Phone} phone @param {string} order @param {string} operation */
export function progressOf(phone, order, operation) {
  const known = phone.reference.orders.get(order)?.progress?.[operation] ?? {};
  const here = phone.work.countedOn(order, operation);
  return { good: add(known.good ?? "0", here.good), scrap: add(known.scrap ?? "0", here.scrap) };
}

/**
 * Our own number pad: a system keyboard covers half a phone and its comma may be missing. A proposed value is
 * overwritten by the first digit. What cannot be saved has its word under the number; no digit is refused.
 * @param {{typed: string, proposed?: boolean, unit?: string, onType: (typed: string) => void, label: string, aside?: View,
 *   as?: (typed: string | undefined) => string | null}} what `as` is what makes a number of it: a quantity unless told
 */
export function pad({ typed, proposed = false, unit, onType, label, aside = nothing, as = quantityOf }) {
  const press = (/** @type {string} */ sign) => onType(nextTyped(proposed ? "" : typed, sign));
  const digit = (/** @type {string} */ sign, words = sign) =>
    html`<button class="pad-key" type="button" @click=${() => press(sign)} aria-label=${words}>${sign}</button>`;
  // A long number goes on in the next line between its thousands, not within them.
  const shown = typed === "" ? "0" : spaced(typed).replace(/(?<=[\s.,’])(?=\d{3})/g, "\u200b");
  const trouble = troubleWords(typed, as);
  return html`
    <div class="figure-row">
      <div class=${classes("figure", proposed && "figure-proposed", typed.length > 8 ? "figure-longest" : typed.length > 5 && "figure-long")} role="status" aria-label=${label}>
        <output class="figure-number">${shown}</output><span class="figure-unit">${unit ?? ""}</span>
      </div>
      ${trouble ? beware(trouble) : aside}
    </div>
    <div class="pad" role="group" aria-label=${label}>
      ${["7", "8", "9", "4", "5", "6", "1", "2", "3"].map((sign) => digit(sign))}
      ${digit(decimalSign(), t("Decimal sign"))} ${digit("0")}
      <button class="pad-key pad-erase" type="button" aria-label=${t("Erase")} @click=${() => press("Backspace")}>${icon("back")}</button>
    </div>
  `;
}

/** A word beside the number, where the eye is. @param {View} words */
export const beware = (words) => html`<p class="beware" role="status">${icon("alert")}<span>${words}</span></p>`;

/** Why a number cannot be saved as it stands. @param {string} typed @param {(typed: string | undefined) => string | null} [as] */
export function troubleWords(typed, as = quantityOf) {
  switch (troubleOf(typed, as)) {
    case "large":
      return t("Too large: it must stay below {limit}.", { limit: figure("1000000000") });
    case "fine":
      return t("Too fine: at most six decimals.");
    default: // a zero that is being typed needs no word: the main key is not ready yet
      return "";
  }
}

/** What to say when the main key is pressed and the number is not there. @param {string} typed @param {(typed: string | undefined) => string | null} [as] */
export const numberMissing = (typed, as) => troubleWords(typed, as) || t("How many? The number is missing.");

/** What went wrong with this device's storage, until somebody has seen it. @param {Phone} phone */
export const alarms = ({ health, draw }) =>
  health.alarms.map(
    (words) => html`${notice("stop", words)}
      <div class="tiles tiles-1">${key({
        label: t("I have seen it"),
        sign: "check",
        onTap: () => {
          health.alarms = health.alarms.filter((other) => other !== words);
          draw();
        },
      })}</div>`,
  );

/** A notice in the text: a word, a sign, a sentence. @param {"look" | "stop" | "quiet"} look @param {View} words @param {Sign} [sign] */
export const notice = (look, words, sign = "alert") => html`<p class="notice notice-${look}">${icon(sign)}<span>${words}</span></p>`;

/** A field for a code in letters or an order number. @param {Phone} phone @param {import("./phone.js").Form} form @param {string} label */
export function codeField(phone, form, label) {
  const take = (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = String(form.code ?? "").trim();
    if (text) void phone.scan(text);
  };
  return html`<form class="field" @submit=${take}>
    <label class="label" for="code">${label}</label>
    <div class="field-row">
      <input id="code" class="input input-code" autocomplete="off" autocapitalize="characters" spellcheck="false" enterkeyhint="go"
        .value=${form.code ?? ""}
        @input=${(/** @type {InputEvent} */ event) => {
          const code = /** @type {HTMLInputElement} */ (event.target).value;
          phone.fill({ code });
          // Nine letters that check need no button: nothing else was meant.
          if (tail(code)) void phone.scan(code);
        }} />
      <button class="key key-go" type="submit" aria-label=${t("Use this code")}>${icon("check")}</button>
    </div>
  </form>`;
}
