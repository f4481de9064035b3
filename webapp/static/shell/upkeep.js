// What the device does beside capturing: it becomes known to the server, keeps what it knows of the plant fresh, and
// learns what became of its captures.

import { t } from "../lib/i18n.js";
import { rfc3339 } from "../lib/time.js";
import { readTypes } from "../model/catalog.js";
import { applyDelta, Reference } from "../model/reference.js";
import { Things } from "../model/things.js";
import { Work } from "../model/work.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../outbox/store.js").Store} Store */

/** A tablet that has something to say says it within a minute; one that has not, often enough not to seem silent. */
const NEWS_EVERY_MS = 60_000;
const SIGN_OF_LIFE_MS = 4 * 60_000;
/** So often is asked whether we are let in. */
const WAIT_MS = 2_000;

/** Enrolment and rescue are rare: they come with the screens that offer them. */
const others = () => import("../capture/others.js");

export class Upkeep {
  /** What the server was last told of this device, and when. */
  #told = { words: "", atMs: -Infinity };
  /** @type {Promise<void>} */ #meeting = Promise.resolve();
  /** @type {Promise<void>} */ #refreshing = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #again;
  /** What the snapshot says runs and our captures say ended; and the same from before captures were lost. */
  #ended = { now: /** @type {Set<string>} */ (new Set()), before: /** @type {Set<string>} */ (new Set()), captures: 0 };

  /** @param {Phone} phone @param {import("./places.js").Places} places @param {Store} store */
  constructor(phone, places, store) {
    this.phone = phone;
    this.places = places;
    this.store = store;
  }

  /** @param {string} secret @param {string} name @param {string} chosen
   * @returns {Promise<import("../outbox/server.js").Answer | null>} null, or why not */
  async enrol(secret, name, chosen) {
    const { phone, store } = this;
    const answer = await (await others()).enrolHere(phone.server, store, { secret, name, language: chosen });
    if (answer.is !== "ok") return answer;
    await phone.prefer({ language: chosen });
    phone.health.persisted = (await navigator.storage?.persist?.().catch(() => null)) ?? null;
    phone.waiting = "";
    await this.meet();
    return null;
  }

  /** Let in. Whoever waited for it goes on; whoever works meanwhile is left alone. */
  async #arrive() {
    const { phone } = this;
    phone.waiting = null;
    phone.sender.forgiven();
    void phone.sender.send({ eager: true });
    await this.refresh();
    if (phone.place.screen !== "enrol") return;
    phone.home();
    phone.say(t("This device is enrolled as {name}.", { name: phone.device?.name ?? "" }), "saved");
  }

  /** Who we are. Whose memory holds our captures is the queue's to find out: it may have to send them again.
   * @param {import("../capture/phone.js").Device} device */
  async #know(device) {
    const { phone, store } = this;
    phone.device = { id: device.id, name: device.name, site: device.site };
    await store.put("device", phone.device);
    await store.remember({ device: phone.device });
  }

  /** What waits here, since when, and which program this is: so that a lead sees a tablet that is stuck. */
  #report() {
    const { queue, health } = this.phone;
    const waiting = queue.in("waiting");
    return new URLSearchParams({
      waiting: String(waiting.length + queue.withPhotos.filter(({ state }) => state === "sent").length),
      ...(waiting.length > 0 ? { oldest: rfc3339(waiting[0].savedMs) } : {}),
      version: health.version,
    }).toString();
  }

  /** Called every few seconds; asks at most once a minute. */
  async tell() {
    if (!this.phone.device) return;
    const sinceMs = Math.abs(Date.now() - this.#told.atMs); // a clock that was set back is no reason to be silent
    const isNews = this.#report() !== this.#told.words;
    if (sinceMs >= SIGN_OF_LIFE_MS || (isNews && sinceMs >= NEWS_EVERY_MS)) await this.meet();
  }

  /** Who does the server take us for? Also finds a server that has forgotten what it acknowledged. One after the other:
   * two that miss the key at once would ask for two. */
  meet() {
    this.#meeting = this.#meeting.catch(() => {}).then(() => this.#meet());
    return this.#meeting;
  }

  async #meet() {
    const { phone } = this;
    const words = this.#report();
    this.#told.atMs = Date.now();
    const { settlings } = phone.queue;
    const answer = await phone.server.ask(`/api/v1/device?${words}`);
    if (answer.is === "problem") {
      const { code, detail } = answer.problem;
      if (code === "device.waiting") phone.waiting = detail ?? "";
      else if (/signature_[mw]/.test(code)) phone.waiting ??= await (await others()).askForKey(phone.server, this.store);
      else if (phone.waiting !== null) {
        phone.waiting = null;
        if (phone.place.screen === "enrol") phone.fill({ secret: "", declined: true });
      }
      phone.draw();
    }
    if (answer.is !== "ok") {
      clearTimeout(this.#again);
      if (phone.waiting !== null) this.#again = setTimeout(() => void this.meet(), WAIT_MS);
      return;
    }
    this.#told.words = words;
    const { device, lineage } = answer.body;
    const wasUnknown = !phone.device;
    try {
      await this.#know(device);
      if (settlings === phone.queue.settlings) await phone.queue.compareMemory({ lineage, device });
    } catch (error) {
      console.warn("no room to keep what the server said", error); // asked again in a while; sending must not wait for it
    }
    if (phone.waiting !== null) await this.#arrive();
    else if (wasUnknown && phone.place.screen === "enrol" && !phone.place.form.secret) phone.home();
    phone.draw();
  }

  /** Who comes may have worked at another device, or ended there what began here. */
  async freshen() {
    await Promise.all([this.refresh(), this.followUp()]);
  }

  /** Fetch what changed of the plant's snapshot, or the whole where the server does not remember ours; and the event types
   * for the generic form. One after the other: an answer that comes late must not bring back what was before. */
  refresh() {
    this.#refreshing = this.#refreshing.catch(() => {}).then(() => this.#fetch());
    return this.#refreshing;
  }

  async #fetch() {
    const { phone, store } = this;
    const kept = await store.get("reference").catch(() => null);
    const since = kept?.snapshot?.version;
    const askedMs = phone.clocks().nowMs; // by the clock that captures are saved and acknowledged by
    let answer = await phone.server.ask(`/api/v1/reference${since ? `?${new URLSearchParams({ since })}` : ""}`);
    let snapshot = answer.is === "ok" ? (answer.body.since ? applyDelta(kept.snapshot, answer.body) : answer.body) : null;
    if (answer.is === "ok" && !snapshot) {
      answer = await phone.server.ask("/api/v1/reference");
      snapshot = answer.is === "ok" ? answer.body : null;
    }
    if (answer.is === "ok") {
      await store.put("reference", { snapshot, fetchedMs: askedMs }).catch(() => {}); // a full disk: it is used all the same
      phone.reference = new Reference(snapshot, askedMs);
    } else if (answer.is === "not modified") {
      phone.reference.fetchedMs = askedMs;
    } else return;
    this.rework();
    const types = await phone.server.ask("/api/v1/event-types");
    if (types.is === "ok" && Array.isArray(types.body.event_types)) {
      phone.eventTypes = readTypes(types.body.event_types);
      await store.put("event_types", types.body.event_types).catch(() => {});
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
    const { entries } = phone.queue;
    const ended = this.#ended;
    // A database that is lost takes with it what ended since the snapshot: what we knew a moment ago still counts.
    if (entries.length < ended.captures) ended.before = new Set([...ended.before, ...ended.now]);
    const open = phone.reference.snapshot.open.filter(({ id }) => !ended.before.has(id));
    phone.work = new Work(entries, phone.reference.fetchedMs, open);
    ended.captures = entries.length;
    ended.now = new Set(open.filter(({ id }) => !phone.work.has(id)).map(({ id }) => id));
    phone.things = new Things(phone.queue.entries, phone.reference.fetchedMs);
    phone.reference = phone.reference.with(phone.things, phone.work.completed);
  }

  /** What the browser says of its storage. Its quota is no measure of the room on the disk. */
  async weigh() {
    const { phone } = this;
    const [persisted, estimate] = await Promise.all([
      navigator.storage?.persisted?.().catch(() => null) ?? null,
      navigator.storage?.estimate?.().catch(() => null) ?? null,
    ]);
    phone.health.persisted = persisted;
    phone.health.storage = estimate ? { usedBytes: estimate.usage ?? 0, allowedBytes: estimate.quota ?? 0 } : null;
    phone.draw();
  }
}
