// One machine: its time, its standstills with their reasons, and what it does while nobody is at it. Any machine may
// work for any job: the plan is a plan.

import { html, nothing } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { startDowntime, startMachine, stopDowntime, stopMachine } from "../model/gestures.js";
import { jobOf } from "../model/reading.js";
import { mayBe } from "../model/reasons.js";
import { jobName, machineName, reasonName } from "../model/words.js";
import { elapsedMs, jobKey } from "../model/work.js";
import { reasonTiles } from "./choices.js";
import { icon } from "./icons.js";
import { activitySign, frame, key } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Span} Span */

/** Nobody on this device works on what the machine runs for. @param {Phone} phone @param {Span} open */
export const isUnattended = (phone, open) => Boolean(open.order) && ![...phone.work.labor.values()].some((span) => jobKey(span) === jobKey(open));

/** Whether an operation was planned on this machine; what is not known is no news. @param {Phone} phone @param {string} machine @param {{order: string | null, operation: string | null}} job */
function isPlanned(phone, machine, { order, operation }) {
  const planned = phone.reference.operation(order, operation)?.machines ?? [];
  return planned.length === 0 || planned.includes(machine);
}

/** What a machine does, in words. @param {Phone} phone @param {Span} open */
function doing(phone, open) {
  if (!open.order) return open.activity === "setup" ? t("Is set up") : t("Runs");
  const job = jobName(phone.reference, open);
  return open.activity === "setup" ? t("Is set up: {job}", { job }) : t("Runs: {job}", { job });
}

/** @param {Phone} phone @param {string} code @param {{order?: string | null, operation?: string | null}} job @param {"setup" | "run"} activity */
const start = (phone, code, job, activity) =>
  void phone.capture(startMachine(code, job, activity), t("Machine started: {name}", { name: machineName(phone.reference, code) }));

/** @param {Phone} phone @param {string} code @param {string} reason */
const stand = (phone, code, reason) =>
  void phone.capture(startDowntime(code, reason), t("Standstill noted: {reason}", { reason: reasonName(phone.reference, reason, "downtime") }));

/** @type {import("./phone.js").Screen} */
export const machine = {
  name: "machine",
  view(phone, params, form) {
    const code = params.machine;
    const name = machineName(phone.reference, code);
    const open = phone.work.machines.get(code);
    const down = phone.work.downtimes.get(code);
    const jobs = phone.work.of(phone.operator).filter((span) => span.order);
    const center = phone.reference.machines.get(code)?.work_center;
    return frame(phone, {
      title: name,
      about: down ? t("Stands still") : open ? t("Runs") : t("Nothing is noted"),
      body: html`
        ${down
          ? html`<section class="plate plate-stop">
              <span class="card-state">${icon("halt")} ${t("Stands still: {reason}", { reason: reasonName(phone.reference, down.reason ?? "", "downtime") })}</span>
              <span class="clock clock-big">${hours(elapsedMs(down, phone.clocks()))}</span>
              <span class="plate-about">${t("since {time}", { time: clock(down.sinceMs) })}</span>
            </section>`
          : nothing}
        ${open
          ? html`<section class="plate plate-running">
              <span class="card-state">${icon(open.activity === "setup" ? "setup" : "gear")} ${doing(phone, open)}</span>
              <span class="clock clock-big">${hours(elapsedMs(open, phone.clocks()))}</span>
              <span class="plate-about">${t("since {time}", { time: clock(open.sinceMs) })}${isUnattended(phone, open) ? html` · <strong>${t("unattended")}</strong>` : nothing}</span>
            </section>`
          : html`${jobs.length > 0 ? html`<h2 class="heading">${t("Start it for my work")}</h2>` : html`<p class="empty">${t("Scan an operation to start the machine for it.")}</p>`}
              ${jobs.map(
                (job) => html`<div class="tiles tiles-2">
                  ${key({ label: t("Run: {job}", { job: jobName(phone.reference, job) }), about: isPlanned(phone, code, job) ? nothing : t("other machine than planned"), sign: "gear", onTap: () => start(phone, code, job, "run") })}
                  ${key({ label: t("Setup: {job}", { job: jobName(phone.reference, job) }), sign: activitySign("setup"), onTap: () => start(phone, code, job, "setup") })}
                </div>`,
              )}`}
        ${open && open.activity === "setup"
          ? html`<div class="tiles tiles-1">${key({ label: t("Setup is done: it runs"), sign: "gear", onTap: () => void phone.capture([...stopMachine(open), ...startMachine(code, open, "run")], t("Machine started: {name}", { name })) })}</div>`
          : nothing}
        <div class="tiles tiles-2">
          ${key({ label: t("Counter or hours"), sign: "clock", onTap: () => phone.go("machine-time", { machine: code, ...(open ? jobOf(open) : {}) }) })}
          ${key({ label: t("Call for help"), sign: "bell", onTap: () => phone.go("help", { machine: code, ...(open ? jobOf(open) : {}) }) })}
        </div>
        ${down
          ? nothing
          : reasonTiles(phone, {
              kind: "downtime",
              label: t("It stands still: why? A tap notes it."),
              chosen: params.reason ?? null,
              first: params.reason,
              isAll: Boolean(form.all),
              onAll: () => phone.fill({ all: true }),
              onChoose: (reason) => stand(phone, code, reason),
            })}
        ${center ? html`<p class="hint">${t("Work center: {name}", { name: phone.reference.workCenters.get(center)?.name ?? center })}</p>` : nothing}
      `,
      deck: down
        ? key({ label: t("It runs again"), sign: "run", look: "primary", onTap: () => void phone.capture(stopDowntime(down), t("Standstill ended")) })
        : open
          ? key({ label: t("Stop machine"), sign: "stop", look: "primary", onTap: () => void phone.capture(stopMachine(open), t("Machine stopped: {name}", { name })) })
          : params.reason
            ? key({ label: t("It stands still"), about: reasonName(phone.reference, params.reason, "downtime"), sign: "halt", look: "primary", onTap: () => stand(phone, code, params.reason) })
            : nothing,
    });
  },
  scanned(phone, params, scanned, form) {
    const { machine: code } = params;
    const isIdle = !phone.work.machines.has(code);
    if (scanned.is === "reason" && !phone.work.downtimes.has(code) && mayBe(scanned, "downtime")) {
      stand(phone, code, scanned.reason);
      return true;
    }
    if (scanned.is === "machine" && scanned.machine === code && (phone.work.downtimes.has(code) || !isIdle)) {
      machine.main?.(phone, params, form); // its own label again: what the big key says
      return true;
    }
    if ((scanned.is === "operation" || scanned.is === "order") && isIdle) {
      start(phone, code, { order: scanned.order, operation: scanned.is === "operation" ? scanned.operation : null }, "run");
      return true;
    }
    return false;
  },
  main(phone, params) {
    const { machine: code, reason } = params;
    const name = machineName(phone.reference, code);
    const open = phone.work.machines.get(code);
    const down = phone.work.downtimes.get(code);
    if (down) void phone.capture(stopDowntime(down), t("Standstill ended"));
    else if (open) void phone.capture(stopMachine(open), t("Machine stopped: {name}", { name }));
    else if (reason) stand(phone, code, reason);
  },
};
