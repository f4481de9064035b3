// Wires the rooms together; nothing else does. Keeps the one state there is and draws it.

import { strip } from "./capture/faces.js";
import { html, nothing, render } from "./lib/dom.js";
import { bestOf, language, speak, t } from "./lib/i18n.js";
import { keepLit, signal as give, unlockSound } from "./lib/senses.js";
import { vouch } from "./lib/trust.js";
import { uuid } from "./lib/uuid.js";
import { readTypes } from "./model/catalog.js";
import { secretOf, tail } from "./model/code.js";
import { Reference } from "./model/reference.js";
import { Things } from "./model/things.js";
import { Work } from "./model/work.js";
import { Clock } from "./outbox/clock.js";
import { Photos } from "./outbox/photos.js";
import { Queue } from "./outbox/queue.js";
import { Sender } from "./outbox/sender.js";
import { Server } from "./outbox/server.js";
import { Store } from "./outbox/store.js";
import { listen } from "./scanner/wedge.js";
import { Captures } from "./shell/captures.js";
import { dress, People } from "./shell/people.js";
import { Places } from "./shell/places.js";
import { Scans } from "./shell/scans.js";
import { Screens } from "./shell/screens.js";
import { Upkeep } from "./shell/upkeep.js";
import { Versions } from "./shell/versions.js";

/** @typedef {import("./capture/phone.js").Phone} Phone */

const REFERENCE_EVERY_MS = 5 * 60_000;
const FOLLOW_UP_EVERY_MS = 20_000;
const IDLE_BEFORE_UPDATE_MS = 60_000;

const ASK_TIME_EVERY_MS = 15_000;

/** Of this run of the page: the monotonic clock starts anew with the next one. */
const clock = new Clock(uuid());

let drawWanted = false;
/** Until the first place is known the page shows its mark. */
let isBegun = false;
/** @type {string | null} */
let storageTrouble = null;

const clocks = () => clock.read();

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("floorledger") : null;

const store = new Store((alarm) => {
  if (alarm.kind === "restored") {
    void queue.load().catch(() => {});
    raise(t("The browser lost {n} captures; they were brought back from the second copy.", { n: alarm.count }));
  }
  if (alarm.kind === "reopened") raise(t("The browser closed the storage under the page; it was opened again."));
  if (alarm.kind === "no second copy") phone.health.secondCopy = "none";
});
store.onBlocked = () => {
  const start = document.querySelector(".start p");
  if (start) start.textContent = t("Close the other windows of Floorledger: an older one holds the storage.");
};
const server = new Server({ language, clock });
server.recallKey = () => store.get("key");
clock.onAnchor = (anchor) => void store.put("clock", anchor).catch(() => {}); // a guess then, as after any start
const queue = new Queue(store, { clocks, announce: () => tabs?.postMessage("changed") });
const sender = new Sender(queue, server, {
  locks: navigator.locks,
  onChange: () => draw(),
  // Why, the server says to whoever asks: a key that the browser lost is asked for anew. Who waits asks already.
  onRefused: () => { if (phone.waiting === null) void upkeep.meet(); },
});

const photos = new Photos(queue, server);

/** @type {Phone} */
const phone = {
  reference: new Reference(),
  work: new Work([]),
  things: new Things(),
  queue,
  sender,
  photos,
  exported: null,
  server,
  operator: null,
  proven: true,
  crew: [],
  get others() {
    return people.others;
  },
  nextActivity: null,
  device: null,
  preferences: { language: bestOf(navigator.languages), theme: "", personal: false, lens: null },
  place: { screen: "badge", params: {}, form: {} },
  get isForm() {
    return Boolean(screenHere().draft);
  },
  said: null,
  waiting: null,
  pending: null,
  eventTypes: [],
  health: {
    storage: null,
    camera: "",
    nfc: false,
    installer: null,
    persisted: null,
    secondCopy: "none",
    updateReady: false,
    installed: matchMedia("(display-mode: standalone)").matches || Boolean(/** @type {any} */ (navigator).standalone),
    version: document.documentElement.dataset.version ?? "",
    alarms: [],
  },
  clocks,
  draw,
  go: (screen, params, form) => places.go(screen, params, form),
  instead: (screen, params, form) => places.instead(screen, params, form),
  back: () => places.back(),
  home: () => places.home(),
  fill: (values) => places.fill(values),
  capture: (drafts, said, sign, also) => captures.capture(drafts, said, sign, { also }),
  undo: () => captures.undo(),
  scan: (text) => scans.take(text),
  signIn: (person, how) => people.signIn(person, how),
  signInByPin: (number, pin) => people.signInByPin(number, pin),
  gather: (mates) => people.gather(mates),
  signOut: () => {
    people.signOut();
    versions.updateWhileIdle();
  },
  say: (text, sign) => captures.say(text, sign),
  prefer: (values) => people.prefer(values),
  enrol: (secret, name, chosen) => upkeep.enrol(secret, name, chosen),
  update: () => versions.update(),
  weigh: () => upkeep.weigh(),
};

const touch = () => people.touch();
const screens = new Screens();
const places = new Places(phone, screens, store);
const captures = new Captures(phone, { drawNow, touch });
const scans = new Scans(phone, screens, places, { touch });
const upkeep = new Upkeep(phone, places, store);
const people = new People(phone, places, scans, store, { onArrival: () => void upkeep.freshen() });
const versions = new Versions(phone);

/** Without storage nothing can be captured: the device's own screen says so. */
function screenHere() {
  const place = storageTrouble ? { ...phone.place, screen: "device" } : phone.place;
  return screens.at(place, phone.operator !== null);
}

function draw() {
  if (drawWanted || !isBegun) return;
  drawWanted = true;
  requestAnimationFrame(() => {
    drawWanted = false;
    drawNow();
  });
}

function drawNow() {
  const root = /** @type {HTMLElement} */ (document.getElementById("phone"));
  root.querySelector(".start")?.remove();
  const screen = screenHere();
  const { params, form } = phone.place;
  root.dataset.screen = screen.name;
  render(html`<div class="frame">${screen.view(phone, params, form)}</div>${screen.name === "home" ? strip(phone) : nothing}${captures.view()}`, root);
  if (screen.name === "scan") void screens.eye.openEye(phone);
  else screens.eye.closeEye();
}

/** @param {string} words */
function raise(words) {
  if (!phone.health.alarms.includes(words)) phone.health.alarms = [...phone.health.alarms, words];
  give("lost");
  draw();
}

function watch() {
  listen(window, {
    isCode: (text) => tail(text) !== null,
    onScan: (text, byCode) => void phone.scan(!tail(text) && (tail(byCode) || /\/enrol#/i.test(byCode)) ? byCode : text),
    onTyped: (pressed) => screenHere().typed?.(phone, phone.place.params, pressed, phone.place.form),
  });
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => { unlockSound(); touch(); }, { capture: true, passive: true });
  }
  window.addEventListener("popstate", ({ state }) => places.returned(state));
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // asked on our own page, with words
    phone.health.installer = async () => {
      phone.health.installer = null;
      await /** @type {any} */ (event).prompt();
    };
    draw();
  });
  window.addEventListener("appinstalled", () => { phone.health.installed = true; draw(); });
  window.addEventListener("online", () => void sender.send({ eager: true }));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return screens.eye.closeEye();
    void sender.send({ eager: true });
    void upkeep.freshen();
    draw();
  });
  tabs?.addEventListener("message", () => void queue.load().catch(() => {}));
  queue.onChange(() => {
    upkeep.rework();
    if (queue.counts.waiting === 0) void photos.send();
    draw();
  });
  store.onOutdated = () => raise(t("A newer version is open in another window: reload this one."));

  setInterval(() => {
    askTime();
    people.lookForAbsence();
    captures.forgetSaid();
    screenHere().ticked?.(phone, phone.place.params);
    if (phone.place.screen === "badge" && people.isIdle(IDLE_BEFORE_UPDATE_MS)) versions.updateWhileIdle();
    void keepLit((phone.operator !== null || phone.place.screen === "scan") && !document.hidden);
    if (!document.hidden) draw();
  }, 1000);
  setInterval(() => { if (!document.hidden) void upkeep.refresh(); }, REFERENCE_EVERY_MS);
  setInterval(() => {
    void upkeep.followUp();
    void upkeep.tell();
    void photos.send();
  }, FOLLOW_UP_EVERY_MS);
  setTimeout(() => void upkeep.followUp(), 4_000);
}

let timeAskedMs = -Infinity;

/** A clock that was set, or a device that slept, is noticed within a second; ask then, before somebody captures. */
function askTime() {
  const { monotonicMs, sureWithinMs } = clock.read();
  if (sureWithinMs !== null || !phone.device || document.hidden || !navigator.onLine) return;
  if (monotonicMs - timeAskedMs < ASK_TIME_EVERY_MS) return;
  timeAskedMs = monotonicMs;
  void server.ask("/api/v1/device");
}

/** What the storage remembers, or as much of it as there is. */
async function remember() {
  const opening = store.open();
  const reading = opening // beside the captures, not after them: a start waits for the disk more than for anything else
    .catch(() => {})
    .then(() => store.getAll(["device", "token", "key", "preferences", "reference", "event_types", "clock"]))
    .catch(() => []);
  try {
    await opening;
    await queue.load();
  } catch (error) {
    console.error(error);
    storageTrouble = String(error);
    phone.health.alarms = [t("This browser gives no storage: nothing can be captured. Close other windows, free space, or leave private mode.")];
  }
  const [device, token, key, preferences, reference, types, known] = await reading;
  clock.resume(known);
  // A database that has forgotten who we are was lost: the second copy knows, and brings the captures back.
  const facts = device && token ? {} : await store.recall().catch(() => ({}));
  phone.device = device ?? facts.device ?? null;
  server.signature.key = key ?? null;
  server.token = token ?? facts.token ?? null;
  phone.preferences = { ...phone.preferences, ...preferences };
  phone.reference = reference ? new Reference(reference.snapshot, reference.fetchedMs) : phone.reference;
  phone.eventTypes = types ? readTypes(types) : [];
}

/** Where this run of the page begins. @param {string} secret @param {string | null} code */
async function findPlace(secret, code) {
  // Who comes for the first time does not begin with one of the first screens: better the mark than the wrong one.
  if (!window.isSecureContext || secret || !phone.device) await screens.loadOthers().catch(() => {});
  if (!window.isSecureContext) places.show({ screen: "plain", params: {}, form: {} });
  else if (secret || !phone.device) places.show({ screen: "enrol", params: {}, form: { ...(secret ? { secret } : {}), ...(code ? { followed: code } : {}) } });
  else if (!phone.operator || !(await places.resumeDraft(phone.operator))) phone.home();
  if (code && phone.device) scans.follow(code);
}

async function begin() {
  vouch();
  dress();
  const address = new URL(location.href);
  const code = /^\/s\/(.+)$/i.exec(address.pathname)?.[1] ?? null;
  const secret = address.pathname === "/enrol" ? secretOf(address.hash) : "";
  // The address has done its work; a reload must not do it twice, and a secret must not stay in the history.
  history.replaceState(null, "", "/");

  const speaking = speak(phone.preferences.language); // most likely the right one: fetched while the storage opens
  await remember();
  await speaking;
  await people.restore();
  upkeep.rework();
  const place = findPlace(secret, code);
  scans.waitFor(place);
  watch();
  await place;
  isBegun = true;
  drawNow();
  performance.mark("ready");
  void screens.loadOthers().then(draw, () => {});
  void store.recall().then(() => { phone.health.secondCopy = store.journalKind; }).catch(() => {});

  void navigator.storage?.persisted?.().then((persisted) => { phone.health.persisted = persisted; });
  void versions.register();
  await upkeep.meet();
  await upkeep.refresh();
  sender.keepTrying();
  void sender.send();
}

void begin();
