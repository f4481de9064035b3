// A defect: how many, why, what becomes of them, and where it was caused. One piece of scrap needs two taps.

import { html, nothing } from "../lib/dom.js";
import { add, compare, parseDecimal, subtract } from "../lib/decimal.js";
import { figure, named, t } from "../lib/i18n.js";
import { defect as report } from "../model/gestures.js";
import { dispositionName, reasonName } from "../model/words.js";
import { asTyped, nextTyped, quantityOf } from "../model/typing.js";
import { icon } from "./icons.js";
import { frame, key, notice, pad, tiles, titleOf } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Params} params @param {any} form */
const choices = (params, form) => ({
  typed: form.typed ?? "1",
  reason: form.reason ?? params.reason ?? null,
  disposition: form.disposition ?? "scrap",
  causedAt: form.causedAt ?? params.operation,
  note: form.note ?? "",
});

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const { typed, reason, disposition, causedAt, note } = choices(params, form);
  const quantity = quantityOf(typed);
  if (!quantity || !reason) return;
  const drafts = report(params, { quantity, reason, disposition, causedAt, note: note.trim() });
  const unit = phone.reference.orders.get(params.order)?.unit ?? "";
  const said = t("Defect saved: {amount}, {reason}", { amount: `${figure(quantity)} ${unit}`.trim(), reason: reasonName(phone.reference, reason) });
  if (await phone.capture(drafts, said)) phone.back();
}

/** @type {import("./phone.js").Screen} */
export const defect = {
  name: "defect",
  draft: true,
  view(phone, params, form) {
    const { typed, reason, disposition, causedAt, note } = choices(params, form);
    const order = phone.reference.orders.get(params.order);
    const value = parseDecimal(typed) ?? "0";
    const ready = quantityOf(typed) !== null && reason !== null;
    const step = (/** @type {string} */ next) => phone.fill({ typed: asTyped(compare(next, "0") < 0 ? "0" : next) });
    const reasons = phone.reference.reasonsOf("defect");
    const about = `${params.order} · ${titleOf(phone, { order: params.order, operation: params.operation, indirect: null })}`;
    if (form.counting) {
      return frame(phone, {
        title: t("Defect: how many?"),
        about,
        back: () => phone.fill({ counting: false }),
        body: html`<div class="counting">${pad({ typed: form.padded ? typed : "", unit: order?.unit ?? "", onType: (text) => phone.fill({ typed: text, padded: true }), label: t("Defective quantity") })}</div>`,
        deck: key({ label: t("Take this number"), sign: "check", look: "primary", onTap: () => phone.fill({ counting: false }) }),
      });
    }
    return frame(phone, {
      title: t("Defect"),
      about,
      body: html`
        <div class="stepper" role="group" aria-label=${t("Defective quantity")}>
          <button class="stepper-key" type="button" aria-label=${t("One less")} @click=${() => step(subtract(value, "1"))}>${icon("minus")}</button>
          <button class="stepper-value" type="button" @click=${() => phone.fill({ counting: true, padded: false })}>
            <output class="figure-number">${typed === "" ? "0" : typed}</output><span class="figure-unit">${order?.unit ?? ""}</span>
            <span class="unseen">${t("Type the number")}</span>
          </button>
          <button class="stepper-key" type="button" aria-label=${t("One more")} @click=${() => step(add(value, "1"))}>${icon("plus")}</button>
        </div>
        ${reasons.length === 0 ? notice("look", t("No defect reasons are known here yet. Scan the reason's label.")) : nothing}
        ${tiles({
          label: t("Why?"),
          columns: "2",
          options: [
            ...reasons.map(({ code, name }) => ({ value: code, label: named(name) })),
            ...(reason && !reasons.some(({ code }) => code === reason) ? [{ value: reason, label: reason }] : []),
          ],
          chosen: reason,
          onChoose: (value) => phone.fill({ reason: value }),
        })}
        ${tiles({
          label: t("What becomes of it?"),
          columns: "3",
          options: [
            { value: "scrap", label: dispositionName("scrap"), sign: /** @type {const} */ ("scrap") },
            { value: "rework", label: dispositionName("rework"), sign: /** @type {const} */ ("rework") },
            { value: "hold", label: dispositionName("hold"), sign: /** @type {const} */ ("hold") },
          ],
          chosen: disposition,
          onChoose: (value) => phone.fill({ disposition: value }),
        })}
        ${order && order.operations.length > 1
          ? tiles({
              label: t("Where was it caused?"),
              columns: "2",
              options: order.operations.map(({ number, name }) => ({
                value: number,
                label: `${number} ${name}`,
                ...(number === params.operation ? { about: t("found here") } : {}),
              })),
              chosen: causedAt,
              onChoose: (value) => phone.fill({ causedAt: value }),
            })
          : nothing}
        ${crypto.subtle
          ? html`<label class="field">
              <span class="label">${t("Note, if it helps")}</span>
              <input class="input" maxlength="500" .value=${note} @input=${(/** @type {InputEvent} */ event) => phone.fill({ note: /** @type {HTMLInputElement} */ (event.target).value })} />
            </label>`
          : nothing}
      `,
      deck: key({
        label: t("Save"),
        about: reason ? `${typed} · ${reasonName(phone.reference, reason)} · ${dispositionName(disposition)}` : t("Choose why first"),
        sign: "check",
        look: "primary",
        disabled: !ready,
        onTap: () => save(phone, params, form),
      }),
    });
  },
  scanned(phone, params, scanned, form) {
    const code = scanned.is === "reason" ? scanned.reason : scanned.is === "unknown" ? scanned.letters : null;
    if (code) {
      if (choices(params, form).reason === code) void save(phone, params, form); // the same reason twice: save
      else phone.fill({ reason: code });
      return true;
    }
    // Scanning the operation again closes the form with what it holds: no touch needed.
    if (scanned.is === "operation" && scanned.order === params.order && scanned.operation === params.operation) {
      void save(phone, params, form);
      return true;
    }
    return false;
  },
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void (form.counting ? phone.fill({ counting: false }) : save(phone, params, form));
    phone.fill({ typed: nextTyped(form.padded ? form.typed : "", pressed), padded: true });
  },
};
