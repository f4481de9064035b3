// What the number pad makes of its keys. It shows the reader's decimal sign; what leaves it is a canonical decimal.

import { isPositive, parseDecimal } from "../lib/decimal.js";
import { decimalSign } from "../lib/i18n.js";

/** What the pad shows as a canonical quantity the server takes: above zero, at most six decimals, below a thousand million.
 * @param {string | undefined} typed */
export function quantityOf(typed) {
  const quantity = parseDecimal(typed ?? "");
  return quantity && /^\d{1,9}(\.\d{1,6})?$/.test(quantity) && isPositive(quantity) ? quantity : null;
}

/** The text after one more key; keys that make no number change nothing. @param {string} typed @param {string} sign */
export function nextTyped(typed, sign) {
  if (sign === "Backspace" || sign === "Delete") return typed.slice(0, -1);
  if (/^\d$/.test(sign)) return typed.length < 12 ? (typed === "0" ? sign : typed + sign) : typed;
  if (sign === "," || sign === ".") return /[.,]/.test(typed) ? typed : `${typed || "0"}${decimalSign()}`;
  return typed;
}

/** A canonical decimal as the pad would show it after typing. @param {string} decimal */
export const asTyped = (decimal) => decimal.replace(".", decimalSign());
