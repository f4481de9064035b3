// Something is to be noted and several jobs run, or none: which one is it for?

import { html, nothing } from "../lib/dom.js";
import { repeat } from "../lib/lists.js";
import { t } from "../lib/i18n.js";
import { jobOf } from "../model/reading.js";
import { itemName, jobName } from "../model/words.js";
import { jobOfKey } from "../model/work.js";
import { codeField, frame, key, notice } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

const SHOWN_EARLIER = 6;

/** What is noted once the job is known: a screen's name. @param {Params} params */
const screenOf = (params) => params.for ?? "consumption";

/** Go on with a job: straight there, if there is only one. @param {Phone} phone @param {string} screen @param {Params} [more] */
export function withJob(phone, screen, more = {}) {
  const jobs = jobsHere(phone);
  if (jobs.length === 1) phone.go(screen, { ...jobOf(jobs[0]), ...more });
  else phone.go("which", { for: screen, ...more });
}

/** The jobs of the person here that run. @param {Phone} phone */
const jobsHere = (phone) => phone.work.of(phone.operator).filter((span) => span.order);

/** @type {import("./phone.js").Screen} */
export const which = {
  name: "which",
  view(phone, params, form) {
    const jobs = jobsHere(phone);
    const running = new Set(jobs.map((span) => jobName(phone.reference, span)));
    const earlier = phone.work
      .jobsOf(phone.operator ?? "")
      .map(jobOfKey)
      .filter((job) => job.order && !running.has(jobName(phone.reference, job)))
      .slice(0, SHOWN_EARLIER);
    const choose = (/** @type {{order: string | null, operation: string | null}} */ job) => chosen(phone, params, jobOf(job));
    return frame(phone, {
      title: params.item ? itemName(phone.reference, params.item) : t("For which job?"),
      about: params.item ? t("For which job?") : nothing,
      body: html`
        ${jobs.length === 0 ? notice("look", t("Nothing of yours runs. Scan the order or the operation it is for.")) : nothing}
        <div class="tiles tiles-1">
          ${jobs.map((span) => key({ label: jobName(phone.reference, span), about: t("Running"), sign: "run", look: "soft", onTap: () => choose(span) }))}
        </div>
        ${earlier.length > 0
          ? html`<h2 class="heading">${t("Lately on this device")}</h2>
              <div class="tiles tiles-1">${repeat(earlier, (job) => jobName(phone.reference, job), (job) => key({ label: jobName(phone.reference, job), sign: "clock", onTap: () => choose(job) }))}</div>`
          : nothing}
        ${codeField(phone, form, t("Or type the order's number, a slash, the operation: MO-1001/10"))}
      `,
      deck: key({ label: t("Scan the order"), sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "form" }) }),
    });
  },
  scanned(phone, params, scanned) {
    const isLetters = scanned.is === "unknown"; // a label printed since: most likely of a new order
    if (scanned.is !== "order" && scanned.is !== "operation" && !isLetters) return false;
    const order = scanned.is === "unknown" ? scanned.letters : scanned.order;
    chosen(phone, params, jobOf({ order, operation: scanned.is === "operation" ? scanned.operation : null }));
    return true;
  },
  main(phone) {
    phone.go("scan", { for: "form" });
  },
};

/** @param {Phone} phone @param {Params} params @param {Params} job */
function chosen(phone, params, job) {
  const { for: _screen, ...more } = params;
  phone.instead(screenOf(params), { ...job, ...more });
}
