// A material was scanned and several jobs run, or none: which one is it for?

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { jobOf } from "../model/reading.js";
import { itemName, jobName } from "../model/words.js";
import { frame, key, notice } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const which = {
  name: "which",
  view(phone, params) {
    const jobs = phone.work.of(phone.operator).filter((span) => span.order);
    return frame(phone, {
      title: itemName(phone.reference, params.item),
      about: t("For which job?"),
      body: html`
        ${jobs.length === 0 ? notice("look", t("Nothing of yours runs. Scan the order or the operation it is for.")) : nothing}
        <div class="tiles tiles-1">
          ${jobs.map((span) => key({ label: jobName(phone.reference, span), sign: "box", onTap: () => phone.go("consumption", { ...jobOf(span), item: params.item }) }))}
        </div>
      `,
      deck: jobs.length === 0 ? key({ label: t("Scan"), sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "form" }) }) : nothing,
    });
  },
  scanned(phone, params, scanned) {
    if (scanned.is !== "order" && scanned.is !== "operation") return false;
    const job = jobOf({ order: scanned.order, operation: scanned.is === "operation" ? scanned.operation : null });
    phone.go("consumption", { ...job, item: params.item });
    return true;
  },
};
