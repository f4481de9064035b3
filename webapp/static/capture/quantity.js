// Good quantity: a number and one key. When the running operation is scanned, the rest of the order is proposed and
// stopping is the second key: counted and done with one scan and one tap. With the last piece the operation is done,
// too, unless somebody says that it is not.

import { html, nothing } from "../lib/dom.js";
import { compare, isPositive, subtract } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { complete, defect as report, good, stop } from "../model/gestures.js";
import { peopleHere } from "../model/session.js";
import { asTyped, isPadKey, nextTyped, quantityOf } from "../model/typing.js";
import { reasonName } from "../model/words.js";
import { operationOf } from "./choices.js";
import { beware, frame, key, numberMissing, pad, progress, progressOf, titleOf } from "./parts.js";
import { showResult } from "./phone.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** The job that is counted. @param {Phone} phone @param {Params} params */
const jobOf = (phone, params) => ({ order: params.order, operation: operationOf(phone, params), indirect: null });

/** The spans that end with it: those of the people here on this job. @param {Phone} phone @param {Params} params */
const spansOf = (phone, params) => phone.work.allOn(peopleHere(phone), { order: params.order, operation: params.operation });

/** What the order still lacks, may be below zero; null if nobody knows. @param {Phone} phone @param {Params} params */
function leftOf(phone, params) {
  const order = phone.reference.orders.get(params.order);
  if (!order?.quantity) return null;
  const done = progressOf(phone, params.order, params.operation);
  return subtract(subtract(order.quantity, done.good), done.scrap);
}

/** The number shown: typed, or proposed until the first key. @param {Phone} phone @param {Params} params @param {any} form */
function shown(phone, params, form) {
  const left = params.done ? leftOf(phone, params) : null;
  const proposal = left !== null && isPositive(left) ? asTyped(left) : null;
  return { typed: form.typed ?? proposal ?? "", proposed: form.typed === undefined && proposal !== null };
}

/** What the two keys would save. @param {Phone} phone @param {Params} params @param {any} form */
function counted(phone, params, form) {
  const quantity = quantityOf(shown(phone, params, form).typed);
  const left = leftOf(phone, params);
  const isLast = quantity !== null && left !== null && isPositive(left) && compare(quantity, left) >= 0;
  const isDone = phone.reference.operation(params.order, params.operation)?.completed === true;
  return { quantity, left, isLast, isDone, over: quantity && left !== null && compare(quantity, left) > 0 ? subtract(quantity, compare(left, "0") > 0 ? left : "0") : null };
}

/** @param {Phone} phone @param {Params} params @param {any} form @param {{andStop: boolean, isFinished?: boolean}} how */
async function save(phone, params, form, { andStop, isFinished }) {
  const { quantity, isLast, isDone } = counted(phone, params, form);
  const spans = andStop ? spansOf(phone, params) : [];
  const job = jobOf(phone, params);
  if (!job.operation) return;
  const finishes = !isDone && (isFinished ?? form.finished ?? (andStop && isLast));
  const drafts = [...(quantity ? good(job, quantity) : []), ...(finishes ? complete(job, spans) : stop(spans))];
  if (drafts.length === 0) return phone.say(numberMissing(shown(phone, params, form).typed));
  const unit = phone.reference.orders.get(params.order)?.unit ?? "";
  const amount = quantity ? `${figure(quantity)} ${unit}`.trim() : "";
  const parts = [quantity ? t("{amount} good", { amount }) : "", spans.length > 0 ? t("stopped") : "", finishes ? t("operation done") : ""];
  const said = parts.filter(Boolean).join(", ");
  if (await phone.capture(drafts, said[0].toLocaleUpperCase() + said.slice(1))) andStop ? showResult(phone, spans) : phone.back();
}

/** @type {import("./phone.js").Screen} */
export const quantity = {
  name: "quantity",
  draft: true,
  view(phone, params, form) {
    const order = phone.reference.orders.get(params.order);
    const { typed, proposed } = shown(phone, params, form);
    const { left, isLast, isDone, over, quantity: number } = counted(phone, params, form);
    const isRunning = Boolean(params.done) && spansOf(phone, params).length > 0;
    const ready = number !== null;
    const done = progressOf(phone, params.order, params.operation);
    const fill = (/** @type {string} */ text) => phone.fill({ typed: text });
    const finishes = !isDone && (form.finished ?? (isRunning && isLast));
    const unit = order?.unit ?? "";
    const defectKey = key({ label: t("Defect"), sign: "scrap", onTap: () => phone.go("defect", { order: params.order, ...(params.operation ? { operation: params.operation } : {}) }) });
    return frame(phone, {
      title: t("Good quantity"),
      about: `${params.order} · ${titleOf(phone, { order: params.order, operation: params.operation, indirect: null })}`,
      body: html`<div class="counting">
        ${pad({
          typed,
          proposed,
          unit,
          onType: fill,
          label: t("Good quantity"),
          aside: over
            ? beware(t("{n} more than planned", { n: `${figure(over)} ${unit}`.trim() }))
            : left && isPositive(left) && !proposed ? key({ label: t("{n} left", { n: figure(left) }), look: "soft", onTap: () => fill(asTyped(left)) }) : defectKey,
        })}
        ${order?.quantity ? html`<div class="roomy">${progress({ done: done.good, whole: order.quantity, unit: order.unit, scrap: done.scrap })}</div>` : nothing}
        ${params.done
          ? html`<div class="tiles tiles-2">
              ${isDone
                ? key({ label: t("This operation is done"), about: t("tap to see it"), sign: "flag", onTap: () => phone.go("complete", params) })
                : key({ label: t("Operation done"), about: finishes ? t("yes, with this") : t("not yet"), sign: finishes ? "check" : "flag", look: "toggle", pressed: finishes, onTap: () => phone.fill({ finished: !finishes }) })}
              ${left && isPositive(left) && !proposed ? defectKey : nothing}
            </div>`
          : nothing}
      </div>`,
      deck: isRunning
        ? html`<div class="deck-two">
            ${key({ label: t("Save, go on"), sign: "check", look: "soft tall", disabled: !ready, onTap: () => save(phone, params, form, { andStop: false, isFinished: form.finished ?? false }) })}
            ${key({ label: ready ? t("Save and stop") : t("Stop"), about: finishes ? t("operation done") : nothing, sign: finishes ? "flag" : "stop", look: "primary", onTap: () => save(phone, params, form, { andStop: true }) })}
          </div>`
        : key({ label: t("Save"), about: ready ? `${figure(number)} ${unit}` : nothing, sign: "check", look: "primary", disabled: !ready, onTap: () => save(phone, params, form, { andStop: false }) }),
    });
  },
  scanned(phone, params, scanned, form) {
    const job = jobOf(phone, params);
    // A defect's reason on the page where pieces are counted: one piece of scrap, said and done, with undo.
    const reason = scanned.is === "reason" && scanned.kinds.includes("defect") ? scanned.reason : null;
    if (reason && job.operation) {
      const typed = quantityOf(form.typed);
      if (typed) phone.go("defect", { order: params.order, ...(params.operation ? { operation: params.operation } : {}), reason }, { typed: form.typed });
      else void phone.capture(report(job, { quantity: "1", reason, disposition: "scrap" }), t("Defect saved: {amount}, {reason}", { amount: "1", reason: reasonName(phone.reference, reason, "defect") }));
      return true;
    }
    // A quick code counts what was typed, never what was only proposed.
    if (scanned.is === "word" && (scanned.word === "done" || (scanned.word === "stop" && quantityOf(form.typed)))) {
      void save(phone, params, { ...form, typed: form.typed ?? "" }, { andStop: true, ...(scanned.word === "done" ? { isFinished: true } : {}) });
      return true;
    }
    return false;
  },
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void quantity.main?.(phone, params, form);
    if (isPadKey(pressed)) phone.fill({ typed: nextTyped(form.typed ?? "", pressed) });
  },
  main(phone, params, form) {
    // Enter and "ok" do what the big key does; where two are big, the one that goes on.
    void save(phone, params, form, { andStop: false, isFinished: form.finished ?? false });
  },
};
