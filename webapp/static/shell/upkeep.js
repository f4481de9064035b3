// What the device does beside capturing: it becomes known to the server, keeps what it knows of the plant fresh, and
// learns what became of its captures.

import { t } from "../lib/i18n.js";
import { readTypes } from "../model/catalog.js";
import { Reference } from "../model/reference.js";
import { Work } from "../model/work.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../outbox/store.js").Store} Store */

export class Upkeep {
  /** @param {Phone} phone @param {import("./places.js").Places} places @param {Store} store */
  constructor(phone, places, store) {
    this.phone = phone;
    this.places = places;
    this.store = store;
  }

  /** @param {string} secret @param {string} name @param {string} chosen @returns {Promise<string | null>} null, or why not */
  async enrol(secret, name, chosen) {
    const { phone, store } = this;
    const { server } = phone;
    const answer = await server.ask("/api/v1/devices/enrol", {
      method: "POST",
      body: JSON.stringify({ secret, name, language: chosen }),
    });
    if (answer.is === "problem") return answer.problem.detail || answer.problem.title;
    if (answer.is === "stranger") return t("Something on this network answers in the server's place. Is there a login page?");
    if (answer.is !== "ok") return t("The server cannot be reached. Enrolling needs the network once.");
    server.token = answer.body.token ?? null;
    server.isCookieLost = false;
    await store.put("token", server.token);
    await store.remember({ token: server.token });
    await this.#know(answer.body.device, answer.body.lineage);
    await phone.prefer({ language: chosen });
    phone.health.persisted = (await navigator.storage?.persist?.().catch(() => null)) ?? null;
    phone.sender.forgiven();
    await this.refresh();
    phone.home();
    phone.say(t("This device is enrolled as {name}.", { name }), "saved");
    void phone.sender.send({ eager: true });
    return null;
  }

  /** @param {import("../capture/phone.js").Device} device @param {string | null} lineage */
  async #know(device, lineage) {
    const { phone, store } = this;
    phone.device = { id: device.id, name: device.name, site: device.site };
    await store.put("device", phone.device);
    await store.remember({ device: phone.device });
    if (lineage && !phone.queue.lineage) {
      phone.queue.lineage = lineage;
      await store.put("lineage", lineage);
    }
  }

  /** Who does the server take us for? Also finds a server that has forgotten what it acknowledged. */
  async meet() {
    const { phone } = this;
    const answer = await phone.server.ask("/api/v1/device");
    if (answer.is !== "ok") return;
    const { device, lineage } = answer.body;
    const wasUnknown = !phone.device;
    await this.#know(device, lineage);
    await phone.queue.compareMemory({ lineage, device });
    if (wasUnknown && phone.place.screen === "enrol" && !phone.place.form.secret) phone.home();
    phone.draw();
  }

  /** Fetch the plant's snapshot if it changed, and the event types for the generic form. */
  async refresh() {
    const { phone, store } = this;
    const kept = await store.get("reference").catch(() => null);
    const answer = await phone.server.ask("/api/v1/reference", { headers: kept?.etag ? { "If-None-Match": kept.etag } : {} });
    const fetchedMs = Date.now();
    if (answer.is === "ok") {
      const etag = answer.headers.get("ETag");
      await store.put("reference", { etag, snapshot: answer.body, fetchedMs });
      phone.reference = new Reference(answer.body, fetchedMs);
    } else if (answer.is === "not modified") {
      phone.reference.fetchedMs = fetchedMs;
    } else return;
    this.rework();
    const types = await phone.server.ask("/api/v1/event-types");
    if (types.is === "ok" && Array.isArray(types.body.event_types)) {
      phone.eventTypes = readTypes(types.body.event_types);
      await store.put("event_types", types.body.event_types);
    }
    phone.draw();
  }

  /** What became of what we sent: gently, and only while somebody may look. */
  async followUp() {
    const { queue, server } = this.phone;
    const open = queue.undecided(50);
    if (open.length === 0 || document.hidden) return;
    const answer = await server.ask(`/api/v1/events/status?ids=${open.map(({ id }) => id).join(",")}`);
    if (answer.is === "ok" && answer.body.events) await queue.learn(answer.body.events);
  }

  /** What is going on, folded anew. */
  rework() {
    const { phone } = this;
    phone.work = new Work(phone.queue.entries, phone.reference.fetchedMs);
  }

  exportUnsent() {
    const { phone } = this;
    const file = new Blob([phone.queue.export()], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `floorledger-${(phone.device?.name ?? "device").replace(/[^\w-]+/g, "-")}-${new Date().toISOString().slice(0, 16).replace(":", "")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}
