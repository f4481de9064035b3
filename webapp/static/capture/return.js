// Unused material goes back to stock.

import { html, nothing } from "../lib/dom.js";
import { isPositive } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { giveBack } from "../model/gestures.js";
import { asTyped } from "../model/typing.js";
import { itemName, materialName } from "../model/words.js";
import { aboutJob, needsOf } from "./consumption.js";
import { amountKeys, amountMissing, amountView, amountWords, backFromAmount, materialOf, materialRow, pickView, scanKey, takeMaterial } from "./material.js";
import { frame, key } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params @param {any} form */
function choices(phone, params, form) {
  const needs = needsOf(phone, params);
  const item = form.item === undefined ? (params.item ?? null) : form.item;
  const need = needs.find((one) => one.item === item);
  return { ...materialOf(phone, params, form, need?.unit), needs, taken: need?.taken ?? "0" };
}

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const material = choices(phone, params, form);
  const { item, quantity, unit, lot } = material;
  if (!item || !quantity || !unit) return phone.say(amountMissing(material));
  const said = t("{amount} of {item} given back", { amount: `${figure(quantity)} ${unit}`, item: materialName(phone.reference, { item, lot }) });
  if (await phone.capture(giveBack(params, { item, quantity, unit, lot }), said)) phone.back();
}

/** @type {import("./phone.js").Screen} */
export const giving = {
  name: "return",
  draft: true,
  view(phone, params, form) {
    const { needs, taken, ...material } = choices(phone, params, form);
    const { item, unit, units, typed, quantity } = material;
    const about = aboutJob(phone, params);
    if (!item) {
      return frame(phone, {
        title: t("Give material back"),
        about,
        body: pickView(phone, form, {
          rows: html`<ul class="rows">
            ${needs.map((need) =>
              materialRow({
                code: need.item,
                title: itemName(phone.reference, need.item),
                about: isPositive(need.taken) ? t("{amount} taken", { amount: `${figure(need.taken)} ${need.unit}` }) : need.unit,
                onTap: () => phone.fill({ item: need.item, unit: null }),
              }),
            )}
          </ul>`,
        }),
        deck: scanKey(phone),
      });
    }
    const ready = quantity !== null && unit !== "";
    return frame(phone, {
      title: t("Back: {item}", { item: itemName(phone.reference, item) }),
      about,
      back: backFromAmount(phone, params, form),
      body: amountView(phone, material, {
        label: t("Quantity that goes back"),
        aside: isPositive(taken) && unit === units[0] && typed === "" ? key({ label: t("all {n}", { n: figure(taken) }), look: "soft", onTap: () => phone.fill({ typed: asTyped(taken) }) }) : nothing,
      }),
      deck: key({ label: t("Give back"), about: amountWords(material) || nothing, sign: "undo", look: "primary", disabled: !ready, onTap: () => save(phone, params, form) }),
    });
  },
  scanned: (phone, params, scanned, form) => takeMaterial(phone, choices(phone, params, form), scanned),
  ...amountKeys(choices, save),
};
