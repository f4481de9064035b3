// How this page becomes an app of the device: the steps drawn, for the browser that is here. An installed app keeps what
// it holds, starts without a network and fills the screen; on an iPhone it is the only safe place.

import { html, nothing, svg } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { frame, key, notice } from "./parts.js";
import { platform } from "./tab.js";

/** @typedef {import("./phone.js").Phone} Phone */

/** Drawn by us: a screen, and what to touch on it. The strokes marked "here" are the ones meant. @param {string} quiet @param {string} here */
const picture = (quiet, here) =>
  html`<svg class="step-picture" viewBox="30 0 60 90" aria-hidden="true">${svg`<path class="step-quiet" d=${quiet} /><path class="step-here" d=${here} />`}</svg>`;

const PHONE = "M35 4h50v82H35zM54 80h12";
const DRAWN = {
  share: picture(`${PHONE}M35 68h50`, "M60 60V46M54 51l6-6 6 6M52 56h-4v10h24V56h-4"),
  menu: picture(`${PHONE}M35 16h50`, "M79 6.500h.01M79 10.500h.01M79 14.500h.01M62 20h20v26H62zM66 28h12M66 36h12"),
  sheet: picture(`${PHONE}M35 34h50M41 44h38M41 70h38`, "M41 52h38v12H41zM72 55v6M69 58h6"),
  confirm: picture(`${PHONE}M35 20h50M43 32h14v14H43z`, "M68 9h14v8H68zM71 13l2 2 5-4"),
  icon: picture(`${PHONE}M42 14h10v10H42zM56 14h10v10H56zM70 14h8v10h-8zM42 30h10v10H42z`, "M56 30h14v14H56zM60 35h2M64 35h3M60 39h7"),
};

/** @param {string} drawn @param {string} words @param {number} number */
const step = (drawn, words, number) => html`<li class="step"><span class="step-number">${number}</span>${DRAWN[/** @type {keyof typeof DRAWN} */ (drawn)]}<span>${words}</span></li>`;

/** @param {"apple" | "android"} kind */
function stepsOf(kind) {
  return kind === "apple"
    ? [
        ["share", t("Open this page in Safari and touch Share.")],
        ["sheet", t("Choose “Add to Home Screen”.")],
        ["confirm", t("Touch Add. Leave “Open as Web App” switched on.")],
        ["icon", t("Close the tab. From now on open the icon, and enrol there: it keeps its own captures.")],
      ]
    : [
        ["menu", t("Open this page in Chrome and touch the menu, three dots.")],
        ["sheet", t("Choose “Install app” or “Add to Home screen”.")],
        ["confirm", t("Touch Install. This once, the device needs the internet.")],
        ["icon", t("From now on open the icon. What was captured here is there, too.")],
      ];
}

/** @type {import("./phone.js").Screen} */
export const install = {
  name: "install",
  open: true,
  view(phone, params) {
    const here = platform();
    const kind = params.kind === "apple" || params.kind === "android" ? params.kind : here === "other" ? "android" : here;
    const choice = (/** @type {"apple" | "android"} */ value, /** @type {string} */ label) => html`<button class="tile" type="button" aria-pressed=${String(kind === value)}
      @click=${() => phone.instead("install", { kind: value })}><span class="key-label">${label}</span></button>`;
    return frame(phone, {
      title: t("Install the app"),
      body: html`
        ${phone.health.installed ? notice("quiet", t("It is installed on this device."), "check") : nothing}
        ${phone.queue.counts.waiting > 0 && kind === "apple"
          ? notice("look", t("{n} facts wait in this tab. Let them go out before you leave it: the app on the home screen does not see them.", { n: phone.queue.counts.waiting }), "wait")
          : nothing}
        <div class="tiles tiles-2" role="group" aria-label=${t("Device")}>${choice("apple", t("iPhone, iPad"))}${choice("android", t("Android"))}</div>
        <ol class="steps">${stepsOf(kind).map(([drawn, words], index) => step(drawn, words, index + 1))}</ol>
      `,
      deck: phone.health.installer && !phone.health.installed
        ? key({ label: t("Install now"), sign: "file", look: "primary low", onTap: () => void phone.health.installer?.() })
        : undefined,
    });
  },
};
