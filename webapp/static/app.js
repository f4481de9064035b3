// Wires the rooms together; nothing else does. Keeps the one state there is, draws it, and lets every capture take the
// same way: saved on the disk first, said second, sent third.

import { html, nothing, render } from "./lib/dom.js";
import { bestOf, language, speak, t } from "./lib/i18n.js";
import { keepLit, signal as give, unlockSound } from "./lib/senses.js";
import { uuid } from "./lib/uuid.js";
import { readTypes } from "./model/catalog.js";
import { start as startWork, takeBack, UNDO } from "./model/gestures.js";
import { jobOf, read, respond } from "./model/reading.js";
import { Reference } from "./model/reference.js";
import { AWAY_AFTER_MS, current, NOBODY, signedIn, touched } from "./model/session.js";
import { activityName, jobName, personName } from "./model/words.js";
import { Work } from "./model/work.js";
import { secretOf, tail } from "./model/code.js";
import { Queue } from "./outbox/queue.js";
import { Sender } from "./outbox/sender.js";
import { Server } from "./outbox/server.js";
import { Store } from "./outbox/store.js";
import { listen } from "./scanner/wedge.js";
import { badge } from "./capture/badge.js";
import { home } from "./capture/home.js";
import { icon } from "./capture/icons.js";

/** @typedef {import("./capture/phone.js").Phone} Phone */
/** @typedef {import("./capture/phone.js").Place} Place */
/** @typedef {import("./capture/phone.js").Preferences} Preferences */
/** @typedef {import("./lib/senses.js").Signal} Signal */

/** Those that may come first; the others follow as soon as the first is drawn. */
const SCREENS = new Map([badge, home].map((screen) => [screen.name, screen]));

/** @type {Promise<void> | null} */
let others = null;

/** The camera's, once the screen that has it is loaded. */
let eye = { openEye: async (/** @type {Phone} */ _phone) => {}, closeEye: () => {} };

/** All other screens. Offline, too: the service worker keeps them. */
function loadOthers() {
  others ??= import("./capture/others.js").then(({ OTHERS, closeEye, openEye }) => {
    for (const screen of OTHERS) SCREENS.set(screen.name, screen);
    eye = { openEye, closeEye };
  });
  return others;
}

const UNDO_MS = 10_000;
const FLASH_MS = 600;
const REFERENCE_EVERY_MS = 5 * 60_000;
const UPDATE_EVERY_MS = 3_600_000;
const IDLE_BEFORE_UPDATE_MS = 60_000;
const DRAFT_KEEPS_MS = 24 * 3_600_000;
const THEME_KEY = "floorledger.theme";

/** This run of the page: the monotonic clock starts anew with the next one. */
const bootId = uuid();

/** @type {Place[]} where we came from */
const trail = [];
let session = NOBODY;
let touchedMs = Date.now();
let isCapturing = false;
let drawWanted = false;
/** Each capture flashes anew, also one that follows another at once: they take turns in two places.
 * @type {{sign: Signal, word: string, place: number} | null} */
let flash = null;
/** @type {ServiceWorkerRegistration | null} */
let registration = null;
let isUpdating = false;
/** @type {string | null} */
let storageTrouble = null;
/** A code that came by an address and waits for a badge. @type {string | null} */
let followed = null;

const clocks = () => ({
  nowMs: Date.now(),
  bootId,
  monotonicMs: performance.timeOrigin + performance.now(),
  clockOffsetMs: server.clockOffsetMs,
});

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("floorledger") : null;

const store = new Store((alarm) => {
  if (alarm.kind === "restored") {
    void queue.load().catch(() => {});
    raise(t("The browser lost {n} captures; they were brought back from the second copy.", { n: alarm.count }));
  }
  if (alarm.kind === "reopened") raise(t("The browser closed the storage under the page; it was opened again."));
  if (alarm.kind === "no second copy") phone.health.secondCopy = "none";
});
const server = new Server({ language });
const queue = new Queue(store, { clocks, announce: () => tabs?.postMessage("changed") });
const sender = new Sender(queue, server, { locks: navigator.locks, onChange: () => draw() });

/** @type {Phone} */
const phone = {
  reference: new Reference(),
  work: new Work([]),
  queue,
  sender,
  server,
  operator: null,
  device: null,
  preferences: { language: bestOf(navigator.languages), theme: "", personal: false, lens: null },
  place: { screen: "badge", params: {}, form: {} },
  get isForm() {
    return Boolean(screenOf(phone.place).draft);
  },
  said: null,
  pending: null,
  eventTypes: [],
  health: {
    persisted: null,
    secondCopy: "none",
    updateReady: false,
    installed: matchMedia("(display-mode: standalone)").matches || Boolean(/** @type {any} */ (navigator).standalone),
    version: document.documentElement.dataset.version ?? "",
    alarms: [],
  },
  clocks,
  draw,
  go,
  back,
  home: goHome,
  fill,
  capture,
  undo,
  scan: takeScan,
  signIn,
  signOut,
  say,
  prefer,
  enrol: enrolDevice,
  update,
  exportUnsent,
};

// ---- drawing ------------------------------------------------------------------------------------------------------

function draw() {
  if (drawWanted) return;
  drawWanted = true;
  requestAnimationFrame(() => {
    drawWanted = false;
    drawNow();
  });
}

function drawNow() {
  const root = /** @type {HTMLElement} */ (document.getElementById("phone"));
  root.querySelector(".start")?.remove();
  const screen = screenOf(phone.place);
  root.dataset.screen = screen.name;
  render(
    html`
      <div class="frame">${screen.view(phone, phone.place.params, phone.place.form)}</div>
      <div class="said-place" role="status" aria-live="polite">${saidView()}</div>
      ${[0, 1].map((place) => (flash?.place === place ? flashView(flash) : nothing))}
    `,
    root,
  );
  if (screen.name === "scan") void eye.openEye(phone);
  else eye.closeEye();
}

/** @param {{sign: Signal, word: string}} flash */
const flashView = ({ sign, word }) =>
  html`<div class=${`flash flash-${sign}`} aria-hidden="true">
    ${icon(sign === "saved" ? "check" : sign === "look" ? "alert" : "cross")}<span>${word}</span>
  </div>`;

function saidView() {
  const { said } = phone;
  if (!said || (phone.isForm && said.undo.length > 0)) return nothing; // a form shows its undo in the bar
  const left = Math.ceil((said.untilMs - Date.now()) / 1000);
  const sign = said.sign === "saved" ? "check" : said.sign === "look" ? "alert" : "cross";
  return html`<div class=${`said said-${said.sign}`}>
    ${icon(sign)}<span class="said-text">${said.text}</span>
    ${said.undo.length > 0 ? html`<button class="said-undo" type="button" @click=${undo}>${icon("undo")} ${t("Undo")} <span class="said-left">${left}</span></button>` : nothing}
    ${said.sign === "lost" ? html`<button class="said-undo" type="button" @click=${() => { phone.said = null; draw(); }}>${t("Close")}</button>` : nothing}
  </div>`;
}

/** @param {Place} place */
function screenOf({ screen }) {
  const found = SCREENS.get(storageTrouble ? "device" : screen) ?? home;
  if (found.open || phone.operator) return found;
  return badge;
}

// ---- moving about -------------------------------------------------------------------------------------------------

/** @param {string} screen @param {Record<string, string>} [params] @param {Record<string, any>} [form] */
function go(screen, params = {}, form = {}) {
  trail.push(phone.place);
  if (trail.length > 30) trail.shift();
  show({ screen, params, form });
  history.pushState(null, "", "/");
}

function back() {
  history.length > 1 && trail.length > 0 ? history.back() : goHome();
}

function goHome() {
  trail.length = 0;
  show({ screen: phone.operator ? "home" : "badge", params: {}, form: {} });
}

/** @param {Place} place */
function show(place) {
  if (!SCREENS.has(place.screen)) return void loadOthers().then(() => show(place));
  phone.place = place;
  void keepDraft();
  draw();
  requestAnimationFrame(() => {
    document.querySelector(".body")?.scrollTo(0, 0);
    /** @type {HTMLElement | null} */ (document.querySelector("h1[tabindex]"))?.focus({ preventScroll: true });
  });
}

/** @param {Record<string, any>} values */
function fill(values) {
  phone.place = { ...phone.place, form: { ...phone.place.form, ...values } };
  void keepDraft();
  draw();
}

/** What is typed and not confirmed survives a crash, for the person who typed it. */
async function keepDraft() {
  const { screen, params, form } = phone.place;
  const isDraft = Boolean(SCREENS.get(screen)?.draft) && phone.operator !== null;
  if (!isDraft && !keepDraft.kept) return;
  keepDraft.kept = isDraft;
  await store.put("draft", isDraft ? { screen, params, form, person: phone.operator, savedMs: Date.now() } : null).catch(() => {});
}
keepDraft.kept = false;

/** @param {string} person @returns {Promise<boolean>} */
async function resumeDraft(person) {
  const draft = await store.get("draft").catch(() => null);
  if (draft) await loadOthers();
  if (!draft || draft.person !== person || Date.now() - draft.savedMs > DRAFT_KEEPS_MS || !SCREENS.get(draft.screen)?.draft) return false;
  keepDraft.kept = true;
  trail.push({ screen: "home", params: {}, form: {} });
  history.pushState(null, "", "/");
  show({ screen: draft.screen, params: draft.params, form: draft.form });
  return true;
}

// ---- capturing ----------------------------------------------------------------------------------------------------

/** @param {import("./model/event.js").Draft[]} drafts @param {string} said @param {Signal} [sign]
 * @param {{endsDraft?: boolean}} [how] what is captured on a form ends what was typed there */
async function capture(drafts, said, sign = "saved", how = { endsDraft: phone.isForm }) {
  if (isCapturing) return false; // a second tap of an impatient finger
  isCapturing = true;
  try {
    const saved = await queue.capture(drafts, session.person, how);
    performance.mark("saved");
    touch();
    phone.said = { text: said, sign, undo: saved.map(({ id }) => id), untilMs: Date.now() + UNDO_MS };
    startFlash(sign, sign === "saved" ? t("Saved") : t("Saved, please look"));
    void sender.send({ eager: sender.condition === "no network" || sender.condition === "login" });
    return true;
  } catch (error) {
    console.error(error);
    phone.said = { text: t("NOT saved. Nothing was captured: try again, or tell your team lead."), sign: "lost", undo: [], untilMs: Infinity };
    startFlash("lost", t("Not saved"));
    return false;
  } finally {
    isCapturing = false;
  }
}

async function undo() {
  const ids = phone.said?.undo ?? [];
  if (ids.length === 0) return;
  if (await capture(takeBack(ids, UNDO), t("Taken back"), "saved", { endsDraft: false })) {
    if (phone.said) phone.said = { ...phone.said, undo: [], untilMs: Date.now() + 3_000 };
    draw();
  }
}

/** @param {string} text @param {Signal} [sign] */
function say(text, sign = "look") {
  phone.said = { text, sign, undo: [], untilMs: Date.now() + 6_000 };
  give(sign);
  draw();
}

/** @param {Signal} sign @param {string} word */
function startFlash(sign, word) {
  const mine = { sign, word, place: flash?.place === 0 ? 1 : 0 };
  flash = mine;
  give(sign);
  drawNow();
  setTimeout(() => {
    if (flash === mine) flash = null;
    draw();
  }, FLASH_MS);
}

// ---- scanning -----------------------------------------------------------------------------------------------------

/** @param {string} text @returns {Promise<void>} */
async function takeScan(text) {
  touch();
  const { place } = phone;
  const under = place.screen === "scan" ? (trail.at(-1) ?? place) : place;
  if (place.screen === "enrol" || place.params.for === "enrol" || /\/enrol#/i.test(text)) {
    const secret = secretOf(text);
    if (!secret) return say(t("That is no enrolment code."), "look");
    const known = under.screen === "enrol" ? under.form : {};
    trail.length = 0;
    return show({ screen: "enrol", params: {}, form: { ...known, secret } });
  }
  if (!phone.device && !tail(text)) return say(t("Enrol this device first."), "look");
  const scanned = read(text, phone.reference);
  if (place.form.code !== undefined) fill({ code: "" });
  // A form that is open may want it; the camera was only its eye.
  const holder = phone.operator ? SCREENS.get(under.screen) : null;
  if (holder?.scanned) {
    if (place.screen === "scan") {
      trail.pop();
      phone.place = under;
    }
    if (holder.scanned(phone, phone.place.params, scanned, phone.place.form)) {
      if (place.screen === "scan") show(phone.place);
      return;
    }
  }
  if (!phone.operator && place.params.for === "badge" && scanned.is === "unknown") return signIn(scanned.letters);
  const response = respond(scanned, { operator: phone.operator, reference: phone.reference, work: phone.work });
  switch (response.do) {
    case "sign in":
      return signIn(response.person);
    case "ask for badge":
      phone.pending = text;
      trail.length = 0;
      show({ screen: "badge", params: {}, form: {} });
      return say(t("Now scan your badge."), "look");
    case "start": {
      const job = { order: response.order, operation: response.operation };
      const said = t("Started {activity}: {what}", { activity: activityName("run"), what: jobName(phone.reference, job) });
      if (await capture(startWork(session.person ?? "", job, "run"), said)) goHome();
      return;
    }
    case "start indirect": {
      const job = { indirect: response.activity };
      if (await capture(startWork(session.person ?? "", job, "indirect"), t("Started: {what}", { what: jobName(phone.reference, job) }))) goHome();
      return;
    }
    case "count":
      return open("quantity", { ...jobOf(response.span), done: "1" });
    case "open":
      return open(response.screen, response.params);
    case "say":
      return say(
        response.what === "foreign"
          ? t("“{text}” is no code of this plant.", { text: text.trim().slice(0, 40) })
          : t("This code does nothing here: open the form it belongs to first."),
        "look",
      );
  }
}

/** Open a screen in answer to a scan: the camera is not a place to come back to.
 * @param {string} screen @param {Record<string, string>} params */
function open(screen, params) {
  if (phone.place.screen === "scan") show({ screen, params, form: {} });
  else go(screen, params);
}

// ---- people -------------------------------------------------------------------------------------------------------

/** @param {string} person @returns {Promise<void>} */
async function signIn(person) {
  const { pending } = phone;
  const isLink = pending !== null && pending === followed;
  phone.pending = followed = null;
  session = signedIn(person, Date.now());
  phone.operator = person;
  await store.put("session", session).catch(() => {});
  await speak(phone.reference.people.get(person)?.language ?? phone.preferences.language);
  adornPage();
  trail.length = 0;
  if (pending) {
    goHome();
    return isLink ? openLink(pending) : takeScan(pending);
  }
  if (!(await resumeDraft(person))) goHome();
  say(t("Hello {name}", { name: personName(phone.reference, person) }), "saved");
}

function signOut() {
  session = NOBODY;
  phone.operator = null;
  phone.said = null;
  keepDraft.kept = false; // a half-typed capture waits for its author
  void store.put("session", session).catch(() => {});
  void speak(phone.preferences.language).then(adornPage);
  trail.length = 0;
  show({ screen: "badge", params: {}, form: {} });
}

/** A sign of life. */
function touch() {
  touchedMs = Date.now();
  if (!session.person) return;
  const isNews = Date.now() - session.touchedMs > 20_000;
  session = touched(session, Date.now());
  if (isNews) void store.put("session", session).catch(() => {});
}

/** @param {Partial<Preferences>} values */
async function prefer(values) {
  if (values.language && phone.operator) await speak(values.language);
  else if (values.language) {
    phone.preferences = { ...phone.preferences, language: values.language };
    await speak(values.language);
  }
  const { language: _language, ...rest } = values;
  phone.preferences = { ...phone.preferences, ...rest };
  await store.put("preferences", phone.preferences).catch(() => {});
  adornPage();
  draw();
}

function adornPage() {
  const { documentElement: page } = document;
  page.lang = language();
  page.dir = "ltr";
  if (phone.preferences.theme) page.dataset.theme = phone.preferences.theme;
  else delete page.dataset.theme;
  try {
    localStorage.setItem(THEME_KEY, phone.preferences.theme);
  } catch {
    // private window: the theme is right again once the storage is read
  }
  draw();
}

// ---- the server ---------------------------------------------------------------------------------------------------

/** @param {string} secret @param {string} name @param {string} chosen */
async function enrolDevice(secret, name, chosen) {
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
  await know(answer.body.device, answer.body.lineage);
  await prefer({ language: chosen });
  phone.health.persisted = (await navigator.storage?.persist?.().catch(() => null)) ?? null;
  sender.forgiven();
  await refresh();
  goHome();
  say(t("This device is enrolled as {name}.", { name }), "saved");
  void sender.send({ eager: true });
  return null;
}

/** @param {import("./capture/phone.js").Device} device @param {string | null} lineage */
async function know(device, lineage) {
  phone.device = { id: device.id, name: device.name, site: device.site };
  await store.put("device", phone.device);
  await store.remember({ device: phone.device });
  if (lineage && !queue.lineage) {
    queue.lineage = lineage;
    await store.put("lineage", lineage);
  }
}

/** Who does the server take us for? Also finds a server that has forgotten what it acknowledged. */
async function meet() {
  const answer = await server.ask("/api/v1/device");
  if (answer.is !== "ok") return;
  const { device, lineage } = answer.body;
  const wasUnknown = !phone.device;
  await know(device, lineage);
  await queue.compareMemory({ lineage, device });
  if (wasUnknown && phone.place.screen === "enrol" && !phone.place.form.secret) goHome();
  draw();
}

/** Fetch the plant's snapshot if it changed, and the event types for the generic form. */
async function refresh() {
  const kept = await store.get("reference").catch(() => null);
  const answer = await server.ask("/api/v1/reference", { headers: kept?.etag ? { "If-None-Match": kept.etag } : {} });
  const fetchedMs = Date.now();
  if (answer.is === "ok") {
    const etag = answer.headers.get("ETag");
    await store.put("reference", { etag, snapshot: answer.body, fetchedMs });
    phone.reference = new Reference(answer.body, fetchedMs);
  } else if (answer.is === "not modified") {
    phone.reference.fetchedMs = fetchedMs;
  } else return;
  rework();
  const types = await server.ask("/api/v1/event-types");
  if (types.is === "ok" && Array.isArray(types.body.event_types)) {
    phone.eventTypes = readTypes(types.body.event_types);
    await store.put("event_types", types.body.event_types);
  }
  draw();
}

/** What became of what we sent: gently, and only while somebody may look. */
async function followUp() {
  const open = queue.undecided(50);
  if (open.length === 0 || document.hidden) return;
  const answer = await server.ask(`/api/v1/events/status?ids=${open.map(({ id }) => id).join(",")}`);
  if (answer.is === "ok" && answer.body.events) await queue.learn(answer.body.events);
}

function rework() {
  phone.work = new Work(queue.entries, phone.reference.fetchedMs);
}

function exportUnsent() {
  const file = new Blob([queue.export()], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `floorledger-${(phone.device?.name ?? "device").replace(/[^\w-]+/g, "-")}-${new Date().toISOString().slice(0, 16).replace(":", "")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {string} words */
function raise(words) {
  if (!phone.health.alarms.includes(words)) phone.health.alarms = [...phone.health.alarms, words];
  give("lost");
  draw();
}

// ---- new versions -------------------------------------------------------------------------------------------------

async function register() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isUpdating) location.reload();
  });
  try {
    registration = await navigator.serviceWorker.register("/service-worker.js", { updateViaCache: "none" });
  } catch (error) {
    console.warn("no service worker", error);
    return;
  }
  const look = () => {
    phone.health.updateReady = Boolean(registration?.waiting && navigator.serviceWorker.controller);
    draw();
  };
  registration.addEventListener("updatefound", () => registration?.installing?.addEventListener("statechange", look));
  look();
  setInterval(() => void registration?.update().catch(() => {}), UPDATE_EVERY_MS);
}

/** Only ever asked for: by a tap, or by nobody being here. */
function update() {
  if (!registration?.waiting) return;
  isUpdating = true;
  registration.waiting.postMessage("activate");
}

// ---- the rest of the day ------------------------------------------------------------------------------------------

function watch() {
  listen(window, {
    isCode: (text) => tail(text) !== null,
    onScan: (text, byCode) => void takeScan(!tail(text) && (tail(byCode) || /\/enrol#/i.test(byCode)) ? byCode : text),
    onTyped: (pressed) => screenOf(phone.place).typed?.(phone, phone.place.params, pressed, phone.place.form),
  });
  for (const kind of ["pointerdown", "keydown"]) {
    window.addEventListener(kind, () => { unlockSound(); touch(); }, { capture: true, passive: true });
  }
  window.addEventListener("popstate", () => {
    const place = trail.pop();
    if (place) show(place);
    else goHome();
  });
  window.addEventListener("online", () => void sender.send({ eager: true }));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return eye.closeEye();
    void sender.send({ eager: true });
    void refresh();
    draw();
  });
  tabs?.addEventListener("message", () => void queue.load().catch(() => {}));
  queue.onChange(() => { rework(); draw(); });
  store.onOutdated = () => raise(t("A newer version is open in another window: reload this one."));

  setInterval(() => {
    session = current(session, Date.now(), phone.preferences.personal);
    if (phone.operator && !session.person) signOut();
    if (phone.said && Date.now() > phone.said.untilMs) phone.said = null;
    const isIdle = !phone.operator && Date.now() - touchedMs > Math.min(IDLE_BEFORE_UPDATE_MS, AWAY_AFTER_MS);
    if (isIdle && phone.health.updateReady && phone.place.screen === "badge") update();
    void keepLit(phone.operator !== null && !document.hidden);
    if (!document.hidden) draw();
  }, 1000);
  setInterval(() => { if (!document.hidden) void refresh(); }, REFERENCE_EVERY_MS);
  setInterval(() => void followUp(), 20_000);
  setTimeout(() => void followUp(), 4_000);
}

/** The theme before anything is drawn. */
function dress() {
  try {
    const theme = localStorage.getItem(THEME_KEY);
    if (theme) document.documentElement.dataset.theme = theme;
  } catch {
    // as the system
  }
}

async function begin() {
  dress();
  const address = new URL(location.href);
  const code = /^\/s\/(.+)$/i.exec(address.pathname)?.[1] ?? null;
  const secret = address.pathname === "/enrol" ? secretOf(address.hash) : "";
  // The address has done its work; a reload must not do it twice, and a secret must not stay in the history.
  history.replaceState(null, "", "/");

  const speaking = speak(phone.preferences.language); // most likely the right one: fetched while the storage opens
  try {
    await store.open();
    await queue.load();
  } catch (error) {
    console.error(error);
    storageTrouble = String(error);
    phone.health.alarms = [t("This browser gives no storage: nothing can be captured. Close other windows, free space, or leave private mode.")];
  }
  const [device, token, preferences, kept, reference, types] = await store
    .getAll(["device", "token", "preferences", "session", "reference", "event_types"])
    .catch(() => []);
  // A database that has forgotten who we are was lost: the second copy knows, and brings the captures back.
  const facts = device ? {} : await store.recall().catch(() => ({}));
  phone.device = device ?? facts.device ?? null;
  server.token = token ?? facts.token ?? null;
  phone.preferences = { ...phone.preferences, ...preferences };
  phone.reference = reference ? new Reference(reference.snapshot, reference.fetchedMs) : phone.reference;
  phone.eventTypes = types ? readTypes(types) : [];
  session = current(kept ?? NOBODY, Date.now(), phone.preferences.personal);
  phone.operator = session.person;
  await speaking;
  await speak((phone.operator && phone.reference.people.get(phone.operator)?.language) || phone.preferences.language);
adornPage();
  rework();
  watch();

  if (!window.isSecureContext) show({ screen: "plain", params: {}, form: {} });
  else if (secret || !phone.device) show({ screen: "enrol", params: {}, form: secret ? { secret } : {} });
  else if (!phone.operator || !(await resumeDraft(phone.operator))) goHome();
  // An address opens, it never captures: whoever follows a link has not said anything yet.
  if (code && phone.device) openLink(code);
  drawNow();
  performance.mark("ready");
  void loadOthers().then(draw);
  void store.recall().then(() => { phone.health.secondCopy = store.journalKind; }).catch(() => {});

  void navigator.storage?.persisted?.().then((persisted) => { phone.health.persisted = persisted; });
  void register();
  await meet();
  await refresh();
  sender.keepTrying();
  void sender.send();
}

/** @param {string} code */
function openLink(code) {
  const scanned = read(code, phone.reference);
  if (!phone.operator) {
    phone.pending = followed = code;
    return show({ screen: "badge", params: {}, form: {} });
  }
  if (scanned.is === "operation") return go("operation", { order: scanned.order, operation: scanned.operation });
  if (scanned.is === "order") return go("order", { order: scanned.order });
  if (scanned.is === "machine") return go("machine", { machine: scanned.machine });
  if (scanned.is === "unknown") return go("unknown", { letters: scanned.letters });
}

void begin();
