// My running work first, and one big key.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { endShift, startBreak, startShift } from "../model/gestures.js";
import { attendedMs, dutyOf } from "../model/presence.js";
import { peopleHere } from "../model/session.js";
import { activityName, jobName, personName, withMates } from "../model/words.js";
import { elapsedMs, LIKELY_FORGOTTEN_MS } from "../model/work.js";
import { span as hours } from "../lib/time.js";
import { backFromBreak, breakPlate, machineCard, pausedCard, resumeWork, runningCard } from "./cards.js";
import { initials } from "./faces.js";
import { activitySign, alarms, key, notice, outboxChip } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */

/** A break this long was most likely forgotten. */
const LONG_BREAK_MS = 3 * 3_600_000;

/** @type {import("./phone.js").Screen} */
export const home = {
  name: "home",
  view(phone) {
    const person = phone.operator ?? "";
    const people = peopleHere(phone);
    const running = phone.work.of(person);
    const paused = phone.work.pausedOf(person, phone.clocks().nowMs);
    const machines = phone.work.unattendedOf(person);
    const isAway = phone.work.breaksOf(people).length > 0;
    return html`
      <header class="bar">
        <button class="bar-person" type="button" @click=${() => phone.go("me")}>
          <span class="bar-initials" aria-hidden="true">${initials(phone.reference, person)}</span>
          <span class="bar-title"><span class="bar-name">${personName(phone.reference, person)}</span><span class="bar-hint">${t("My day, sign out")}</span></span>
        </button>
        ${outboxChip(phone)}
      </header>
      <main class="body body-home">
        <section class="work">
          ${alarms(phone)} ${prepared(phone)} ${forgotten(phone)} ${breakPlate(phone)}
          <h1 class="heading" tabindex="-1">${headline(running.length, isAway)}</h1>
          ${running.map((span) => runningCard(phone, span))}
          ${running.length === 0 && paused.length === 0 ? html`<p class="empty">${t("Scan an operation to start.")}</p>` : nothing}
          ${machines.length > 0 ? html`<h2 class="heading">${t("Machines I left running")}</h2>${machines.map((span) => machineCard(phone, span))}` : nothing}
          ${paused.length > 0 ? html`<h2 class="heading">${t("Paused")}</h2>${paused.map((span) => pausedCard(phone, span, () => void resumeWork(phone, span)))}` : nothing}
        </section>
        <section class="ways">
          <h2 class="heading">${t("Without a scan")}</h2>
          <div class="tiles tiles-2">
            ${isAway ? nothing : key({ label: t("Break"), sign: "cup", onTap: () => void phone.capture(startBreak(people), t("Break began")) })}
            ${key({ label: t("Orders"), sign: "list", onTap: () => phone.go("orders") })}
            ${key({ label: t("Other activity"), sign: "clock", onTap: () => phone.go("indirect") })}
            ${key({ label: t("Machines"), sign: "gear", onTap: () => phone.go("machines") })}
            ${phone.reference.settings.typed_time ? key({ label: t("Tell time"), about: t("not clocked"), sign: "keys", onTap: () => phone.go("declare") }) : nothing}
            ${key({ label: t("Work together"), ...(phone.crew.length > 0 ? { about: t("{n} people", { n: people.length }) } : {}), sign: "people", onTap: () => phone.go("crew") })}
            ${key({ label: t("Call for help"), sign: "bell", onTap: () => phone.go("help") })}
            ${phone.eventTypes.length > 0 ? key({ label: t("Other facts"), sign: "more", onTap: () => phone.go("forms") }) : nothing}
            ${shiftKey(phone)}
          </div>
        </section>
      </main>
      <footer class="deck deck-split">
        ${isAway
          ? key({ label: t("Back from break"), sign: "run", look: "primary", onTap: () => void backFromBreak(phone) })
          : key({ label: t("Scan"), sign: "scan", look: "primary", onTap: () => phone.go("scan") })}
        ${isAway
          ? key({ label: t("Scan"), sign: "scan", look: "side", onTap: () => phone.go("scan") })
          : key({ label: t("Type a code"), sign: "keys", look: "side", onTap: () => phone.go("orders", { type: "1" }) })}
      </footer>
    `;
  },
};

/** @param {number} running @param {boolean} isAway */
function headline(running, isAway) {
  if (running === 0) return isAway ? t("Nothing waits for you") : t("Nothing is running");
  if (isAway) return t("Waits for you");
  return running === 1 ? t("Running now") : t("{n} jobs at once", { n: running });
}

/** Coming, or going: one key in one place. @param {Phone} phone */
export function shiftKey(phone) {
  const people = peopleHere(phone);
  const about = people.length > 1 ? t("{n} people", { n: people.length }) : null;
  if (dutyOf(phone.queue.entries, phone.work, phone.operator ?? "", phone.clocks().nowMs) === "off") {
    return key({ label: t("Start my shift"), about: about ?? t("I am here"), sign: "sun", onTap: () => void beginShift(phone, arrivingOf(phone)) });
  }
  return key({ label: t("End my shift"), about: about ?? t("stops all that runs"), sign: "leave", onTap: () => void endOfShift(phone) });
}

/** Who of the people here has not begun their shift on this device. @param {Phone} phone */
export const arrivingOf = (phone) =>
  peopleHere(phone).filter((person) => dutyOf(phone.queue.entries, phone.work, person, phone.clocks().nowMs) !== "on");

/** @param {Phone} phone @param {string[]} people */
export async function beginShift(phone, people) {
  if (await phone.capture(startShift(people), withMates(t("Shift began"), people))) phone.home();
}

/** Going home: saved at once, then the day in sum. @param {Phone} phone */
export async function endOfShift(phone) {
  const people = peopleHere(phone);
  const { work } = phone;
  const drafts = endShift(people, work.ofAll(people), work.breaksOf(people));
  if (await phone.capture(drafts, t("Shift ended, all work is stopped"))) phone.go("farewell");
}

/** What a quick code chose for the next start. @param {Phone} phone */
function prepared(phone) {
  const { nextActivity } = phone;
  if (!nextActivity || nextActivity.person !== phone.operator) return nothing;
  const words = t("The next start is: {activity}. Scan the operation.", { activity: activityName(nextActivity.activity) });
  return notice("look", words, activitySign(nextActivity.activity));
}

/** Clocks that were most likely forgotten, the person's own. @param {Phone} phone */
function forgotten(phone) {
  const clocks = phone.clocks();
  const spans = phone.work.of(phone.operator).filter((span) => elapsedMs(span, clocks) > LIKELY_FORGOTTEN_MS);
  const pause = phone.work.breaks.get(phone.operator ?? "");
  return html`
    ${spans.map(
      (span) => html`${notice("look", t("{what} has been running for {hours}. Was it forgotten?", { what: jobName(phone.reference, span), hours: hours(attendedMs(phone.work, span, clocks)) }))}
        <div class="tiles tiles-1">${key({ label: t("It ended earlier"), sign: "clock", onTap: () => phone.go("earlier", { start: span.startId }) })}</div>`,
    )}
    ${pause && elapsedMs(pause, clocks) > LONG_BREAK_MS
      ? html`${notice("look", t("You have been on a break for {hours}. Was its end forgotten?", { hours: hours(elapsedMs(pause, clocks)) }))}
          <div class="tiles tiles-1">${key({ label: t("It ended earlier"), sign: "clock", onTap: () => phone.go("earlier", { break: pause.startId }) })}</div>`
      : nothing}
  `;
}
