// Every other kind of fact the server knows, by the generic form: a new event type needs no screen to be usable.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { formTypes } from "../model/catalog.js";
import { frame, key } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const forms = {
  name: "forms",
  view(phone) {
    return frame(phone, {
      title: t("Other facts"),
      body: html`<div class="tiles tiles-2">
        ${formTypes(phone.eventTypes).map((type) => key({ label: t(type.label), sign: "more", onTap: () => phone.go("form", { type: type.type }) }))}
      </div>`,
      about: nothing,
    });
  },
};
