// A device, its tabs and its server, small enough that a thousand shifts pass in seconds, with everything that can
// happen to them. The outbox in the tabs is the real one, database, second copy and its worker included; what is made
// here is only what a browser brings: IndexedDB (in memory), files of the origin, localStorage, locks, a network.

import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import * as standIns from "fake-indexeddb";
import { good } from "../../webapp/static/model/gestures.js";
import { Clock } from "../../webapp/static/outbox/clock.js";
import { Queue } from "../../webapp/static/outbox/queue.js";
import { Sender } from "../../webapp/static/outbox/sender.js";
import { Server } from "../../webapp/static/outbox/server.js";
import { Store } from "../../webapp/static/outbox/store.js";
import { Plant } from "./keeping.js";

/** @typedef {import("../../webapp/static/outbox/queue.js").Entry} Entry */
/** @typedef {import("../../webapp/static/outbox/store.js").Capture} Capture */
/** @typedef {import("./keeping.js").Mood} Mood */

const WORKER = readFileSync(new URL("../../webapp/static/outbox/journal-worker.js", import.meta.url), "utf8");
const DATABASE = "floorledger";
const START_MS = Date.parse("2026-11-20T08:00:00Z");

// The library that wraps IndexedDB asks for its classes by their global names.
for (const [name, made] of Object.entries(standIns)) if (name.startsWith("IDB")) Object.assign(globalThis, { [name]: made });
const { forceCloseDatabase, IDBFactory, IDBObjectStore } = standIns;

/** Which tab's script runs: what the globals below mean to it. @type {AsyncLocalStorage<Tab>} */
const scripts = new AsyncLocalStorage();

/** @returns {Tab} */
function running() {
  const tab = scripts.getStore();
  if (!tab || tab.isDead) throw new DOMException("this page is gone", "InvalidStateError");
  return tab;
}

/** A full disk is met after the requests, when they are to be written. @type {WeakSet<IDBTransaction>} */
const full = new WeakSet();
/** Whose connection. @type {WeakMap<IDBDatabase, Tab>} */
const owners = new WeakMap();
for (const verb of /** @type {const} */ (["add", "put"])) {
  const real = IDBObjectStore.prototype[verb];
  IDBObjectStore.prototype[verb] = function (...args) {
    const tab = owners.get(this.transaction.db);
    if (tab && (tab.isDead || tab.device.isFull) && !full.has(this.transaction)) {
      full.add(this.transaction);
      queueMicrotask(() => this.transaction.abort());
    }
    return real.apply(this, /** @type {any} */ (args));
  };
}

/** A file of the origin: open in one tab at a time. */
class File {
  bytes = new Uint8Array();
  isHeld = false;
}

/** What a worker may do with a file. */
class Handle {
  /** @param {File} file @param {Device} device */
  constructor(file, device) {
    this.file = file;
    this.device = device;
    file.isHeld = true;
  }

  getSize = () => this.file.bytes.length;
  flush = () => {};
  close = () => void (this.file.isHeld = false);
  truncate = (/** @type {number} */ size) => void (this.file.bytes = this.file.bytes.slice(0, size));

  read = (/** @type {Uint8Array} */ buffer, /** @type {{at: number}} */ { at }) => {
    buffer.set(this.file.bytes.slice(at, at + buffer.length));
    return buffer.length;
  };

  write = (/** @type {Uint8Array} */ added, /** @type {{at: number}} */ { at }) => {
    const taken = this.device.isFull ? added.slice(0, Math.max(0, Math.min(added.length >> 1, this.file.bytes.length - at))) : added;
    const bytes = new Uint8Array(Math.max(this.file.bytes.length, at + taken.length));
    bytes.set(this.file.bytes);
    bytes.set(taken, at);
    this.file.bytes = bytes;
    return taken.length;
  };
}

/** The journal's worker: its own script, in a tab that can be killed. */
class Worker {
  /** @type {((message: {data: any}) => void) | null} */ onmessage = null;
  /** @type {(() => void) | null} */ onerror = null;
  /** @type {Handle[]} */ handles = [];
  isDead = false;

  constructor() {
    const tab = running();
    const { device } = tab;
    tab.workers.push(this);
    const folder = {
      getDirectoryHandle: async () => folder,
      getFileHandle: async (/** @type {string} */ name) => ({ createSyncAccessHandle: async () => this.#hold(device, name) }),
    };
    const storage = {
      getDirectory: async () => {
        if (device.refusesFiles) throw new DOMException("refused", "SecurityError");
        return folder;
      },
    };
    const say = (/** @type {any} */ data) => setImmediate(() => this.isDead || this.onmessage?.({ data }));
    const script = new Function("navigator", "postMessage", `let onmessage; ${WORKER}; return onmessage;`);
    this.hear = script({ storage }, say);
  }

  /** @param {Device} device @param {string} name */
  #hold(device, name) {
    const file = device.files.get(name) ?? new File();
    device.files.set(name, file);
    if (file.isHeld || this.isDead) throw new DOMException("another tab has it", "NoModificationAllowedError");
    const handle = new Handle(file, device);
    this.handles.push(handle);
    return handle;
  }

  /** @param {any} data */
  postMessage(data) {
    setImmediate(() => this.isDead || this.hear({ data }));
  }

  terminate() {
    this.isDead = true;
    for (const handle of this.handles) if (handle.file.isHeld) handle.close();
  }
}

const localStorage = {
  getItem: () => running().device.text,
  setItem: (/** @type {string} */ _key, /** @type {string} */ text) => {
    const { device } = running();
    if (device.isFull && text.length > (device.text ?? "").length) throw new DOMException("full", "QuotaExceededError");
    device.text = text;
  },
  removeItem: () => void (running().device.text = null),
};
Object.assign(globalThis, { Worker });
Object.defineProperty(globalThis, "localStorage", { value: localStorage, configurable: true });
Object.defineProperty(globalThis, "indexedDB", {
  value: {
    open(/** @type {string} */ name, /** @type {number} */ version) {
      const tab = running();
      const opening = tab.device.factory.open(name, version);
      opening.addEventListener("success", () => {
        owners.set(opening.result, tab);
        tab.device.connections.add(opening.result);
      });
      return opening;
    },
  },
  configurable: true,
});

/** Locks over the tabs of one device, as far as the sender uses them. */
class Locks {
  /** @type {{tab: Tab, lose: (why: Error) => void} | null} */ held = null;

  /** @param {Tab} tab */
  of(tab) {
    const request = async (/** @type {string} */ _name, /** @type {any} */ { steal }, /** @type {any} */ work) => {
      if (this.held && !steal) return work(null);
      this.held?.lose(new DOMException("stolen", "AbortError"));
      const mine = { tab, lose: (/** @type {Error} */ _why) => {} };
      const lost = new Promise((_resolve, reject) => (mine.lose = reject));
      lost.catch(() => {});
      this.held = mine;
      try {
        return await Promise.race([work({}), lost]);
      } finally {
        if (this.held === mine) this.held = null;
      }
    };
    return /** @type {LockManager} */ (/** @type {unknown} */ ({ request }));
  }
}

/** One page of the app. What it does after it was killed reaches neither the server nor the journal. */
export class Tab {
  /** @type {Worker[]} */ workers = [];
  isDead = false;
  /** Frozen pages hear no answers until they are thawed. @type {(() => void)[] | null} */ frozen = null;
  /** @type {import("../../webapp/static/outbox/store.js").Alarm[]} */ alarms = [];

  /** @param {Device} device */
  constructor(device) {
    this.device = device;
    this.bootMs = device.monotonicMs;
    this.clock = new Clock(`boot-${device.boots}`, () => ({ wallMs: device.nowMs, monotonicMs: device.monotonicMs - this.bootMs }));
    const clocks = () => this.clock.read();
    this.store = new Store((alarm) => {
      this.alarms.push(alarm);
      if (alarm.kind === "restored") void this.queue.load().catch(() => {}); // as the page does
    });
    this.server = new Server({ fetch: (...args) => this.#reach(...args), clock: this.clock });
    this.clock.onAnchor = (anchor) => void this.run(() => this.store.put("clock", anchor)).catch(() => {});
    this.queue = new Queue(this.store, { now: () => device.nowMs, clocks, announce: () => device.announce(this) });
    const locks = device.locks?.of(this);
    this.sender = new Sender(this.queue, this.server, { locks, now: () => device.nowMs, random: device.random });
  }

  /** Something its script does. @template T @param {() => T} work @returns {T} */
  run(work) {
    return scripts.run(this, work);
  }

  open() {
    return this.run(async () => {
      await this.store.open();
      await this.queue.load();
      this.clock.resume(await this.store.get("clock"));
    });
  }

  /** Both copies held against each other, and read. */
  settle() {
    return this.run(async () => {
      await this.store.recall();
      await this.queue.load();
    });
  }

  /** @param {{eager?: boolean, asked?: boolean}} [how] */
  async send(how) {
    const sending = this.run(() => this.sender.send(how));
    sending.catch(() => {});
    await (this.frozen ? pass(8) : sending); // a frozen page comes to no end
  }

  /** What the server knows of this device, as the page asks at each start. */
  async meet() {
    const { plant } = this.device;
    if (plant.mood !== "ok" || this.isDead) return;
    this.clock.learn(this.device.trueMs, this.clock.depart());
    const { lineage, device } = plant;
    await this.run(() => this.queue.compareMemory({ lineage, device }));
  }

  /** @param {Parameters<typeof fetch>} request @returns {Promise<Response>} */
  async #reach(...request) {
    if (this.isDead) return new Promise(() => {});
    const answer = await this.device.plant.fetch(...request);
    if (this.isDead) return new Promise(() => {});
    if (this.frozen) await new Promise((thaw) => this.frozen?.push(() => thaw(null)));
    return answer;
  }

  thaw() {
    for (const go of this.frozen ?? []) go();
    this.frozen = null;
  }

  kill() {
    this.isDead = true;
    for (const worker of this.workers) worker.terminate();
    const { locks } = this.device;
    if (locks?.held?.tab === this) locks.held = null;
    this.device.tabs = this.device.tabs.filter((tab) => tab !== this);
  }
}

/** Let other scripts run. @param {number} turns of the event loop */
export async function pass(turns) {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((done) => setImmediate(done));
}

/** A tablet: what it keeps, its clock, its tabs, the server it sends to. */
export class Device {
  factory = new IDBFactory();
  /** @type {Set<IDBDatabase>} */ connections = new Set();
  /** @type {Map<string, File>} */ files = new Map();
  /** @type {string | null} */ text = null;
  isFull = false;
  refusesFiles = false;
  boots = 0;
  /** @type {Tab[]} */ tabs = [];
  /** @type {Locks | null} */ locks = new Locks();
  plant = new Plant();
  /** Wall clock, as it says; how long it has run; what the time really is. */
  nowMs = START_MS;
  monotonicMs = 0;
  trueMs = START_MS;
  /** @type {{log: Map<string, string>, lastSeq: number, atMs: number}} */ backup = { log: new Map(), lastSeq: 0, atMs: START_MS };
  /** What a person heard "saved" for, in that order: id -> text. @type {Map<string, string>} */ confirmed = new Map();
  /** What was tried and never confirmed. @type {Set<string>} */ tried = new Set();
  /** When each capture really happened, by id. @type {Map<string, number>} */ truth = new Map();
  notSaved = 0;
  hasForgotten = false;

  /** @param {() => number} random */
  constructor(random) {
    this.random = random;
    this.plant.now = () => this.trueMs;
  }

  /** @param {number} number which of the tabs; there is always one */
  async tab(number = 0) {
    if (this.tabs.length === 0) await this.start();
    return this.tabs[number % this.tabs.length];
  }

  async start() {
    this.boots += 1;
    const tab = new Tab(this);
    this.tabs.push(tab);
    await tab.open();
    return tab;
  }

  /** @param {Tab} from */
  announce(from) {
    for (const tab of this.tabs) {
      if (tab !== from) setImmediate(() => tab.isDead || void tab.run(() => tab.queue.load()).catch(() => {}));
    }
  }

  /** @param {Tab} tab @param {number} facts of one gesture */
  async capture(tab, facts) {
    const drafts = Array.from({ length: facts }, () => good({ order: "MO-1", operation: "10" }, "1")).flat();
    const { save } = tab.store;
    // Every number and text a maker gives out may reach the disk, whatever the page hears of it.
    tab.store.save = (makers, how) =>
      save.call(
        tab.store,
        makers.map((make) => (seq) => {
          const made = make(seq);
          this.tried.add(made.id);
          this.truth.set(made.id, this.trueMs);
          return made;
        }),
        how,
      );
    const author = `p${tab.device.boots % 3}`;
    try {
      const saved = await tab.run(() => tab.queue.capture(drafts, author));
      if (!tab.isDead) for (const { id, body } of saved) this.confirmed.set(id, body);
    } catch {
      this.notSaved += 1;
    } finally {
      tab.store.save = save;
    }
  }

  /** @param {number} ms */
  wait(ms) {
    this.nowMs += ms;
    this.monotonicMs += ms;
    this.trueMs += ms;
  }

  /** Its monotonic clock stands still meanwhile, as in most browsers. @param {number} ms */
  sleep(ms) {
    this.nowMs += ms;
    this.trueMs += ms;
  }

  killAll() {
    for (const tab of [...this.tabs]) tab.kill();
  }

  // ---- what happens to storage ----

  /** The browser closes the database under all pages, as iOS does. */
  closeDatabases() {
    for (const connection of this.connections) owners.get(connection)?.run(() => forceCloseDatabase(/** @type {any} */ (connection)));
    this.connections.clear();
  }

  /** The site's database is gone; open pages find out when they use it. */
  wipe() {
    this.factory = new IDBFactory();
    this.closeDatabases();
  }

  /** The database is as it was a while ago: its log was cut. @param {number} lost captures */
  async cutDatabase(lost) {
    const opening = this.factory.open(DATABASE); // whatever its version
    await new Promise((resolve, reject) => {
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore("capture", { keyPath: "seq" });
        opening.result.createObjectStore("meta");
      };
      opening.onerror = reject;
      opening.onsuccess = () => {
        const writing = opening.result.transaction(["capture", "meta"], "readwrite");
        const keys = writing.objectStore("capture").getAllKeys();
        keys.onsuccess = () => {
          const gone = lost > 0 ? keys.result.slice(-lost) : [];
          for (const key of gone) writing.objectStore("capture").delete(key);
          if (gone.length > 0) writing.objectStore("meta").put(gone[0], "next_seq");
        };
        writing.oncomplete = resolve;
      };
    });
    opening.result.close();
  }

  /** Bytes of the second copy are lost or changed. @param {"cut" | "noise" | "gone"} how */
  damageJournal(how) {
    for (const file of this.files.values()) {
      if (how === "gone") file.bytes = new Uint8Array();
      if (how === "cut") file.bytes = file.bytes.slice(0, file.bytes.length >> 1);
      if (how === "noise") file.bytes = file.bytes.map((byte, at) => (at % 97 === 13 ? byte ^ 0x5a : byte));
    }
    if (this.text !== null) this.text = how === "gone" ? null : this.text.slice(0, this.text.length >> 1);
  }

  // ---- what happens to the server ----

  backUp() {
    this.backup = { log: new Map(this.plant.log), lastSeq: this.plant.lastSeq, atMs: this.trueMs };
  }

  /** The server as it was when it was last backed up. @param {boolean} isTold it knows that and says so */
  restore(isTold) {
    this.hasForgotten = true;
    this.plant.log = new Map(this.backup.log);
    this.plant.lastSeq = this.backup.lastSeq;
    if (isTold) this.plant.lineage = `lineage-${Number(this.plant.lineage.split("-")[1]) + 1}`;
  }
}
