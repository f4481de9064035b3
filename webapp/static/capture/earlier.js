// A clock that was forgotten: its person says when the work ended. That is their word, marked as declared, and shown
// as an instant before it is saved.

import { html, nothing } from "../lib/dom.js";
import { moment, t } from "../lib/i18n.js";
import { lastAt, parseClock, span as hours } from "../lib/time.js";
import { stop } from "../model/gestures.js";
import { icon } from "./icons.js";
import { frame, key, notice, titleOf } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const earlier = {
  name: "earlier",
  draft: true,
  view(phone, params, form) {
    const span = phone.work.labor.get(params.start);
    if (!span) return frame(phone, { title: t("This work is stopped"), body: nothing, back: phone.home });
    const typed = form.typed ?? "";
    const digits = typed.padEnd(4, "–");
    const minutes = typed.length === 4 ? parseClock(typed) : null;
    const { nowMs } = phone.clocks();
    // The day after the start counts first: a shift that was not clocked out ended that day, not yesterday.
    const first = minutes === null ? null : lastAt(minutes, span.sinceMs) + (lastAt(minutes, span.sinceMs) < span.sinceMs ? 86_400_000 : 0);
    const endMs = first !== null && first <= nowMs ? first : null;
    const press = (/** @type {string} */ sign) => phone.fill({ typed: sign === "Backspace" ? typed.slice(0, -1) : (typed + sign).slice(0, 4) });
    const save = async () => {
      if (endMs === null) return;
      const said = t("Stopped: {what}", { what: titleOf(phone, span) });
      if (await phone.capture(stop(span, { atMs: endMs }), said)) phone.home();
    };
    return frame(phone, {
      title: t("When did it end?"),
      about: titleOf(phone, span),
      body: html`<div class="counting">
        <p class="lead">${t("Started {time}", { time: moment(span.sinceMs, nowMs) })}</p>
        <div class="figure" role="status"><output class="figure-number">${digits.slice(0, 2)}:${digits.slice(2)}</output></div>
        <div class="pad" role="group" aria-label=${t("Time")}>
          ${["7", "8", "9", "4", "5", "6", "1", "2", "3"].map((sign) => html`<button class="pad-key" type="button" @click=${() => press(sign)}>${sign}</button>`)}
          <span></span>
          <button class="pad-key" type="button" @click=${() => press("0")}>0</button>
          <button class="pad-key pad-erase" type="button" aria-label=${t("Erase")} @click=${() => press("Backspace")}>${icon("back")}</button>
        </div>
        ${typed.length === 4 && endMs === null ? notice("look", t("That is no time between the start and now.")) : nothing}
      </div>`,
      deck: key({
        label: t("It ended then"),
        about: endMs === null ? nothing : `${moment(endMs, nowMs)} · ${hours(endMs - span.sinceMs)}`,
        sign: "check",
        look: "primary",
        disabled: endMs === null,
        onTap: save,
      }),
    });
  },
  typed(phone, _params, pressed, form) {
    const typed = form.typed ?? "";
    if (/^\d$/.test(pressed)) phone.fill({ typed: (typed + pressed).slice(0, 4) });
    else if (pressed === "Backspace") phone.fill({ typed: typed.slice(0, -1) });
  },
};
