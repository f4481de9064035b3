// Signing in by number and PIN, for who has no badge at hand. Only the server knows PINs, so this needs the network;
// nothing typed here is kept: not when another screen is shown, nor when nobody types for a while. A wrong PIN is typed
// anew, its number stays: mostly it is right.

import { classes, html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "./icons.js";
import { frame, key, notice } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Form} Form */

const LONGEST = { number: 12, pin: 12 };
/** Whoever began and does not go on has left. */
const LEFT_MS = 60_000;

/** What was typed last, and when it was seen first; held so loosely that the PIN is gone with its form.
 * @type {{form: WeakRef<Form> | null, sinceMs: number}} */
const last = { form: null, sinceMs: 0 };

/** @param {Form} form @returns {"number" | "pin"} */
const here = (form) => (form.at === "pin" ? "pin" : "number");

/** @param {Phone} phone @param {Form} form @param {string} sign */
function press(phone, form, sign) {
  const at = here(form);
  const typed = String(form[at] ?? "");
  if (form.asking) return;
  if (sign === "erase" || sign === "Backspace" || sign === "Delete") phone.fill({ [at]: typed.slice(0, -1), why: null });
  else if (/^[0-9]$/.test(sign) || (at === "number" && /^[\w-]$/.test(sign))) phone.fill({ [at]: (typed + sign).slice(0, LONGEST[at]), why: null });
}

/** @param {Phone} phone @param {Form} form */
async function goOn(phone, form) {
  if (form.asking) return;
  if (here(form) === "number") {
    if (form.number) phone.fill({ at: "pin" });
    return;
  }
  if (!form.pin || !form.number) return;
  const asking = Date.now();
  phone.fill({ asking, why: null });
  const refused = await phone.signInByPin(form.number, form.pin);
  // Not on a screen that was opened meanwhile.
  if (refused && phone.place.form.asking === asking) phone.fill({ asking: null, pin: "", why: whyNot(refused) });
}

/** @param {import("../outbox/server.js").Answer} answer */
function whyNot(answer) {
  if (answer.is === "problem" && answer.problem.code === "person.pin_wrong") {
    return t("Number and PIN do not fit. Check the number and type the PIN again.");
  }
  if (answer.is === "problem") return [answer.problem.title, answer.problem.detail].filter(Boolean).join(" ");
  if (answer.is === "broken" && answer.status === 429) {
    const minutes = Math.max(1, Math.ceil((answer.retryAfterMs ?? 60_000) / 60_000));
    return t("Too many wrong PINs. Scan your badge, or try again in {n} min.", { n: minutes });
  }
  return t("This needs the network: only the server knows PINs. Scan your badge; that always works.");
}

/** @type {import("./phone.js").Screen} */
export const pin = {
  name: "pin",
  open: true,
  forgets: true,
  ticked(phone, _params) {
    const { form } = phone.place;
    if (last.form?.deref() !== form) Object.assign(last, { form: new WeakRef(form), sinceMs: Date.now() });
    else if (Object.keys(form).length > 0 && !form.asking && Date.now() - last.sinceMs > LEFT_MS) phone.home();
  },
  typed: (phone, _params, pressed, form) => (pressed === "Enter" ? void goOn(phone, form) : press(phone, form, pressed)),
  main: (phone, _params, form) => void goOn(phone, form),
  view(phone, _params, form) {
    const at = here(form);
    const field = (/** @type {"number" | "pin"} */ name, /** @type {string} */ label, /** @type {string} */ shown) => html`<button
      class=${classes("entry", at === name && "entry-here")} type="button" aria-pressed=${String(at === name)}
      @click=${() => phone.fill({ at: name })}><span class="label">${label}</span><span class="entry-text">${shown || " "}</span></button>`;
    const digit = (/** @type {string} */ sign) =>
      html`<button class="pad-key" type="button" @click=${() => press(phone, form, sign)}>${sign}</button>`;
    return frame(phone, {
      title: t("Number and PIN"),
      body: html`
        <div class="entries">
          ${field("number", t("Your number"), String(form.number ?? ""))}
          ${field("pin", t("PIN"), "•".repeat(String(form.pin ?? "").length))}
        </div>
        <div class="pad" role="group" aria-label=${at === "pin" ? t("PIN") : t("Personnel number")}>
          ${["7", "8", "9", "4", "5", "6", "1", "2", "3"].map(digit)}
          <span></span> ${digit("0")}
          <button class="pad-key pad-erase" type="button" aria-label=${t("Erase")} @click=${() => press(phone, form, "erase")}>${icon("back")}</button>
        </div>
        ${form.why ? notice("stop", form.why) : phone.sender.condition === "no network" ? notice("look", t("This needs the network: only the server knows PINs. Scan your badge; that always works."), "off") : nothing}
      `,
      // What went wrong stands where the key will be once there is something to confirm, so that the pad never moves.
      deck: !form[at] && !form.asking ? undefined : key({
        label: form.asking ? t("Asking…") : at === "number" ? t("Next: PIN") : t("Sign in"),
        sign: "check",
        look: "primary low",
        disabled: Boolean(form.asking),
        onTap: () => void goOn(phone, form),
      }),
    });
  },
};
