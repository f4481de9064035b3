// Exact decimals as strings, the way they travel: "1.250". A quantity never passes through a binary float.

/** @typedef {{units: bigint, scale: number}} Scaled  the value is units / 10^scale */

const PATTERN = /^(-?)(\d*)(?:\.(\d*))?$/;

/**
 * What a person typed, as a canonical decimal, or null. Comma and point are both the decimal sign, spaces are ignored;
 * with several signs the last one counts: "1 234,5", "1,234.50" and "1.234,5" are what their writer means.
 * @param {string} text
 * @returns {string | null}
 */
export function parseDecimal(text) {
  const squeezed = text.replace(/[\s\u00a0\u202f'’]/g, "");
  const last = Math.max(squeezed.lastIndexOf(","), squeezed.lastIndexOf("."));
  const whole = (last < 0 ? squeezed : squeezed.slice(0, last)).replace(/[.,]/g, "");
  const fraction = last < 0 ? "" : squeezed.slice(last + 1);
  const found = PATTERN.exec(last < 0 ? whole : `${whole}.${fraction}`);
  if (!found || (!found[2] && !found[3])) return null;
  return print({ units: BigInt(`${found[1]}${found[2]}${found[3] ?? ""}`), scale: (found[3] ?? "").length });
}

/** @param {string} a @param {string} b */
export function add(a, b) {
  const [x, y] = align(scaled(a), scaled(b));
  return print({ units: x.units + y.units, scale: x.scale });
}

/** @param {string} a @param {string} b */
export const subtract = (a, b) => add(a, b.startsWith("-") ? b.slice(1) : `-${b}`);

/** @param {string} a @param {string} b */
export function multiply(a, b) {
  const [x, y] = [scaled(a), scaled(b)];
  return print({ units: x.units * y.units, scale: x.scale + y.scale });
}

/**
 * Negative, zero or positive as a is below, equal to or above b.
 * @param {string} a @param {string} b
 */
export function compare(a, b) {
  const [x, y] = align(scaled(a), scaled(b));
  return x.units < y.units ? -1 : x.units > y.units ? 1 : 0;
}

/** @param {string} a */
export const isPositive = (a) => compare(a, "0") > 0;

/**
 * The part done of the whole, between 0 and 1, for drawing only.
 * @param {string} done @param {string} whole
 */
export const share = (done, whole) => (isPositive(whole) ? Math.min(1, Math.max(0, Number(done) / Number(whole))) : 0);

/** @param {string} text @returns {Scaled} */
function scaled(text) {
  const found = PATTERN.exec(text);
  if (!found) throw new TypeError(`not a decimal: ${text}`);
  const fraction = found[3] ?? "";
  return { units: BigInt(`${found[1]}${found[2] || "0"}${fraction}`), scale: fraction.length };
}

/** @param {Scaled} x @param {Scaled} y @returns {[Scaled, Scaled]} */
function align(x, y) {
  const scale = Math.max(x.scale, y.scale);
  /** @param {Scaled} z @returns {Scaled} */
  const lift = (z) => ({ units: z.units * 10n ** BigInt(scale - z.scale), scale });
  return [lift(x), lift(y)];
}

/** @param {Scaled} value */
function print({ units, scale }) {
  const negative = units < 0n;
  const digits = String(negative ? -units : units).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}${fraction ? `.${fraction}` : ""}`;
}
