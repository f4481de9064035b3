// What suppliers' labels say: GTIN, lot and serial number, read from a GS1 Digital Link address or from a string of
// GS1 element codes as barcode readers send it. Pure, and careful: a code of somebody else says what it likes.

/** @typedef {{gtin?: string, lot?: string, serial?: string}} Gs1 */

/** What separates elements of variable length. */
const FNC1 = "\x1d";
/** How many characters follow the codes of fixed length, by the code's first two digits (GS1 General Specifications). */
const FIXED = /** @type {Record<string, number>} */ ({
  "00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "11": 6, "12": 6, "13": 6, "14": 6, "15": 6, "16": 6, "17": 6,
  "18": 6, "19": 6, "20": 2, "31": 8, "32": 8, "33": 8, "34": 8, "35": 8, "36": 8, "41": 14,
});
/** Letters a lot or a serial number may have, at most twenty. */
const PART = /^[!-"%-?A-Z_a-z]{1,20}$/;
const LONGEST = 2_000;

/** @param {string} text as scanned @returns {Gs1 | null} null if it is none of GS1's, or says nothing we use */
export function readGs1(text) {
  const plain = text.trim();
  if (plain.length > LONGEST) return null;
  const found = /^https?:\/\//i.test(plain) ? ofLink(plain) : ofElements(plain);
  if (!found) return null;
  /** @type {Gs1} */
  const read = {};
  const gtin = found.get("01") ?? found.get("02");
  if (gtin !== undefined) {
    const padded = gtin.padStart(14, "0");
    if (!/^\d{14}$/.test(padded) || !hasCheckDigit(padded)) return null;
    read.gtin = padded;
  }
  for (const [code, name] of /** @type {const} */ ([["10", "lot"], ["21", "serial"]])) {
    const part = found.get(code);
    if (part === undefined) continue;
    if (!PART.test(part)) return null;
    read[name] = part;
  }
  return Object.keys(read).length > 0 ? read : null;
}

/** How an article number may stand in a plant's list: with its leading zeros, or as the shorter number it once was.
 * @param {string} gtin fourteen digits */
export const formsOf = (gtin) => [14, 13, 12, 8].filter((length) => /^0*$/.test(gtin.slice(0, 14 - length))).map((length) => gtin.slice(14 - length));

/**
 * The material a supplier's label names: the plant's own item where it knows the article number, else that number, as
 * a label says it that nobody here could read. @param {string} text @param {(code: string) => boolean} isKnown
 * @returns {{item: string, lot?: string} | null} null if it names no article
 */
export function suppliedBy(text, isKnown) {
  const read = readGs1(text);
  if (!read?.gtin) return null;
  const lot = read.lot ?? read.serial;
  return { item: formsOf(read.gtin).find(isKnown) ?? read.gtin, ...(lot ? { lot } : {}) };
}

/** https://any.host/any/path/01/09506000134352/10/ABC123?17=... @param {string} text */
function ofLink(text) {
  /** @type {URL} */ let address;
  /** @type {string[]} */ let steps;
  try {
    address = new URL(text);
    steps = address.pathname.split("/").map((step) => decodeURIComponent(step));
  } catch {
    return null;
  }
  const start = steps.findIndex((step, at) => step === "01" && /^(\d{8}|\d{12,14})$/.test(steps[at + 1] ?? ""));
  if (start < 0) return null;
  /** @type {Map<string, string>} */
  const found = new Map();
  for (let at = start; at + 1 < steps.length; at += 2) found.set(steps[at], steps[at + 1]);
  for (const [code, value] of address.searchParams) if (/^\d{2,4}$/.test(code) && !found.has(code)) found.set(code, value);
  return found;
}

/** "]d2 01 ... 10 ... FNC1 17 ...", or as printed: "(01)09506000134352(10)ABC123". @param {string} text */
function ofElements(text) {
  if (/^\(\d{2,4}\)/.test(text)) {
    const printed = [...text.matchAll(/\((\d{2,4})\)([^(]*)/g)];
    return new Map(printed.map(([, code, value]) => [code, value.trim()]));
  }
  const marked = /^\](C1|d2|Q3|e0|J1)/.exec(text);
  let rest = (marked ? text.slice(3) : text).replace(new RegExp(`^${FNC1}`), "");
  // Without the reader's mark or a separator only what begins with a whole article number is taken for GS1's.
  if (!marked && !text.includes(FNC1) && !/^01\d{14}(1[0-7]|2[01]|$)/.test(rest)) return null;
  /** @type {Map<string, string>} */
  const found = new Map();
  while (rest !== "") {
    const code = codeAt(rest);
    if (!code) return null;
    rest = rest.slice(code.length);
    const length = FIXED[code.slice(0, 2)];
    if (length === undefined) {
      const end = rest.indexOf(FNC1);
      found.set(code, end < 0 ? rest : rest.slice(0, end));
      rest = end < 0 ? "" : rest.slice(end + 1);
    } else {
      const most = length - (code.length - 2);
      const value = rest.slice(0, most);
      if (value.length < most || !/^\d+$/.test(value)) return null;
      found.set(code, value);
      rest = rest.slice(most).replace(new RegExp(`^${FNC1}`), "");
    }
  }
  return found;
}

/** The element code a string begins with: two to four digits, by its first two. @param {string} text */
function codeAt(text) {
  const two = /^\d{2}/.exec(text)?.[0];
  if (!two) return null;
  if (/^(3[1-6]|70|80)/.test(two)) return /^\d{4}/.exec(text)?.[0] ?? null;
  if (/^(23|24|25|39|40|41|42|71|72)/.test(two)) return /^\d{3}/.exec(text)?.[0] ?? null;
  return two;
}

/** The last digit makes the weighted sum a multiple of ten. @param {string} digits fourteen */
function hasCheckDigit(digits) {
  const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 3 : 1), 0);
  return sum % 10 === 0;
}
