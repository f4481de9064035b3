// This device: who it is, whether its storage is safe, what it last heard of the server.

import { html, nothing } from "../lib/dom.js";
import { LANGUAGES, moment, t } from "../lib/i18n.js";
import { alarms, frame, key, notice, tiles } from "./parts.js";

/** The server's clock minus ours, in words. @param {number | null} ms */
function offset(ms) {
  if (ms === null) return "–";
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 2) return t("right");
  return ms > 0 ? t("{n} s slow", { n: seconds }) : t("{n} s fast", { n: seconds });
}

/** @type {import("./phone.js").Screen} */
export const deviceView = {
  name: "device",
  open: true,
  view(phone) {
    const { health, server, queue, device } = phone;
    const now = phone.clocks().nowMs;
    const site = typeof device?.site === "string" ? device.site : device?.site?.name;
    const isApple = /iPad|iPhone|Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1;
    const last = queue.entries.at(-1)?.seq;
    return frame(phone, {
      title: t("This device"),
      about: device?.name ?? t("not enrolled"),
      body: html`
        ${alarms(phone)}
        ${!health.installed && isApple
          ? notice("look", t("Not installed: Safari may clear what a page keeps. Use Share, then Add to Home Screen."))
          : nothing}
        ${health.persisted === false ? notice("look", t("The browser may clear its storage when the disk is full. Installing the app makes it keep it.")) : nothing}
        ${Math.abs(server.clockOffsetMs ?? 0) > 120_000 ? notice("look", t("This device's clock is wrong. Times are corrected, but please set it.")) : nothing}
        <dl class="facts">
          <div><dt>${t("Name")}</dt><dd>${device?.name ?? "–"}</dd></div>
          <div><dt>${t("Device id")}</dt><dd class="code">${device?.id ?? "–"}</dd></div>
          ${site ? html`<div><dt>${t("Site")}</dt><dd>${site}</dd></div>` : nothing}
          <div><dt>${t("Last contact")}</dt><dd>${server.lastContactMs ? moment(server.lastContactMs, now) : t("not since this start")}</dd></div>
          <div><dt>${t("Plant data as of")}</dt><dd>${phone.reference.isEmpty ? "–" : moment(phone.reference.fetchedMs, now)}</dd></div>
          <div><dt>${t("Clock")}</dt><dd>${offset(server.clockOffsetMs)}</dd></div>
          <div><dt>${t("Last number used")}</dt><dd class="number">${last ?? "–"}</dd></div>
          <div><dt>${t("Storage is kept")}</dt><dd>${health.persisted === null ? t("unknown") : health.persisted ? t("yes") : t("not promised")}</dd></div>
          <div><dt>${t("Second copy")}</dt><dd>${secondCopy(health.secondCopy)}</dd></div>
          <div><dt>${t("Installed")}</dt><dd>${health.installed ? t("yes") : t("no")}</dd></div>
          <div><dt>${t("Version")}</dt><dd class="code">${health.version}</dd></div>
        </dl>
        ${tiles({
          label: t("Appearance"),
          columns: "3",
          options: [
            { value: "", label: t("As the system") },
            { value: "light", label: t("Light") },
            { value: "dark", label: t("Dark") },
          ],
          chosen: phone.preferences.theme,
          onChoose: (value) => void phone.prefer({ theme: /** @type {"" | "light" | "dark"} */ (value) }),
        })}
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
            { value: "shared", label: t("Several people"), about: t("signs out after 5 minutes") },
            { value: "personal", label: t("One person"), about: t("stays signed in") },
          ],
          chosen: phone.preferences.personal ? "personal" : "shared",
          onChoose: (value) => void phone.prefer({ personal: value === "personal" }),
        })}
        <div class="tiles tiles-2">
          ${key({ label: t("Outbox"), sign: "up", onTap: () => phone.go("queue") })}
          ${key({ label: t("Enrol again"), sign: "badge", onTap: () => phone.go("enrol") })}
        </div>
      `,
      deck: health.updateReady ? key({ label: t("Use the new version"), about: t("nothing captured is lost"), sign: "up", look: "primary", onTap: phone.update }) : nothing,
    });
  },
};

/** @param {string} kind */
function secondCopy(kind) {
  if (kind === "file") return t("in a file of its own");
  if (kind === "localStorage") return t("in the browser's small storage");
  return t("none: this browser gives no place for it");
}
