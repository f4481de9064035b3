// A page in a browser's tab: on an iPhone or iPad it has a storage of its own, which Safari may clear.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "./icons.js";

/** @typedef {import("./phone.js").Phone} Phone */

/** @returns {"apple" | "android" | "other"} */
export const platform = () =>
  /iPad|iPhone|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
    ? "apple"
    : /Android/.test(navigator.userAgent)
      ? "android"
      : "other";

/** In a tab of a browser that forgets: say so wherever work begins. @param {Phone} phone */
export const banner = (phone) =>
  phone.health.installed || platform() !== "apple"
    ? nothing
    : html`<button class="notice notice-look notice-key" type="button" @click=${() => phone.go("install")}>
        ${icon("alert")}
        <span><b>${t("This is a browser tab.")}</b> ${t("If the app is on this device, open its icon. If not, install it: a tab may lose what it keeps.")}</span>
      </button>`;

