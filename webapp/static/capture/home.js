// My running work first, and one big key.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { change, start, stop } from "../model/gestures.js";
import { personName } from "../model/words.js";
import { elapsedMs, LIKELY_FORGOTTEN_MS } from "../model/work.js";
import { span as hours } from "../lib/time.js";
import { icon } from "./icons.js";
import { alarms, key, notice, outboxChip, runningCard, titleOf } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const home = {
  name: "home",
  view(phone) {
    const person = phone.operator ?? "";
    const running = phone.work.of(person);
    const paused = phone.work.pausedOf(person);
    const forgotten = running.filter((span) => elapsedMs(span, phone.clocks()) > LIKELY_FORGOTTEN_MS);
    const resume = (/** @type {import("../model/work.js").Paused} */ span) => {
      const drafts = running.length > 0 ? change(running, person, span, span.activity) : start(person, span, span.activity);
      void phone.capture(drafts, t("Resumed: {what}", { what: titleOf(phone, span) }));
    };
    return html`
      <header class="bar">
        <button class="bar-person" type="button" @click=${() => phone.go("me")}>
          <span class="bar-initials" aria-hidden="true">${initials(phone, person)}</span>
          <span class="bar-title"><span class="bar-name">${personName(phone.reference, person)}</span><span class="bar-hint">${t("My day, sign out")}</span></span>
        </button>
        ${outboxChip(phone)}
      </header>
      <main class="body body-home">
        <section class="work">
          ${alarms(phone)}
          <h1 class="heading" tabindex="-1">${running.length > 0 ? t("Running now") : t("Nothing is running")}</h1>
          ${forgotten.map(
            (span) => html`${notice("look", t("{what} has been running for {hours}. Was it forgotten?", { what: titleOf(phone, span), hours: hours(elapsedMs(span, phone.clocks())) }))}
              <div class="tiles tiles-1">${key({ label: t("It ended earlier"), sign: "clock", onTap: () => phone.go("earlier", { start: span.startId }) })}</div>`,
          )}
          ${running.map((span) => runningCard(phone, span))}
          ${running.length === 0 && paused.length === 0 ? html`<p class="empty">${t("Scan an operation to start.")}</p>` : nothing}
          ${paused.length > 0
            ? html`<h2 class="heading">${t("Paused")}</h2>
                ${paused.map(
                  (span) => html`<div class="card card-paused">
                    <span class="card-state">${icon("pause")} ${t("Paused")}</span>
                    <span class="card-title">${titleOf(phone, span)}</span>
                    <span class="card-about">${span.order ?? ""}</span>
                    ${key({ label: t("Resume"), sign: "run", look: "soft", onTap: () => resume(span) })}
                  </div>`,
                )}`
            : nothing}
        </section>
        <section class="ways">
          <h2 class="heading">${t("Without a scan")}</h2>
          <div class="tiles tiles-2">
            ${key({ label: t("Orders"), sign: "list", onTap: () => phone.go("orders") })}
            ${key({ label: t("Other activity"), sign: "clock", onTap: () => phone.go("indirect") })}
            ${key({ label: t("Machines"), sign: "gear", onTap: () => phone.go("machines") })}
            ${phone.eventTypes.length > 0 ? key({ label: t("Other facts"), sign: "more", onTap: () => phone.go("forms") }) : nothing}
            ${running.length > 1
              ? key({
                  label: t("End my work"),
                  sign: "stop",
                  onTap: () => void phone.capture(running.flatMap((span) => stop(span)), t("All my work is stopped")),
                })
              : nothing}
          </div>
        </section>
      </main>
      <footer class="deck deck-split">
        ${key({ label: t("Scan"), sign: "scan", look: "primary", onTap: () => phone.go("scan") })}
        ${key({ label: t("Type a code"), sign: "keys", look: "side", onTap: () => phone.go("orders", { type: "1" }) })}
      </footer>
    `;
  },
};

/** @param {import("./phone.js").Phone} phone @param {string} person */
function initials(phone, person) {
  const known = phone.reference.people.get(person);
  return known?.initials || person.slice(0, 2).toUpperCase();
}
