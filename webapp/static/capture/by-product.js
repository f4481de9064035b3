// Something else of use that comes out of an order: offcuts, chips, a second product.

import { nothing } from "../lib/dom.js";
import { figure, t } from "../lib/i18n.js";
import { byProduct as report } from "../model/gestures.js";
import { isPadKey, nextTyped } from "../model/typing.js";
import { itemName, materialName } from "../model/words.js";
import { aboutJob } from "./consumption.js";
import { amountMissing, amountView, amountWords, materialOf, NO_MATERIAL, pickView, takeMaterial } from "./material.js";
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
        deck: key({ label: t("Scan the material"), sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "form" }) }),
      });
    }
    const ready = quantity !== null && unit !== "";
    return frame(phone, {
      title: itemName(phone.reference, item),
      about: `${t("By-product")} · ${about}`,
      back: params.item && form.item === undefined ? phone.back : () => phone.fill(NO_MATERIAL),
      body: amountView(phone, material),
      deck: key({ label: t("Save"), about: amountWords(material) || nothing, sign: "check", look: "primary", disabled: !ready, onTap: () => save(phone, params, form) }),
    });
  },
  scanned: (phone, params, scanned, form) => takeMaterial(phone, materialOf(phone, params, form), scanned),
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void byProduct.main?.(phone, params, form);
    if (materialOf(phone, params, form).item && isPadKey(pressed)) phone.fill({ typed: nextTyped(form.typed ?? "", pressed) });
  },
  main(phone, params, form) {
    if (materialOf(phone, params, form).item) void save(phone, params, form);
    else phone.go("scan", { for: "form" });
  },
};
