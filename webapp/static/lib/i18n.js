// The reader's language. The English sentence is the key and the fallback: a missing translation shows English, never
// a code. The catalogues are JSON files of our own, exported from the server's at build and kept offline.

/** @typedef {Record<string, string | string[]>} Catalogue */

/** Languages a person can choose, each named in itself. */
export const LANGUAGES = /** @type {const} */ ([["en", "English"], ["fr", "Français"]]);

/** @type {{language: string, catalogue: Catalogue}} */
const chosen = { language: "en", catalogue: {} };

/** @type {Map<string, Catalogue>} */
const loaded = new Map([["en", {}]]);

/** The first screen's sentences come first, all others with the other screens. */
let isMoreWanted = false;

export const language = () => chosen.language;

/** Which way the language is written; "xr" is the mirror the checks draw every screen in. */
export const direction = () => (["ar", "fa", "he", "ur", "xr"].includes(chosen.language) ? "rtl" : "ltr");

/** How the language writes dates and numbers; English as most of the world does, with a 24-hour clock. */
export const locale = () => (["en", "xx", "xr"].includes(chosen.language) ? "en-GB" : chosen.language);

/**
 * Speak this language from now on; keeps the present one if its catalogue cannot be had.
 * @param {string} wanted
 * @param {(language: string) => Promise<Catalogue>} [load]
 * @returns {Promise<boolean>} whether it is spoken now
 */
export async function speak(wanted, load = fetchCatalogue) {
  try {
    if (!loaded.has(wanted)) loaded.set(wanted, await load(wanted));
    if (isMoreWanted) await loadMore(wanted, load);
  } catch {
    return false;
  }
  chosen.language = wanted;
  chosen.catalogue = /** @type {Catalogue} */ (loaded.get(wanted));
  return true;
}

/**
 * Speak of everything from now on; what cannot be had is said in English.
 * @param {(language: string) => Promise<Catalogue>} [load]
 */
export async function speakOfAll(load = fetchCatalogue) {
  isMoreWanted = true;
  await loadMore(chosen.language, load).catch(() => {});
}

/** @type {Set<string>} */
const whole = new Set(["en"]);

/** @param {string} wanted @param {(language: string) => Promise<Catalogue>} load */
async function loadMore(wanted, load) {
  if (whole.has(wanted)) return;
  const more = await load(`${wanted}-more`);
  Object.assign(/** @type {Catalogue} */ (loaded.get(wanted)), more);
  whole.add(wanted);
}

/**
 * The best language we speak for what a browser or a person asks for.
 * @param {readonly string[]} wishes e.g. navigator.languages
 */
export function bestOf(wishes) {
  for (const wish of wishes) {
    const found = LANGUAGES.find(([code]) => wish.toLowerCase().split("-")[0] === code);
    if (found) return found[0];
  }
  return "en";
}

/**
 * A sentence in the reader's language: t("{n} waiting", {n: 3}).
 * @param {string} sentence
 * @param {Record<string, string | number>} [values]
 */
export function t(sentence, values = {}) {
  const translated = chosen.catalogue[sentence];
  const form = Array.isArray(translated) ? translated[0] : translated;
  return fill(form || sentence, values);
}

/**
 * A name that reference data carries in several languages, or in one.
 * @param {string | Record<string, string> | null | undefined} name
 */
export function named(name) {
  if (!name) return "";
  if (typeof name === "string") return name;
  return name[chosen.language] ?? name.en ?? Object.values(name)[0] ?? "";
}

/**
 * A decimal as the reader writes it; its own digits, none added, none rounded away.
 * @param {string} decimal canonical, e.g. "1234.5"
 */
export function figure(decimal) {
  const digits = decimal.split(".")[1]?.length ?? 0;
  const format = new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: 20 });
  return format.format(/** @type {Intl.StringNumericLiteral} */ (decimal));
}

/** The decimal sign on the reader's keypad. */
export const decimalSign = () => (locale() === "en-GB" ? "." : ",");

/** @param {number} ms */
export const clock = (ms) => new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", hour12: false }).format(ms);

/** @param {number} ms */
export const day = (ms) => new Intl.DateTimeFormat(locale(), { weekday: "short", day: "numeric", month: "short" }).format(ms);

/**
 * Time of day alone for today, with the day before it otherwise.
 * @param {number} ms @param {number} nowMs
 */
export const moment = (ms, nowMs) =>
  new Date(ms).toDateString() === new Date(nowMs).toDateString() ? clock(ms) : `${day(ms)}, ${clock(ms)}`;

/** @param {string} template @param {Record<string, string | number>} values */
const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? String(values[name]) : hole));

/** @param {string} wanted @returns {Promise<Catalogue>} */
async function fetchCatalogue(wanted) {
  const answer = await fetch(`/static/locale/${wanted}.json`);
  if (!answer.ok) throw new Error(`no catalogue for ${wanted}: ${answer.status}`);
  return answer.json();
}
