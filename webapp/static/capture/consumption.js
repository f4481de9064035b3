// Material drawn from stock: the order's components first, anything else by its label, then quantity and unit.
// A supplier's own code scanned here is the lot.

import { html, nothing } from "../lib/dom.js";
import { multiply } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { consumption as draw } from "../model/gestures.js";
import { itemName } from "../model/words.js";
import { asTyped, nextTyped, quantityOf } from "../model/typing.js";
import { frame, key, notice, pad, tiles, titleOf } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params */
function componentsOf(phone, params) {
  const order = phone.reference.orders.get(params.order);
  if (!order) return [];
  const here = params.operation ? phone.reference.componentsOf(order, params.operation) : order.components;
  const rest = order.components.filter((component) => !here.includes(component));
  return [...here, ...rest].map((component) => ({
    ...component,
    planned: order.quantity ? multiply(component.quantity_per, order.quantity) : null,
    isHere: here.includes(component),
  }));
}

/** @param {Phone} phone @param {Params} params @param {any} form */
function choices(phone, params, form) {
  const item = form.item ?? params.item ?? null;
  const known = phone.reference.items.get(item);
  const component = componentsOf(phone, params).find((one) => one.item === item);
  const units = [...new Set([component?.unit, known?.unit, ...(known?.units ?? [])])].filter((unit) => unit !== undefined);
  return { item, units, unit: form.unit ?? units[0] ?? "", typed: form.typed ?? "", lot: form.lot ?? "", planned: component?.planned ?? null, plannedUnit: component?.unit };
}

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const { item, unit, typed, lot } = choices(phone, params, form);
  const quantity = quantityOf(typed);
  if (!item || !quantity || !unit) return;
  const said = t("{amount} of {item} taken", { amount: `${figure(quantity)} ${unit}`, item: itemName(phone.reference, item) });
  if (await phone.capture(draw(params, { item, quantity, unit, lot }), said)) phone.back();
}

/** @type {import("./phone.js").Screen} */
export const consumption = {
  name: "consumption",
  draft: true,
  view(phone, params, form) {
    const { item, units, unit, typed, lot, planned, plannedUnit } = choices(phone, params, form);
    const about = [params.order, params.operation && titleOf(phone, { order: params.order, operation: params.operation, indirect: null })].filter(Boolean).join(" · ");
    if (!item) {
      const components = componentsOf(phone, params);
      return frame(phone, {
        title: t("Consumption"),
        about,
        body: html`
          ${components.length === 0 ? notice("quiet", t("No components are planned here. Scan the material's label."), "box") : html`<h2 class="heading">${t("Components of this order")}</h2>`}
          <ul class="rows">
            ${components.map(
              (component) => html`<li>
                <button class="row" type="button" @click=${() => phone.fill({ item: component.item })}>
                  <span class="row-code">${component.item}</span>
                  <span class="row-title">${itemName(phone.reference, component.item)}</span>
                  <span class="row-about">
                    ${component.planned ? t("planned {amount}", { amount: `${figure(component.planned)} ${component.unit}` }) : component.unit}${component.isHere ? nothing : ` · ${t("operation {n}", { n: component.operation ?? "" })}`}
                  </span>
                </button>
              </li>`,
            )}
          </ul>
        `,
        deck: key({ label: t("Scan another material"), sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "form" }) }),
      });
    }
    const ready = quantityOf(typed) !== null && unit !== "";
    return frame(phone, {
      title: itemName(phone.reference, item),
      about,
      back: params.item || !form.item ? phone.back : () => phone.fill({ item: null, typed: "", unit: null, lot: "" }),
      body: html`<div class="counting">
        ${pad({
          typed,
          unit,
          onType: (text) => phone.fill({ typed: text }),
          label: t("Quantity"),
          aside: planned && plannedUnit === unit && typed === ""
            ? key({ label: t("{n} planned", { n: figure(planned) }), look: "soft", onTap: () => phone.fill({ typed: asTyped(planned) }) })
            : nothing,
        })}
        ${units.length > 1
          ? tiles({ label: t("Unit"), columns: "fit", options: units.map((value) => ({ value, label: value })), chosen: unit, onChoose: (value) => phone.fill({ unit: value }) })
          : nothing}
        ${units.length === 0
          ? html`<label class="field"><span class="label">${t("Unit")}</span>
              <input class="input" maxlength="12" .value=${unit} @input=${(/** @type {InputEvent} */ event) => phone.fill({ unit: /** @type {HTMLInputElement} */ (event.target).value.trim() })} /></label>`
          : nothing}
        <div class="tiles tiles-1">
          ${lot
            ? key({ label: t("Lot {lot}", { lot }), about: t("tap to remove"), sign: "check", look: "soft", onTap: () => phone.fill({ lot: "" }) })
            : key({ label: t("Scan the lot"), sign: "scan", onTap: () => phone.go("scan", { for: "form" }) })}
        </div>
      </div>`,
      deck: key({ label: t("Save"), about: ready ? `${typed} ${unit}` : nothing, sign: "check", look: "primary", disabled: !ready, onTap: () => save(phone, params, form) }),
    });
  },
  scanned(phone, params, scanned, form) {
    const { item } = choices(phone, params, form);
    if (scanned.is === "item") {
      if (scanned.item !== item) phone.fill({ item: scanned.item, unit: null });
      return true;
    }
    if (scanned.is === "foreign" && item) {
      phone.fill({ lot: scanned.text.slice(0, 60) });
      return true;
    }
    if (scanned.is === "unknown" && !item) {
      phone.fill({ item: scanned.letters });
      return true;
    }
    return false;
  },
  typed(phone, params, pressed, form) {
    if (!choices(phone, params, form).item) return;
    if (pressed === "Enter") return void save(phone, params, form);
    phone.fill({ typed: nextTyped(form.typed ?? "", pressed) });
  },
};
