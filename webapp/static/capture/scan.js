// The camera, and the field for those who type. The decoder and its WebAssembly are loaded when this opens.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Camera, Decoder } from "../scanner/camera.js";
import { hold } from "../scanner/nfc.js";
import { icon } from "./icons.js";
import { codeField, frame, key, notice } from "./parts.js";

/** @typedef {import("./phone.js").Phone} Phone */

const decoder = new Decoder();
const camera = new Camera(decoder);

/** @type {{state: "closed" | "opening" | import("../scanner/camera.js").CameraState, torch: boolean, video: HTMLVideoElement | null}} */
const eye = { state: "closed", torch: false, video: null };

/** Stop looking: the page hides, or another screen is shown. */
export function closeEye() {
  if (eye.state === "closed") return;
  camera.close();
  eye.state = "closed";
  eye.torch = false;
  eye.video = null;
}

/** Called after each drawing: the picture needs its element first. @param {Phone} phone */
export async function openEye(phone) {
  const video = /** @type {HTMLVideoElement | null} */ (document.querySelector(".finder video"));
  if (!video || eye.video === video) return;
  eye.video = video;
  eye.state = "opening";
  // Badges with a chip are heard from the same tap on.
  void hold((text) => void phone.scan(text)).then((isHeard) => { phone.health.nfc = isHeard; });
  let lastText = "";
  const state = await camera.open(video, {
    deviceId: phone.preferences.lens,
    onEnd: () => {
      eye.video = null; // the system took the camera away: ask for it again
      phone.draw();
    },
    onText: (text) => {
      if (text === lastText) return; // the same code stays in view for many frames
      lastText = text;
      void phone.scan(text);
    },
  });
  if (eye.video !== video) return;
  eye.state = state;
  phone.health.camera = state;
  phone.draw();
}

/** @param {Phone} phone */
function again(phone) {
  closeEye();
  phone.draw();
}

/** What to say when there is no picture. */
function trouble() {
  switch (eye.state) {
    case "refused":
      return t("This browser may not use the camera. Allow it in the browser's settings for this site, or take a photo of the code.");
    case "insecure":
      return t("Without HTTPS the browser gives no camera. Use a hand scanner, or type the code.");
    case "none":
      return t("No camera was found. Use a hand scanner, or type the code.");
    case "busy":
      return t("Another program holds the camera. Close it and try again.");
    default:
      return "";
  }
}

/** @type {import("./phone.js").Screen} */
export const scan = {
  name: "scan",
  open: true,
  view(phone, params, form) {
    const title = params.for === "mate" ? t("Scan a mate's badge") : params.for === "badge" ? t("Scan your badge") : params.for === "enrol" ? t("Scan the enrolment code") : t("Scan a code");
    const words = trouble();
    const photo = async (/** @type {Event} */ event) => {
      const [file] = /** @type {HTMLInputElement} */ (event.target).files ?? [];
      if (!file) return;
      const text = await decoder.read(file);
      if (text) void phone.scan(text);
      else phone.say(t("No code in this photo. Go closer and try again."), "look");
    };
    return frame(phone, {
      title,
      about: params.for === "enrol" ? nothing : t("Order, operation, badge, machine or material"),
      body: html`
        ${words
          ? html`${notice("look", words)}${eye.state === "busy" || eye.state === "refused"
              ? html`<div class="tiles tiles-1">${key({ label: t("Try the camera again"), sign: "lens", onTap: () => again(phone) })}</div>`
              : nothing}`
          : html`<div class="finder">
              <video muted playsinline disablepictureinpicture aria-label=${t("Camera picture")}></video>
              <span class="finder-frame" aria-hidden="true"></span>
              ${eye.state === "ready" ? nothing : html`<span class="finder-word">${t("The camera is starting")}</span>`}
            </div>`}
        <div class="tiles tiles-2">
          ${eye.state === "ready" && camera.hasTorch
            ? key({
                label: t("Lamp"),
                sign: "lamp",
                pressed: eye.torch,
                onTap: () => {
                  eye.torch = !eye.torch;
                  void camera.light(eye.torch);
                  phone.draw();
                },
              })
            : nothing}
          ${eye.state === "ready"
            ? key({
                label: t("Other camera"),
                sign: "lens",
                onTap: async () => {
                  const lens = await camera.nextLens();
                  if (!lens) return phone.say(t("This device has one camera."), "look");
                  await phone.prefer({ lens });
                  eye.video = null;
                  phone.draw();
                },
              })
            : html`<label class="key">
                ${icon("lens")}<span class="key-words"><span class="key-label">${t("Take a photo")}</span></span>
                <input class="unseen" type="file" accept="image/*" capture="environment" @change=${photo} />
              </label>`}
        </div>
        ${codeField(phone, form, params.for === "enrol" ? t("Enrolment code") : t("Or type the nine letters, or the order number"))}
      `,
    });
  },
};
