// One capture in full: what it says, where it stands, what was wrong with it, and the way to take it back.

import { html, nothing } from "../lib/dom.js";
import { day, locale, named, t } from "../lib/i18n.js";
import { takeBack, UNDO } from "../model/gestures.js";
import { describe, personName, reasonOfCorrection } from "../model/words.js";
import { corrections } from "../model/work.js";
import { correctable, isOwnOfToday } from "./correct.js";
import { frame, key, notice, tiles } from "./parts.js";
import { standing } from "./queue-view.js";

/** @type {import("./phone.js").Screen} */
export const fact = {
  name: "fact",
  open: true,
  view(phone, params, form) {
    const entry = phone.queue.entries.find(({ seq }) => String(seq) === params.seq);
    if (!entry) return frame(phone, { title: t("Outbox"), body: html`<p class="empty">${t("This capture was sent long ago.")}</p>` });
    const { word, sign, look } = standing(entry);
    const { title, about } = describe(phone.reference, entry.event);
    const precise = (/** @type {number} */ ms) => `${day(ms)}, ${new Intl.DateTimeFormat(locale(), { timeStyle: "medium" }).format(ms)}`;
    const corrected = corrections(phone.queue.entries);
    const correction = corrected.get(entry.id);
    const mayTakeBack = isOwnOfToday(phone, entry) && !correction && entry.state !== "rejected" && entry.event.type !== "event.voided";
    const reasons = phone.reference.reasonsOf("correction").filter(({ code }) => code !== UNDO);
    const ways = correctable(phone, entry);
    const isRefused = entry.state === "rejected" || entry.state === "conflict";
    return frame(phone, {
      title,
      about,
      body: html`
        ${notice(look === "stop" ? "stop" : look === "good" || look === "quiet" ? "quiet" : "look", html`<strong>${word}</strong>${entry.problem ? html` · ${entry.problem.title}` : nothing}`, sign)}
        ${entry.problem?.detail ? html`<p class="lead">${entry.problem.detail}</p>` : nothing}
        ${entry.floor?.sentence ? html`<p class="lead">${entry.floor.sentence} ${entry.floor.action ?? ""}</p>` : nothing}
        ${correction ? correctionView(phone, correction) : nothing}
        <dl class="facts">
          <div><dt>${t("Happened")}</dt><dd>${precise(Date.parse(entry.event.occurred_at))}</dd></div>
          <div><dt>${t("Saved here")}</dt><dd>${precise(entry.savedMs)}</dd></div>
          <div><dt>${t("Acknowledged by the server")}</dt><dd>${entry.sentMs ? precise(entry.sentMs) : "–"}</dd></div>
          ${entry.event.declared_by && phone.operator ? html`<div><dt>${t("Signed by")}</dt><dd>${personName(phone.reference, entry.event.declared_by)}</dd></div>` : nothing}
          <div><dt>${t("Number on this device")}</dt><dd class="number">${entry.seq}</dd></div>
          ${entry.problem ? html`<div><dt>${t("Problem code")}</dt><dd class="code">${entry.problem.code}${entry.problem.pointer ? ` ${entry.problem.pointer}` : ""}</dd></div>` : nothing}
        </dl>
        ${ways.length > 0 && !form.correcting
          ? html`<div class="tiles tiles-1">${key({ label: t("Correct it"), about: t("quantity, order, time …"), sign: "pencil", look: "soft", onTap: () => phone.go("correct", { seq: String(entry.seq) }) })}</div>`
          : nothing}
        ${mayTakeBack
          ? form.correcting
            ? tiles({
                label: t("Take it back: why?"),
                columns: "2",
                options: reasons.length > 0
                  ? reasons.map((reason) => ({ value: reason.code, label: named(reason.name) }))
                  : [{ value: "MISTAKE", label: t("It was a mistake") }],
                chosen: null,
                onChoose: async (reason) => {
                  if (await phone.capture(takeBack([entry.id], reason), t("Taken back: {what}", { what: title }))) phone.back();
                },
              })
            : html`<div class="tiles tiles-1">${key({ label: t("This was a mistake: take it back"), sign: "undo", onTap: () => phone.fill({ correcting: true }) })}</div>`
          : nothing}
      `,
      deck: isRefused && entry.seenMs === null && phone.operator
        ? key({
            label: t("I have seen it"),
            about: t("It stays in the list, and in the file you can save."),
            sign: "check",
            look: "primary",
            onTap: async () => {
              await phone.queue.see([entry]);
              phone.back();
            },
          })
        : nothing,
    });
  },
};

/** What took a fact away, and what counts in its place. @param {import("./phone.js").Phone} phone @param {import("./phone.js").Entry} correction */
function correctionView(phone, correction) {
  const { event } = correction;
  const why = reasonOfCorrection(phone.reference, event.reason);
  const next = phone.queue.entries.find(({ id }) => id === event.replacement_id);
  const word = event.type === "event.replaced" ? t("Corrected") : t("Taken back");
  const said = next ? describe(phone.reference, next.event) : null;
  return html`${notice("quiet", html`<strong>${word}</strong>${why ? html` · ${why}` : nothing}`, event.type === "event.replaced" ? "pencil" : "undo")}
    ${next && said
      ? html`<div class="tiles tiles-1">${key({ label: said.title, about: t("counts in its place"), sign: "check", onTap: () => phone.go("fact", { seq: String(next.seq) }) })}</div>`
      : nothing}`;
}
