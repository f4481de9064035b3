// One machine: its time, and its standstills with their reasons.

import { html, nothing } from "../lib/dom.js";
import { clock, named, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { startDowntime, startMachine, stopDowntime, stopMachine } from "../model/gestures.js";
import { jobName, machineName, reasonName } from "../model/words.js";
import { elapsedMs } from "../model/work.js";
import { icon } from "./icons.js";
import { frame, key, tiles } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const machine = {
  name: "machine",
  view(phone, params) {
    const code = params.machine;
    const name = machineName(phone.reference, code);
    const open = phone.work.machines.get(code);
    const down = phone.work.downtimes.get(code);
    const jobs = phone.work.of(phone.operator).filter((span) => span.order);
    const reasons = phone.reference.reasonsOf("downtime");
    return frame(phone, {
      title: name,
      about: open ? t("Runs") : down ? t("Stands still") : t("Nothing is noted"),
      body: html`
        ${down
          ? html`<section class="plate plate-stop">
              <span class="card-state">${icon("halt")} ${t("Stands still: {reason}", { reason: reasonName(phone.reference, down.reason ?? "") })}</span>
              <span class="clock clock-big">${hours(elapsedMs(down, phone.clocks()))}</span>
              <span class="plate-about">${t("since {time}", { time: clock(down.sinceMs) })}</span>
            </section>`
          : nothing}
        ${open
          ? html`<section class="plate plate-running">
              <span class="card-state">${icon("gear")} ${open.order ? t("Runs: {job}", { job: jobName(phone.reference, open) }) : t("Runs")}</span>
              <span class="clock clock-big">${hours(elapsedMs(open, phone.clocks()))}</span>
              <span class="plate-about">${t("since {time}", { time: clock(open.sinceMs) })}</span>
            </section>`
          : jobs.length > 0
            ? html`<h2 class="heading">${t("Start it for my work")}</h2>
                <div class="tiles tiles-1">
                  ${jobs.map((span) =>
                    key({
                      label: jobName(phone.reference, span),
                      sign: "gear",
                      onTap: () =>
                        void phone.capture(
                          startMachine(code, span, span.activity === "setup" ? "setup" : "run"),
                          t("Machine started: {name}", { name }),
                        ),
                    }),
                  )}
                </div>`
            : nothing}
        ${down
          ? nothing
          : tiles({
              label: t("It stands still: why?"),
              columns: "2",
              options: reasons.map((reason) => ({ value: reason.code, label: named(reason.name) })),
              chosen: params.reason ?? null,
              onChoose: (reason) =>
                void phone.capture(startDowntime(code, reason), t("Standstill noted: {reason}", { reason: reasonName(phone.reference, reason) })),
            })}
      `,
      deck: down
        ? key({ label: t("It runs again"), sign: "run", look: "primary", onTap: () => void phone.capture(stopDowntime(down), t("Standstill ended")) })
        : open
          ? key({ label: t("Stop machine"), sign: "stop", look: "primary", onTap: () => void phone.capture(stopMachine(open), t("Machine stopped: {name}", { name })) })
          : nothing,
    });
  },
  scanned(phone, params, scanned) {
    if (scanned.is !== "reason" || phone.work.downtimes.has(params.machine)) return false;
    const reason = scanned.reason;
    void phone.capture(startDowntime(params.machine, reason), t("Standstill noted: {reason}", { reason: reasonName(phone.reference, reason) }));
    return true;
  },
};
