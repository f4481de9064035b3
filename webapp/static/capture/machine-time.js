// Machine time told afterwards: hours, or two readings of the machine's counter. The reading before is proposed from the
// last one noted here.

import { html, nothing } from "../lib/dom.js";
import { compare, multiply, subtract } from "../lib/decimal.js";
import { figure, t } from "../lib/i18n.js";
import { machineTime as report } from "../model/gestures.js";
import { asTyped, isPadKey, nextTyped, quantityOf, readingOf, spaced } from "../model/typing.js";
import { jobName, machineName } from "../model/words.js";
import { jobOf } from "../model/reading.js";
import { frame, key, notice, numberMissing, pad, tiles } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** A month: longer is a slip of the finger, and the server says so. */
const MOST_HOURS = "744";

/** @param {Phone} phone @param {Params} params @param {any} form */
function choices(phone, params, form) {
  const jobs = phone.work.of(phone.operator).filter((span) => span.order);
  const job = form.order ? { order: form.order, operation: form.operation ?? null } : jobs.length === 1 ? jobs[0] : params.order ? { order: params.order, operation: params.operation ?? null } : null;
  const before = phone.things.counters.get(params.machine);
  const from = form.from ?? (before ? asTyped(before) : "");
  const [low, high] = [readingOf(from), readingOf(form.to)];
  const isCounter = fieldOf(form) !== "hours";
  const between = low !== null && high !== null ? subtract(high, low) : null;
  const time = isCounter ? between : quantityOf(form.hours);
  return {
    jobs, job, isCounter, from, low, high,
    activity: /** @type {"setup" | "run"} */ (form.activity ?? "run"),
    time,
    isBackwards: isCounter && between !== null && compare(between, "0") < 0,
    isLong: time !== null && compare(time, MOST_HOURS) > 0,
  };
}

/** @param {ReturnType<typeof choices>} chosen */
const isReady = ({ job, time, isBackwards, isLong }) => job !== null && time !== null && !isBackwards && !isLong;

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const chosen = choices(phone, params, form);
  const { job, isCounter, low, high, time, activity } = chosen;
  if (!job) return phone.say(t("Scan the order or the operation it was for."));
  if (!isReady(chosen) || time === null) return phone.say(numberMissing(form[fieldOf(form)] ?? "", isCounter ? readingOf : quantityOf));
  const how = isCounter ? { from: low ?? "0", to: high ?? "0" } : { durationMs: Math.round(Number(multiply(time, "3600000"))) };
  const said = t("{time} h of {name} saved", { time: figure(time), name: machineName(phone.reference, params.machine) });
  if (await phone.capture(report(params.machine, job, activity, how), said)) phone.back();
}

/** Which of the numbers is typed now: the length, or one of the two readings. @param {any} form @returns {"hours" | "from" | "to"} */
const fieldOf = (form) => form.field ?? "hours";

/** @type {import("./phone.js").Screen} */
export const machineTime = {
  name: "machine-time",
  draft: true,
  view(phone, params, form) {
    const chosen = choices(phone, params, form);
    const { jobs, job, isCounter, from, activity, time, isBackwards, isLong } = chosen;
    const field = fieldOf(form);
    const typed = field === "from" ? from : (form[field] ?? "");
    const ready = isReady(chosen);
    return frame(phone, {
      title: t("Machine time"),
      about: machineName(phone.reference, params.machine),
      body: html`
        ${tiles({
          label: t("How is it known?"),
          columns: "3",
          options: [
            { value: "hours", label: t("Hours"), ...(form.hours ? { about: `${spaced(form.hours)} h` } : {}) },
            { value: "from", label: t("Counter before"), ...(from ? { about: `${spaced(from)} h` } : {}) },
            { value: "to", label: t("Counter after"), ...(form.to ? { about: `${spaced(form.to)} h` } : {}) },
          ],
          chosen: field,
          onChoose: (next) => phone.fill({ field: next }),
        })}
        <div class="counting">
          ${pad({ typed, proposed: field === "from" && form.from === undefined && from !== "", unit: "h", as: isCounter ? readingOf : quantityOf, label: isCounter ? t("Reading of the counter") : t("Hours"), onType: (text) => phone.fill({ [field]: text }) })}
          ${isBackwards ? notice("stop", t("The reading after is below the one before.")) : nothing}
          ${isLong ? notice("stop", t("More than {n} hours at once: please look again.", { n: MOST_HOURS })) : nothing}
        </div>
        ${tiles({ label: t("What did it do?"), columns: "2", options: [{ value: "run", label: t("Run") }, { value: "setup", label: t("Setup") }], chosen: activity, onChoose: (value) => phone.fill({ activity: value }) })}
        ${jobs.length > 1 || (job && jobs.length !== 1)
          ? tiles({
              label: t("For which job?"),
              columns: "1",
              options: [...jobs, ...(job && !jobs.some((span) => span.order === job.order && span.operation === job.operation) ? [job] : [])].map((one) => ({ value: JSON.stringify(jobOf(one)), label: jobName(phone.reference, one) })),
              chosen: job ? JSON.stringify(jobOf(job)) : null,
              onChoose: (value) => phone.fill({ order: null, operation: null, ...JSON.parse(value) }),
            })
          : nothing}
        ${job ? nothing : notice("look", t("Scan the order or the operation it was for."))}
      `,
      deck: key({
        label: t("Save"),
        about: time !== null && !isBackwards ? `${figure(time)} h${job ? ` · ${jobName(phone.reference, job)}` : ""}` : nothing,
        sign: "check",
        look: "primary",
        disabled: !ready,
        onTap: () => save(phone, params, form),
      }),
    });
  },
  scanned(phone, _params, scanned) {
    if (scanned.is === "order" || scanned.is === "operation") {
      phone.fill({ order: scanned.order, operation: scanned.is === "operation" ? scanned.operation : null });
      return true;
    }
    if (scanned.is === "unknown") {
      phone.fill({ order: scanned.letters, operation: null });
      return true;
    }
    if (scanned.is === "word" && (scanned.word === "setup" || scanned.word === "run")) {
      phone.fill({ activity: scanned.word });
      return true;
    }
    return false;
  },
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void machineTime.main?.(phone, params, form);
    const field = fieldOf(form);
    if (isPadKey(pressed)) phone.fill({ [field]: nextTyped(form[field] ?? "", pressed) });
  },
  main(phone, params, form) {
    const { isCounter, low } = choices(phone, params, form);
    if (isCounter && fieldOf(form) === "from" && low !== null) phone.fill({ field: "to" });
    else void save(phone, params, form);
  },
};
