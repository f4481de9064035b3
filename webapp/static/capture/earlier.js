// A clock that was forgotten: its person says when the work, or the break, ended. Ends are proposed from what this device
// knows; none is taken unless the person takes it. It is their word, marked as declared, shown as an instant before it
// is saved.

import { html, nothing } from "../lib/dom.js";
import { moment, t } from "../lib/i18n.js";
import { lastAt, parseClock, span as hours } from "../lib/time.js";
import { proposeEnds } from "../model/day.js";
import { stop, stopBreak } from "../model/gestures.js";
import { activityName } from "../model/words.js";
import { frame, key, notice, tiles, titleOf } from "./parts.js";
import { digitPad, offClock } from "./time-parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */
/** @typedef {import("./phone.js").Form} Form */

const DAY_MS = 86_400_000;

/** What is open, be it work or a break. @param {Phone} phone @param {Params} params */
const openOf = (phone, params) =>
  params.break ? [...phone.work.breaks.values()].find(({ startId }) => startId === params.break) : phone.work.labor.get(params.start);

/** The end that was typed or chosen, or null. @param {Phone} phone @param {Params} params @param {Form} form */
function endOf(phone, params, form) {
  const span = openOf(phone, params);
  if (!span) return null;
  const { nowMs } = phone.clocks();
  if (form.chosenMs) return form.chosenMs;
  const minutes = String(form.typed ?? "").length === 4 ? parseClock(form.typed) : null;
  if (minutes === null) return null;
  // The day after the start counts first: a shift that was not clocked out ended that day, not yesterday.
  const before = lastAt(minutes, span.sinceMs);
  const first = before < span.sinceMs ? before + DAY_MS : before;
  return first <= nowMs ? first : null;
}

/** @param {Phone} phone @param {Params} params @param {Form} form */
async function save(phone, params, form) {
  const span = openOf(phone, params);
  const endMs = endOf(phone, params, form);
  if (!span || endMs === null) return;
  const drafts = params.break ? stopBreak(span, { atMs: endMs }) : stop(span, { atMs: endMs });
  const said = params.break ? t("Back from the break") : t("Stopped: {what}", { what: titleOf(phone, span) });
  if (await phone.capture(drafts, said)) phone.home();
}

/** @type {import("./phone.js").Screen} */
export const earlier = {
  name: "earlier",
  draft: true,
  view(phone, params, form) {
    const span = openOf(phone, params);
    if (!span) return frame(phone, { title: t("This work is stopped"), body: nothing, back: phone.home });
    const typed = form.typed ?? "";
    const digits = typed.padEnd(4, "–");
    const { nowMs } = phone.clocks();
    const endMs = endOf(phone, params, form);
    const press = (/** @type {string} */ sign) =>
      phone.fill({ chosenMs: 0, typed: sign === "Backspace" ? typed.slice(0, -1) : (typed + sign).slice(0, 4) });
    const proposals = proposeEnds(phone.work, phone.queue.entries, span, nowMs);
    return frame(phone, {
      title: t("When did it end?"),
      about: params.break ? activityName("break") : titleOf(phone, span),
      body: html`<div class="counting">
        <p class="lead">${t("Started {time}", { time: moment(span.sinceMs, nowMs) })}</p>
        ${offClock(phone)}
        ${proposals.length > 0
          ? tiles({
              label: t("Perhaps then?"),
              columns: "2",
              options: proposals.map(({ atMs, why }) => ({ value: String(atMs), label: moment(atMs, nowMs), about: whyWords(why), sign: /** @type {const} */ ("clock") })),
              chosen: form.chosenMs ? String(form.chosenMs) : null,
              onChoose: (value) => phone.fill({ chosenMs: Number(value), typed: "" }),
            })
          : nothing}
        <div class="figure" role="status"><output class="figure-number">${digits.slice(0, 2)}:${digits.slice(2)}</output></div>
        ${digitPad({ label: t("Time"), erase: t("Erase"), onPress: press })}
        ${typed.length === 4 && endMs === null ? notice("look", t("That is no time between the start and now.")) : nothing}
      </div>`,
      deck: key({
        label: t("It ended then"),
        about: endMs === null ? nothing : `${moment(endMs, nowMs)} · ${hours(endMs - span.sinceMs)}`,
        sign: "check",
        look: "primary",
        disabled: endMs === null,
        onTap: () => void save(phone, params, form),
      }),
    });
  },
  typed(phone, _params, pressed, form) {
    const typed = form.typed ?? "";
    if (/^\d$/.test(pressed)) phone.fill({ chosenMs: 0, typed: (typed + pressed).slice(0, 4) });
    else if (pressed === "Backspace" || pressed === "erase") phone.fill({ typed: typed.slice(0, -1) });
  },
  main: (phone, params, form) => void save(phone, params, form),
};

/** @param {import("../model/day.js").Proposal["why"]} why */
function whyWords(why) {
  switch (why) {
    case "last capture":
      return t("your last capture here");
    case "usual end":
      return t("when you stopped last time");
    default:
      return t("eight hours after the start");
  }
}
