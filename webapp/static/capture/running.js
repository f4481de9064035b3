// A job of mine that runs: the time, and everything one does while it does.

import { html, nothing } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { dayStart, timeOn } from "../model/day.js";
import { change, complete, leaveRunning, startMachine, stop, stopMachine } from "../model/gestures.js";
import { attendedMs } from "../model/presence.js";
import { jobOf } from "../model/reading.js";
import { makesThings } from "../model/reference.js";
import { peopleHere } from "../model/session.js";
import { weigherOf } from "../model/splits.js";
import { activityName, doingOf, jobName, machineName, withMates } from "../model/words.js";
import { elapsedMs } from "../model/work.js";
import { backFromBreak, breakPlate, shareWords } from "./cards.js";
import { operationOf } from "./choices.js";
import { icon } from "./icons.js";
import { activitySign, alarms, frame, key, notice, progress, progressOf, titleOf } from "./parts.js";
import { showResult } from "./phone.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Span} Span */

/** Stop it for all who are here. @param {Phone} phone @param {Span} span */
async function end(phone, span) {
  const spans = phone.work.allOn(peopleHere(phone), span);
  if (await phone.capture(stop(spans), t("Stopped: {what}", { what: withMates(titleOf(phone, span), spans.map(({ person }) => person ?? "")) }))) showResult(phone, spans);
}

/** @type {import("./phone.js").Screen} */
export const running = {
  name: "running",
  view(phone, params) {
    const span = phone.work.labor.get(params.start);
    if (!span) return frame(phone, { title: t("This work is stopped"), body: nothing, back: phone.home });
    const order = phone.reference.orders.get(span.order ?? "");
    const job = jobOf(span);
    const clocks = phone.clocks();
    const today = timeOn(phone.work, span.person ?? "", span, clocks, {
      sinceMs: dayStart(phone.queue.entries, span.person, clocks.nowMs), weigh: weigherOf(phone.reference),
    });
    const elapsed = attendedMs(phone.work, span, clocks);
    const shared = shareWords(phone, span);
    const isAway = phone.work.breaks.has(span.person ?? "");
    const done = span.order && span.operation ? progressOf(phone, span.order, span.operation) : null;
    const place = operationOf(phone, job);
    const missing = peopleHere(phone).filter((person) => !phone.work.on(person, span));
    return frame(phone, {
      title: titleOf(phone, span),
      about: [span.operation ? span.order : "", order?.item_name || order?.customer].filter(Boolean).join(" · ") || nothing,
      body: html`
        ${alarms(phone)}
        ${isAway
          ? breakPlate(phone)
          : html`<section class="plate plate-running">
              <span class="card-state">${icon(activitySign(doingOf(span)))} ${activityName(doingOf(span))} · ${t("since {time}", { time: clock(span.sinceMs) })}</span>
              <span class="clock clock-big">${hours(elapsed)}</span>
              ${shared ? html`<span class="card-share">${icon("split")} ${shared}</span>` : nothing}
              ${Math.abs(today.ms - elapsed) > 60_000 ? html`<span class="plate-about">${todayWords(today)}</span>` : nothing}
            </section>`}
        ${done && order?.quantity ? progress({ done: done.good, whole: order.quantity, unit: order.unit, scrap: done.scrap }) : nothing}
        ${missing.length > 0 ? joinKey(phone, span, missing) : nothing}
        ${span.order && !place && order?.operations.length !== 0
          ? notice("quiet", t("Which operation this is, the server will know. Pieces can be counted once it is."), "hash")
          : nothing}
        ${span.order
          ? html`<div class="tiles tiles-2">
              ${place ? key({ label: t("Good quantity"), sign: "check", look: "primary", onTap: () => phone.go("quantity", job) }) : nothing}
              ${place ? key({ label: t("Defect"), sign: "scrap", onTap: () => phone.go("defect", job) }) : nothing}
              ${makesThings(order) ? key({ label: t("Consumption"), sign: "box", onTap: () => phone.go("consumption", job) }) : nothing}
              ${activityKeys(phone, span)}
              ${machineKeys(phone, span)}
              ${span.operation ? key({ label: t("Operation done"), about: t("nothing left to do"), sign: "flag", onTap: () => void finish(phone, span) }) : nothing}
              ${key({ label: t("Other facts"), about: t("for this job"), sign: "more", onTap: () => phone.go("forms", job) })}
            </div>`
          : nothing}
      `,
      deck: isAway
        ? html`<div class="deck-two">
            ${key({ label: t("Stop"), sign: "stop", look: "stop", onTap: () => void end(phone, span) })}
            ${key({ label: t("Back from break"), sign: "run", look: "primary low", onTap: () => void backFromBreak(phone) })}
          </div>`
        : html`<div class="deck-two">
            ${key({ label: t("Pause"), sign: "pause", look: "soft", onTap: () => phone.go("pause", { start: span.startId }) })}
            ${key({ label: t("Stop"), sign: "stop", look: "stop", onTap: () => void end(phone, span) })}
          </div>`,
    });
  },
  main(phone, params) {
    const span = phone.work.labor.get(params.start);
    if (span?.order && operationOf(phone, jobOf(span))) phone.go("quantity", { ...jobOf(span), done: "1" });
    else if (span) void end(phone, span);
  },
};

/** What of the day went to it; where the person's share cannot be known here, what its clock showed.
 * @param {{ms: number, isClock: boolean}} today */
function todayWords({ ms, isClock }) {
  const words = { hours: hours(ms).slice(0, -3) };
  return isClock ? t("{hours} of clock time today", words) : t("{hours} of your time today", words);
}

/** Nothing is left to do on it. @param {Phone} phone @param {Span} span */
async function finish(phone, span) {
  const spans = phone.work.allOn(peopleHere(phone), span);
  if (await phone.capture(complete(span, spans), t("Operation done: {what}", { what: jobName(phone.reference, span) }))) showResult(phone, spans);
}

/** Mates who are here and not on it. @param {Phone} phone @param {Span} span @param {string[]} missing */
function joinKey(phone, span, missing) {
  const names = missing.map((person) => phone.reference.people.get(person)?.name ?? person).join(", ");
  const join = () => void phone.capture(change(phone.work.ofAll(missing), missing, span, span.activity), t("{names} on it, too", { names }));
  return html`<div class="tiles tiles-1">${key({ label: t("Start it for {names}, too", { names }), sign: "people", look: "soft", onTap: join })}</div>`;
}

/** The same job, another kind of work. @param {Phone} phone @param {Span} span */
function activityKeys(phone, span) {
  const people = peopleHere(phone).filter((person) => phone.work.on(person, span));
  const spans = phone.work.allOn(people, span);
  const job = { order: span.order, operation: span.operation, indirect: null };
  const turn = (/** @type {string} */ activity) =>
    void phone
      .capture(change(spans, people, job, activity), t("Now {activity}: {what}", { activity: activityName(activity), what: titleOf(phone, job) }))
      .then((isSaved) => isSaved && phone.home());
  const next = makesThings(phone.reference.orders.get(span.order ?? "")) ? "teardown" : "rework";
  const after = doingOf(span) === "run" ? [next] : ["run"];
  return after.map((activity) => key({ label: t("Now: {activity}", { activity: activityName(activity) }), sign: activitySign(activity), onTap: () => turn(activity) }));
}

/** Machine time is not labor time: its own keys, and the one for leaving while it runs. @param {Phone} phone @param {Span} span */
function machineKeys(phone, span) {
  const step = phone.reference.operation(span.order, span.operation);
  const people = peopleHere(phone);
  return (step?.machines ?? []).map((machine) => {
    const open = phone.work.machines.get(machine);
    const down = phone.work.downtimes.get(machine);
    const name = machineName(phone.reference, machine);
    if (down) return key({ label: name, about: t("stands still"), sign: "halt", look: "warn", onTap: () => phone.go("machine", { machine }) });
    const leave = key({
      label: t("I leave, {name} runs", { name: machine }),
      about: t("my time stops"),
      sign: "walk",
      onTap: () =>
        void phone
          .capture(leaveRunning(phone.work.allOn(people, span), machine, Boolean(open)), t("You left, {name} runs", { name }))
          .then((isSaved) => isSaved && phone.home()),
    });
    const turn = open
      ? key({
          label: t("Stop machine {name}", { name }),
          about: hours(elapsedMs(open, phone.clocks())),
          sign: "gear",
          pressed: true,
          onTap: () => void phone.capture(stopMachine(open), t("Machine stopped: {name}", { name })),
        })
      : key({
          label: t("Start machine {name}", { name }),
          sign: "gear",
          onTap: () => void phone.capture(startMachine(machine, span, span.activity === "setup" ? "setup" : "run"), t("Machine started: {name}", { name })),
        });
    return html`${turn} ${leave}`;
  });
}
