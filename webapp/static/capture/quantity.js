// Good quantity: a number and one key. When the running operation is scanned, the rest of the order is proposed and
// stopping is the second key: counted and done with one scan and one tap.

import { html, nothing } from "../lib/dom.js";
import { isPositive, subtract } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { good, stop } from "../model/gestures.js";
import { asTyped, nextTyped, quantityOf } from "../model/typing.js";
import { frame, key, pad, progress, progressOf, titleOf } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** What the order still lacks, or null. @param {Phone} phone @param {Params} params */
function leftOf(phone, params) {
  const order = phone.reference.orders.get(params.order);
  if (!order?.quantity) return null;
  const done = progressOf(phone, params.order, params.operation);
  const left = subtract(subtract(order.quantity, done.good), done.scrap);
  return isPositive(left) ? left : null;
}

/** The number shown: typed, or proposed until the first key. @param {Phone} phone @param {Params} params @param {any} form */
function shown(phone, params, form) {
  const left = params.done ? leftOf(phone, params) : null;
  const proposed = form.typed === undefined && left !== null;
  return { typed: form.typed ?? (left ? asTyped(left) : ""), proposed };
}

/** @param {Phone} phone @param {Params} params @param {any} form @param {boolean} andStop */
async function save(phone, params, form, andStop) {
  const quantity = quantityOf(shown(phone, params, form).typed);
  const span = phone.work.on(phone.operator, params);
  if (!quantity && !(andStop && span)) return;
  const unit = phone.reference.orders.get(params.order)?.unit ?? "";
  const drafts = [...(quantity ? good(params, quantity) : []), ...(andStop && span ? stop(span) : [])];
  const amount = quantity ? `${figure(quantity)} ${unit}`.trim() : "";
  const said = !quantity ? t("Stopped") : andStop ? t("{amount} good, stopped", { amount }) : t("{amount} good", { amount });
  if (await phone.capture(drafts, said)) andStop ? phone.home() : phone.back();
}

/** @type {import("./phone.js").Screen} */
export const quantity = {
  name: "quantity",
  draft: true,
  view(phone, params, form) {
    const order = phone.reference.orders.get(params.order);
    const { typed, proposed } = shown(phone, params, form);
    const span = phone.work.on(phone.operator, params);
    const left = leftOf(phone, params);
    const ready = quantityOf(typed) !== null;
    const done = progressOf(phone, params.order, params.operation);
    const fill = (/** @type {string} */ text) => phone.fill({ typed: text });
    return frame(phone, {
      title: t("Good quantity"),
      about: `${params.order} · ${titleOf(phone, { order: params.order, operation: params.operation, indirect: null })}`,
      body: html`<div class="counting">
        ${pad({
          typed,
          proposed,
          unit: order?.unit ?? "",
          onType: fill,
          label: t("Good quantity"),
          aside: left && !proposed ? key({ label: t("{n} left", { n: figure(left) }), look: "soft", onTap: () => fill(asTyped(left)) }) : nothing,
        })}
        ${order?.quantity ? html`<div class="roomy">${progress({ done: done.good, whole: order.quantity, unit: order.unit, scrap: done.scrap })}</div>` : nothing}
      </div>`,
      deck: params.done && span
        ? html`<div class="deck-two">
            ${key({ label: t("Save, go on"), sign: "check", look: "soft tall", disabled: !ready, onTap: () => save(phone, params, form, false) })}
            ${key({ label: ready ? t("Save and stop") : t("Stop"), sign: "stop", look: "primary", onTap: () => save(phone, params, form, true) })}
          </div>`
        : key({ label: t("Save"), about: ready ? `${typed} ${order?.unit ?? ""}` : nothing, sign: "check", look: "primary", disabled: !ready, onTap: () => save(phone, params, form, false) }),
    });
  },
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void save(phone, params, form, false);
    phone.fill({ typed: nextTyped(form.typed ?? "", pressed) });
  },
};
