// One order: what is made, how far it is, and its operations.

import { html, nothing } from "../lib/dom.js";
import { figure, locale, t } from "../lib/i18n.js";
import { makesThings } from "../model/reference.js";
import { activityName } from "../model/words.js";
import { icon } from "./icons.js";
import { activitySign, frame, key, notice, progress, progressOf } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const order = {
  name: "order",
  view(phone, params) {
    const known = phone.reference.orders.get(params.order);
    const mine = phone.work.of(phone.operator);
    return frame(phone, {
      title: params.order,
      about: known?.item_name || known?.item || known?.customer || nothing,
      body: known
        ? html`
            <dl class="facts">
              ${known.item ? html`<div><dt>${t("Item")}</dt><dd>${known.item}</dd></div>` : nothing}
              ${known.quantity ? html`<div><dt>${t("Quantity")}</dt><dd class="number">${figure(known.quantity)} ${known.unit ?? ""}</dd></div>` : nothing}
              ${known.customer ? html`<div><dt>${t("Customer")}</dt><dd>${known.customer}</dd></div>` : nothing}
              ${known.due_on ? html`<div><dt>${t("Due")}</dt><dd>${dueOn(known.due_on)}</dd></div>` : nothing}
            </dl>
            ${known.operations.length > 0 ? html`<h2 class="heading">${t("Operations")}</h2>` : nothing}
            <ul class="rows">
              ${known.operations.map((operation) => {
                const done = progressOf(phone, known.code, operation.number);
                const span = mine.find((s) => s.order === known.code && s.operation === operation.number);
                return html`<li>
                  <button class="row row-operation" type="button"
                    @click=${() => (span ? phone.go("running", { start: span.startId }) : phone.go("operation", { order: known.code, operation: operation.number }))}>
                    <span class="row-code">${operation.number}</span>
                    <span class="row-title">${operation.name}</span>
                    ${span
                      ? html`<span class="row-state">${icon(activitySign(span.activity))} ${t("Running: {what}", { what: activityName(span.activity) })}</span>`
                      : operation.completed
                        ? html`<span class="row-state row-state-done">${icon("check")} ${t("Done")}</span>`
                        : html`<span class="row-about">${phone.reference.workCenters.get(operation.work_center ?? "")?.name ?? operation.work_center ?? ""}</span>`}
                    ${known.quantity ? progress({ done: done.good, whole: known.quantity, unit: known.unit, scrap: done.scrap }) : nothing}
                  </button>
                </li>`;
              })}
            </ul>
            <div class="tiles tiles-2">
              ${makesThings(known) ? key({ label: t("Unplanned operation"), sign: "plus", onTap: () => phone.go("unplanned", { order: known.code }) }) : nothing}
              ${key({ label: t("Other facts"), about: t("for this order"), sign: "more", onTap: () => phone.go("forms", { order: known.code }) })}
            </div>
          `
        : notice("look", t("This order is not in the device's snapshot. It can be worked on all the same.")),
      deck: known && known.operations.length > 0
        ? nothing
        : key({ label: t("Work on this order"), sign: "run", look: "primary", onTap: () => phone.go("operation", { order: params.order }) }),
    });
  },
};

/** @param {string} date YYYY-MM-DD */
const dueOn = (date) =>
  new Intl.DateTimeFormat(locale(), { day: "numeric", month: "long", timeZone: "UTC" }).format(Date.parse(date));
