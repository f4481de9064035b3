// What forms about material share: choosing it by label or by name, how much in which unit, and its lot. A supplier's
// own code gives article and lot, if it says them; any other code scanned beside a chosen material is its lot.

import { html, nothing } from "../lib/dom.js";
import { repeat } from "../lib/lists.js";
import { figure, t } from "../lib/i18n.js";
import { readGs1, suppliedBy } from "../model/gs1.js";
import { asCode, isPadKey, nextTyped, quantityOf } from "../model/typing.js";
import { textField } from "./choices.js";
import { key, notice, numberMissing, pad, tiles } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */
/** @typedef {import("./phone.js").View} View */
/** @typedef {import("./phone.js").Screen} Screen */
/** @typedef {import("../model/reading.js").Scanned} Scanned */
/** @typedef {{item: string | null, lot: string, typed: string, quantity: string | null, unit: string, units: string[]}} Material */

const SHOWN_ITEMS = 20;

/** What is chosen so far. @param {Phone} phone @param {Params} params @param {any} form @param {string} [usual] the unit that is meant first
 * @returns {Material} */
export function materialOf(phone, params, form, usual) {
  /** @type {string | null} */
  const item = form.item === undefined ? (params.item ?? null) : form.item;
  const units = item === null ? [] : [...new Set([...(usual ? [usual] : []), ...phone.reference.unitsOf(item)])];
  const typed = form.typed ?? "";
  return { item, lot: form.lot ?? params.lot ?? "", typed, quantity: quantityOf(typed), unit: form.unit ?? units[0] ?? "", units };
}

/**
 * What keys and the main key do while material is chosen and counted: figures are its amount, the main key (and Enter)
 * saves it, or opens the scanner as long as there is none.
 * @param {(phone: Phone, params: Params, form: any) => {item: string | null}} choices
 * @param {(phone: Phone, params: Params, form: any) => Promise<void>} save
 * @returns {Required<Pick<Screen, "typed" | "main">>}
 */
export function amountKeys(choices, save) {
  /** @type {Required<Screen>["main"]} */
  const main = (phone, params, form) => {
    if (choices(phone, params, form).item) void save(phone, params, form);
    else phone.go("scan", { for: "form" });
  };
  return {
    main,
    typed(phone, params, pressed, form) {
      if (pressed === "Enter") return main(phone, params, form);
      if (choices(phone, params, form).item && isPadKey(pressed)) phone.fill({ typed: nextTyped(form.typed ?? "", pressed) });
    },
  };
}

/** Nothing is chosen any more. */
export const NO_MATERIAL = { item: null, lot: "", typed: "", unit: null, strange: null, code: "" };

/** One step back from the amount: to where the material came from, or to choosing it. @param {Phone} phone @param {Params} params @param {any} form */
export const backFromAmount = (phone, params, form) => (params.item && form.item === undefined ? phone.back : () => phone.fill(NO_MATERIAL));

/** The main key while nothing is chosen. @param {Phone} phone @param {string} [label] */
export const scanKey = (phone, label = t("Scan the material")) => key({ label, sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "form" }) });

/** Material a scan names, for the form. @param {Phone} phone @param {Material} chosen @param {Scanned} scanned
 * @returns {boolean} whether it did */
export function takeMaterial(phone, { item, lot }, scanned) {
  /** @param {string} newItem @param {string} newLot */
  const take = (newItem, newLot) => {
    phone.fill({ item: newItem, lot: newLot, strange: null, code: "", ...(newItem === item ? {} : { unit: null }) });
    return true;
  };
  switch (scanned.is) {
    case "item":
      return take(scanned.item, scanned.item === item ? lot : "");
    case "lot":
      return take(scanned.item, scanned.lot);
    case "unknown": // a label printed since: of a material, or, beside one, of its lot
      return item === null ? take(scanned.letters, "") : take(item, scanned.letters);
    case "foreign": {
      const code = asCode(scanned.text);
      if (code === "") return false;
      const isKnown = (/** @type {string} */ one) => phone.reference.items.has(one);
      const supplied = suppliedBy(scanned.text, isKnown);
      // An article nobody here knows is no reason to leave the material that was chosen: its lot is what was meant.
      if (supplied && (item === null || isKnown(supplied.item))) return take(supplied.item, supplied.lot ?? "");
      const read = readGs1(scanned.text);
      if (item !== null) return take(item, read?.lot ?? read?.serial ?? (read ? lot : code));
      phone.fill({ strange: code });
      return true;
    }
    default:
      return false;
  }
}

/**
 * Choose a material: what is likely first, others by their label or name.
 * @param {Phone} phone @param {any} form
 * @param {{rows: View, words?: View}} what
 */
export function pickView(phone, form, { rows, words = nothing }) {
  const text = String(form.code ?? "");
  const found = text.trim() === "" ? [] : phone.reference.searchItems(text).slice(0, SHOWN_ITEMS);
  const typed = asCode(text);
  const isCode = typed !== "" && !phone.reference.items.has(typed);
  const choose = (/** @type {string} */ item) => phone.fill({ item, unit: null, lot: "", strange: null, code: "" });
  return html`
    ${form.strange
      ? html`${notice("look", t("“{code}” is no label of this plant.", { code: form.strange }))}
          <div class="tiles tiles-1">
            ${key({ label: t("It is the material's code"), about: form.strange, sign: "box", onTap: () => choose(form.strange) })}
            ${key({ label: t("Leave it"), sign: "cross", onTap: () => phone.fill({ strange: null }) })}
          </div>`
      : nothing}
    ${words}
    ${text.trim() === "" ? rows : nothing}
    ${textField({ label: t("Or find it by code or name"), value: text, most: 64, onInput: (code) => phone.fill({ code }) })}
    <ul class="rows">
      ${repeat(found, ({ code }) => code, ({ code, name, unit }) => materialRow({ code, title: name, about: unit, onTap: () => choose(code) }))}
      ${isCode ? materialRow({ code: typed, title: t("not known here"), about: t("use it all the same"), onTap: () => choose(typed) }) : nothing}
    </ul>
  `;
}

/** What to say when the main key is pressed too early. @param {Material} material */
export const amountMissing = ({ typed, quantity }) => (quantity === null ? numberMissing(typed) : t("Which unit?"));

/** What the main key would save, in words. @param {Material} material @param {...(string | false)} more */
export const amountWords = ({ quantity, unit, lot }, ...more) =>
  [quantity !== null && unit !== "" && `${figure(quantity)} ${unit}`, lot && t("Lot {lot}", { lot }), ...more].filter(Boolean).join(" · ");

/** @param {{code: string, title: string, about: View, onTap: () => void}} what */
export const materialRow = ({ code, title, about, onTap }) => html`<li>
  <button class="row" type="button" @click=${onTap}>
    <span class="row-code">${code}</span>
    <span class="row-title">${title}</span>
    <span class="row-about">${about}</span>
  </button>
</li>`;

/**
 * How much, in which unit, of which lot.
 * @param {Phone} phone @param {Material} material @param {{aside?: View, below?: View, label?: string, isProposed?: boolean}} [more]
 */
export function amountView(phone, { item, lot, typed, unit, units }, { aside = nothing, below = nothing, label = t("Quantity"), isProposed = false } = {}) {
  const lots = phone.reference.snapshot.lots.filter((one) => one.item === item);
  const isKnown = item !== null && phone.reference.items.has(item);
  return html`<div class="counting">
    ${pad({ typed, unit, proposed: isProposed, onType: (text) => phone.fill({ typed: text }), label, aside })}
    ${below}
    ${units.length > 1 ? tiles({ label: isKnown ? t("Unit") : t("Unit: this material is not known here"), columns: "fit", options: units.map((value) => ({ value, label: value })), chosen: unit, onChoose: (value) => phone.fill({ unit: value }) }) : nothing}
    ${units.length === 0 ? textField({ label: t("Unit"), value: unit, most: 12, onInput: (text) => phone.fill({ unit: asCode(text) }) }) : nothing}
    ${lot
      ? html`<div class="tiles tiles-1">${key({ label: t("Lot {lot}", { lot }), about: t("tap to remove"), sign: "check", look: "soft", onTap: () => phone.fill({ lot: "" }) })}</div>`
      : html`<div class="tiles tiles-1">${key({ label: t("Scan the lot"), sign: "scan", onTap: () => phone.go("scan", { for: "form" }) })}</div>
          ${lots.length > 0 ? tiles({ label: t("Or choose it"), columns: "2", options: lots.slice(-6).map((one) => ({ value: one.lot, label: one.lot })), chosen: null, onChoose: (value) => phone.fill({ lot: value }) }) : nothing}`}
  </div>`;
}

