// Nobody is signed in: one thing to do. Nothing of other people shows here, neither names nor work.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon, mark } from "./icons.js";
import { alarms, codeField, key, notice, outboxChip } from "./parts.js";
import { banner } from "./tab.js";

/** @type {import("./phone.js").Screen} */
export const badge = {
  name: "badge",
  open: true,
  view(phone, _params, form) {
    return html`
      <header class="bar">
        <span class="bar-mark">${mark()}</span>
        <div class="bar-title">
          <p class="bar-word">Floorledger</p>
          <p>${phone.device?.name ?? ""}</p>
        </div>
        ${outboxChip(phone)}
      </header>
      <main class="body body-centre">
        ${alarms(phone)}
        ${banner(phone)}
        <div class="invite">
          <span class="invite-sign">${icon("badge")}</span>
          <h1 tabindex="-1">${t("Scan your badge")}</h1>
          <p class="lead">${phone.pending ? t("Then the code you scanned is used.") : t("The hand scanner works right away, on every screen.")}</p>
        </div>
        ${phone.reference.isEmpty ? notice("look", t("This device has not met the server yet. Codes are kept as scanned and understood later.")) : nothing}
        ${phone.reference.settings.pin
          ? html`<div class="tiles tiles-1">${key({ label: t("Number and PIN"), about: t("without a badge; needs the network"), sign: "hash", onTap: () => phone.go("pin") })}</div>`
          : nothing}
        ${codeField(phone, form, t("Or type the nine letters of your badge"))}
      </main>
      <footer class="deck deck-split">
        ${key({ label: t("Scan"), sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "badge" }) })}
        ${key({ label: t("This device"), sign: "device", look: "side", onTap: () => phone.go("device") })}
      </footer>
    `;
  },
};
