// Orders by number, item or customer, for when there is no label at hand; and the field for a typed code.

import { html, nothing } from "../lib/dom.js";
import { figure, t } from "../lib/i18n.js";
import { repeat } from "../lib/lists.js";
import { asCode } from "../model/typing.js";
import { codeField, frame, key } from "./parts.js";

const SHOWN = 40;

/** @type {import("./phone.js").Screen} */
export const orders = {
  name: "orders",
  view(phone, _params, form) {
    const found = phone.reference.search(form.code ?? "");
    return frame(phone, {
      title: t("Orders"),
      about: t("{n} known to this device", { n: phone.reference.orders.size }),
      body: html`
        ${codeField(phone, form, t("Order number, item, customer, or nine letters"))}
        <ul class="rows">
          ${repeat(found.slice(0, SHOWN), ({ code }) => code, (order) => html`<li>
            <button class="row" type="button" @click=${() => phone.go("order", { order: order.code })}>
              <span class="row-code">${order.code}</span>
              <span class="row-title">${order.item_name || order.item || order.customer}</span>
              <span class="row-about">${[order.quantity && `${figure(order.quantity)} ${order.unit ?? ""}`, order.customer].filter(Boolean).join(" · ")}</span>
            </button>
          </li>`)}
        </ul>
        ${found.length > SHOWN ? html`<p class="empty">${t("{n} more: type a part of the number.", { n: found.length - SHOWN })}</p>` : nothing}
        ${found.length === 0 ? strangerView(phone, form) : nothing}
      `,
    });
  },
};

/** An order that came after the last contact can be worked on by its number. @param {import("./phone.js").Phone} phone
 * @param {import("./phone.js").Form} form */
function strangerView(phone, form) {
  const code = asCode(String(form.code ?? "").toUpperCase());
  return html`<p class="empty">${t("No order of this snapshot holds these letters.")}</p>
    ${code
      ? html`<div class="tiles tiles-1">${key({ label: t("Work on order {code} all the same", { code }), about: t("this device does not know it yet"), sign: "run", onTap: () => phone.go("operation", { order: code }) })}</div>`
      : nothing}`;
}
