// This device: who it is, whether its storage is safe, what it still has to bring to the server, what it last heard of it.

import { html, nothing } from "../lib/dom.js";
import { LANGUAGES, locale, moment, t } from "../lib/i18n.js";
import { isSilent, signal } from "../lib/senses.js";
import { hasNfc } from "../scanner/nfc.js";
import { alarms, frame, key, notice, tiles } from "./parts.js";
import { platform } from "./tab.js";

/** The server's clock minus ours, in words. @param {number | null} ms */
function offset(ms) {
  if (ms === null) return "–";
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 2) return t("right");
  return ms > 0 ? t("{n} s slow", { n: seconds }) : t("{n} s fast", { n: seconds });
}

/** @param {number} bytes */
function size(bytes) {
  const megabytes = bytes / 1_000_000;
  const [value, unit] = megabytes >= 1000 ? [megabytes / 1000, "GB"] : [megabytes, "MB"];
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)} ${unit}`;
}

/** How long something has waited, in words. @param {number} ms */
const age = (ms) => (ms < 90_000 ? t("a minute") : ms < 5_400_000 ? t("{n} min", { n: Math.round(ms / 60_000) }) : ms < 129_600_000 ? t("{n} h", { n: Math.round(ms / 3_600_000) }) : t("{n} days", { n: Math.round(ms / 86_400_000) }));

/** What this device still has to bring to the server. @param {import("./phone.js").Phone} phone */
function waitingView(phone) {
  const { queue } = phone;
  const waiting = queue.in("waiting");
  const photos = queue.withPhotos;
  if (waiting.length + photos.length === 0) return notice("quiet", t("Everything is with the server."), "check");
  const since = waiting[0]?.savedMs ?? photos[0].savedMs;
  const words = [
    waiting.length > 0 ? t("{n} facts waiting", { n: waiting.length }) : "",
    photos.length > 0 ? t("{n} photos waiting, {size}", { n: photos.length, size: size(queue.photoBytes) }) : "",
  ].filter(Boolean).join(" · ");
  return notice("look", html`${words}. ${t("The oldest has waited for {age}.", { age: age(phone.clocks().nowMs - since) })}`, "wait");
}

/** What the camera did when it was last asked. @param {string} state */
function camera(state) {
  if (state === "ready") return t("works");
  if (state === "refused") return t("not allowed in this browser");
  if (state === "insecure") return t("needs https");
  if (state === "none") return t("none found");
  if (state === "busy") return t("held by another program");
  return t("not used since this start");
}

/** The browser is asked once a visit, and again while somebody looks. */
let askedMs = 0;

/** @type {import("./phone.js").Screen} */
export const deviceView = {
  name: "device",
  open: true,
  ticked(phone) {
    if (Date.now() - askedMs < 10_000) return;
    askedMs = Date.now();
    void phone.weigh();
  },
  view(phone) {
    const { health, server, queue, device } = phone;
    const now = phone.clocks().nowMs;
    const site = typeof device?.site === "string" ? device.site : device?.site?.name;
    const last = queue.entries.at(-1)?.seq;
    const minutes = phone.reference.settings.away_minutes;
    const line = (/** @type {string} */ name, /** @type {import("./phone.js").View | number} */ value, look = "") => html`<div><dt>${name}</dt><dd class=${look}>${value}</dd></div>`;
    return frame(phone, {
      title: t("This device"),
      about: device?.name ?? t("not enrolled"),
      body: html`
        ${alarms(phone)}
        ${!health.installed && platform() === "apple"
          ? notice("look", t("Not installed: Safari may clear what a page keeps, and the app on the home screen does not see it."))
          : nothing}
        ${health.persisted === false ? notice("look", t("The browser may clear its storage when the disk is full. Installing the app makes it keep it.")) : nothing}
        ${Math.abs(server.clockOffsetMs ?? 0) > 120_000 ? notice("look", t("This device's clock is wrong. Times are corrected, but please set it.")) : nothing}
        ${waitingView(phone)}
        <div class="tiles tiles-2">
          ${key({ label: t("Outbox"), sign: "up", onTap: () => phone.go("queue") })}
          ${key({ label: t("Another device's facts"), sign: "file", onTap: () => phone.go("rescue") })}
          ${key({ label: t("Install the app"), sign: "device", onTap: () => phone.go("install") })}
          ${key({ label: t("Enrol again"), sign: "badge", onTap: () => phone.go("enrol") })}
        </div>
        <dl class="facts">
          ${line(t("Name"), device?.name ?? "–")}
          ${line(t("Device id"), device?.id ?? "–", "code")}
          ${site ? line(t("Site"), site) : nothing}
          ${line(t("Last contact"), server.lastContactMs ? moment(server.lastContactMs, now) : t("not since this start"))}
          ${line(t("Plant data as of"), phone.reference.isEmpty ? "–" : moment(phone.reference.fetchedMs, now))}
          ${line(t("Clock"), offset(server.clockOffsetMs))}
          ${line(t("Last number used"), last ?? "–", "number")}
          ${line(t("Server's memory"), queue.lineage?.slice(0, 8) ?? "–", "code")}
          ${health.storage ? line(t("Storage used"), html`${size(health.storage.usedBytes)} <span class="hint">${t("the browser would allow {size}, if the disk has it", { size: size(health.storage.allowedBytes) })}</span>`) : nothing}
          ${line(t("Storage is kept"), health.persisted === null ? t("unknown") : health.persisted ? t("yes") : t("not promised"))}
          ${line(t("Second copy"), secondCopy(health.secondCopy))}
          ${line(t("Camera"), camera(health.camera))}
          ${line(t("Badges by contact (NFC)"), health.nfc ? t("listening") : hasNfc() ? t("after the next tap on Scan") : t("not in this browser"))}
          ${line(t("Installed"), health.installed ? t("yes") : t("no"))}
          ${line(t("Version"), health.version, "code")}
        </dl>
        ${tiles({
          label: t("Appearance"),
          columns: "2",
          options: [
            { value: "", label: t("As the system") },
            { value: "light", label: t("Light") },
            { value: "dark", label: t("Dark") },
            { value: "bright", label: t("Bright hall"), about: t("strongest contrast") },
          ],
          chosen: phone.preferences.theme,
          onChoose: (value) => void phone.prefer({ theme: /** @type {"" | "light" | "dark" | "bright"} */ (value) }),
        })}
        <fieldset class="choice">
          <legend class="label">${t("Sounds: can you tell them apart here?")}</legend>
          <div class="tiles tiles-words">
            ${key({ label: t("Saved"), sign: "check", onTap: () => signal("saved") })}
            ${key({ label: t("Please look"), sign: "alert", onTap: () => signal("look") })}
            ${key({ label: t("Not saved"), sign: "cross", onTap: () => signal("lost") })}
          </div>
          ${isSilent() ? html`<p class="hint">${t("This browser makes no sound: look at the colours.")}</p>` : nothing}
        </fieldset>
        ${phone.operator
          ? nothing
          : tiles({
              label: t("Language when nobody is signed in"),
              columns: "2",
              options: LANGUAGES.map(([value, label]) => ({ value, label })),
              chosen: phone.preferences.language,
              onChoose: (value) => void phone.prefer({ language: value }),
            })}
        ${tiles({
          label: t("Who uses it?"),
          columns: "2",
          options: [
            { value: "shared", label: t("Several people"), about: t("signs out after {n} minutes", { n: minutes }) },
            { value: "personal", label: t("One person"), about: t("stays signed in") },
          ],
          chosen: phone.preferences.personal ? "personal" : "shared",
          onChoose: (value) => void phone.prefer({ personal: value === "personal" }),
        })}
      `,
      deck: health.updateReady ? key({ label: t("Use the new version"), about: t("nothing captured is lost"), sign: "up", look: "primary low", onTap: phone.update }) : nothing,
    });
  },
};

/** @param {string} kind */
function secondCopy(kind) {
  if (kind === "file") return t("in a file of its own");
  if (kind === "localStorage") return t("in the browser's small storage");
  return t("none: this browser gives no place for it");
}
