// A pause: one tap says why, or that there is nothing to say. It is saved with that tap.

import { html, nothing } from "../lib/dom.js";
import { named, t } from "../lib/i18n.js";
import { stop } from "../model/gestures.js";
import { peopleHere } from "../model/session.js";
import { reasonName } from "../model/words.js";
import { frame, key, titleOf } from "./parts.js";

/** @param {import("./phone.js").Phone} phone @param {import("./phone.js").Params} params @param {string | null} reason */
async function pauseFor(phone, params, reason) {
  const span = phone.work.labor.get(params.start);
  if (!span) return phone.home();
  const what = titleOf(phone, span);
  const said = reason ? t("Paused, {reason}: {what}", { reason: reasonName(phone.reference, reason, "pause"), what }) : t("Paused: {what}", { what });
  if (await phone.capture(stop(phone.work.allOn(peopleHere(phone), span), { pause: true, reason }), said)) phone.home();
}

/** @type {import("./phone.js").Screen} */
export const pause = {
  name: "pause",
  view(phone, params) {
    const span = phone.work.labor.get(params.start);
    const reasons = phone.reference.reasonsOf("pause");
    return frame(phone, {
      title: t("Pause: why?"),
      about: span ? titleOf(phone, span) : nothing,
      body: html`<div class="tiles tiles-2">
        ${reasons.map(({ code, name }) => key({ label: named(name), sign: "pause", onTap: () => void pauseFor(phone, params, code) }))}
      </div>`,
      deck: key({ label: t("Without a reason"), sign: "pause", look: "primary", onTap: () => void pauseFor(phone, params, null) }),
    });
  },
  scanned(phone, params, scanned) {
    if (scanned.is !== "reason") return false;
    void pauseFor(phone, params, scanned.reason);
    return true;
  },
  main: (phone, params) => void pauseFor(phone, params, null),
};
