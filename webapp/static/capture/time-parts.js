// Pieces of the screens on which time is typed.

import { html, nothing } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { icon } from "./icons.js";
import { notice } from "./parts.js";

/** More than this the clock of a device is worth a word; the server marks it at the same distance. */
const OFF_MS = 120_000;

/** The right time, when this device's clock shows another one. @param {import("./phone.js").Phone} phone */
export function offClock(phone) {
  const { nowMs, clockOffsetMs } = phone.clocks();
  if (clockOffsetMs === null || Math.abs(clockOffsetMs) < OFF_MS) return nothing;
  const words = t("This device’s clock shows {wrong}, but it is {right}. Say the right time.", { wrong: clock(nowMs - clockOffsetMs), right: clock(nowMs) });
  return notice("look", words, "clock");
}

/** Hours and minutes on a pad of their own, four digits as on a clock.
 * @param {{label: string, typed: string, isHere: boolean, onChoose: () => void}} what */
export const clockFigure = ({ label, typed, isHere, onChoose }) => html`
  <button class=${isHere ? "entry entry-here" : "entry"} type="button" aria-pressed=${String(isHere)} @click=${onChoose}>
    <span class="label">${label}</span>
    <output class="entry-text">${typed.padEnd(4, "–").slice(0, 2)}:${typed.padEnd(4, "–").slice(2)}</output>
  </button>
`;

/** Digits alone. @param {{label: string, erase: string, onPress: (sign: string) => void}} what */
export const digitPad = ({ label, erase, onPress }) => html`
  <div class="pad" role="group" aria-label=${label}>
    ${["7", "8", "9", "4", "5", "6", "1", "2", "3"].map((sign) => html`<button class="pad-key" type="button" @click=${() => onPress(sign)}>${sign}</button>`)}
    <span></span>
    <button class="pad-key" type="button" @click=${() => onPress("0")}>0</button>
    <button class="pad-key pad-erase" type="button" aria-label=${erase} @click=${() => onPress("Backspace")}>${icon("back")}</button>
  </div>
`;
