// Another device's captures, brought to the server by this one: from a file that device wrote when it could not send.
// Who brings it signs nothing: the facts keep their device, their numbers and their authors.

import { html, nothing } from "../lib/dom.js";
import { moment, t } from "../lib/i18n.js";
import { personName } from "../model/words.js";
import { relay, unpack } from "../outbox/rescue.js";
import { icon } from "./icons.js";
import { frame, key, notice } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("../outbox/rescue.js").File} RescueFile */
/** @typedef {import("../outbox/rescue.js").Result} Result */

/** What is being brought: too large for a form, and nothing that must survive a reload; the file does.
 * @type {{file: RescueFile | null, result: Result | null, done: number | null, isForeign: boolean}} */
const load = { file: null, result: null, done: null, isForeign: false };

/** @param {Phone} phone @param {Event} event */
async function choose(phone, event) {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const [chosen] = input.files ?? [];
  if (!chosen) return;
  const file = unpack(await chosen.text());
  Object.assign(load, { file, result: null, done: null, isForeign: file === null });
  input.value = "";
  phone.draw();
}

/** @param {Phone} phone */
async function bring(phone) {
  if (!load.file || load.done !== null) return;
  load.done = 0;
  phone.draw();
  load.result = await relay(load.file, phone.server, (done) => {
    load.done = done;
    phone.draw();
  });
  load.done = null;
  const isWhole = !load.result.trouble && load.result.verdicts.every(({ verdict }) => verdict === "created" || verdict === "exists");
  phone.say(isWhole ? t("The server has all of them.") : t("Not all of them arrived: see below."), isWhole ? "saved" : "look");
}

/** Why the server has not got them, in words. @param {NonNullable<Result["trouble"]>} trouble */
function why(trouble) {
  if (trouble.is === "problem") return trouble.problem.detail || trouble.problem.title;
  if (trouble.is === "unreachable") return t("No network. Nothing is lost: bring the file again later.");
  if (trouble.is === "stranger") return t("Something on this network answers in the server's place. Is there a login page?");
  return t("The server cannot take facts now. Nothing is lost: bring the file again later.");
}

/** @param {Phone} phone @param {RescueFile} file */
function about(phone, file) {
  const now = phone.clocks().nowMs;
  const times = file.events.map(({ occurred_at }) => Date.parse(occurred_at)).filter(Number.isFinite).sort((a, b) => a - b);
  const authors = [...new Set(file.events.map(({ declared_by }) => declared_by).filter(Boolean))];
  const photos = Object.keys(file.photos).length;
  return html`<dl class="facts">
    <div><dt>${t("Captured on")}</dt><dd>${file.device.name || file.device.id}</dd></div>
    <div><dt>${t("Facts")}</dt><dd class="number">${file.events.length}</dd></div>
    ${photos > 0 ? html`<div><dt>${t("Photos")}</dt><dd class="number">${photos}</dd></div>` : nothing}
    ${times.length > 0 ? html`<div><dt>${t("From")}</dt><dd>${moment(times[0], now)}</dd></div><div><dt>${t("Until")}</dt><dd>${moment(times[times.length - 1], now)}</dd></div>` : nothing}
    ${Number.isFinite(Date.parse(file.exported_at)) ? html`<div><dt>${t("Written")}</dt><dd>${moment(Date.parse(file.exported_at), now)}</dd></div>` : nothing}
    ${phone.operator && authors.length > 0 ? html`<div><dt>${t("Signed by")}</dt><dd>${authors.map((person) => personName(phone.reference, person)).join(", ")}</dd></div>` : nothing}
  </dl>`;
}

/** @param {Result} result @param {RescueFile} file */
function outcome({ verdicts, photos, trouble }, file) {
  const count = (/** @type {string} */ verdict) => verdicts.filter((one) => one.verdict === verdict).length;
  const line = (/** @type {import("./icons.js").Sign} */ sign, /** @type {string} */ look, /** @type {string} */ words, /** @type {number} */ n) =>
    n === 0 ? nothing : html`<li class="row row-plain"><span class=${`stamp stamp-${look}`}>${icon(sign)}<span class="number">${n}</span></span><span class="row-title">${words}</span></li>`;
  const refused = verdicts.filter(({ problem }) => problem);
  return html`
    ${trouble ? notice("stop", why(trouble)) : nothing}
    <ul class="rows">
      ${line("check", "good", t("new to the server"), count("created"))}
      ${line("check", "good", t("there already: brought twice, or sent after all"), count("exists"))}
      ${line("alert", "stop", t("in conflict: the server holds another fact under the same id"), count("conflict"))}
      ${line("cross", "stop", t("refused"), count("rejected"))}
      ${line("wait", "waiting", t("not brought yet"), file.events.length - verdicts.length)}
      ${line("lens", "good", t("photos"), photos)}
    </ul>
    ${[...new Set(refused.map(({ problem }) => problem?.title))].map((title) => notice("look", title ?? ""))}
  `;
}

/** @type {import("./phone.js").Screen} */
export const rescue = {
  name: "rescue",
  open: true,
  view(phone) {
    const { file, result, done } = load;
    return frame(phone, {
      title: t("Another device's facts"),
      body: html`
        <p class="lead">${t("A device that cannot send writes its facts into a file: Outbox, Save as a file. Bring that file here; twice does no harm.")}</p>
        ${load.isForeign ? notice("stop", t("This file holds no facts of a device.")) : nothing}
        ${file ? about(phone, file) : nothing}
        ${done !== null && file ? notice("quiet", t("{done} of {whole}", { done, whole: file.events.length }), "up") : nothing}
        ${result && file ? outcome(result, file) : nothing}
        <label class="key">
          ${icon("file")}<span class="key-words"><span class="key-label">${file ? t("Another file") : t("Choose the file")}</span></span>
          <input class="unseen" type="file" accept="application/json,.json" @change=${(/** @type {Event} */ event) => void choose(phone, event)} />
        </label>
      `,
      deck: file
        ? key({ label: result ? t("Bring it again") : t("Bring to the server"), sign: "up", look: "primary low", disabled: done !== null || file.events.length === 0, onTap: () => void bring(phone) })
        : undefined,
    });
  },
};
