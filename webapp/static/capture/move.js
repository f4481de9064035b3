// Material brought from one place to another: what, how much, where from, where to. It costs nothing; it says where
// things are. Places are scanned or tapped; the first place scanned is where it went, a second one says the way.

import { html, nothing } from "../lib/dom.js";
import { figure, t } from "../lib/i18n.js";
import { move as bring } from "../model/gestures.js";
import { mostUsed } from "../model/things.js";
import { isPadKey, nextTyped } from "../model/typing.js";
import { itemName, materialName, placeName } from "../model/words.js";
import { amountMissing, amountView, amountWords, backFromAmount, materialOf, pickView, scanKey, takeMaterial } from "./material.js";
import { frame, key, notice, tiles } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params @param {any} form */
const choices = (phone, params, form) => ({
  ...materialOf(phone, params, form),
  from: /** @type {string | null} */ (form.from ?? null),
  to: /** @type {string | null} */ (form.to ?? params.to ?? null),
});

/** @param {ReturnType<typeof choices>} chosen */
const isCounted = ({ item, quantity, unit }) => item !== null && quantity !== null && unit !== "";

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const chosen = choices(phone, params, form);
  const { item, quantity, unit, lot, from, to } = chosen;
  if (!item || !quantity || !unit) return phone.say(amountMissing(chosen));
  if (!to) return phone.say(t("Choose where to first"));
  const said = t("{amount} of {item} moved to {place}", { amount: `${figure(quantity)} ${unit}`, item: materialName(phone.reference, { item, lot }), place: placeName(phone.reference, to) });
  if (await phone.capture(bring({ item, quantity, unit, lot }, { from, to, order: params.order }), said)) phone.back();
}

/** @param {Phone} phone @param {{label: string, chosen: string | null, none?: string, onChoose: (place: string) => void}} what */
function placeTiles(phone, { label, chosen, none, onChoose }) {
  const places = mostUsed(phone.reference.snapshot.locations, phone.things.places);
  const isElsewhere = chosen !== null && !places.some(({ code }) => code === chosen);
  return tiles({
    label,
    columns: "2",
    options: [
      ...(none ? [{ value: "", label: none }] : []),
      ...(isElsewhere ? [{ value: chosen, label: placeName(phone.reference, chosen) }] : []),
      ...places.map(({ code, name }) => (name && name !== code ? { value: code, label: name, about: code } : { value: code, label: code })),
    ],
    chosen: none ? (chosen ?? "") : chosen,
    onChoose,
  });
}

/** @type {import("./phone.js").Screen} */
export const move = {
  name: "move",
  draft: true,
  view(phone, params, form) {
    const chosen = choices(phone, params, form);
    const { item, unit, lot, quantity, from, to } = chosen;
    const way = `${from ? placeName(phone.reference, from) : "…"} → ${to ? placeName(phone.reference, to) : "…"}`;
    if (!item) {
      return frame(phone, {
        title: t("Move material"),
        about: from || to ? way : t("from one place to another"),
        body: pickView(phone, form, { rows: nothing, words: notice("quiet", t("What was moved? Scan its label, or that of its lot."), "box") }),
        deck: scanKey(phone),
      });
    }
    if (!form.placing || !isCounted(chosen)) {
      return frame(phone, {
        title: itemName(phone.reference, item),
        about: from || to ? way : t("Move material"),
        back: backFromAmount(phone, params, form),
        body: amountView(phone, chosen),
        deck: key({ label: t("Next: where to"), about: amountWords(chosen) || nothing, sign: "box", look: "primary", disabled: !isCounted(chosen), onTap: () => phone.fill({ placing: true }) }),
      });
    }
    return frame(phone, {
      title: t("Where to?"),
      about: `${figure(quantity ?? "0")} ${unit} · ${materialName(phone.reference, { item, lot })}`,
      back: () => phone.fill({ placing: false }),
      body: html`
        ${phone.reference.locations.size === 0 ? notice("look", t("No places are known here yet. Scan the place's label.")) : nothing}
        <div class="tiles tiles-1">${key({ label: t("Scan the place"), sign: "scan", onTap: () => phone.go("scan", { for: "form" }) })}</div>
        ${placeTiles(phone, { label: t("To"), chosen: to, onChoose: (place) => phone.fill({ to: place }) })}
        ${placeTiles(phone, { label: t("From"), chosen: from, none: t("not said"), onChoose: (place) => phone.fill({ from: place || null }) })}
      `,
      deck: key({ label: t("Save"), about: to ? way : t("Choose where to first"), sign: "check", look: "primary", disabled: !to, onTap: () => save(phone, params, form) }),
    });
  },
  scanned(phone, params, scanned, form) {
    const chosen = choices(phone, params, form);
    const { item, from, to } = chosen;
    const place = scanned.is === "location" ? scanned.location : scanned.is === "unknown" && item !== null && form.placing ? scanned.letters : null;
    if (place === null) return takeMaterial(phone, chosen, scanned);
    if (place === to && isCounted(chosen)) void save(phone, params, form); // the same place twice: that was all
    else phone.fill({ placing: true, ...(to === null || from !== null ? { to: place } : { from: to, to: place }) });
    return true;
  },
  typed(phone, params, pressed, form) {
    if (pressed === "Enter") return void move.main?.(phone, params, form);
    if (choices(phone, params, form).item && !form.placing && isPadKey(pressed)) phone.fill({ typed: nextTyped(form.typed ?? "", pressed) });
  },
  main(phone, params, form) {
    const chosen = choices(phone, params, form);
    if (chosen.item === null) phone.go("scan", { for: "form" });
    else if (form.placing && isCounted(chosen)) void save(phone, params, form);
    else if (isCounted(chosen)) phone.fill({ placing: true });
    else phone.say(amountMissing(chosen));
  },
};
