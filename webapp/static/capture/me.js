// The person at the device: their own day, their language, and the door.

import { html, nothing } from "../lib/dom.js";
import { add } from "../lib/decimal.js";
import { figure, language, LANGUAGES, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { stop } from "../model/gestures.js";
import { jobName, personName } from "../model/words.js";
import { elapsedMs, jobKey, voidedIds } from "../model/work.js";
import { frame, key, tiles } from "./parts.js";

/** Time and pieces of today, by job, as this device knows them. @param {import("./phone.js").Phone} phone */
function dayOf(phone) {
  const person = phone.operator ?? "";
  const midnight = new Date(phone.clocks().nowMs).setHours(0, 0, 0, 0);
  /** @type {Map<string, {job: {order: string | null, operation: string | null, indirect: string | null}, ms: number, good: string, scrap: string}>} */
  const jobs = new Map();
  const at = (/** @type {string} */ name) => {
    const [order, operation, indirect] = name.split("/");
    const line = jobs.get(name) ?? { job: { order: order || null, operation: operation || null, indirect: indirect || null }, ms: 0, good: "0", scrap: "0" };
    jobs.set(name, line);
    return line;
  };
  for (const worked of phone.work.worked) {
    if (worked.person === person && worked.toMs > midnight) at(worked.job).ms += worked.toMs - Math.max(worked.fromMs, midnight);
  }
  for (const span of phone.work.of(person)) {
    const sinceMidnight = phone.clocks().nowMs - midnight;
    at(jobKey(span)).ms += Math.min(elapsedMs(span, phone.clocks()), sinceMidnight);
  }
  const voided = voidedIds(phone.queue.entries);
  for (const { event, savedMs } of phone.queue.entries) {
    if (event.declared_by !== person || savedMs < midnight || voided.has(event.id)) continue;
    if (event.type === "output.reported") {
      const line = at(`${event.order}/${event.operation}/`);
      line.good = add(line.good, event.quantity);
    } else if (event.type === "defect.reported" && event.disposition === "scrap") {
      const line = at(`${event.order}/${event.operation}/`);
      line.scrap = add(line.scrap, event.quantity);
    }
  }
  return [...jobs.values()];
}

/** @type {import("./phone.js").Screen} */
export const me = {
  name: "me",
  view(phone) {
    const person = phone.operator ?? "";
    const lines = dayOf(phone);
    const running = phone.work.of(person);
    const total = lines.reduce((sum, { ms }) => sum + ms, 0);
    return frame(phone, {
      title: personName(phone.reference, person),
      about: t("My day on this device"),
      body: html`
        ${lines.length === 0
          ? html`<p class="empty">${t("Nothing yet today.")}</p>`
          : html`<div class="ledger-scroll"><table class="ledger">
              <thead><tr><th scope="col">${t("Job")}</th><th scope="col" class="number">${t("Time")}</th><th scope="col" class="number">${t("Good")}</th><th scope="col" class="number">${t("Scrap")}</th></tr></thead>
              <tbody>${lines.map(
                ({ job, ms, good, scrap }) => html`<tr><th scope="row">${jobName(phone.reference, job)}</th><td class="number">${hours(ms).slice(0, -3)}</td><td class="number">${good === "0" ? "–" : figure(good)}</td><td class="number">${scrap === "0" ? "–" : figure(scrap)}</td></tr>`,
              )}</tbody>
              <tfoot><tr><th scope="row">${t("In all")}</th><td class="number">${hours(total).slice(0, -3)}</td><td></td><td></td></tr></tfoot>
            </table></div>`}
        ${tiles({
          label: t("Language"),
          columns: "2",
          options: LANGUAGES.map(([value, label]) => ({ value, label })),
          chosen: language(),
          onChoose: (value) => void phone.prefer({ language: value }),
        })}
        <div class="tiles tiles-2">
          ${running.length > 0
            ? key({
                label: t("End my work"),
                about: t("stops all that runs"),
                sign: "stop",
                onTap: async () => {
                  if (await phone.capture(running.flatMap((span) => stop(span)), t("All my work is stopped"))) phone.home();
                },
              })
            : nothing}
          ${key({ label: t("This device"), sign: "device", onTap: () => phone.go("device") })}
        </div>
      `,
      deck: key({ label: t("Sign out"), about: running.length > 0 ? t("work goes on") : nothing, sign: "leave", look: "primary low", onTap: phone.signOut }),
    });
  },
};
