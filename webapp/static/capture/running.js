// A job of mine that runs: the time, and everything one does while it does.

import { html, nothing } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { startMachine, stop, stopMachine } from "../model/gestures.js";
import { jobOf } from "../model/reading.js";
import { activityName, machineName } from "../model/words.js";
import { elapsedMs, jobKey } from "../model/work.js";
import { icon } from "./icons.js";
import { activitySign, alarms, frame, key, progress, progressOf, titleOf } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const running = {
  name: "running",
  view(phone, params) {
    const span = phone.work.labor.get(params.start);
    if (!span) return frame(phone, { title: t("This work is stopped"), body: nothing, back: phone.home });
    const order = phone.reference.orders.get(span.order ?? "");
    const step = phone.reference.operation(span.order, span.operation);
    const job = jobOf(span);
    const elapsed = elapsedMs(span, phone.clocks());
    const midnight = new Date(phone.clocks().nowMs).setHours(0, 0, 0, 0);
    const earlier = phone.work.workedMs(span.person ?? "", jobKey(span), midnight);
    const done = span.order && span.operation ? progressOf(phone, span.order, span.operation) : null;
    const end = async (/** @type {boolean} */ pause) => {
      const said = pause ? t("Paused: {what}", { what: titleOf(phone, span) }) : t("Stopped: {what}", { what: titleOf(phone, span) });
      if (await phone.capture(stop(span, { pause }), said)) phone.home();
    };
    return frame(phone, {
      title: titleOf(phone, span),
      about: [span.order, order?.item_name].filter(Boolean).join(" · ") || nothing,
      body: html`
        ${alarms(phone)}
        <section class="plate plate-running">
          <span class="card-state">${icon(activitySign(span.activity))} ${activityName(span.activity)} · ${t("since {time}", { time: clock(span.sinceMs) })}</span>
          <span class="clock clock-big">${hours(elapsed)}</span>
          ${earlier > 0 ? html`<span class="plate-about">${t("{hours} in all today", { hours: hours(elapsed + earlier) })}</span>` : nothing}
        </section>
        ${done && order?.quantity ? progress({ done: done.good, whole: order.quantity, unit: order.unit, scrap: done.scrap }) : nothing}
        ${span.order
          ? html`<div class="tiles tiles-2">
              ${span.operation ? key({ label: t("Good quantity"), sign: "check", look: "primary", onTap: () => phone.go("quantity", job) }) : nothing}
              ${span.operation ? key({ label: t("Defect"), sign: "scrap", onTap: () => phone.go("defect", job) }) : nothing}
              ${key({ label: t("Consumption"), sign: "box", onTap: () => phone.go("consumption", job) })}
              ${(step?.machines ?? []).map((machine) => machineKey(phone, machine, job))}
            </div>`
          : nothing}
      `,
      deck: html`<div class="deck-two">
        ${key({ label: t("Pause"), sign: "pause", look: "soft", onTap: () => end(true) })}
        ${key({ label: t("Stop"), sign: "stop", look: "stop", onTap: () => end(false) })}
      </div>`,
    });
  },
};

/** Machine time is not labor time: its own key. @param {import("./phone.js").Phone} phone @param {string} machine
 * @param {{order?: string, operation?: string}} job */
function machineKey(phone, machine, job) {
  const open = phone.work.machines.get(machine);
  const down = phone.work.downtimes.get(machine);
  const name = machineName(phone.reference, machine);
  if (down) return key({ label: name, about: t("stands still"), sign: "halt", look: "warn", onTap: () => phone.go("machine", { machine }) });
  if (open) {
    return key({
      label: t("Stop machine {name}", { name }),
      about: hours(elapsedMs(open, phone.clocks())),
      sign: "gear",
      pressed: true,
      onTap: () => void phone.capture(stopMachine(open), t("Machine stopped: {name}", { name })),
    });
  }
  return key({
    label: t("Start machine {name}", { name }),
    sign: "gear",
    onTap: () => void phone.capture(startMachine(machine, job, "run"), t("Machine started: {name}", { name })),
  });
}
