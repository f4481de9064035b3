// What a printed label says: nine letters at the end of an upper-case URL, seven of them random and two that check.
//
// The alphabet holds sixteen consonants that no Latin keyboard layout moves, so a scanner set to another layout than
// the tablet mangles the URL before them but never them. That is why reading starts at the tail.
// sync/core/codes.py says the same in Python; tests/shared/codes.json holds both to it.

export const ALPHABET = "BCDFGHJKLNPRSTVX";

const TAIL = /([BCDFGHJKLNPRSTVX]{3})[ -]?([BCDFGHJKLNPRSTVX]{3})[ -]?([BCDFGHJKLNPRSTVX]{3})$/;

/** x^8 + x^5 + x^3 + x^2 + x + 1: finds every single wrong letter and every swap of neighbours. */
const POLYNOMIAL = 0x2f;

/**
 * The two check letters of seven random ones: CRC-8 over their 28 bits, padded left to four bytes.
 * @param {string} seven
 */
export function check(seven) {
  let number = 0;
  for (const letter of seven) number = number * 16 + ALPHABET.indexOf(letter);
  let crc = 0;
  for (const shift of [24, 16, 8, 0]) {
    crc ^= (number >>> shift) & 0xff;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ POLYNOMIAL) & 0xff : crc << 1;
  }
  return ALPHABET[crc >> 4] + ALPHABET[crc & 15];
}

/**
 * The nine letters a scan or a typed text ends with, or null. Whatever stands before them does not matter.
 * @param {string} text
 */
export function tail(text) {
  const found = TAIL.exec(text.toUpperCase().trim());
  if (!found) return null;
  const nine = found[1] + found[2] + found[3];
  return check(nine.slice(0, 7)) === nine.slice(7) ? nine : null;
}

/**
 * In groups of three, as printed beside the code.
 * @param {string} nine
 */
export const grouped = (nine) => nine.replace(/(.{3})(?=.)/g, "$1 ");

/** The secret in what was scanned: what follows the # of the enrolment address, or the bare text. @param {string} text */
export function secretOf(text) {
  const found = /#([\w-]{8,})\s*$/.exec(text.trim());
  return found ? found[1] : /^[\w-]{8,}$/.test(text.trim()) ? text.trim() : "";
}
