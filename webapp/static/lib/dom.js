// The one door to the template library: screens import from here, so that replacing it stays one file's work.

export { html, svg, nothing, render } from "../vendor/lit-html/lit-html.js";

/** @typedef {import("../vendor/lit-html/lit-html.js").TemplateResult | typeof import("../vendor/lit-html/lit-html.js").nothing | string} View */

/**
 * Class names that hold: `classes("card", running && "card-running")`.
 * @param {...(string | false | null | undefined)} names
 */
export const classes = (...names) => names.filter(Boolean).join(" ");
