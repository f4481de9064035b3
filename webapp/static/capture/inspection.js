// What was looked at or measured, and whether it was good. What failed may be told as a defect in the next breath: the
// inspection itself counts no piece.

import { html, nothing } from "../lib/dom.js";
import { figure, t } from "../lib/i18n.js";
import { inspection as inspect } from "../model/gestures.js";
import { mayBe } from "../model/reasons.js";
import { asCode, asWords, isPadKey, measureOf, nextTyped, quantityOf, spaced } from "../model/typing.js";
import { resultName } from "../model/words.js";
import { operationOf, operationTiles, reasonTiles, textField } from "./choices.js";
import { icon } from "./icons.js";
import { frame, key, notice, numberMissing, pad, tiles, titleOf } from "./parts.js";
import { photoField } from "./photo.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params @param {any} form */
const choices = (phone, params, form) => ({
  operation: form.operation ?? operationOf(phone, params),
  result: /** @type {string | null} */ (form.result ?? null),
  characteristic: asWords(form.characteristic ?? ""),
  measured: measureOf(form.measured),
  unit: asCode(form.unit ?? ""),
  quantity: quantityOf(form.pieces),
  reason: /** @type {string | null} */ (form.reason ?? null),
  photo: form.photo ?? null,
});

/** Everything that was begun can be saved. @param {ReturnType<typeof choices>} chosen @param {any} form */
const isReady = ({ operation, result, measured, quantity }, form) =>
  operation !== null && result !== null && ((form.measured ?? "") === "" || measured !== null) && ((form.pieces ?? "") === "" || quantity !== null);

/** @param {Phone} phone @param {Params} params @param {any} form @param {boolean} [thenDefect] */
async function save(phone, params, form, thenDefect = false) {
  const chosen = choices(phone, params, form);
  const { operation, result, reason, photo, measured, unit, ...rest } = chosen;
  if (!operation) return phone.say(t("Scan the operation that was inspected."));
  if (!result) return phone.say(t("Passed or failed?"));
  if (!isReady(chosen, form)) return phone.say(numberMissing(measured === null ? form.measured : form.pieces, measured === null ? measureOf : quantityOf));
  const isFailed = result === "failed";
  const what = { ...rest, result, measured, unit: measured ? unit : "", reason: isFailed ? reason : null, photo: isFailed ? photo : null };
  const said = t("Inspection saved: {result}", { result: resultName(result) });
  if (!(await phone.capture(inspect({ order: params.order, operation }, what), said))) return;
  if (thenDefect) phone.instead("defect", { order: params.order, operation, ...(reason ? { reason } : {}) });
  else phone.back();
}

/** @type {import("./phone.js").Screen} */
export const inspection = {
  name: "inspection",
  draft: true,
  view(phone, params, form) {
    const chosen = choices(phone, params, form);
    const { operation, result, measured, unit, quantity, reason, photo } = chosen;
    const order = phone.reference.orders.get(params.order);
    const about = `${params.order} · ${titleOf(phone, { order: params.order, operation, indirect: null })}`;
    if (form.asking === "measured" || form.asking === "pieces") return asking(phone, form, about, order?.unit ?? "");
    const known = operation ? phone.things.characteristicsOf(params.order, operation).slice(0, 6) : [];
    const ready = isReady(chosen, form);
    const big = (/** @type {string} */ value, /** @type {"check" | "cross"} */ sign) => html`<button class=${`verdict verdict-${value}`} type="button"
      aria-pressed=${String(result === value)} @click=${() => phone.fill({ result: value })}>${icon(sign)}<span>${resultName(value)}</span></button>`;
    return frame(phone, {
      title: t("Inspection"),
      about,
      body: html`
        ${operation === null && order
          ? operationTiles(phone, { order: params.order, label: t("Which operation?"), chosen: null, onChoose: (number) => phone.fill({ operation: number }) })
          : nothing}
        ${operation === null && !order ? notice("look", t("Scan the operation that was inspected.")) : nothing}
        <div class="verdicts" role="group" aria-label=${t("Result")}>${big("passed", "check")} ${big("failed", "cross")}</div>
        ${known.length > 0
          ? tiles({ label: t("What was looked at?"), columns: "2", options: known.map((value) => ({ value, label: value })), chosen: chosen.characteristic || null, onChoose: (value) => phone.fill({ characteristic: value }) })
          : nothing}
        ${textField({ label: known.length > 0 ? t("Or something else") : t("What was looked at?"), value: form.characteristic ?? "", most: 200, hint: t("width, colour, torque …"), onInput: (text) => phone.fill({ characteristic: text }) })}
        <div class="tiles tiles-2">
          ${key({ label: t("Measured value"), about: (form.measured ?? "") === "" ? t("none") : `${spaced(form.measured)} ${unit}`, sign: "eye", look: "toggle", pressed: measured !== null, onTap: () => phone.fill({ asking: "measured" }) })}
          ${key({ label: t("Pieces looked at"), about: quantity ? `${figure(quantity)} ${order?.unit ?? ""}` : t("not said"), sign: "list", look: "toggle", pressed: quantity !== null, onTap: () => phone.fill({ asking: "pieces" }) })}
        </div>
        ${result === "failed"
          ? html`${reasonTiles(phone, { kind: "defect", label: t("Why?"), chosen: reason, isAll: Boolean(form.all), onAll: () => phone.fill({ all: true }), onChoose: (value) => phone.fill({ reason: value === reason ? null : value }) })}
              ${photoField(phone, photo)}`
          : nothing}
      `,
      deck: result === "failed"
        ? html`<div class="deck-two">
            ${key({ label: t("Save"), sign: "check", look: "soft tall", disabled: !ready, onTap: () => save(phone, params, form) })}
            ${key({ label: t("Save, then the defect"), sign: "scrap", look: "primary", disabled: !ready, onTap: () => save(phone, params, form, true) })}
          </div>`
        : key({ label: t("Save"), about: result ? resultName(result) : t("Passed or failed?"), sign: "check", look: "primary", disabled: !ready, onTap: () => save(phone, params, form) }),
    });
  },
  scanned(phone, params, scanned, form) {
    if (scanned.is === "reason" && mayBe(scanned, "defect")) {
      phone.fill({ result: "failed", reason: scanned.reason });
      return true;
    }
    if (scanned.is === "word" && scanned.word === "good") {
      phone.fill({ result: "passed" });
      return true;
    }
    if (scanned.is === "word" && ["scrap", "hold", "rework"].includes(scanned.word)) {
      phone.fill({ result: "failed" });
      return true;
    }
    if (scanned.is === "operation" && scanned.order === params.order) {
      if (choices(phone, params, form).operation === scanned.operation) void save(phone, params, form);
      else phone.fill({ operation: scanned.operation });
      return true;
    }
    return false;
  },
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void inspection.main?.(phone, params, form);
    if (!isPadKey(pressed) && pressed !== "-") return;
    const field = form.asking === "pieces" ? "pieces" : "measured";
    phone.fill({ asking: field, [field]: nextTyped(form[field] ?? "", pressed === "-" && field === "measured" ? "±" : pressed) });
  },
  main(phone, params, form) {
    if (form.asking) phone.fill({ asking: null });
    else void save(phone, params, form);
  },
};

/** One of the two numbers. @param {Phone} phone @param {any} form @param {string} about @param {string} pieces the order's unit */
function asking(phone, form, about, pieces) {
  const isMeasured = form.asking === "measured";
  const field = isMeasured ? "measured" : "pieces";
  const typed = form[field] ?? "";
  const as = isMeasured ? measureOf : quantityOf;
  const label = isMeasured ? t("Measured value") : t("Pieces looked at");
  return frame(phone, {
    title: label,
    about,
    back: () => phone.fill({ asking: null }),
    body: html`<div class="counting">
      ${pad({
        typed,
        unit: isMeasured ? asCode(form.unit ?? "") : pieces,
        label,
        as,
        onType: (text) => phone.fill({ [field]: text }),
        aside: isMeasured ? key({ label: "±", look: "soft sign", about: html`<span class="unseen">${t("Below zero or above")}</span>`, onTap: () => phone.fill({ measured: nextTyped(typed, "±") }) }) : nothing,
      })}
      ${isMeasured
        ? html`${tiles({ label: t("Unit"), columns: "fit", options: ["mm", "µm", "g", "N·m", "°C", "%"].map((value) => ({ value, label: value })), chosen: asCode(form.unit ?? ""), onChoose: (value) => phone.fill({ unit: value === form.unit ? "" : value }) })}
            ${textField({ label: t("Or another unit"), value: form.unit ?? "", most: 12, onInput: (text) => phone.fill({ unit: text }) })}`
        : nothing}
    </div>`,
    deck: key({ label: t("Take this number"), sign: "check", look: "primary", disabled: typed !== "" && as(typed) === null, onTap: () => phone.fill({ asking: null }) }),
  });
}
