// A call for help: one tap says what for; where one is goes with it. The call is shown until somebody is there: whether it
// has left this device, and whether the team leader has answered.

import { html, nothing } from "../lib/dom.js";
import { clock, named, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { answerHelp, callHelp, takeBack, UNDO } from "../model/gestures.js";
import { mayBe } from "../model/reasons.js";
import { mostUsed } from "../model/things.js";
import { jobName, machineName, personName, reasonName } from "../model/words.js";
import { CALL_MS } from "../outbox/queue.js";
import { icon } from "./icons.js";
import { frame, key, notice, tiles } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */
/** @typedef {import("../model/things.js").Call} Call */


/** Where the person is, as far as the device can tell. @param {Phone} phone @param {Params} params */
function whereOf(phone, params) {
  const [job] = phone.work.of(phone.operator).filter((span) => span.order);
  const order = params.order ?? job?.order ?? null;
  const operation = params.operation ?? (params.order ? null : (job?.operation ?? null));
  const step = phone.reference.operation(order, operation);
  const machines = (step?.machines ?? []).filter((code) => phone.work.machines.has(code) || phone.work.downtimes.has(code));
  const machine = params.machine ?? (machines.length === 1 ? machines[0] : step?.machines?.length === 1 ? step.machines[0] : null);
  const workCenter = params.machine ? (phone.reference.machines.get(params.machine)?.work_center ?? null) : (step?.work_center ?? null);
  return { order, operation, machine, workCenter };
}

/** @param {Phone} phone @param {{order: string | null, operation: string | null, machine: string | null}} where */
const placeWords = (phone, { order, operation, machine }) =>
  [machine ? machineName(phone.reference, machine) : "", order ? jobName(phone.reference, { order, operation }) : ""].filter(Boolean).join(" · ");

/** @param {Phone} phone @param {Params} params @param {string} reason */
const call = (phone, params, reason) =>
  void phone.capture(callHelp(reason, whereOf(phone, params)), t("Help called: {reason}", { reason: reasonName(phone.reference, reason, "help") }));

/** @type {import("./phone.js").Screen} */
export const help = {
  name: "help",
  view(phone, params) {
    const { nowMs } = phone.clocks();
    const calls = phone.things.openCalls.filter(({ sinceMs }) => nowMs - sinceMs < CALL_MS).sort((a, b) => Number(b.by === phone.operator) - Number(a.by === phone.operator));
    const reasons = mostUsed(phone.reference.reasonsOf("help"), phone.things.reasonsOf("help"));
    const where = placeWords(phone, whereOf(phone, params));
    return frame(phone, {
      title: t("Call for help"),
      about: where || t("your name and this device go with it"),
      body: html`
        ${calls.map((one) => callView(phone, one))}
        <div class="calls">${tiles({
          label: calls.length > 0 ? t("Call for something else") : t("What for? A tap calls."),
          columns: "2",
          options: [
            ...(params.reason && !reasons.some(({ code }) => code === params.reason) ? [{ value: params.reason, label: params.reason }] : []),
            ...(reasons.length > 0 ? reasons.map(({ code, name }) => ({ value: code, label: named(name) || code })) : [{ value: "HELP", label: t("Somebody please come") }]),
          ],
          chosen: params.reason ?? null,
          onChoose: (reason) => call(phone, params, reason),
        })}</div>
      `,
      deck: params.reason && !calls.some(({ reason }) => reason === params.reason)
        ? key({ label: t("Call now"), about: reasonName(phone.reference, params.reason, "help"), sign: "bell", look: "primary", onTap: () => call(phone, params, params.reason) })
        : nothing,
    });
  },
  scanned(phone, params, scanned) {
    if (scanned.is !== "reason" || !mayBe(scanned, "help")) return false;
    call(phone, params, scanned.reason);
    return true;
  },
  main(phone, params) {
    if (params.reason) call(phone, params, params.reason);
  },
};

/** @param {Phone} phone @param {Call} one */
function callView(phone, { id, reason, by, sinceMs, answeredMs, state, ...where }) {
  const elapsed = Math.max(0, phone.clocks().nowMs - sinceMs);
  const what = reasonName(phone.reference, reason, "help");
  return html`<section class=${`plate ${state === "waiting" ? "plate-waiting" : "plate-call"}`}>
      <span class="card-state">${icon(state === "waiting" ? "off" : "bell")} ${t("Called: {reason}", { reason: what })}</span>
      <span class="clock clock-big">${hours(elapsed)}</span>
      <span class="plate-about">${[t("since {time}", { time: clock(sinceMs) }), by && by !== phone.operator ? personName(phone.reference, by) : "", placeWords(phone, where)].filter(Boolean).join(" · ")}</span>
    </section>
    ${answeredMs !== null
      ? notice("quiet", t("Answered at {time}: somebody is coming.", { time: clock(answeredMs) }), "check")
      : state === "waiting"
      ? notice("look", t("The call has not left this device yet: nobody can know. Call out, or send somebody."), "off")
      : notice("quiet", t("The call is on the team leader's board. Nobody has answered yet."), "check")}
    <div class="tiles tiles-2">
      ${key({ label: t("Somebody is here"), sign: "check", onTap: () => void phone.capture(answerHelp(id), t("Help has come")) })}
      ${key({ label: t("Take the call back"), sign: "undo", onTap: () => void phone.capture(takeBack([id], UNDO), t("Taken back")) })}
    </div>`;
}
