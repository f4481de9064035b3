// What number pads and text fields make of their keys. A pad shows the reader's decimal sign; what leaves it is a
// canonical decimal, within the limits the server has for numbers: below a thousand million, at most six decimals.

import { add, compare, isPositive, parseDecimal } from "../lib/decimal.js";
import { decimalSign, locale } from "../lib/i18n.js";

/** @typedef {"zero" | "large" | "fine"} Trouble  above zero is wanted; below a thousand million; at most six decimals */

const LIMIT = "1000000000";
const DECIMALS = 6;
/** Longer than any number the server takes, so that a person sees what was typed and why it is too much. */
const LONGEST_TYPED = 20;
const LONGEST_CODE = 64;

/** @param {string | undefined} typed @returns {string | null} */
const inLimits = (typed) => {
  const number = parseDecimal(typed ?? "");
  return number !== null && troubleOfNumber(number) === null ? number : null;
};

/** What the pad shows as a quantity the server takes: above zero. @param {string | undefined} typed */
export function quantityOf(typed) {
  const quantity = inLimits(typed);
  return quantity !== null && isPositive(quantity) ? quantity : null;
}

/** As a reading of a counter: zero or more. @param {string | undefined} typed */
export function readingOf(typed) {
  const reading = inLimits(typed);
  return reading !== null && compare(reading, "0") >= 0 ? reading : null;
}

/** As a measured value: below zero, too. @param {string | undefined} typed */
export const measureOf = (typed) => {
  const measured = inLimits(typed);
  return measured === "-0" ? "0" : measured;
};

/** Why a number that was typed cannot be saved; null if it can, or if nothing was typed yet.
 * @param {string | undefined} typed @param {(typed: string | undefined) => string | null} [as] @returns {Trouble | null} */
export function troubleOf(typed, as = quantityOf) {
  const number = parseDecimal(typed ?? "");
  if (number === null || as(typed) !== null) return null;
  return troubleOfNumber(number) ?? "zero";
}

/** @param {string} number canonical @returns {Trouble | null} */
function troubleOfNumber(number) {
  const size = number.replace("-", "");
  if (compare(size, LIMIT) >= 0) return "large";
  return (size.split(".")[1]?.length ?? 0) > DECIMALS ? "fine" : null;
}

/** The text after one more key or quick code; what makes no number changes nothing. "±" turns the sign, "x5" adds five.
 * @param {string} typed @param {string} sign */
export function nextTyped(typed, sign) {
  if (sign === "Backspace" || sign === "Delete" || sign === "erase") return typed.slice(0, -1);
  if (/^\d$/.test(sign)) {
    if (typed.length >= LONGEST_TYPED) return typed;
    return /^-?0$/.test(typed) ? typed.slice(0, -1) + sign : typed + sign;
  }
  if (sign === "," || sign === "." || sign === "comma") {
    if (/[.,]/.test(typed)) return typed;
    return `${/\d/.test(typed) ? typed : `${typed}0`}${decimalSign()}`;
  }
  if (sign === "±") return typed.startsWith("-") ? typed.slice(1) : `-${typed}`;
  const more = /^x(\d{1,4})$/.exec(sign);
  return more ? asTyped(add(parseDecimal(typed) ?? "0", more[1])) : typed;
}

/** Whether a key or quick code is one of a pad. @param {string} sign */
export const isPadKey = (sign) => /^(\d|[,.]|comma|erase|Backspace|Delete|x\d{1,4})$/.test(sign);

/** A canonical decimal as the pad would show it after typing. @param {string} decimal */
export const asTyped = (decimal) => decimal.replace(".", decimalSign());

/** What was typed, with the reader's signs between the thousands: "1234567,50" is "1 234 567,50" in French.
 * @param {string} typed */
export function spaced(typed) {
  const found = /^(-?)(\d+)(.*)$/.exec(typed);
  if (!found) return typed.replace("-", "−");
  const between = new Intl.NumberFormat(locale()).formatToParts(1_000_000).find(({ type }) => type === "group")?.value ?? " ";
  return `${found[1] ? "−" : ""}${found[2].replace(/(?<=\d)(?=(\d{3})+$)/g, between)}${found[3]}`;
}

/**
 * What somebody typed or scanned as the server takes words: one line, no control characters, composed letters.
 * @param {string} text @param {number} [most] characters
 */
export const asWords = (text, most = 200) =>
  [...text.normalize("NFC").replace(/[\p{C}\p{Z}]+/gu, " ").trim()].slice(0, most).join("").trim();

/** As a code of something: an item, a lot, a place. @param {string} text */
export const asCode = (text) => asWords(text, LONGEST_CODE);
