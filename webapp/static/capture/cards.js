// Work on the first screen: what runs, what is paused, machines that run without a hand on them, a break.

import { classes, html, nothing } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { change, keepBoth, stopBreak } from "../model/gestures.js";
import { peopleHere } from "../model/session.js";
import { activityName, doingOf, jobName, machineName, reasonName } from "../model/words.js";
import { attendedMs, standingOf } from "../model/presence.js";
import { weigherOf } from "../model/splits.js";
import { elapsedMs, jobOfKey } from "../model/work.js";
import { icon } from "./icons.js";
import { activitySign, key, titleOf } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Span} Span */

/** Whose a person's time is now, in words, where several jobs run; nothing alone. @param {Phone} phone @param {Span} span */
export function shareWords(phone, span) {
  const { is, jobs } = standingOf(phone.work, span, phone.clocks(), weigherOf(phone.reference));
  switch (is) {
    case "shared":
      return t("shared by {n} jobs", { n: jobs.length });
    case "all":
      return t("all your time is here");
    case "none":
      return t("your time goes to {what}", { what: jobs.map((job) => titleOf(phone, jobOfKey(job))).join(", ") });
    case "unknown":
      return t("clock time; your share is known later");
    default:
      return "";
  }
}

/** The order and what is made; or that this device does not know it yet. @param {Phone} phone @param {Span} span */
function aboutOf(phone, { order, operation }) {
  if (!order) return "";
  const known = phone.reference.orders.get(order);
  if (known) return [operation ? order : "", known.item_name || known.customer].filter(Boolean).join(" · ");
  return [operation ? jobName(phone.reference, { order }) : "", t("this device does not know it yet")].filter(Boolean).join(" · ");
}

/** A running job; it opens it. @param {Phone} phone @param {Span} span */
export function runningCard(phone, span) {
  const isAway = phone.work.breaks.has(span.person ?? "");
  const shared = shareWords(phone, span);
  return html`<button
    class=${classes("card", "card-running", isAway && "card-away")}
    type="button"
    @click=${() => phone.go("running", { start: span.startId })}
  >
    <span class="card-state">${icon(isAway ? "cup" : activitySign(doingOf(span)))} ${activityName(doingOf(span))}${isAway ? ` · ${t("waits for you")}` : ""}</span>
    <span class="card-title">${titleOf(phone, span)}</span>
    <span class="card-about">${aboutOf(phone, span)}</span>
    ${shared ? html`<span class="card-share">${icon("split")} ${shared}</span>` : nothing}
    <span class="clock">${hours(attendedMs(phone.work, span, phone.clocks()))}</span>
  </button>`;
}

/** A paused job and the key to go on. @param {Phone} phone @param {import("../model/work.js").Paused} span @param {() => void} onResume */
export const pausedCard = (phone, span, onResume) => html`<div class="card card-paused">
  <span class="card-state">${icon("pause")} ${span.pausedFor ? t("Paused: {what}", { what: reasonName(phone.reference, span.pausedFor, "pause") }) : t("Paused")} · ${t("since {time}", { time: clock(span.pausedMs) })}</span>
  <span class="card-title">${titleOf(phone, span)}</span>
  <span class="card-about">${aboutOf(phone, span)}</span>
  ${key({ label: t("Resume"), sign: "run", look: "soft", onTap: onResume })}
</div>`;

/** A machine that runs by itself. @param {Phone} phone @param {Span} span */
export const machineCard = (phone, span) => html`<button
  class="card card-machine"
  type="button"
  @click=${() => phone.go("machine", { machine: span.machine ?? "" })}
>
  <span class="card-state">${icon("gear")} ${t("Runs without you")}</span>
  <span class="card-title">${machineName(phone.reference, span.machine ?? "")}</span>
  <span class="card-about">${span.order ? jobName(phone.reference, span) : nothing}</span>
  <span class="clock">${hours(elapsedMs(span, phone.clocks()))}</span>
</button>`;

/** The break of the people here, and the way back; nothing while they work. @param {Phone} phone */
export function breakPlate(phone) {
  const breaks = phone.work.breaksOf(peopleHere(phone));
  const mine = breaks.find(({ person }) => person === phone.operator) ?? breaks[0];
  if (!mine) return nothing;
  return html`<section class="plate plate-break">
    <span class="card-state">${icon("cup")} ${breaks.length > 1 ? t("Break, {n} people", { n: breaks.length }) : t("Break")} · ${t("since {time}", { time: clock(mine.sinceMs) })}</span>
    <span class="clock clock-big">${hours(elapsedMs(mine, phone.clocks()))}</span>
    <span class="plate-about">${t("This time is nobody’s: what runs goes on when you are back.")}</span>
  </section>`;
}

/** @param {Phone} phone */
export const backFromBreak = (phone) =>
  phone.capture(stopBreak(phone.work.breaksOf(peopleHere(phone))), t("Back from the break"));

/** Go on with a paused job; what runs stops, unless both are kept. @param {Phone} phone @param {import("../model/work.js").Paused} paused */
export async function resumeWork(phone, paused) {
  const people = peopleHere(phone);
  const spans = phone.work.ofAll(people);
  const what = titleOf(phone, paused);
  const others = [...new Set(spans.map((span) => titleOf(phone, span)))].join(", ");
  const said = others ? t("Stopped {others}, resumed {what}", { others, what }) : t("Resumed: {what}", { what });
  const also = others ? keepBoth(spans.length, t("Both run: {others} and {what}", { others, what })) : undefined;
  if (await phone.capture(change(spans, people, paused, paused.activity), said, "saved", also)) phone.home();
}
