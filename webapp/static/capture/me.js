// The person at the device: their own day in figures and in facts, their language, and the door.

import { html, nothing } from "../lib/dom.js";
import { clock, language, LANGUAGES, t } from "../lib/i18n.js";
import { repeat } from "../lib/lists.js";
import { dayStart } from "../model/day.js";
import { occurredMs } from "../model/event.js";
import { describe, personName, reasonOfCorrection } from "../model/words.js";
import { corrections } from "../model/work.js";
import { dayTable } from "./day-parts.js";
import { shiftKey } from "./home.js";
import { icon } from "./icons.js";
import { frame, key, notice, tiles } from "./parts.js";
import { standing } from "./queue-view.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Entry} Entry */

/** Corrections are told beside what they correct. @param {Entry} entry */
const isCorrection = ({ event }) => event.type === "event.voided" || event.type === "event.replaced";

/** The person's own facts of today, by the time they are about. @param {Phone} phone @returns {Entry[]} */
function factsOf(phone) {
  const since = dayStart(phone.queue.entries, phone.operator, phone.clocks().nowMs);
  return phone.queue.entries
    .filter((entry) => entry.event.declared_by === phone.operator && entry.savedMs >= since && !isCorrection(entry))
    .sort((a, b) => occurredMs(a.event) - occurredMs(b.event) || a.seq - b.seq);
}

/** @param {Phone} phone @param {Entry} entry @param {Entry | undefined} correction what took it away */
function row(phone, entry, correction) {
  const { word, sign, look } = standing(entry);
  const { title, about } = describe(phone.reference, entry.event);
  const who = entry.event.person && entry.event.person !== phone.operator ? personName(phone.reference, entry.event.person) : "";
  const words = html`<span class="row-title">${title}</span>
    ${about || who ? html`<span class="row-about">${[who, about].filter(Boolean).join(" · ")}</span>` : nothing}`;
  const why = correction ? reasonOfCorrection(phone.reference, correction.event.reason) : "";
  return html`<li>
    <button class="row row-time" type="button" @click=${() => phone.go("fact", { seq: String(entry.seq) })}>
      <span class="row-code number">${clock(occurredMs(entry.event))}</span>
      ${correction
        ? html`<s class="row-gone">${words}</s>
            <span class="row-mark">${icon(correction.event.type === "event.replaced" ? "pencil" : "undo")} ${correction.event.type === "event.replaced" ? t("Corrected") : t("Taken back")}${why ? ` · ${why}` : ""}</span>`
        : html`${words}<span class=${`row-mark stamp-${look}`}>${icon(sign)} ${word}</span>`}
    </button>
  </li>`;
}

/** @param {Phone} phone */
const hidden = (phone) => html`${notice("look", t("Your day is shown to you alone: scan your badge, or type number and PIN."), "badge")}
  ${key({ label: t("Number and PIN"), sign: "keys", onTap: () => phone.go("pin") })}`;

/** @type {import("./phone.js").Screen} */
export const me = {
  name: "me",
  view(phone) {
    const person = phone.operator ?? "";
    const running = phone.work.of(person);
    // Where people have PINs, one's day is one's own: a tap on a name does for work, not for reading it.
    const shown = phone.proven || !phone.reference.settings.pin;
    const facts = factsOf(phone);
    const corrected = corrections(phone.queue.entries);
    return frame(phone, {
      title: t("My day"),
      about: t("on this device"),
      body: html`
        ${shown ? dayTable(phone) : hidden(phone)}
        ${shown && facts.length > 0
          ? html`<h2 class="heading">${t("What I captured today")}</h2>
              <ul class="rows">${repeat(facts, ({ seq }) => seq, (entry) => row(phone, entry, corrected.get(entry.id)))}</ul>`
          : nothing}
        <div class="tiles tiles-2">
          ${phone.reference.settings.typed_time ? key({ label: t("Tell time"), about: t("not clocked"), sign: "keys", onTap: () => phone.go("declare") }) : nothing}
          ${shiftKey(phone)}
          ${key({ label: t("This device"), sign: "device", onTap: () => phone.go("device") })}
        </div>
        ${tiles({
          label: t("Language"),
          columns: "2",
          options: LANGUAGES.map(([value, label]) => ({ value, label })),
          chosen: language(),
          onChoose: (value) => void phone.prefer({ language: value }),
        })}
      `,
      deck: key({ label: t("Sign out"), about: running.length > 0 ? t("work goes on") : nothing, sign: "leave", look: "primary low", onTap: phone.signOut }),
    });
  },
};
