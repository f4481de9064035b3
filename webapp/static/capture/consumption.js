// Material drawn from stock: the order's components first, with what is still missing, anything else by its label; then
// quantity and unit. A lot's label says item and lot at once. A material the order does not ask for may stand in for
// one it asks for.

import { html, nothing } from "../lib/dom.js";
import { add, compare, isPositive, subtract } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { consumption as draw } from "../model/gestures.js";
import { asTyped, quantityOf } from "../model/typing.js";
import { itemName, materialName } from "../model/words.js";
import { amountKeys, amountMissing, amountView, amountWords, backFromAmount, materialOf, materialRow, NO_MATERIAL, pickView, scanKey, takeMaterial } from "./material.js";
import { beware, frame, key, notice, tiles, titleOf } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params */
export const aboutJob = (phone, params) =>
  [params.order, params.operation && titleOf(phone, { order: params.order, operation: params.operation, indirect: null })].filter(Boolean).join(" · ");

/** What the order plans, with what was taken for it: elsewhere, as the snapshot says, and here since. @param {Phone} phone @param {Params} params */
export function needsOf(phone, params) {
  return phone.reference.needsOf(params.order, params.operation).map((need) => {
    const { item, unit } = need;
    const taken = add(phone.reference.drawnFor(params.order, item, unit), phone.things.drawnFor(params.order, item, unit));
    return { ...need, taken, missing: need.planned === null ? null : subtract(need.planned, taken) };
  });
}

/** @param {Phone} phone @param {Params} params @param {any} form */
function choices(phone, params, form) {
  const needs = needsOf(phone, params);
  const item = form.item === undefined ? (params.item ?? null) : form.item;
  const need = needs.find((one) => one.item === item) ?? null;
  const material = materialOf(phone, params, form, need?.unit);
  // Only what the order does not ask for itself can stand in for something.
  /** @type {string | null} */
  const replaces = need ? null : (form.replaces ?? null);
  const missing = need && need.unit === material.unit ? need.missing : null;
  // Who scanned the label has said what; the rest of the plan is most likely how much. The first digit overwrites it.
  const isProposed = params.item === item && form.typed === undefined && missing !== null && isPositive(missing);
  const amount = isProposed ? { typed: asTyped(missing), quantity: quantityOf(missing) } : {};
  return { ...material, ...amount, needs, need, replaces, missing, isProposed };
}

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const material = choices(phone, params, form);
  const { item, quantity, unit, lot, replaces } = material;
  if (!item || !quantity || !unit) return phone.say(amountMissing(material));
  const what = { amount: `${figure(quantity)} ${unit}`, item: materialName(phone.reference, { item, lot }) };
  const said = replaces ? t("{amount} of {item} taken, instead of {other}", { ...what, other: itemName(phone.reference, replaces) }) : t("{amount} of {item} taken", what);
  if (await phone.capture(draw(params, { item, quantity, unit, lot, replaces }), said)) phone.back();
}

/** @type {import("./phone.js").Screen} */
export const consumption = {
  name: "consumption",
  draft: true,
  view(phone, params, form) {
    const { needs, need, replaces, missing, isProposed, ...material } = choices(phone, params, form);
    const { item, unit, typed, quantity } = material;
    if (!item) return picking(phone, params, form, needs);
    const ready = quantity !== null && unit !== "";
    const over = missing !== null && quantity !== null && compare(quantity, missing) > 0 ? subtract(quantity, isPositive(missing) ? missing : "0") : null;
    return frame(phone, {
      title: itemName(phone.reference, item),
      about: aboutJob(phone, params),
      back: backFromAmount(phone, params, form),
      body: amountView(phone, material, {
        isProposed,
        aside: over
          ? beware(t("{n} more than planned", { n: `${figure(over)} ${unit}` }))
          : missing && isPositive(missing) && typed === ""
          ? key({ label: t("{n} to take", { n: figure(missing) }), look: "soft", onTap: () => phone.fill({ typed: asTyped(missing) }) })
          : nothing,
        below: html`
          ${!need && needs.length > 0
            ? tiles({
                label: t("The order does not ask for it. Instead of what?"),
                columns: "2",
                options: [{ value: "", label: t("In addition") }, ...needs.slice(0, 7).map((one) => ({ value: one.item, label: itemName(phone.reference, one.item), about: one.item }))],
                chosen: replaces ?? "",
                onChoose: (value) => phone.fill({ replaces: value || null }),
              })
            : nothing}
          ${need ? html`<div class="tiles tiles-1">${key({ label: t("Another material was used instead"), sign: "rework", onTap: () => phone.fill({ ...NO_MATERIAL, replaces: item }) })}</div>` : nothing}
        `,
      }),
      deck: key({
        label: t("Save"),
        about: amountWords(material, replaces !== null && t("instead of {item}", { item: itemName(phone.reference, replaces) })) || nothing,
        sign: "check",
        look: "primary",
        disabled: !ready,
        onTap: () => save(phone, params, form),
      }),
    });
  },
  scanned(phone, params, scanned, form) {
    const material = choices(phone, params, form);
    // The same material's label again: that is what was meant, if a quantity is there.
    if (scanned.is === "item" && scanned.item === material.item && material.quantity) {
      void save(phone, params, form);
      return true;
    }
    return takeMaterial(phone, material, scanned);
  },
  ...amountKeys(choices, save),
};

/** Which material? @param {Phone} phone @param {Params} params @param {any} form @param {ReturnType<typeof needsOf>} needs */
function picking(phone, params, form, needs) {
  const { replaces } = form;
  const shown = replaces ? [] : needs;
  return frame(phone, {
    title: replaces ? t("Instead of {item}", { item: itemName(phone.reference, replaces) }) : t("Consumption"),
    about: aboutJob(phone, params),
    back: replaces ? () => phone.fill({ ...NO_MATERIAL, item: replaces, replaces: null }) : phone.back,
    body: pickView(phone, form, {
      words: replaces
        ? notice("quiet", t("Scan the label of what was used."), "box")
        : needs.length === 0 ? notice("quiet", t("No components are planned here. Scan the material's label."), "box") : nothing,
      rows: html`
        ${shown.length > 0 ? html`<h2 class="heading">${t("Components of this order")}</h2>` : nothing}
        <ul class="rows">
          ${shown.map((need) =>
            materialRow({
              code: need.item,
              title: itemName(phone.reference, need.item),
              about: html`${standing(need)}${need.isHere || !need.operation ? nothing : html` · ${t("operation {n}", { n: need.operation })}`}`,
              onTap: () => phone.fill({ item: need.item, unit: null }),
            }),
          )}
        </ul>
        ${replaces ? nothing : html`<div class="tiles tiles-1">${key({ label: t("Give material back"), sign: "undo", onTap: () => phone.go("return", params) })}</div>`}
      `,
    }),
    deck: scanKey(phone, replaces ? t("Scan the material") : t("Scan another material")),
  });
}

/** How far a component is, in words. @param {ReturnType<typeof needsOf>[number]} need */
function standing({ planned, taken, missing, unit }) {
  if (planned === null || missing === null) return taken === "0" ? unit : t("{amount} taken", { amount: `${figure(taken)} ${unit}` });
  const plan = t("planned {amount}", { amount: `${figure(planned)} ${unit}` });
  if (taken === "0") return plan;
  if (isPositive(missing)) return `${plan} · ${t("{n} still to take", { n: figure(missing) })}`;
  return compare(missing, "0") === 0 ? `${plan} · ${t("all taken")}` : `${plan} · ${t("{n} more than planned", { n: figure(subtract("0", missing)) })}`;
}
