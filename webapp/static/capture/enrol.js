// Enrolment: a device gets its identity once, from a code an administrator shows. The secret comes in the address's
// fragment, by the camera, by a scanner, or by hand; it is used up by the first who sends it.

import { html, nothing } from "../lib/dom.js";
import { LANGUAGES, t } from "../lib/i18n.js";
import { secretOf } from "../model/code.js";
import { mark } from "./icons.js";
import { key, notice, tiles } from "./parts.js";
import { banner, platform } from "./tab.js";

/** @type {import("./phone.js").Screen} */
export const enrol = {
  name: "enrol",
  open: true,
  view(phone, _params, form) {
    const language = form.language ?? phone.preferences.language;
    const name = form.name ?? t("Tablet");
    const secret = form.secret ?? "";
    const isAgain = phone.device !== null;
    if (phone.waiting !== null) return waiting(phone, isAgain);
    const send = async () => {
      if (form.sending || !secret || !name.trim()) return;
      phone.fill({ sending: true, why: null, declined: false });
      const refused = await phone.enrol(secret, name.trim(), language);
      phone.fill({ sending: false, why: refused && whyNot(refused) });
    };
    return html`
      <header class="bar">
        <span class="bar-mark">${mark()}</span>
        <div class="bar-title"><h1 tabindex="-1">${isAgain ? t("Enrol this device again") : t("Enrol this device")}</h1></div>
        ${isAgain ? html`<button class="chip chip-quiet" type="button" @click=${phone.home}><span>${t("Later")}</span></button>` : nothing}
      </header>
      <main class="body">
        ${form.why ? notice("stop", form.why) : nothing}
        ${form.declined ? notice("stop", t("This device was not let in. Ask for a new code.")) : nothing}
        ${banner(phone)}
        ${secret && !phone.health.installed && platform() === "apple"
          ? notice("look", t("The code works once. Enrol in the app on the home screen, not in this tab: open its icon and scan the code there."), "device")
          : nothing}
        ${form.followed && !isAgain
          ? notice("quiet", t("You followed a label of this plant. This browser is not enrolled: open the app's icon and scan the label there, or enrol here first."), "scan")
          : nothing}
        <p class="lead">
          ${secret
            ? t("The enrolment code is here. Give the device a name that people will recognise, and enrol it.")
            : t("Ask an administrator for an enrolment code, then scan it with this device or type it.")}
        </p>
        ${isAgain && phone.queue.counts.waiting > 0
          ? notice("look", t("{n} facts are safe on this device. They go out after enrolment.", { n: phone.queue.counts.waiting }), "wait")
          : nothing}
        ${secret
          ? nothing
          : html`<div class="tiles tiles-1">${key({ label: t("Scan the enrolment code"), sign: "scan", look: "primary", onTap: () => phone.go("scan", { for: "enrol" }) })}</div>`}
        <label class="field">
          <span class="label">${t("Enrolment code")}</span>
          <input class="input input-code" autocomplete="off" autocapitalize="none" spellcheck="false" .value=${secret}
            @input=${(/** @type {InputEvent} */ event) => phone.fill({ secret: secretOf(/** @type {HTMLInputElement} */ (event.target).value) || /** @type {HTMLInputElement} */ (event.target).value })} />
        </label>
        <label class="field">
          <span class="label">${t("Name of this device")}</span>
          <input class="input" autocomplete="off" maxlength="60" .value=${name}
            @input=${(/** @type {InputEvent} */ event) => phone.fill({ name: /** @type {HTMLInputElement} */ (event.target).value })} />
        </label>
        ${tiles({
          label: t("Language when nobody is signed in"),
          options: LANGUAGES.map(([value, label]) => ({ value, label })),
          chosen: language,
          onChoose: (value) => {
            void phone.prefer({ language: value });
            phone.fill({ language: value });
          },
        })}
      </main>
      <footer class="deck">
        ${key({ label: form.sending ? t("Enrolling…") : t("Enrol"), sign: "check", look: "primary", disabled: !secret || !name.trim() || form.sending, onTap: send })}
      </footer>
    `;
  },
};

/** @param {import("../outbox/server.js").Answer} answer */
function whyNot(answer) {
  if (answer.is === "problem") return answer.problem.detail || answer.problem.title;
  if (answer.is === "stranger") return t("Something on this network answers in the server's place. Is there a login page?");
  return t("The server cannot be reached. Enrolling needs the network once.");
}

/** Known to the server, and not let in yet: nothing is sent or read until somebody at a desk has looked.
 * @param {import("./phone.js").Phone} phone @param {boolean} isAgain */
const waiting = (phone, isAgain) => html`
  <header class="bar">
    <span class="bar-mark">${mark()}</span>
    <div class="bar-title"><h1 tabindex="-1">${t("Waiting to be let in")}</h1></div>
    ${isAgain ? html`<button class="chip chip-quiet" type="button" @click=${phone.home}><span>${t("Later")}</span></button>` : nothing}
  </header>
  <main class="body" aria-live="polite">
    <p class="lead">${t("A team lead lets this device in: at a desk, on the page Devices. This screen goes on by itself.")}</p>
    ${notice("quiet", phone.waiting || t("Asking the server…"), "wait")}
    ${phone.queue.counts.waiting > 0
      ? notice("look", t("{n} facts are safe on this device. They go out once it is let in.", { n: phone.queue.counts.waiting }), "wait")
      : nothing}
  </main>
`;
