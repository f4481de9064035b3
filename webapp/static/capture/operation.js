// One operation, not running for me: start it. With other work running, the first key is the switch.

import { html, nothing } from "../lib/dom.js";
import { figure, t } from "../lib/i18n.js";
import { change, start } from "../model/gestures.js";
import { activityName, jobName } from "../model/words.js";
import { activitySign, frame, key, progress, progressOf, titleOf } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const operation = {
  name: "operation",
  view(phone, params) {
    const person = phone.operator ?? "";
    const job = { order: params.order, operation: params.operation ?? null, indirect: null };
    const known = phone.reference.orders.get(params.order);
    const step = phone.reference.operation(params.order, params.operation);
    const done = params.operation ? progressOf(phone, params.order, params.operation) : null;
    const running = phone.work.of(person);
    const others = running.map((span) => titleOf(phone, span)).join(", ");
    const begin = async (/** @type {string} */ activity, /** @type {boolean} */ leave) => {
      const drafts = leave ? change(running, person, job, activity) : start(person, job, activity);
      const said = leave
        ? t("Stopped {others}, started {what}", { others, what: titleOf(phone, job) })
        : t("Started {activity}: {what}", { activity: activityName(activity), what: jobName(phone.reference, job) });
      if (await phone.capture(drafts, said)) phone.home();
    };
    const others_run = running.length > 0;
    return frame(phone, {
      title: titleOf(phone, job),
      about: [params.order, known?.item_name].filter(Boolean).join(" · "),
      body: html`
        <dl class="facts">
          ${known?.quantity ? html`<div><dt>${t("Quantity")}</dt><dd class="number">${figure(known.quantity)} ${known.unit ?? ""}</dd></div>` : nothing}
          ${step?.work_center ? html`<div><dt>${t("Work center")}</dt><dd>${workCenter(phone, step.work_center)}</dd></div>` : nothing}
          ${step?.standard_setup_min ? html`<div><dt>${t("Setup, standard")}</dt><dd class="number">${figure(step.standard_setup_min)} min</dd></div>` : nothing}
          ${step?.standard_run_min ? html`<div><dt>${t("Run, standard")}</dt><dd class="number">${figure(step.standard_run_min)} min</dd></div>` : nothing}
        </dl>
        ${known?.quantity && done ? progress({ done: done.good, whole: known.quantity, unit: known.unit, scrap: done.scrap }) : nothing}
        <h2 class="heading">${others_run ? t("Start beside {others}", { others }) : t("Start something else than a run")}</h2>
        <div class="tiles tiles-2">
          ${others_run ? key({ label: t("Start run too"), sign: "run", onTap: () => begin("run", false) }) : nothing}
          ${key({ label: others_run ? t("Start setup too") : t("Start setup"), sign: activitySign("setup"), onTap: () => begin("setup", false) })}
          ${key({ label: others_run ? t("Start rework too") : t("Rework"), sign: activitySign("rework"), onTap: () => begin("rework", false) })}
        </div>
      `,
      deck: others_run
        ? key({ label: t("Switch to this"), about: t("stops {others}", { others }), sign: "run", look: "primary", onTap: () => begin("run", true) })
        : key({ label: t("Start run"), sign: "run", look: "primary", onTap: () => begin("run", false) }),
    });
  },
};

/** @param {import("./phone.js").Phone} phone @param {string} code */
const workCenter = (phone, code) => phone.reference.snapshot.work_centers.find((center) => center.code === code)?.name ?? code;
