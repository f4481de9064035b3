// A person's own day in figures: by job, with the time that is their own share, and what they counted.

import { html, nothing } from "../lib/dom.js";
import { add } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { span as hours } from "../lib/time.js";
import { dayStart, sharesOf } from "../model/day.js";
import { breaksOf } from "../model/presence.js";
import { weigherOf } from "../model/splits.js";
import { jobName } from "../model/words.js";
import { corrections, jobOfKey } from "../model/work.js";

/** @typedef {import("./phone.js").Phone} Phone */

/** "1:05" @param {number} ms */
export const hoursMinutes = (ms) => hours(Math.round(ms / 60_000) * 60_000).slice(0, -3);

/** Time and pieces of the day, by job. @param {Phone} phone */
export function dayOf(phone) {
  const person = phone.operator ?? "";
  const clocks = phone.clocks();
  const since = dayStart(phone.queue.entries, person, clocks.nowMs);
  /** @type {Map<string, {ms: number, good: string, scrap: string}>} */
  const jobs = new Map();
  const at = (/** @type {string} */ job) => {
    const line = jobs.get(job) ?? { ms: 0, good: "0", scrap: "0" };
    jobs.set(job, line);
    return line;
  };
  const shares = sharesOf(phone.work, person, clocks, { sinceMs: since, weigh: weigherOf(phone.reference) });
  for (const { job, ms } of shares) at(job).ms += ms;
  const entries = phone.queue.entries;
  const corrected = corrections(entries);
  for (const { event, savedMs } of entries) {
    if (event.declared_by !== person || savedMs < since || corrected.has(event.id)) continue;
    if (event.type === "output.reported") {
      const line = at(`${event.order}/${event.operation}/`);
      line.good = add(line.good, event.quantity);
    } else if (event.type === "defect.reported" && event.disposition === "scrap") {
      const line = at(`${event.order}/${event.operation}/`);
      line.scrap = add(line.scrap, event.quantity);
    }
  }
  const awayMs = breaksOf(phone.work, person, clocks).reduce((sum, { fromMs, toMs }) => sum + Math.max(0, toMs - Math.max(fromMs, since)), 0);
  const lines = [...jobs].map(([job, line]) => ({ job: jobOfKey(job), ...line }));
  // However it is shared, it is one person's time.
  const totalMs = sharesOf(phone.work, person, clocks, { sinceMs: since }).reduce((sum, { ms }) => sum + ms, 0);
  return { lines, totalMs, awayMs, isClock: shares.some(({ isClock }) => isClock) };
}

/** @param {Phone} phone */
export function dayTable(phone) {
  const { lines, totalMs, awayMs, isClock } = dayOf(phone);
  if (lines.length === 0) return html`<p class="empty">${t("Nothing yet today.")}</p>`;
  const count = (/** @type {string} */ sum) => (sum === "0" ? "–" : figure(sum));
  return html`<div class="ledger-scroll"><table class="ledger">
    <thead><tr><th scope="col">${t("Job")}</th><th scope="col" class="number">${isClock ? t("Clock time") : t("Time")}</th><th scope="col" class="number">${t("Good")}</th><th scope="col" class="number">${t("Scrap")}</th></tr></thead>
    <tbody>${lines.map(
      ({ job, ms, good, scrap }) => html`<tr><th scope="row">${jobName(phone.reference, job)}</th><td class="number">${hoursMinutes(ms)}</td><td class="number">${count(good)}</td><td class="number">${count(scrap)}</td></tr>`,
    )}</tbody>
    <tfoot>
      <tr><th scope="row">${t("In all")}</th><td class="number">${hoursMinutes(totalMs)}</td><td></td><td></td></tr>
      ${awayMs > 0 ? html`<tr class="ledger-aside"><th scope="row">${t("Breaks")}</th><td class="number">${hoursMinutes(awayMs)}</td><td></td><td></td></tr>` : nothing}
    </tfoot>
  </table></div>
  ${isClock ? html`<p class="hint">${t("Of jobs that ran at once the whole clock time is shown: what of it is whose, the costing says later.")}</p>` : nothing}`;
}
