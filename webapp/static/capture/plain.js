// The page over plain http on a name of the local network: the browser then withholds half of what we need. Say so.

import { html } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon, mark } from "./icons.js";
import { key, notice } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const plain = {
  name: "plain",
  open: true,
  view(phone) {
    return html`
      <header class="bar"><span class="bar-mark">${mark()}</span><div class="bar-title"><h1 tabindex="-1">${t("This address is not secure")}</h1></div></header>
      <main class="body" tabindex="0">
        <p class="lead">${t("The page was opened over plain http. On such an address a browser keeps back what this app is made of:")}</p>
        ${notice("stop", t("No camera: codes can only be read by a hand scanner or typed."), "cross")}
        ${notice("stop", t("No start without a network: the page itself cannot be kept on this device."), "cross")}
        ${notice("stop", t("It cannot be installed, and the browser may clear what it keeps."), "cross")}
        ${notice("quiet", t("What still works: hand scanner, typing, and captures wait here while the network is away, as long as this page stays open."), "check")}
        <h2 class="heading">${t("How to mend it")}</h2>
        <ol class="remedies">
          <li>${t("Open the https address below. If it works, use it from now on and install it.")}</li>
          <li>${t("If the browser warns of the certificate, this device does not know the plant's own authority yet: the administrator has a page that shows how to trust it.")}</li>
          <li>${t("If nothing answers there, the administrator has to give this server a certificate; the installation guide names the ways.")}</li>
        </ol>
        <div class="tiles tiles-1"><a class="key key-link" href="/plain-http">${icon("list")}<span class="key-words"><span class="key-label">${t("For the administrator: the ways to https")}</span></span></a></div>
        <p class="lead">${t("Ask your administrator for the https address of this plant.")} <span class="code">https://${location.host}/</span></p>
      </main>
      <footer class="deck">${key({ label: t("Go on all the same"), look: "primary low", onTap: () => (phone.device ? phone.home() : phone.go("enrol")) })}</footer>
    `;
  },
};
