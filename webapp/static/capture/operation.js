// One operation, not running for me: start it. With other work running, the first key is the switch; the others start it
// beside. Of an order this device does not know, the number of the operation can be typed, and need not be.

import { html, nothing } from "../lib/dom.js";
import { figure, t } from "../lib/i18n.js";
import { change, keepBoth, reopen, start } from "../model/gestures.js";
import { jobOf } from "../model/reading.js";
import { makesThings } from "../model/reference.js";
import { peopleHere } from "../model/session.js";
import { activityName, jobName, withMates } from "../model/words.js";
import { activitySign, frame, key, notice, progress, progressOf, titleOf } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */
/** @typedef {import("./phone.js").Form} Form */

const ACTIVITIES = /** @type {const} */ (["run", "setup", "rework", "teardown"]);
const ON_CASES = /** @type {readonly string[]} */ (["run", "rework"]);

/** The job: what was opened, or what was typed for an order nobody knows here. @param {Params} params @param {Form} form */
const jobFor = (params, form) => ({ order: params.order, operation: params.operation ?? (String(form.number ?? "").trim() || null), indirect: null });

/** @param {Phone} phone @param {Params} params @param {Form} form @param {string} activity @param {boolean} leave */
async function begin(phone, params, form, activity, leave) {
  const people = peopleHere(phone);
  const running = phone.work.ofAll(people);
  const job = jobFor(params, form);
  const others = namesOf(phone);
  const what = withMates(titleOf(phone, job), people);
  const drafts = leave ? change(running, people, job, activity) : start(people, job, activity);
  const said = leave
    ? t("Stopped {others}, started {what}", { others, what })
    : t("Started {activity}: {what}", { activity: activityName(activity), what: withMates(jobName(phone.reference, job), people) });
  const also = leave ? keepBoth(running.length, t("Both run: {others} and {what}", { others, what })) : undefined;
  if (!(await phone.capture(drafts, said, "saved", also))) return;
  phone.nextActivity = null;
  phone.home();
}

/** What runs for the people here. @param {Phone} phone */
const namesOf = (phone) => [...new Set(phone.work.ofAll(peopleHere(phone)).map((span) => titleOf(phone, span)))].join(", ");

/** @type {import("./phone.js").Screen} */
export const operation = {
  name: "operation",
  view(phone, params, form) {
    const job = jobFor(params, form);
    const known = phone.reference.orders.get(params.order);
    const step = phone.reference.operation(params.order, params.operation);
    const done = params.operation ? progressOf(phone, params.order, params.operation) : null;
    const others = namesOf(phone);
    const isBusy = others !== "";
    const first = phone.nextActivity?.person === phone.operator ? (phone.nextActivity?.activity ?? "run") : "run";
    const run = (/** @type {string} */ activity, /** @type {boolean} */ leave) => () => void begin(phone, params, form, activity, leave);
    return frame(phone, {
      title: titleOf(phone, job),
      about: [params.operation ? params.order : "", known?.item_name || known?.customer].filter(Boolean).join(" · "),
      body: html`
        ${step?.completed ? completedView(phone, params) : nothing}
        ${known ? nothing : unknownView(phone, params, form)}
        <dl class="facts">
          ${known?.quantity ? html`<div><dt>${t("Quantity")}</dt><dd class="number">${figure(known.quantity)} ${known.unit ?? ""}</dd></div>` : nothing}
          ${step?.work_center ? html`<div><dt>${t("Work center")}</dt><dd>${phone.reference.workCenters.get(step.work_center)?.name ?? step.work_center}</dd></div>` : nothing}
          ${step?.standard_setup_min ? html`<div><dt>${t("Setup, standard")}</dt><dd class="number">${figure(step.standard_setup_min)} min</dd></div>` : nothing}
          ${step?.standard_run_min ? html`<div><dt>${t("Run, standard")}</dt><dd class="number">${figure(step.standard_run_min)} min</dd></div>` : nothing}
        </dl>
        ${known?.quantity && done ? progress({ done: done.good, whole: known.quantity, unit: known.unit, scrap: done.scrap }) : nothing}
        <h2 class="heading">${isBusy ? t("Start beside {others}", { others }) : t("Start something else")}</h2>
        <div class="tiles tiles-2">
          ${ACTIVITIES.filter((activity) => (isBusy || activity !== first) && (makesThings(known) || ON_CASES.includes(activity))).map((activity) =>
            key({ label: isBusy ? t("{activity}, too", { activity: activityName(activity) }) : activityName(activity), sign: activitySign(activity), onTap: run(activity, false) }),
          )}
          ${params.operation ? key({ label: t("Count pieces"), about: t("without a clock"), sign: "check", onTap: () => phone.go("quantity", jobOf(job)) }) : nothing}
          ${key({ label: t("Other facts"), about: t("for this job"), sign: "more", onTap: () => phone.go("forms", jobOf(job)) })}
        </div>
      `,
      deck: isBusy
        ? key({ label: t("Switch to this"), about: t("stops {others}", { others }), sign: activitySign(first), look: "primary", onTap: run(first, true) })
        : key({ label: t("Start {activity}", { activity: activityName(first) }), sign: activitySign(first), look: "primary", onTap: run(first, false) }),
    });
  },
  main(phone, params, form) {
    const isBusy = phone.work.ofAll(peopleHere(phone)).length > 0;
    const first = phone.nextActivity?.person === phone.operator ? (phone.nextActivity?.activity ?? "run") : "run";
    void begin(phone, params, form, first, isBusy);
  },
};

/** @param {Phone} phone @param {Params} params */
const completedView = (phone, params) => html`
  ${notice("quiet", t("This operation was said to be done. Work on it still counts."), "flag")}
  <div class="tiles tiles-1">${key({
    label: t("It is not done after all"),
    sign: "undo",
    onTap: () => void phone.capture(reopen(params), t("Operation goes on: {what}", { what: jobName(phone.reference, params) })),
  })}</div>
`;

/** @param {Phone} phone @param {Params} params @param {Form} form */
const unknownView = (phone, params, form) => html`
  ${notice("look", t("This device does not know this order yet. What you capture is kept under these letters, and the server understands it later."))}
  ${params.operation
    ? nothing
    : html`<label class="field">
        <span class="label">${t("Number of the operation, if you know it")}</span>
        <input class="input input-code" inputmode="numeric" autocomplete="off" maxlength="20" .value=${form.number ?? ""}
          @input=${(/** @type {InputEvent} */ event) => phone.fill({ number: /** @type {HTMLInputElement} */ (event.target).value })} />
      </label>`}
`;
