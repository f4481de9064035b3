// The generic form: drawn from the server's description of an event type, filled by typing or by scanning.

import { html, nothing } from "../lib/dom.js";
import { named, t } from "../lib/i18n.js";
import { draftOf, isFlag, isReady, takesScan, wireValue } from "../model/catalog.js";
import { reasonKind } from "../model/reasons.js";
import { personName } from "../model/words.js";
import { frame, key, notice, tiles } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */
/** @typedef {import("../model/catalog.js").Field} Field */

/** @param {Phone} phone @param {string} name */
const typeOf = (phone, name) => phone.eventTypes.find(({ type }) => type === name);

/** Values of the form; the job it was opened for, or that runs, being proposed.
 * @param {Phone} phone @param {Params} params @param {any} form @param {Field[]} fields */
function valuesOf(phone, params, form, fields) {
  const [running] = phone.work.of(phone.operator).filter((span) => span.order);
  /** @type {Record<string, any>} */
  const proposed = {
    order: params.order ?? running?.order ?? "",
    operation: params.order ? (params.operation ?? "") : (running?.operation ?? ""),
    person: phone.operator ?? "",
  };
  return Object.fromEntries(fields.map(({ name }) => [name, form[name] ?? proposed[name] ?? ""]));
}

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const described = typeOf(phone, params.type);
  if (!described) return;
  const values = valuesOf(phone, params, form, described.fields);
  if (!isReady(described, values)) return phone.say(t("Something is missing, or makes no sense yet."));
  const now = phone.clocks().nowMs;
  if (await phone.capture([draftOf(described, values, now)], t("Saved: {what}", { what: t(described.label) }))) phone.home();
}

/** @type {import("./phone.js").Screen} */
export const form = {
  name: "form",
  draft: true,
  view(phone, params, state) {
    const described = typeOf(phone, params.type);
    if (!described) return frame(phone, { title: params.type, body: nothing });
    const values = valuesOf(phone, params, state, described.fields);
    const set = (/** @type {string} */ name, /** @type {string | boolean} */ value) => phone.fill({ [name]: value });
    return frame(phone, {
      title: t(described.label),
      body: html`${described.fields.map((/** @type {Field} */ field) => fieldView(phone, params.type, field, values, (value) => set(field.name, value)))}`,
      deck: key({ label: t("Save"), sign: "check", look: "primary", disabled: !isReady(described, values), onTap: () => save(phone, params, state) }),
    });
  },
  scanned(phone, params, scanned, state) {
    const described = typeOf(phone, params.type);
    if (!described) return false;
    const found = takesScan(described, scanned, valuesOf(phone, params, state, described.fields));
    if (found) phone.fill(found);
    return found !== null;
  },
  main(phone, params, state) {
    void save(phone, params, state);
  },
};

/** @param {Phone} phone @param {string} type @param {Field} field @param {Record<string, any>} values @param {(value: string | boolean) => void} set */
function fieldView(phone, type, field, values, set) {
  const value = values[field.name];
  const label = `${t(field.label)}${field.required ? "" : ` (${t("if known")})`}`;
  const choices = field.choices?.length ? field.choices : known(phone, type, field, values);
  if (choices.length > 0) {
    return tiles({
      label,
      columns: "2",
      options: choices.map((/** @type {any} */ choice) => (typeof choice === "string" ? { value: choice, label: t(choice) } : choice)),
      chosen: value || null,
      onChoose: (chosen) => set(chosen === value && !field.required ? "" : chosen),
    });
  }
  if (isFlag(field)) {
    return tiles({ label, columns: "2", options: [{ value: "yes", label: t("Yes") }, { value: "", label: t("No") }], chosen: value ? "yes" : "", onChoose: (chosen) => set(chosen === "yes") });
  }
  const isNumber = field.input === "number";
  const makesSense = wireValue(field, value, phone.clocks().nowMs) !== null;
  return html`<label class="field">
    <span class="label">${label}</span>
    <input class=${isNumber ? "input input-number" : "input"} inputmode=${isNumber ? "decimal" : "text"} autocomplete="off"
      placeholder=${field.input === "time" ? "07:30" : field.name === "duration_ms" ? t("minutes") : field.input === "scan" ? t("scan or type") : ""}
      .value=${String(value ?? "")}
      @input=${(/** @type {InputEvent} */ event) => set(/** @type {HTMLInputElement} */ (event.target).value)} />
    ${makesSense ? html`<span class="hint">${nameOf(phone, field, value)}</span>` : notice("stop", t("This makes no sense here yet."))}
  </label>`;
}

/** What is known to choose from: a few things only, the others are scanned.
 * @param {Phone} phone @param {string} type @param {Field} field @param {Record<string, any>} values @returns {{value: string, label: string}[]} */
function known({ reference }, type, field, values) {
  if (field.name === "reason") {
    const kind = reasonKind(type);
    const reasons = kind === null ? reference.snapshot.reasons : reference.reasonsOf(kind);
    return reasons.map(({ code, name }) => ({ value: code, label: named(name) || code }));
  }
  if (field.name.endsWith("location")) return reference.snapshot.locations.map(({ code, name }) => ({ value: code, label: name || code }));
  if (field.name === "unit") return reference.unitsOf(values.item ?? "").map((unit) => ({ value: unit, label: unit }));
  return [];
}

/** What a code stands for. @param {Phone} phone @param {Field} field @param {any} value */
function nameOf({ reference }, field, value) {
  if (typeof value !== "string" || value === "") return "";
  switch (field.name) {
    case "person":
      return personName(reference, value);
    case "item":
      return reference.items.get(value)?.name ?? "";
    case "order":
      return reference.orders.get(value)?.item_name ?? "";
    default:
      return "";
  }
}
