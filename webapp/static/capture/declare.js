// Time told afterwards instead of clocked, where the site allows it: which job, which day, how long or from when until
// when. It is the person's word, and travels marked as declared.

import { html, nothing } from "../lib/dom.js";
import { clock, day as dayName, named, t } from "../lib/i18n.js";
import { lastAt, parseClock } from "../lib/time.js";
import { midnightBefore } from "../model/day.js";
import { declare as declareTime } from "../model/gestures.js";
import { peopleHere } from "../model/session.js";
import { activityName, jobName, withMates } from "../model/words.js";
import { jobKey, jobOfKey } from "../model/work.js";
import { asClock, lengthOf } from "./correct.js";
import { hoursMinutes } from "./day-parts.js";
import { activitySign, frame, key, notice, tiles } from "./parts.js";
import { clockFigure, digitPad, offClock } from "./time-parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Form} Form */

const DAY_MS = 86_400_000;
const NOON_MS = DAY_MS / 2;
const SHOWN_JOBS = 8;

/** Midnights of this week's days so far, today first. @param {number} nowMs */
function daysOf(nowMs) {
  const today = new Date(midnightBefore(nowMs));
  const sinceMonday = (today.getDay() + 6) % 7;
  return Array.from({ length: sinceMonday + 1 }, (_, back) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - back).getTime());
}

/** What the form says: the time, and in words; null while something is missing or cannot be.
 * @param {Phone} phone @param {Form} form */
function whenOf(phone, form) {
  const { nowMs } = phone.clocks();
  const today = midnightBefore(nowMs);
  const dayMs = Number(form.day ?? today);
  if (form.how === "span") {
    const [from, until] = [form.from, form.until].map((typed) => (String(typed ?? "").length === 4 ? parseClock(typed) : null));
    if (from === null || until === null) return null;
    const at = (/** @type {number} */ minutes) => lastAt(minutes, dayMs + DAY_MS - 1);
    const fromMs = at(from);
    const toMs = until > from ? at(until) : at(until) + DAY_MS; // past midnight
    if (toMs > nowMs) return null;
    return { when: { fromMs, toMs }, words: `${clock(fromMs)} – ${clock(toMs)} · ${hoursMinutes(toMs - fromMs)}` };
  }
  const durationMs = lengthOf(String(form.typed ?? ""));
  if (durationMs === null) return null;
  // A length has no place in its day: noon is as good as any, and is that day in every season.
  return { when: { durationMs, ...(dayMs === today ? {} : { atMs: dayMs + NOON_MS }) }, words: hoursMinutes(durationMs) };
}

/** The job that is told about, if one is chosen. @param {import("./phone.js").Params} params @param {Form} form */
const jobOfForm = (params, form) => (form.job ? jobOfKey(form.job) : params.order ? { order: params.order, operation: params.operation ?? null, indirect: null } : null);

/** @param {Phone} phone @param {import("./phone.js").Params} params @param {Form} form */
async function save(phone, params, form) {
  const job = jobOfForm(params, form);
  const told = whenOf(phone, form);
  if (!job || !told) return;
  const people = peopleHere(phone);
  const what = withMates(jobName(phone.reference, job), people);
  const drafts = declareTime(people, job, form.activity ?? "run", told.when);
  if (await phone.capture(drafts, t("Time told: {hours}, {what}", { hours: told.words, what }))) phone.home();
}

/** @type {import("./phone.js").Screen} */
export const declare = {
  name: "declare",
  draft: true,
  view(phone, params, form) {
    const job = jobOfForm(params, form);
    if (!job) return jobView(phone);
    return form.step === "time" ? timeView(phone, form, job) : dayView(phone, params, form, job);
  },
  scanned(phone, _params, scanned) {
    if (scanned.is === "operation") phone.fill({ job: jobKey(scanned) });
    else if (scanned.is === "activity") phone.fill({ job: jobKey({ indirect: scanned.activity }) });
    else if (scanned.is === "order") phone.fill({ job: jobKey({ order: scanned.order }) });
    else if (scanned.is === "unknown") phone.fill({ job: jobKey({ order: scanned.letters }) });
    else return false;
    return true;
  },
  typed(phone, _params, pressed, form) {
    if (form.step === "time") press(phone, form, pressed === "erase" ? "Backspace" : pressed);
  },
  main(phone, params, form) {
    if (form.step === "time") void save(phone, params, form);
    else if (jobOfForm(params, form)) phone.fill({ step: "time" });
  },
};

/** @param {Phone} phone @param {Form} form @param {string} sign */
function press(phone, form, sign) {
  const name = form.how === "span" ? (form.field ?? "from") : "typed";
  const before = String(form[name] ?? "");
  if (sign === "Backspace") return phone.fill({ [name]: before.slice(0, -1) });
  if (!/^\d$/.test(sign)) return;
  const typed = before.length >= 4 ? sign : before + sign;
  phone.fill({ [name]: typed, ...(name === "from" && typed.length === 4 ? { field: "until", until: "" } : {}) });
}

/** Which job: the person's own of late first. @param {Phone} phone */
function jobView(phone) {
  const own = phone.work.jobsOf(phone.operator ?? "").slice(0, SHOWN_JOBS);
  return frame(phone, {
    title: t("Tell time"),
    about: t("On what did you work?"),
    body: html`
      ${own.length > 0
        ? html`<div class="tiles tiles-1">
            ${own.map((job) => key({ label: jobName(phone.reference, jobOfKey(job)), sign: jobOfKey(job).indirect ? "clock" : "run", onTap: () => phone.fill({ job }) }))}
          </div>`
        : html`<p class="lead">${t("Scan the operation, or choose an activity.")}</p>`}
      <h2 class="heading">${t("Other activity")}</h2>
      <div class="tiles tiles-2">
        ${phone.reference.snapshot.activities.map(({ code, name }) => key({ label: named(name), sign: "clock", onTap: () => phone.fill({ job: jobKey({ indirect: code }) }) }))}
      </div>
    `,
    deck: key({ label: t("Scan the operation"), sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "form" }) }),
  });
}

/** Which day and which kind of work: most often today and a run, so that one tap goes on.
 * @param {Phone} phone @param {import("./phone.js").Params} params @param {Form} form @param {import("../model/work.js").Job} job */
function dayView(phone, params, form, job) {
  const days = daysOf(phone.clocks().nowMs);
  return frame(phone, {
    title: t("Tell time"),
    about: jobName(phone.reference, job),
    back: () => (params.order ? phone.back() : phone.fill({ job: "" })),
    body: html`
      ${tiles({
        label: t("Which day?"),
        columns: "2",
        options: days.map((ms) => ({ value: String(ms), label: ms === days[0] ? t("Today") : dayName(ms) })),
        chosen: String(form.day ?? days[0]),
        onChoose: (value) => phone.fill({ day: Number(value) }),
      })}
      ${job.indirect
        ? nothing
        : tiles({
            label: t("Activity"),
            columns: "2",
            options: ["run", "setup", "rework", "teardown"].map((value) => ({ value, label: activityName(value), sign: activitySign(value) })),
            chosen: form.activity ?? "run",
            onChoose: (activity) => phone.fill({ activity }),
          })}
    `,
    deck: key({ label: t("Go on"), about: kindWords(form, job, days[0]), sign: "check", look: "primary", onTap: () => phone.fill({ step: "time" }) }),
  });
}

/** Day and activity in words. @param {Form} form @param {import("../model/work.js").Job} job @param {number} today */
const kindWords = (form, job, today) =>
  [form.day && form.day !== today ? dayName(form.day) : t("Today"), job.indirect ? "" : activityName(form.activity ?? "run")].filter(Boolean).join(" · ");

/** How long, or from when until when. @param {Phone} phone @param {Form} form @param {import("../model/work.js").Job} job */
function timeView(phone, form, job) {
  const today = midnightBefore(phone.clocks().nowMs);
  const told = whenOf(phone, form);
  const isSpan = form.how === "span";
  const isWrong = isSpan && String(form.from ?? "").length === 4 && String(form.until ?? "").length === 4 && told === null;
  return frame(phone, {
    title: isSpan ? t("From when until when?") : t("How long?"),
    about: `${jobName(phone.reference, job)} · ${kindWords(form, job, today)}`,
    back: () => phone.fill({ step: "" }),
    body: html`
      ${offClock(phone)}
      <div class="counting">
        ${isSpan
          ? html`<div class="entries">
              ${clockFigure({ label: t("From"), typed: String(form.from ?? ""), isHere: form.field !== "until", onChoose: () => phone.fill({ field: "from", from: "" }) })}
              ${clockFigure({ label: t("Until"), typed: String(form.until ?? ""), isHere: form.field === "until", onChoose: () => phone.fill({ field: "until", until: "" }) })}
            </div>`
          : html`<div class="figure" role="status" aria-label=${t("How long")}>
              <output class="figure-number">${asClock(String(form.typed || "0"))}</output><span class="figure-unit">${t("h:min")}</span>
            </div>`}
        ${digitPad({ label: t("Time"), erase: t("Erase"), onPress: (sign) => press(phone, form, sign) })}
        ${isWrong ? notice("look", t("That time lies in the future.")) : nothing}
        <div class="tiles tiles-1">${isSpan
          ? key({ label: t("Say how long instead"), sign: "clock", onTap: () => phone.fill({ how: "length" }) })
          : key({ label: t("Say from when until when instead"), sign: "clock", onTap: () => phone.fill({ how: "span", field: "from" }) })}</div>
      </div>
    `,
    deck: key({
      label: t("Save"),
      about: told ? `${told.words} · ${kindWords(form, job, today)}` : nothing,
      sign: "check",
      look: "primary",
      disabled: told === null,
      onTap: () => void save(phone, phone.place.params, form),
    }),
  });
}
