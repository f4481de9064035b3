// Everything else one can note: the screens that have no key of their own elsewhere, and every other kind of fact the
// server knows, by the generic form: a new event type needs no screen to be usable.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { formTypes } from "../model/catalog.js";
import { makesThings } from "../model/reference.js";
import { jobName } from "../model/words.js";
import { frame, key } from "./parts.js";
import { withJob } from "./which.js";

/** @type {import("./phone.js").Screen} */
export const forms = {
  name: "forms",
  view(phone, params) {
    const types = formTypes(phone.eventTypes);
    const isMade = makesThings(phone.reference.orders.get(params.order ?? ""));
    // Opened from a job, the job is known already.
    const note = (/** @type {string} */ screen) => () => (params.order ? phone.go(screen, params) : withJob(phone, screen));
    return frame(phone, {
      title: t("Other facts"),
      ...(params.order ? { about: jobName(phone.reference, params) } : {}),
      body: html`
        ${isMade ? html`<h2 class="heading">${t("Material")}</h2>
        <div class="tiles tiles-2">
          ${key({ label: t("Consumption"), sign: "box", onTap: note("consumption") })}
          ${key({ label: t("Give material back"), sign: "undo", onTap: note("return") })}
          ${key({ label: t("Move material"), sign: "way", onTap: () => phone.go("move", params.order ? { order: params.order } : {}) })}
          ${key({ label: t("By-product"), sign: "plus", onTap: note("by-product") })}
        </div>
        <h2 class="heading">${t("Pieces and quality")}</h2>
        <div class="tiles tiles-2">
          ${key({ label: t("Inspection"), sign: "eye", onTap: note("inspection") })}
          ${key({ label: t("Defect"), sign: "scrap", onTap: note("defect") })}
        </div>` : nothing}
        <h2 class="heading">${t("Order and machine")}</h2>
        <div class="tiles tiles-2">
          ${isMade ? key({ label: t("Operation done or not"), sign: "flag", onTap: note("complete") }) : nothing}
          ${isMade ? key({ label: t("Unplanned operation"), sign: "plus", onTap: note("unplanned") }) : nothing}
          ${key({ label: t("Machines"), sign: "gear", onTap: () => phone.go("machines") })}
          ${key({ label: t("Call for help"), sign: "bell", onTap: () => phone.go("help", params) })}
        </div>
        ${types.length > 0
          ? html`<h2 class="heading">${t("Also")}</h2>
              <div class="tiles tiles-2">${types.map((type) => key({ label: t(type.label), sign: "more", onTap: () => phone.go("form", { ...params, type: type.type }) }))}</div>`
          : nothing}
      `,
    });
  },
};
