// What may become markup on a desk page: the answers of this server that htmx puts in place, and of these nothing that
// runs or loads by itself. The page's policy asks the browser to refuse text wherever it would become markup or script
// (Trusted Types); htmx asks the policy below instead. Without this file htmx changes nothing, and every page works.

/** Elements that no part of a page has: they run, load, or speak for the whole page. Text for people has no "<". */
const NEVER = /<\/?(script|iframe|frame|object|embed|base|meta|link|style|portal|fencedframe)\b/i;

/** @param {string} text an answer @returns {string} the same. Throws TypeError for one that could run. */
export function ownMarkup(text) {
  const found = NEVER.exec(text);
  if (found) throw new TypeError(`no part of a page: ${found[0]}`);
  return text;
}

/** @returns {never} Throws TypeError: no attribute and no answer brings script along. */
export function noScript() {
  throw new TypeError("no script comes as text");
}

/** @typedef {{createHTML: (text: string) => string, createScript: (text: string) => string}} Rules */
/** @typedef {{initSecurity: (rules: Rules, run: Function, runLater: Function) => void}} Inside */

/** Be asked by htmx from now on. */
export function vouch() {
  const { htmx, trustedTypes } = /** @type {{htmx?: {registerExtension: (name: string, extension: object) => void}, trustedTypes?: {createPolicy: (name: string, rules: Rules) => Rules}}} */ (/** @type {unknown} */ (globalThis));
  const rules = { createHTML: ownMarkup, createScript: noScript };
  const policy = trustedTypes?.createPolicy("desk", rules) ?? rules;
  htmx?.registerExtension("desk-trust", {
    init: (/** @type {Inside} */ inside) => inside.initSecurity(policy, noScript, noScript),
  });
}

if (globalThis.document) vouch();
