// People in small: initials on a plate, and the strip under the bar with who works along and who can take over.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { personName } from "../model/words.js";
import { icon } from "./icons.js";

/** @typedef {import("./phone.js").Phone} Phone */

const SHOWN = 3;

/** @param {import("../model/reference.js").Reference} reference @param {string} person */
export const initials = (reference, person) => reference.people.get(person)?.initials || person.slice(0, 2).toUpperCase();

/** @param {import("../model/reference.js").Reference} reference @param {string} person */
export const face = (reference, person) => html`<span class="face" aria-hidden="true">${initials(reference, person)}</span>`;

/** The one who signs, and how many with them: shown on every screen. @param {Phone} phone */
export const signer = (phone) =>
  phone.operator
    ? html`<b class="signer">${personName(phone.reference, phone.operator)}${phone.crew.length > 0 ? html` <span class="number">+${phone.crew.length}</span>` : nothing}</b>`
    : nothing;

/** The first name; all of what is a number or initials with a count. @param {string} name */
const firstOf = (name) => (name.split(" ")[0].length > 2 ? name.split(" ")[0] : name);

/** Only when somebody is signed in: a locked screen says nothing of other people. @param {Phone} phone */
export function strip(phone) {
  if (!phone.operator || phone.place.screen !== "home") return nothing;
  const others = phone.reference.settings.fast_switch ? phone.others.filter((person) => !phone.crew.includes(person)).slice(0, SHOWN) : [];
  if (others.length + phone.crew.length === 0) return nothing;
  const names = phone.crew.map((mate) => personName(phone.reference, mate)).join(", ");
  return html`<nav class="strip" aria-label=${t("People here")}>
    ${phone.crew.length > 0
      ? html`<button class="strip-key strip-crew" type="button" @click=${() => phone.go("crew")}>${icon("people")}<span>${t("with {names}", { names })}</span></button>`
      : nothing}
    ${others.map(
      (person) => html`<button class="strip-key" type="button" title=${t("Continue as {name}", { name: personName(phone.reference, person) })} @click=${() => void phone.signIn(person, { proven: false })}>
        ${face(phone.reference, person)}<span>${firstOf(personName(phone.reference, person))}</span>
      </button>`,
    )}
  </nav>`;
}
