// Choices forms share: reasons, the most used first; an order's operations; a line of text.

import { html, nothing } from "../lib/dom.js";
import { named, t } from "../lib/i18n.js";
import { tail } from "../model/code.js";
import { mostUsed } from "../model/things.js";
import { reasonName } from "../model/words.js";
import { key, notice, tiles } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** So many reasons are shown at once; the others are one tap away. */
const SHOWN = 8;

/**
 * Reasons of a kind as tiles: the one that was scanned first, then those used most on this device; all within reach.
 * @param {Phone} phone
 * @param {{kind: string, label: string, chosen: string | null, first?: string, isAll?: boolean, onAll?: () => void, onChoose: (reason: string) => void, none?: string}} what
 */
export function reasonTiles(phone, { kind, label, chosen, first, isAll = true, onAll, onChoose, none }) {
  const known = mostUsed(phone.reference.reasonsOf(kind), phone.things.reasonsOf(kind));
  const reasons = [...known.filter(({ code }) => code === first), ...known.filter(({ code }) => code !== first)];
  const isLong = !isAll && reasons.length > SHOWN + 1;
  const shown = isLong ? reasons.slice(0, SHOWN) : reasons;
  const isElsewhere = chosen !== null && !shown.some(({ code }) => code === chosen);
  return html`
    ${reasons.length === 0 && none ? notice("look", none) : nothing}
    ${tiles({
      label,
      columns: "2",
      options: [
        ...(isElsewhere ? [{ value: chosen, label: reasonName(phone.reference, chosen, kind) }] : []),
        ...shown.map(({ code, name }) => ({ value: code, label: named(name) || code })),
      ],
      chosen,
      onChoose,
    })}
    ${isLong && onAll ? html`<div class="tiles tiles-1">${key({ label: t("All {n} reasons", { n: reasons.length }), sign: "more", onTap: onAll })}</div>` : nothing}
  `;
}

/** The operations of an order as tiles. @param {Phone} phone
 * @param {{order: string, label: string, chosen: string | null, about?: (number: string) => string, onChoose: (number: string) => void}} what */
export function operationTiles(phone, { order, label, chosen, about = () => "", onChoose }) {
  const operations = phone.reference.orders.get(order)?.operations ?? [];
  return tiles({
    label,
    columns: "2",
    options: operations.map(({ number, name }) => ({ value: number, label: `${number} ${name}`, ...(about(number) ? { about: about(number) } : {}) })),
    chosen,
    onChoose,
  });
}

/** A line somebody types. @param {{label: string, value: string, most: number, hint?: string, onInput: (text: string) => void}} what */
export const textField = ({ label, value, most, hint, onInput }) => html`<label class="field">
  <span class="label">${label}</span>
  <input class="input" maxlength=${most} autocomplete="off" placeholder=${hint ?? ""} .value=${value}
    @input=${(/** @type {InputEvent} */ event) => onInput(/** @type {HTMLInputElement} */ (event.target).value)} />
</label>`;

/** The operation a form is about. The letters of a label nobody here could read stand for both its order and its
 * operation: the server will tell. @param {Phone} phone @param {Params} params @returns {string | null} */
export function operationOf(phone, { order, operation }) {
  if (operation) return operation;
  return order && !phone.reference.orders.has(order) && tail(order) === order ? order : null;
}
