// Where every capture of this device stands, in words and times: proof for the person, and the way out of trouble.

import { html, nothing } from "../lib/dom.js";
import { clock, moment, t } from "../lib/i18n.js";
import { repeat } from "../lib/lists.js";
import { rfc3339, span as hours } from "../lib/time.js";
import { describe, personName } from "../model/words.js";
import { isHeld, isRunning } from "../outbox/queue.js";
import { pack, unsent } from "../outbox/rescue.js";
import { icon } from "./icons.js";
import { frame, key, notice } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Entry} Entry */

const SHOWN_SENT = 60;

/** A capture's state as word, sign and look. @param {Entry} entry
 * @returns {{word: string, sign: import("./icons.js").Sign, look: string}} */
export function standing(entry) {
  if (entry.state === "waiting") return { word: t("Waiting"), sign: "wait", look: "waiting" };
  if (entry.state === "rejected") return { word: t("Refused"), sign: "cross", look: "stop" };
  if (entry.state === "discarded") return { word: t("Let go"), sign: "file", look: "quiet" };
  if (entry.state === "conflict") return { word: t("Conflict"), sign: "alert", look: "stop" };
  if (isHeld(entry)) return { word: t("Held"), sign: "hold", look: "held" };
  if (entry.floor?.state === "costed") return { word: t("Counted"), sign: "check", look: "good" };
  if (isRunning(entry)) return { word: t("Running"), sign: "run", look: "good" };
  if (entry.floor?.state === "excluded") return { word: t("No cost"), sign: "check", look: "good" };
  return { word: t("Sent"), sign: "check", look: "good" };
}

/** What the sender is doing, as one sentence. @param {Phone} phone */
function wayOut(phone) {
  const { sender, queue } = phone;
  const waiting = queue.counts.waiting;
  const now = phone.clocks().nowMs;
  const since = sender.conditionSinceMs === null ? "" : clock(sender.conditionSinceMs);
  const next = sender.nextTryMs === null ? "" : hours(Math.max(0, sender.nextTryMs - now)).slice(2);
  if (sender.condition === "enrol") {
    if (phone.waiting) return notice("look", `${t("A team lead has to let this device in again: at a desk, on the page Devices. Everything is kept here.")} ${phone.waiting}`, "badge");
    return html`${notice("stop", t("The server does not know this device any more. Everything is kept here."))}
      <div class="tiles tiles-1">${key({ label: t("Enrol again"), sign: "badge", onTap: () => phone.go("enrol") })}</div>`;
  }
  const photos = queue.withPhotos.length;
  if (waiting === 0 && photos > 0) return notice("quiet", t("All facts are with the server; {n} photos follow.", { n: photos }), "lens");
  if (waiting === 0) return notice("quiet", t("Everything is with the server."), "check");
  switch (sender.condition) {
    case "no network":
      return notice("look", t("No network since {time}. Everything is kept here; next try in {next}.", { time: since, next }), "off");
    case "login":
      return notice("look", t("This network wants a login: something between here and the server answers in its place. Everything is kept here."), "alert");
    case "trouble":
      return notice("look", t("The server cannot take facts now, since {time}; next try in {next}.", { time: since, next }), "alert");
    default:
      return notice("quiet", t("{n} on their way.", { n: waiting }), "up");
  }
}

/** Where the photo of a capture stands; a photo comes after its fact. @param {Entry} entry */
function photoWord({ photo, state }) {
  if (!photo || state === "discarded") return nothing;
  if (photo.problem) return html`<span class="row-problem">${t("Its photo was not taken: {why}", { why: photo.problem.title })}</span>`;
  return html`<span class="row-photo">${icon("lens")} ${photo.sentMs === null ? t("photo waiting") : t("photo sent")}</span>`;
}

/** @param {Phone} phone @param {Entry} entry */
function row(phone, entry) {
  const { word, sign, look } = standing(entry);
  const { title, about } = describe(phone.reference, entry.event);
  return html`<li>
    <button class="row" type="button" @click=${() => phone.go("fact", { seq: String(entry.seq) })}>
      <span class=${`stamp stamp-${look}`}>${icon(sign)}${word}</span>
      <span class="row-title">${title}</span>
      <span class="row-about">${moment(entry.savedMs, phone.clocks().nowMs)}${about ? ` · ${about}` : ""}</span>
      ${photoWord(entry)}
      ${entry.problem ? html`<span class="row-problem">${entry.problem.title}</span>` : entry.state === "sent" && isHeld(entry) ? html`<span class="row-problem row-problem-held">${entry.floor?.sentence ?? entry.floor?.reason}</span>` : nothing}
    </button>
  </li>`;
}

/** What the server has not, as a file for another device or a lead. @param {Phone} phone */
async function saveAsFile(phone) {
  const exportedAt = rfc3339(phone.clocks().nowMs);
  const file = new Blob([await pack(phone.queue, phone.device, exportedAt)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `floorledger-${(phone.device?.name ?? "device").replace(/[^\w-]+/g, "-")}-${new Date().toISOString().slice(0, 16).replace(":", "")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  phone.exported = { ids: new Set(unsent(phone.queue).map(({ id }) => id)), atMs: Date.now() };
  phone.draw();
}

/** Let go of what was saved as a file: a person's decision, signed. @param {Phone} phone */
async function letGoOfExported(phone) {
  if (!phone.operator || !phone.exported) return;
  const { ids } = phone.exported;
  const gone = unsent(phone.queue).filter(({ id }) => ids.has(id));
  await phone.queue.discard(gone, phone.operator);
  phone.exported = null;
  phone.say(t("{n} facts are in the file only now.", { n: gone.length }), "look");
}

/** After saving as a file, and only then, a person may let go of what is in it. @param {Phone} phone */
function exportedView(phone) {
  if (!phone.exported) return nothing;
  return html`${notice("quiet", t("Saved as a file. Bring it to another device: This device, Another device's facts. Here everything stays and goes on trying."), "file")}
    ${phone.operator
      ? html`<div class="tiles tiles-1">${key({
          label: phone.place.form.sure ? t("Yes: the file is safe, let go of them here") : t("Let go of them on this device"),
          about: t("signed by {name}", { name: personName(phone.reference, phone.operator) }),
          sign: "scrap",
          onTap: () => (phone.place.form.sure ? void letGoOfExported(phone) : phone.fill({ sure: true })),
        })}</div>`
      : nothing}`;
}

/** What others captured here and is not with the server, or was refused and not yet seen. @param {Phone} phone */
function othersOf({ queue, operator }) {
  const theirs = queue.entries.filter(({ event }) => operator === null || event.declared_by !== operator);
  return {
    waiting: theirs.filter(({ state }) => state === "waiting"),
    refused: theirs.filter(({ state, seenMs }) => (state === "rejected" || state === "conflict") && seenMs === null),
  };
}

/** Of others it is told how many and since when, for whoever looks whether this device is well; what, is their business.
 * @param {Phone} phone @param {{waiting: Entry[], refused: Entry[]}} others */
function othersView(phone, { waiting, refused }) {
  const isSomebody = phone.operator !== null;
  const heading = (/** @type {string} */ title, /** @type {Entry[]} */ list) => html`<h2 class="heading">${title} <span class="count">${list.length}</span></h2>`;
  const since = (/** @type {Entry[]} */ list) => ({ time: moment(Math.min(...list.map(({ savedMs }) => savedMs)), phone.clocks().nowMs) });
  return html`
    ${refused.length === 0
      ? nothing
      : html`${heading(isSomebody ? t("Refused, of others") : t("Refused"), refused)}
          ${notice("look", t("Since {time}. Each person sees here, after their badge, which and why.", since(refused)))}`}
    ${waiting.length === 0
      ? nothing
      : html`${heading(isSomebody ? t("Waiting, of others") : t("Waiting"), waiting)}
          ${notice("quiet", t("Since {time}. Safe here, and sent without anybody. Each person sees their own.", since(waiting)), "wait")}`}
  `;
}

/** @type {import("./phone.js").Screen} */
export const queueView = {
  name: "queue",
  open: true,
  view(phone) {
    // What others did when is nobody's business here, not even of who is signed in: of theirs only how many wait.
    const entries = phone.queue.entries.filter(({ event }) => phone.operator !== null && event.declared_by === phone.operator);
    const newest = (/** @type {Entry[]} */ list) => [...list].reverse();
    const refused = newest(entries.filter(({ state }) => state === "rejected" || state === "conflict"));
    const held = newest(entries.filter((entry) => entry.state === "sent" && isHeld(entry)));
    const waiting = newest(entries.filter(({ state }) => state === "waiting"));
    const letGo = newest(entries.filter(({ state }) => state === "discarded"));
    const sent = newest(entries.filter((entry) => entry.state === "sent" && !isHeld(entry)));
    const { counts } = phone.queue;
    const others = othersOf(phone);
    const isStuck = counts.waiting > 0 && phone.sender.condition !== "idle";
    const group = (/** @type {string} */ title, /** @type {Entry[]} */ list, most = Infinity) =>
      list.length === 0
        ? nothing
        : html`<h2 class="heading">${title} <span class="count">${list.length}</span></h2>
            <ul class="rows">${repeat(list.slice(0, most), ({ seq }) => seq, (entry) => row(phone, entry))}</ul>`;
    return frame(phone, {
      title: t("Outbox"),
      about: t("What this device has captured"),
      body: html`
        ${wayOut(phone)}
        ${group(t("Refused"), refused)} ${group(t("Held"), held)} ${group(t("Waiting"), waiting)}
        ${othersView(phone, others)}
        ${group(t("Let go after saving as a file"), letGo)} ${group(t("Sent"), sent, SHOWN_SENT)}
        ${exportedView(phone)}
        ${phone.queue.entries.length === 0 ? html`<p class="empty">${t("Nothing has been captured yet.")}</p>` : nothing}
      `,
      deck: counts.waiting + refused.length + others.refused.length + phone.queue.withPhotos.length === 0
        ? undefined
        : html`<div class="deck-two">
            ${key({ label: t("Save as a file"), sign: "file", look: "soft", onTap: () => saveAsFile(phone) })}
            ${counts.waiting > 0
              ? key({ label: isStuck ? t("Try now") : t("Send now"), sign: "up", look: "primary low", onTap: () => void phone.sender.send({ asked: true }) })
              : nothing}
          </div>`,
    });
  },
};
