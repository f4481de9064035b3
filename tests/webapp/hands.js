// A phone in the hands of a person, without a browser: the real wiring of screens, scans, places, people and captures
// over a store in memory. A tap presses a key of the screen that is shown, found by its words, as a person finds it; what
// is made here is only what a browser brings.

import { Things } from "../../webapp/static/model/things.js";
import { Reference } from "../../webapp/static/model/reference.js";
import { Work } from "../../webapp/static/model/work.js";
import { Queue } from "../../webapp/static/outbox/queue.js";
import { Memory } from "./keeping.js";

// The template library asks for a document as it loads; nothing is drawn here.
const element = () => ({ dataset: {}, scrollTo() {}, focus() {}, getContext: () => null });
Object.assign(globalThis, {
  document: {
    documentElement: element(), createTreeWalker: element, createComment: element, createElement: element,
    querySelector: () => null, getElementById: () => null,
  },
  history: { pushState() {} },
  requestAnimationFrame: () => 0,
});
const [{ Captures }, { People }, { Places }, { Scans }, { Screens }] = await Promise.all([
  import("../../webapp/static/shell/captures.js"), import("../../webapp/static/shell/people.js"),
  import("../../webapp/static/shell/places.js"), import("../../webapp/static/shell/scans.js"),
  import("../../webapp/static/shell/screens.js"),
]);

/** @typedef {import("../../webapp/static/capture/phone.js").Phone} Phone */

/** Memory, with what the storage of a browser has beside it. */
class Storage extends Memory {
  /** @param {string[]} keys */
  getAll = (keys) => Promise.all(keys.map((key) => this.get(key)));
}

/** A phone that is enrolled and knows this much; on the `store` of another one it is a second window of it.
 * @param {Partial<import("../../webapp/static/model/reference.js").Snapshot>} snapshot @param {any} [store] */
export async function pickUp(snapshot, store = new Storage()) {
  const startMs = Date.parse("2026-11-20T07:00:00Z");
  let nowMs = startMs;
  const clocks = () => ({ nowMs, bootId: "b1", monotonicMs: nowMs - startMs, clockOffsetMs: 0 });
  const queue = new Queue(store, { clocks, now: () => nowMs });
  const known = new Reference(snapshot, 1);
  const phone = /** @type {Phone} */ (/** @type {any} */ ({
    reference: known, work: new Work([]), things: new Things(), queue,
    sender: { condition: "idle", send: async () => {} }, server: {},
    operator: null, proven: true, others: [], crew: [], nextActivity: null, device: { id: "d1", name: "Tablet" },
    preferences: { language: "en", theme: "", personal: false, lens: null },
    place: { screen: "badge", params: {}, form: {} },
    get isForm() {
      return Boolean(screens.at(phone.place, phone.operator !== null).draft);
    },
    said: null, pending: null, eventTypes: [],
    health: { persisted: true, secondCopy: "none", updateReady: false, installed: true, version: "1", alarms: [] },
    clocks, draw() {},
    go: (/** @type {any[]} */ ...at) => places.go(.../** @type {[string]} */ (at)),
    back: () => places.back(),
    home: () => places.home(),
    fill: (/** @type {any} */ values) => places.fill(values),
    capture: (/** @type {any} */ drafts, /** @type {string} */ said, /** @type {any} */ sign, /** @type {any} */ also) => captures.capture(drafts, said, sign, { also }),
    undo: () => captures.undo(),
    scan: (/** @type {string} */ text) => scans.take(text),
    signIn: (/** @type {string} */ person, /** @type {any} */ how) => people.signIn(person, how),
    gather: (/** @type {string[]} */ mates) => people.gather(mates),
    signOut: () => people.signOut(),
    say: (/** @type {string} */ text, /** @type {any} */ sign) => captures.say(text, sign),
    prefer: async () => {}, enrol: async () => null, update() {},
  }));
  const screens = new Screens();
  await screens.loadOthers();
  const places = new Places(phone, screens, store);
  const captures = new Captures(phone, { drawNow() {}, touch() {} });
  const scans = new Scans(phone, screens, places, { touch() {} });
  const people = new People(phone, places, scans, store, { onArrival() {} });
  queue.onChange(() => {
    phone.work = new Work(queue.entries, 1, phone.reference.snapshot.open);
    phone.things = new Things(queue.entries, 1);
    phone.reference = known.with(phone.things, phone.work.completed);
  });
  const counted = { scans: 0, taps: 0 };
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

  return {
    phone,
    store,
    counted,
    /** The page begins as app.js lets it: with whoever is signed in, and with what they had typed. It may take its time. */
    async begins() {
      await queue.load();
      await people.restore();
      scans.waitFor(places.resumeDraft(phone.operator ?? "").then((found) => found || phone.home()));
    },
    /** Minutes pass. @param {number} minutes */
    passes(minutes) {
      nowMs += minutes * 60_000;
    },
    /** @param {string} label */
    async scan(label) {
      counted.scans += 1;
      nowMs += 1000;
      await phone.scan(label);
      await settle();
    },
    /** Press the key that says this. @param {string} words */
    async tap(words) {
      counted.taps += 1;
      nowMs += 1000;
      const { params, form } = phone.place;
      const keys = keysOf([screens.at(phone.place, phone.operator !== null).view(phone, params, form), captures.view()]);
      const found = keys.filter((key) => key.words === words || key.words.startsWith(`${words} `));
      if (found.length === 0) throw new Error(`no key says “${words}”; there are: ${keys.map((key) => key.words).join(" | ")}`);
      found[0].press();
      await settle();
    },
    /** Scans and taps since this was asked last. */
    effort() {
      const { scans: scanned, taps } = counted;
      Object.assign(counted, { scans: 0, taps: 0 });
      return { scans: scanned, taps };
    },
    /** Types of the facts captured so far, in order. */
    get facts() {
      return queue.entries.map(({ event }) => event);
    },
    get runs() {
      return phone.work.of(phone.operator).map(({ operation, indirect, activity }) => `${operation ?? indirect} ${activity}`);
    },
  };
}

/** The buttons of a view that is not drawn, in order, by their words. @param {unknown} view @returns {{words: string, press: () => void}[]} */
function keysOf(view) {
  /** @type {{words: string, press: () => void}[]} */
  const keys = [];
  /** @type {{text: string, press: (() => void) | null} | null} */
  let open = null;
  let isTag = false;
  const html = (/** @type {string} */ piece) => {
    for (const part of piece.split(/(<[^>]*>?|[^<]*>)/)) {
      if (part.startsWith("<button")) open = { text: "", press: null };
      else if (part.startsWith("</button") && open) {
        if (open.press) keys.push({ words: open.text.replace(/\s+/g, " ").trim(), press: open.press });
        open = null;
      } else if (open && !isTag && !/[<>]/.test(part)) open.text += ` ${part}`;
      if (part.startsWith("<")) isTag = !part.endsWith(">");
      else if (part.endsWith(">")) isTag = false;
    }
  };
  const walk = (/** @type {any} */ value) => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (value?.strings) {
      value.strings.forEach((/** @type {string} */ piece, /** @type {number} */ index) => {
        html(piece);
        if (index >= value.values.length) return;
        const inner = value.values[index];
        if (/@click=$/.test(piece)) {
          if (open) open.press = () => inner({ preventDefault() {} });
        } else if (!isTag) walk(inner);
      });
    } else if (value?._$litDirective$) walk([...value.values[0]].map(value.values[2] ?? value.values[1]));
    else if (["string", "number"].includes(typeof value) && open) open.text += ` ${value}`;
  };
  walk(view);
  return keys;
}
