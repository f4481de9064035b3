// Something else of use that comes out of an order: offcuts, chips, a second product.

import { nothing } from "../lib/dom.js";
import { figure, t } from "../lib/i18n.js";
import { byProduct as report } from "../model/gestures.js";
import { itemName, materialName } from "../model/words.js";
import { aboutJob } from "./consumption.js";
import { amountKeys, amountMissing, amountView, amountWords, backFromAmount, materialOf, pickView, scanKey, takeMaterial } from "./material.js";
import { frame, key, notice } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const material = materialOf(phone, params, form);
  const { item, quantity, unit, lot } = material;
  if (!item || !quantity || !unit) return phone.say(amountMissing(material));
  const said = t("By-product saved: {amount} of {item}", { amount: `${figure(quantity)} ${unit}`, item: materialName(phone.reference, { item, lot }) });
  if (await phone.capture(report(params, { item, quantity, unit, lot }), said)) phone.back();
}

/** @type {import("./phone.js").Screen} */
export const byProduct = {
  name: "by-product",
  draft: true,
  view(phone, params, form) {
    const material = materialOf(phone, params, form);
    const { item, unit, quantity } = material;
    const about = aboutJob(phone, params);
    if (!item) {
      return frame(phone, {
        title: t("By-product"),
        about,
        body: pickView(phone, form, { rows: nothing, words: notice("quiet", t("Something else of use came out of this order: offcuts, chips, a second product. What is it?"), "box") }),
        deck: scanKey(phone),
      });
    }
    const ready = quantity !== null && unit !== "";
    return frame(phone, {
      title: itemName(phone.reference, item),
      about: `${t("By-product")} · ${about}`,
      back: backFromAmount(phone, params, form),
      body: amountView(phone, material),
      deck: key({ label: t("Save"), about: amountWords(material) || nothing, sign: "check", look: "primary", disabled: !ready, onTap: () => save(phone, params, form) }),
    });
  },
  scanned: (phone, params, scanned, form) => takeMaterial(phone, materialOf(phone, params, form), scanned),
  ...amountKeys(materialOf, save),
};
