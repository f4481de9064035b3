// An operation nobody planned: a name, a place, and a number no plan uses. Work on it can start at once.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { addOperation } from "../model/gestures.js";
import { asCode, asWords } from "../model/typing.js";
import { workCenterName } from "../model/words.js";
import { textField } from "./choices.js";
import { frame, key, notice, tiles } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params @param {any} form */
function choices(phone, params, form) {
  const number = asCode(form.number ?? phone.reference.nextNumber(params.order));
  return {
    number,
    name: asWords(form.name ?? ""),
    workCenter: /** @type {string | null} */ (form.workCenter ?? params.work_center ?? null),
    isTaken: phone.reference.operation(params.order, number) !== null,
  };
}

/** @param {Phone} phone @param {Params} params @param {any} form @param {boolean} andStart */
async function save(phone, params, form, andStart) {
  const { number, name, workCenter, isTaken } = choices(phone, params, form);
  if (isTaken) return phone.say(t("The order has an operation of this number already."));
  if (!number || !name || !workCenter) return phone.say(t("What is done, and where?"));
  const drafts = addOperation({ order: params.order, operation: number, name, workCenter });
  if (!(await phone.capture(drafts, t("Operation added: {name}", { name: `${number} ${name}` })))) return;
  if (andStart) phone.instead("operation", { order: params.order, operation: number });
  else phone.back();
}

/** @type {import("./phone.js").Screen} */
export const unplanned = {
  name: "unplanned",
  draft: true,
  view(phone, params, form) {
    const { number, name, workCenter, isTaken } = choices(phone, params, form);
    const { reference } = phone;
    const usual = new Set(reference.orders.get(params.order)?.operations.map(({ work_center }) => work_center));
    const centers = [...reference.snapshot.work_centers].sort((a, b) => Number(usual.has(b.code)) - Number(usual.has(a.code)));
    const isElsewhere = workCenter !== null && !reference.workCenters.has(workCenter);
    const ready = name !== "" && number !== "" && workCenter !== null && !isTaken;
    return frame(phone, {
      title: t("Unplanned operation"),
      about: [params.order, reference.orders.get(params.order)?.item_name].filter(Boolean).join(" · "),
      body: html`
        ${textField({ label: t("What is done?"), value: form.name ?? "", most: 200, onInput: (text) => phone.fill({ name: text }) })}
        ${tiles({
          label: t("Where?"),
          columns: "2",
          options: [...(isElsewhere ? [{ value: workCenter, label: workCenter }] : []), ...centers.map(({ code, name: words }) => ({ value: code, label: words || code, ...(usual.has(code) ? { about: t("of this order") } : {}) }))],
          chosen: workCenter,
          onChoose: (code) => phone.fill({ workCenter: code }),
        })}
        ${centers.length === 0 ? notice("look", t("No work centers are known here yet. Scan the work center's label, or that of a machine.")) : nothing}
        ${textField({ label: t("Its number"), value: form.number ?? number, most: 16, onInput: (text) => phone.fill({ number: text }) })}
        ${isTaken ? notice("stop", t("The order has an operation of this number already.")) : nothing}
      `,
      deck: html`<div class="deck-two">
        ${key({ label: t("Save"), sign: "check", look: "soft tall", disabled: !ready, onTap: () => save(phone, params, form, false) })}
        ${key({ label: t("Save, then start"), about: workCenter ? workCenterName(reference, workCenter) : nothing, sign: "run", look: "primary", disabled: !ready, onTap: () => save(phone, params, form, true) })}
      </div>`,
    });
  },
  scanned(phone, _params, scanned) {
    const place = scanned.is === "work center" ? scanned.workCenter : scanned.is === "machine" ? (phone.reference.machines.get(scanned.machine)?.work_center ?? null) : null;
    if (!place) return false;
    phone.fill({ workCenter: place });
    return true;
  },
  main(phone, params, form) {
    void save(phone, params, form, true);
  },
};
