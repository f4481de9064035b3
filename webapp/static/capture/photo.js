// A photo beside a fact: taken with the tablet's camera, made small, kept with what is typed. A file that is none of it
// is said to be that, and nothing typed is lost.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { NoPhoto, shrink } from "../lib/image.js";
import { icon } from "./icons.js";
import { key, notice } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("../model/event.js").Photo} Photo */

/** The picture that is shown, as an address for the page. @type {{jpeg: ArrayBuffer, address: string} | null} */
let shown = null;
/** The one that is being made small: big ones take a second. */
let isBusy = false;

/** @param {Photo} photo */
function addressOf({ jpeg }) {
  if (shown?.jpeg === jpeg) return shown.address;
  if (shown) URL.revokeObjectURL(shown.address);
  shown = { jpeg, address: URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" })) };
  return shown.address;
}

/** Take a file for the open form. @param {Phone} phone @param {File | undefined} file */
async function take(phone, file) {
  if (!file || isBusy) return;
  const { screen, params } = phone.place;
  isBusy = true;
  phone.draw();
  try {
    const jpeg = await shrink(file);
    const { place } = phone;
    // Who left the form meanwhile did not want it.
    if (place.screen === screen && JSON.stringify(place.params) === JSON.stringify(params)) phone.fill({ photo: { salt: newSalt(), jpeg } });
  } catch (error) {
    if (!(error instanceof NoPhoto)) console.error(error);
    const isBig = error instanceof NoPhoto && error.trouble === "too big";
    phone.say(isBig ? t("This photo is too big for the device. Take it with the camera, in its usual size.") : t("This file is no photo that can be read here. Nothing else was lost."), "look");
  } finally {
    isBusy = false;
    phone.draw();
  }
}

const newSalt = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The key that takes a photo, or the photo with the key that drops it. @param {Phone} phone @param {Photo | null | undefined} photo */
export function photoField(phone, photo) {
  if (!crypto.subtle) return nothing; // without https nothing can be sealed
  if (photo) {
    return html`<div class="photo">
      <img class="photo-picture" src=${addressOf(photo)} alt=${t("The photo that goes with this")} />
      ${key({ label: t("Remove the photo"), sign: "cross", onTap: () => phone.fill({ photo: null }) })}
    </div>`;
  }
  // A photo made small is a third of a megabyte at most.
  if (!phone.queue.hasRoomFor(300_000)) return notice("look", t("No room for more photos until those here are sent. What happened is always taken."), "lens");
  const chosen = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const file = input.files?.[0];
    void take(phone, file);
    input.value = ""; // the same file chosen again is a change, too
  };
  return html`<label class="key photo-key">
    ${icon(isBusy ? "wait" : "lens")}<span class="key-words"><span class="key-label">${isBusy ? t("The photo is being made small") : t("Take a photo")}</span></span>
    <input class="unseen" type="file" accept="image/*" capture="environment" ?disabled=${isBusy} @change=${chosen} />
  </label>`;
}
