// A defect: how many, why, what becomes of them, where it was found and caused. One piece of scrap needs two taps, or a
// reason's label and none.

import { html, nothing } from "../lib/dom.js";
import { add, compare, parseDecimal, subtract } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { defect as report } from "../model/gestures.js";
import { mayBe } from "../model/reasons.js";
import { asTyped, isPadKey, nextTyped, quantityOf, spaced } from "../model/typing.js";
import { dispositionName, reasonName } from "../model/words.js";
import { operationOf, operationTiles, reasonTiles, textField } from "./choices.js";
import { icon } from "./icons.js";
import { frame, key, notice, numberMissing, troubleWords, pad, tiles, titleOf } from "./parts.js";
import { photoField } from "./photo.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */
/** @typedef {import("./icons.js").Sign} Sign */

/** @type {[string, Sign][]} */
const DISPOSITIONS = [["scrap", "scrap"], ["rework", "rework"], ["hold", "hold"], ["use_as_is", "check"]];

/** @param {Phone} phone @param {Params} params @param {any} form */
function choices(phone, params, form) {
  const foundAt = form.foundAt ?? operationOf(phone, params);
  return {
    typed: form.typed ?? "1",
    reason: form.reason ?? params.reason ?? null,
    disposition: form.disposition ?? params.disposition ?? "scrap",
    foundAt,
    causedAt: form.causedAt ?? foundAt,
    note: form.note ?? "",
    photo: form.photo ?? null,
  };
}

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const { typed, reason, disposition, foundAt, causedAt, note, photo } = choices(phone, params, form);
  const quantity = quantityOf(typed);
  if (!quantity) return phone.say(numberMissing(typed));
  if (!reason) return phone.say(t("Choose why first"));
  if (!foundAt) return phone.say(t("Scan the operation where it was found."));
  const drafts = report({ order: params.order, operation: foundAt }, { quantity, reason, disposition, causedAt, note: note.trim(), photo });
  const unit = phone.reference.orders.get(params.order)?.unit ?? "";
  const said = t("Defect saved: {amount}, {reason}", { amount: `${figure(quantity)} ${unit}`.trim(), reason: reasonName(phone.reference, reason, "defect") });
  if (await phone.capture(drafts, said)) phone.back();
}

/** @type {import("./phone.js").Screen} */
export const defect = {
  name: "defect",
  draft: true,
  view(phone, params, form) {
    const { typed, reason, disposition, foundAt, causedAt, note, photo } = choices(phone, params, form);
    const order = phone.reference.orders.get(params.order);
    const unit = order?.unit ?? "";
    const value = parseDecimal(typed) ?? "0";
    const quantity = quantityOf(typed);
    const ready = quantity !== null && reason !== null && foundAt !== null;
    const step = (/** @type {string} */ next) => phone.fill({ typed: asTyped(compare(next, "0") < 0 ? "0" : next) });
    const about = `${params.order} · ${titleOf(phone, { order: params.order, operation: foundAt, indirect: null })}`;
    const place = (/** @type {string | null} */ number) => [number, phone.reference.operation(params.order, number)?.name].filter(Boolean).join(" ");
    if (form.counting) {
      return frame(phone, {
        title: t("Defect: how many?"),
        about,
        back: () => phone.fill({ counting: false }),
        body: html`<div class="counting">${pad({ typed: form.padded ? typed : "", unit, onType: (text) => phone.fill({ typed: text, padded: true }), label: t("Defective quantity") })}</div>`,
        deck: key({ label: t("Take this number"), sign: "check", look: "primary", disabled: Boolean(form.padded) && quantity === null, onTap: () => phone.fill({ counting: false }) }),
      });
    }
    const shown = typed === "" ? "0" : spaced(typed);
    const fold = (/** @type {"found" | "caused"} */ name) => phone.fill({ asking: form.asking === name ? null : name });
    return frame(phone, {
      title: t("Defect"),
      about,
      body: html`
        <div class="stepper" role="group" aria-label=${t("Defective quantity")}>
          <button class="stepper-key" type="button" aria-label=${t("One less")} @click=${() => step(subtract(value, "1"))}>${icon("minus")}</button>
          <button class="stepper-value" type="button" @click=${() => phone.fill({ counting: true, padded: false })}>
            <output class=${shown.length > 4 ? "figure-number figure-number-long" : "figure-number"}>${shown}</output><span class="figure-unit">${unit}</span>
            <span class="unseen">${t("Type the number")}</span>
          </button>
          <button class="stepper-key" type="button" aria-label=${t("One more")} @click=${() => step(add(value, "1"))}>${icon("plus")}</button>
        </div>
        ${troubleWords(typed) ? notice("stop", troubleWords(typed)) : nothing}
        ${reasonTiles(phone, {
          kind: "defect",
          label: t("Why?"),
          chosen: reason,
          first: params.reason,
          isAll: Boolean(form.all),
          onAll: () => phone.fill({ all: true }),
          onChoose: (chosen) => phone.fill({ reason: chosen }),
          none: t("No defect reasons are known here yet. Scan the reason's label."),
        })}
        ${tiles({
          label: t("What becomes of it?"),
          columns: "2",
          options: DISPOSITIONS.map(([name, sign]) => ({ value: name, label: dispositionName(name), sign })),
          chosen: disposition,
          onChoose: (chosen) => phone.fill({ disposition: chosen }),
        })}
        ${order && order.operations.length > 1
          ? html`<div class="tiles tiles-2">
                ${key({ label: t("Found at"), about: place(foundAt) || t("not said yet"), sign: "eye", look: "toggle", pressed: form.asking === "found", onTap: () => fold("found") })}
                ${key({ label: t("Caused at"), about: causedAt === foundAt ? t("the same") : place(causedAt), sign: "flag", look: "toggle", pressed: form.asking === "caused", onTap: () => fold("caused") })}
              </div>
              ${form.asking === "found" || foundAt === null
                ? operationTiles(phone, { order: params.order, label: t("Where was it found?"), chosen: foundAt, onChoose: (number) => phone.fill({ foundAt: number, asking: null }) })
                : form.asking === "caused"
                  ? operationTiles(phone, { order: params.order, label: t("Where was it caused?"), chosen: causedAt, about: (number) => (number === foundAt ? t("found here") : ""), onChoose: (number) => phone.fill({ causedAt: number, asking: null }) })
                  : nothing}`
          : nothing}
        ${foundAt === null && !(order && order.operations.length > 1) ? notice("look", t("Scan the operation where it was found.")) : nothing}
        ${photoField(phone, photo)}
        ${crypto.subtle ? textField({ label: t("Note, if it helps"), value: note, most: 500, onInput: (text) => phone.fill({ note: text }) }) : nothing}
      `,
      deck: key({
        label: t("Save"),
        about: reason ? `${shown} ${unit} · ${reasonName(phone.reference, reason, "defect")} · ${dispositionName(disposition)}` : t("Choose why first"),
        sign: "check",
        look: "primary",
        disabled: !ready,
        onTap: () => save(phone, params, form),
      }),
    });
  },
  scanned(phone, params, scanned, form) {
    const code = scanned.is === "reason" && mayBe(scanned, "defect") ? scanned.reason : scanned.is === "unknown" ? scanned.letters : null;
    if (code) {
      // Opened by a scan, a reason says the rest; opened by a tap, the same reason twice does.
      const isWhole = Boolean(params.disposition) && !params.reason && form.reason === undefined;
      if (isWhole || choices(phone, params, form).reason === code) void save(phone, params, { ...form, reason: code });
      else phone.fill({ reason: code });
      return true;
    }
    if (scanned.is === "operation" && scanned.order === params.order) {
      const { foundAt } = choices(phone, params, form);
      // Its own operation closes the form with what it holds: no touch needed. Another one is where it was caused.
      if (foundAt === null) phone.fill({ foundAt: scanned.operation });
      else if (scanned.operation === foundAt) void save(phone, params, form);
      else phone.fill({ causedAt: scanned.operation });
      return true;
    }
    if (scanned.is === "word" && DISPOSITIONS.some(([name]) => name === scanned.word)) {
      phone.fill({ disposition: scanned.word });
      return true;
    }
    return false;
  },
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void defect.main?.(phone, params, form);
    if (isPadKey(pressed)) phone.fill({ typed: nextTyped(form.padded ? form.typed : "", pressed), padded: true });
  },
  main(phone, params, form) {
    if (form.counting) phone.fill({ counting: false });
    else void save(phone, params, form);
  },
};
