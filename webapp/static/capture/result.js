// A job has ended: what its person did, beside what was expected. Shown for a while or until tapped; nobody else's
// figures, and money only as standard value where the site allows it.

import { html, nothing, svg } from "../lib/dom.js";
import { share, subtract } from "../lib/decimal.js";
import { figure, locale, t } from "../lib/i18n.js";
import { resultOf } from "../model/result.js";
import { hoursMinutes } from "./day-parts.js";
import { icon } from "./icons.js";
import { frame, key, progressOf, titleOf } from "./parts.js";

const SHOWS_MS = 20_000;

/** Since when the present result is shown. @type {{params: import("./phone.js").Params | null, sinceMs: number}} */
const shown = { params: null, sinceMs: 0 };

/** A bar against its whole, in words and figures; what goes beyond the whole goes beyond its mark.
 * @param {{label: string, words: string, done: number, whole: number, look?: string}} what */
function measure({ label, words, done, whole, look = "" }) {
  const most = Math.max(done, whole);
  return html`<div class=${`measure ${look}`}>
    <span class="measure-label">${label}</span>
    <span class="measure-words number">${words}</span>
    ${whole > 0
      ? html`<svg class="measure-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
          <rect class="measure-track" width="1000" height="10" />
          <rect class="measure-done" width=${Math.round((done / most) * 1000)} height="10" />
          ${done > whole ? svg`<rect class="measure-mark" x=${Math.round((whole / most) * 1000) - 3} width="6" height="10" />` : nothing}
        </svg>`
      : nothing}
  </div>`;
}

/** @type {import("./phone.js").Screen} */
export const result = {
  name: "result",
  view(phone, params) {
    const job = { order: params.order ?? null, operation: params.operation ?? null, indirect: null };
    const order = phone.reference.orders.get(params.order);
    const clocks = phone.clocks();
    const mine = resultOf({ captures: phone.queue.entries, work: phone.work, reference: phone.reference, clocks }, phone.operator ?? "", job);
    const done = job.order && job.operation ? progressOf(phone, job.order, job.operation) : null;
    const unit = order?.unit ?? "";
    const one = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 });
    const { expectedMs, value } = mine;
    // A job of a minute or two has no target worth the name.
    const expectedPieces = (mine.expectedPieces ?? 0) < 0.5 ? null : mine.expectedPieces;
    return frame(phone, {
      title: titleOf(phone, job),
      about: [params.order, order?.item_name].filter(Boolean).join(" · ") || nothing,
      back: phone.home,
      body: html`
        <section class="result" tabindex="0" aria-label=${t("Your work on it")} @click=${phone.home}>
          <p class="result-word">${icon("check")} ${phone.said?.undo.length ? phone.said.text : t("Your work on it")}</p>
          ${measure({
            label: mine.isClock ? t("Clock time") : expectedMs === null ? t("Time") : t("Time against standard"),
            words: expectedMs === null ? hoursMinutes(mine.totalMs) : t("{done} of {whole}", { done: hoursMinutes(mine.setupMs + mine.runMs), whole: hoursMinutes(expectedMs) }),
            done: mine.setupMs + mine.runMs,
            whole: expectedMs ?? 0,
          })}
          ${mine.setupMs > 0 || mine.otherMs > 0
            ? html`<p class="result-parts">${[
                mine.setupMs > 0 ? t("setup {hours}", { hours: hoursMinutes(mine.setupMs) }) : "",
                t("run {hours}", { hours: hoursMinutes(mine.runMs) }),
                mine.otherMs > 0 ? t("rework, teardown {hours}", { hours: hoursMinutes(mine.otherMs) }) : "",
              ].filter(Boolean).join(" · ")}</p>`
            : nothing}
          ${job.operation
            ? measure({
                label: expectedPieces === null ? t("Good pieces") : t("Pieces against target"),
                words: expectedPieces === null ? `${figure(mine.good)} ${unit}` : t("{done} of {whole}", { done: figure(mine.good), whole: `${one.format(expectedPieces)} ${unit}` }),
                done: Number(mine.good),
                whole: expectedPieces ?? 0,
                look: "measure-good",
              })
            : nothing}
          <dl class="facts result-facts">
            ${job.operation ? html`<div><dt>${t("Scrap")}</dt><dd class="number">${figure(mine.scrap)} ${unit}</dd></div>` : nothing}
            ${mine.rework === "0" ? nothing : html`<div><dt>${t("To rework")}</dt><dd class="number">${figure(mine.rework)} ${unit}</dd></div>`}
            ${value === null ? nothing : html`<div><dt>${t("Standard value of your pieces")}</dt><dd class="number">${money(value, phone.reference.snapshot.site.currency)}</dd></div>`}
          </dl>
          ${done && order?.quantity
            ? measure({
                label: t("The order at this operation"),
                words: t("{done} of {whole}", { done: figure(done.good), whole: `${figure(order.quantity)} ${unit}` }),
                done: share(done.good, order.quantity),
                whole: 1,
                look: "measure-good",
              })
            : nothing}
          ${done && order?.quantity && leftWords(order.quantity, done, unit) ? html`<p class="result-parts">${leftWords(order.quantity, done, unit)}</p>` : nothing}
        </section>
      `,
      deck: key({ label: t("Go on"), sign: "check", look: "primary", onTap: phone.home }),
    });
  },
  main: (phone) => phone.home(),
  ticked(phone, params) {
    const nowMs = Date.now();
    if (shown.params !== params) Object.assign(shown, { params, sinceMs: nowMs });
    if (nowMs - shown.sinceMs > SHOWS_MS) phone.home();
  },
};

/** What is left and what was lost. @param {string} whole @param {{good: string, scrap: string}} done @param {string} unit */
function leftWords(whole, { good, scrap }, unit) {
  const left = subtract(subtract(whole, good), scrap);
  const words = [left.startsWith("-") || left === "0" ? t("nothing left to make") : t("{n} left", { n: `${figure(left)} ${unit}` })];
  if (scrap !== "0") words.push(t("{n} scrap", { n: figure(scrap) }));
  return words.join(" · ");
}

/** Rounded for reading only. @param {string} amount @param {string} [currency] */
const money = (amount, currency) =>
  new Intl.NumberFormat(locale(), currency ? { style: "currency", currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(
    /** @type {Intl.StringNumericLiteral} */ (amount),
  );
