// An own fact of today that was wrong: what of it, what is right, and why. The last tap saves: the wrong one stays
// visible, struck through, and the right one counts in its place.

import { html, nothing } from "../lib/dom.js";
import { clock, figure, named, t } from "../lib/i18n.js";
import { lastAt, parseClock, rfc3339 } from "../lib/time.js";
import { uuid } from "../lib/uuid.js";
import { dayStart, midnightBefore } from "../model/day.js";
import { occurredMs } from "../model/event.js";
import { correct as correctFact } from "../model/gestures.js";
import { mayBe, reasonKind } from "../model/reasons.js";
import { asTyped, nextTyped, quantityOf } from "../model/typing.js";
import { activityName, describe, jobName, reasonName } from "../model/words.js";
import { corrections, jobKey, jobOfKey } from "../model/work.js";
import { frame, key, notice, pad, tiles } from "./parts.js";
import { clockFigure, digitPad, offClock } from "./time-parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */
/** @typedef {import("./phone.js").Form} Form */
/** @typedef {import("./phone.js").Entry} Entry */
/** @typedef {"quantity" | "reason" | "job" | "activity" | "time" | "length" | "span"} What of a fact can be wrong */

/** @type {Record<string, What[]>} */
const CORRECTABLE = {
  "output.reported": ["quantity", "job"],
  "output.by_product": ["quantity", "job"],
  "defect.reported": ["quantity", "reason", "job"],
  "material.consumed": ["quantity", "job"],
  "material.substituted": ["quantity", "job"],
  "material.returned": ["quantity", "job"],
  "material.moved": ["quantity"],
  "labor.started": ["time", "job", "activity"],
  "labor.stopped": ["time", "reason"],
  "labor.declared": ["length", "span", "job", "activity"],
  "break.started": ["time"],
  "break.stopped": ["time"],
  "machine.started": ["time", "job"],
  "machine.stopped": ["time"],
  "downtime.started": ["time", "reason"],
  "downtime.stopped": ["time"],
};

/** A person's own fact of the day: what is older, or somebody else's, is for the lead to mend. @param {Phone} phone @param {Entry} entry */
export const isOwnOfToday = (phone, { event, savedMs }) =>
  phone.operator !== null && event.declared_by === phone.operator && savedMs >= dayStart(phone.queue.entries, phone.operator, phone.clocks().nowMs);

/** What can be corrected of an entry; nothing of another person's, of an earlier day, or of what is gone already.
 * @param {Phone} phone @param {Entry} entry @returns {What[]} */
export function correctable(phone, entry) {
  const { event } = entry;
  if (!isOwnOfToday(phone, entry) || entry.state === "rejected" || corrections(phone.queue.entries).has(entry.id)) return [];
  return (CORRECTABLE[event.type] ?? []).filter((what) => {
    if (what === "length") return event.duration_ms !== undefined;
    if (what === "span") return event.started_at !== undefined;
    if (what === "job" || what === "activity") return Boolean(event.order);
    if (what === "reason") return event.type !== "labor.stopped" || Boolean(event.reason) || Boolean(entry.local?.pause);
    return true;
  });
}

/** @param {What} what */
function whatName(what) {
  switch (what) {
    case "quantity":
      return t("Quantity");
    case "reason":
      return t("Reason");
    case "job":
      return t("Order or operation");
    case "activity":
      return t("Activity");
    case "time":
      return t("Time of day");
    case "length":
      return t("How long");
    default:
      return t("From and until");
  }
}

/** @param {Phone} phone @param {Params} params */
const entryOf = (phone, params) => phone.queue.entries.find(({ seq }) => String(seq) === params.seq);

/** Digits of a clock as an instant of the fact's own day, not later than now. @param {Phone} phone @param {string} typed @param {number} nearMs */
function instantOf(phone, typed, nearMs) {
  const minutes = typed.length === 4 ? parseClock(typed) : null;
  if (minutes === null) return null;
  const { nowMs } = phone.clocks();
  const atMs = lastAt(minutes, midnightBefore(nearMs) + 86_400_000 - 1);
  return atMs <= nowMs ? atMs : null;
}

/** Typed digits as a length: the last two are minutes. @param {string} typed @returns {number | null} ms */
export function lengthOf(typed) {
  if (!/^\d{1,4}$/.test(typed)) return null;
  const minutes = Number(typed.slice(0, -2) || "0") * 60 + Number(typed.slice(-2));
  return minutes > 0 && minutes <= 24 * 60 ? minutes * 60_000 : null;
}

/** What the form says, as a change of the fact, and in words; null: nothing yet, or nothing that can be.
 * @param {Phone} phone @param {Entry} entry @param {Form} form
 * @returns {{how: import("../model/gestures.js").Change, words: string} | null} */
function changeOf(phone, entry, form) {
  const { event } = entry;
  switch (/** @type {What | undefined} */ (form.what)) {
    case "quantity": {
      const quantity = quantityOf(form.typed);
      if (!quantity || quantity === event.quantity) return null;
      return { how: { fields: { quantity } }, words: `${figure(event.quantity)} → ${figure(quantity)}` };
    }
    case "reason":
      if (!form.reason || form.reason === event.reason) return null;
      return { how: { fields: { reason: form.reason } }, words: reasonName(phone.reference, form.reason, reasonKind(event.type)) };
    case "job": {
      if (!form.job) return null;
      const { order, operation } = jobOfKey(form.job);
      // Found and caused in one place stay in one place.
      const cause = event.caused_at ? { caused_at: event.caused_at === event.operation || order !== event.order ? operation : event.caused_at } : {};
      return { how: { fields: { order, operation, ...cause } }, words: jobName(phone.reference, { order, operation }) };
    }
    case "activity":
      if (!form.activity || form.activity === event.activity) return null;
      return { how: { fields: { activity: form.activity } }, words: activityName(form.activity) };
    case "time": {
      const atMs = instantOf(phone, form.typed ?? "", occurredMs(event));
      if (atMs === null || !isInOrder(phone, entry, atMs)) return null;
      return { how: { occurredMs: atMs }, words: `${clock(occurredMs(event))} → ${clock(atMs)}` };
    }
    case "length": {
      const ms = lengthOf(form.typed ?? "");
      return ms === null ? null : { how: { fields: { duration_ms: ms } }, words: asClock(form.typed) };
    }
    case "span": {
      const near = Date.parse(event.started_at);
      const fromMs = instantOf(phone, form.from ?? "", near);
      const untilMs = instantOf(phone, form.until ?? "", near);
      if (fromMs === null || untilMs === null || untilMs <= fromMs) return null;
      return { how: { fields: { started_at: rfc3339(fromMs), ended_at: rfc3339(untilMs) } }, words: `${clock(fromMs)} – ${clock(untilMs)}` };
    }
    default:
      return null;
  }
}

/** "130" as "1:30" @param {string} typed */
export const asClock = (typed) => `${Number(typed.slice(0, -2) || "0")}:${typed.slice(-2).padStart(2, "0")}`;

/** A start stays before its stop, a stop after its start. @param {Phone} phone @param {Entry} entry @param {number} atMs */
function isInOrder(phone, { event }, atMs) {
  const entries = phone.queue.entries;
  const opening = event.start_id ? entries.find(({ id }) => id === event.start_id) : undefined;
  if (opening && occurredMs(opening.event) >= atMs) return false;
  return namingOf(phone, event.id).every((stop) => occurredMs(stop.event) > atMs);
}

/** Stops that name a start and still count. @param {Phone} phone @param {string} id */
function namingOf(phone, id) {
  const corrected = corrections(phone.queue.entries);
  return phone.queue.entries.filter((entry) => entry.event.start_id === id && !corrected.has(entry.id));
}

/** @param {Phone} phone @param {Entry} entry @param {Form} form @param {string} reason */
async function save(phone, entry, form, reason) {
  const change = changeOf(phone, entry, form);
  if (!change) return;
  const drafts = correctFact(entry, change.how, reason, uuid, namingOf(phone, entry.id));
  if (await phone.capture(drafts, t("Corrected: {what}", { what: change.words }))) phone.back();
}

/** @type {import("./phone.js").Screen} */
export const correct = {
  name: "correct",
  draft: true,
  view(phone, params, form) {
    const entry = entryOf(phone, params);
    const ways = entry ? correctable(phone, entry) : [];
    if (!entry || ways.length === 0) {
      return frame(phone, { title: t("Correct"), body: notice("quiet", t("This can be corrected by your team lead only.")) });
    }
    const { title, about } = describe(phone.reference, entry.event);
    const what = /** @type {What | undefined} */ (form.what ?? (ways.length === 1 ? ways[0] : undefined));
    if (!what) {
      return frame(phone, {
        title: t("What was wrong?"),
        about: [title, about].filter(Boolean).join(" · "),
        body: html`<div class="tiles tiles-1">
          ${ways.map((way) => key({ label: whatName(way), sign: "pencil", onTap: () => phone.fill({ what: way, ...startOf(entry, way) }) }))}
        </div>`,
      });
    }
    const filled = form.what ? form : { ...form, what, ...startOf(entry, what) };
    const change = changeOf(phone, entry, filled);
    if (form.why) {
      const reasons = phone.reference.reasonsOf("correction").filter(({ code }) => code !== "UNDO");
      const options = reasons.length > 0 ? reasons.map(({ code, name }) => ({ value: code, label: named(name) })) : [{ value: "MISTAKE", label: t("It was a mistake") }];
      return frame(phone, {
        title: t("Why?"),
        about: change?.words ?? nothing,
        back: () => phone.fill({ why: false }),
        body: html`<p class="lead">${t("The first fact stays visible, struck through.")}</p>
          ${tiles({ label: t("The last tap saves"), columns: "2", options, chosen: null, onChoose: (reason) => void save(phone, entry, filled, reason) })}`,
      });
    }
    return frame(phone, {
      title: t("What is right?"),
      about: [title, about].filter(Boolean).join(" · "),
      back: () => (ways.length === 1 ? phone.back() : phone.fill({ what: undefined, typed: undefined, reason: undefined, job: undefined, activity: undefined })),
      body: editor(phone, entry, filled, what),
      deck: key({
        label: t("Go on"),
        about: change?.words ?? t("nothing changed yet"),
        sign: "check",
        look: "primary",
        disabled: change === null,
        onTap: () => phone.fill({ ...filled, why: true }),
      }),
    });
  },
  scanned(phone, params, scanned, form) {
    const entry = entryOf(phone, params);
    if (form.why && entry && scanned.is === "reason" && mayBe(scanned, "correction")) {
      void save(phone, entry, form, scanned.reason);
      return true;
    }
    if (form.what === "job" && scanned.is === "operation") {
      phone.fill({ job: jobKey(scanned) });
      return true;
    }
    if (form.what === "reason" && entry && scanned.is === "reason" && mayBe(scanned, reasonKind(entry.event.type))) {
      phone.fill({ reason: scanned.reason });
      return true;
    }
    return false;
  },
  typed(phone, params, pressed, form) {
    const entry = entryOf(phone, params);
    if (!entry) return;
    if (form.what === "quantity") phone.fill({ typed: nextTyped(form.isNew ? form.typed : "", pressed), isNew: true });
    else if (form.what) press(phone, form, pressed === "erase" ? "Backspace" : pressed);
  },
  main(phone, params, form) {
    const entry = entryOf(phone, params);
    if (entry && changeOf(phone, entry, form)) phone.fill({ why: true });
  },
};

/** What the editor begins with. @param {Entry} entry @param {What} what @returns {Form} */
function startOf({ event }, what) {
  if (what === "quantity") return { typed: asTyped(event.quantity) };
  if (what === "span") return { from: digits(Date.parse(event.started_at)), until: digits(Date.parse(event.ended_at)), field: "from" };
  return { typed: "" };
}

/** @param {number} ms */
const digits = (ms) => clock(ms).replace(/\D/g, "");

/** A digit of a clock or a length. @param {Phone} phone @param {Form} form @param {string} sign */
function press(phone, form, sign) {
  const name = form.what === "span" ? (form.field ?? "from") : "typed";
  const before = String(form[name] ?? "");
  if (sign === "Backspace") phone.fill({ ...form, [name]: before.slice(0, -1) });
  else if (/^\d$/.test(sign)) phone.fill({ ...form, [name]: before.length >= 4 ? sign : before + sign });
}

/** @param {Phone} phone @param {Entry} entry @param {Form} form @param {What} what */
function editor(phone, entry, form, what) {
  const { event } = entry;
  switch (what) {
    case "quantity":
      return html`<div class="counting">${pad({
        typed: form.typed ?? "",
        proposed: !form.isNew,
        unit: event.unit ?? phone.reference.orders.get(event.order)?.unit ?? "",
        onType: (typed) => phone.fill({ ...form, typed, isNew: true }),
        label: whatName(what),
      })}</div>`;
    case "reason":
      return tiles({
        label: whatName(what),
        columns: "2",
        options: phone.reference.reasonsOf(reasonKind(event.type) ?? "").map(({ code, name }) => ({ value: code, label: named(name) })),
        chosen: form.reason ?? event.reason ?? null,
        onChoose: (reason) => phone.fill({ ...form, reason }),
      });
    case "activity":
      return tiles({
        label: whatName(what),
        columns: "2",
        options: ["run", "setup", "rework", "teardown"].map((value) => ({ value, label: activityName(value) })),
        chosen: form.activity ?? event.activity,
        onChoose: (activity) => phone.fill({ ...form, activity }),
      });
    case "job":
      return html`<p class="lead">${t("Scan the right operation, or choose it:")}</p>
        ${tiles({
          label: whatName(what),
          options: jobsNear(phone, event).map((value) => ({ value, label: jobName(phone.reference, jobOfKey(value)) })),
          chosen: form.job ?? jobKey({ order: event.order, operation: event.operation }),
          onChoose: (job) => phone.fill({ ...form, job }),
        })}
        <div class="tiles tiles-1">${key({ label: t("Scan"), sign: "scan", look: "soft", onTap: () => phone.go("scan", { for: "form" }) })}</div>`;
    case "span":
      return html`<div class="counting">
        ${offClock(phone)}
        <div class="entries">
          ${clockFigure({ label: t("From"), typed: form.from ?? "", isHere: form.field !== "until", onChoose: () => phone.fill({ ...form, field: "from", from: "" }) })}
          ${clockFigure({ label: t("Until"), typed: form.until ?? "", isHere: form.field === "until", onChoose: () => phone.fill({ ...form, field: "until", until: "" }) })}
        </div>
        ${digitPad({ label: whatName(what), erase: t("Erase"), onPress: (sign) => press(phone, form, sign) })}
      </div>`;
    default: {
      const typed = String(form.typed ?? "");
      const shown = what === "length" ? asClock(typed || "0") : `${typed.padEnd(4, "–").slice(0, 2)}:${typed.padEnd(4, "–").slice(2)}`;
      const isWrong = what === "time" && typed.length === 4 && changeOf(phone, entry, form) === null;
      return html`<div class="counting">
        ${what === "time" ? html`<p class="lead">${t("Captured at {time}", { time: clock(occurredMs(event)) })}</p>${offClock(phone)}` : nothing}
        <div class="figure" role="status" aria-label=${whatName(what)}><output class="figure-number">${shown}</output></div>
        ${digitPad({ label: whatName(what), erase: t("Erase"), onPress: (sign) => press(phone, form, sign) })}
        ${isWrong ? notice("look", t("A start lies before its stop, and neither in the future.")) : nothing}
      </div>`;
    }
  }
}

/** Jobs it may have been: the other operations of its order, and the person's own of late.
 * @param {Phone} phone @param {import("../model/event.js").Fact} event */
function jobsNear(phone, event) {
  const siblings = (phone.reference.orders.get(event.order)?.operations ?? []).map(({ number }) => jobKey({ order: event.order, operation: number }));
  const own = phone.work.jobsOf(phone.operator ?? "").filter((job) => jobOfKey(job).order !== null && (!event.operation || jobOfKey(job).operation !== null));
  return [...new Set([...siblings, ...own])].slice(0, 12);
}
