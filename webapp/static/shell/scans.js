// A code was read: the open form may want it, else the phone does the obvious.

import { t } from "../lib/i18n.js";
import { secretOf, tail } from "../model/code.js";
import { change, complete, endShift, keepBoth, start, startBreak, stop, stopBreak } from "../model/gestures.js";
import { jobOf, read, respond } from "../model/reading.js";
import { activityName, jobName, withMates } from "../model/words.js";
import { jobKey } from "../model/work.js";
import { resumeWork } from "../capture/cards.js";
import { arrivingOf, beginShift } from "../capture/home.js";
import { showResult } from "../capture/phone.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../model/reading.js").Response} Response */
/** @typedef {import("../model/reading.js").Scanned} Scanned */
/** @typedef {import("../model/work.js").Job} Job */

export class Scans {
  /** A code that came by an address and waits for a badge. @type {string | null} */
  #followed = null;
  /** Until the scan before is done with. @type {Promise<void>} */
  #before = Promise.resolve();

  /** @param {Phone} phone @param {import("./screens.js").Screens} screens @param {import("./places.js").Places} places
   * @param {{touch: () => void}} surroundings */
  constructor(phone, screens, places, { touch }) {
    this.phone = phone;
    this.screens = screens;
    this.places = places;
    this.touch = touch;
  }

  /** Until the page knows where it begins, which a scan must not be lost to nor change. @param {Promise<unknown>} begun */
  waitFor(begun) {
    this.#before = begun.then(() => {}, () => {});
  }

  /** One after the other: who scans a label right after a badge means the person of that badge.
   * @param {string} text @returns {Promise<void>} */
  take(text) {
    this.touch();
    const taken = this.#before.then(() => this.#take(text));
    this.#before = taken.catch(() => {});
    return taken;
  }

  /** @param {string} text @returns {Promise<void>} */
  async #take(text) {
    const { phone, places } = this;
    const { place } = phone;
    if (place.screen === "enrol" || place.params.for === "enrol" || /\/enrol#/i.test(text)) return this.#enrol(text);
    if (!phone.device && !tail(text)) return phone.say(t("Enrol this device first."), "look");
    const scanned = read(text, phone.reference);
    if (place.form.code !== undefined) phone.fill({ code: "" });
    if (this.#givenToForm(scanned)) return;
    if (!phone.operator && place.params.for === "badge" && scanned.is === "unknown") return phone.signIn(scanned.letters);
    const response = respond(scanned, this.#situation());
    if (response.do === "ask for badge") {
      phone.pending = text;
      places.only("badge");
      return phone.say(t("Now scan your badge."), "look");
    }
    await this.#do(response, text);
  }

  /** A form that is open may want it; the camera was only its eye. @param {Scanned} scanned */
  #givenToForm(scanned) {
    const { phone, places } = this;
    const holder = phone.operator ? this.screens.get(places.under.screen) : null;
    if (!holder?.scanned) return false;
    const byCamera = phone.place.screen === "scan";
    if (byCamera) places.leaveCamera();
    const isTaken = holder.scanned(phone, phone.place.params, scanned, phone.place.form);
    if (isTaken && byCamera) places.show(phone.place);
    return isTaken;
  }

  /** @param {string} text */
  #enrol(text) {
    const { phone, places } = this;
    const secret = secretOf(text);
    if (!secret) return phone.say(t("That is no enrolment code."), "look");
    const { under } = places;
    places.only("enrol", { ...(under.screen === "enrol" ? under.form : {}), secret });
  }

  /** @returns {import("../model/reading.js").Situation} */
  #situation() {
    const { phone, places } = this;
    const { operator, crew, reference, work, nextActivity } = phone;
    const { screen, params } = places.under;
    const shown = screen === "running" ? work.labor.get(params.start) : params;
    return {
      operator, crew, reference, work,
      here: shown?.order ? { order: shown.order, operation: shown.operation ?? null } : null,
      offered: screen === "operation",
      prepared: nextActivity?.person === operator ? (nextActivity?.activity ?? null) : null,
      arriving: arrivingOf(phone),
      nowMs: phone.clocks().nowMs,
    };
  }

  /** @param {Exclude<Response, {do: "ask for badge"}>} response @param {string} text */
  async #do(response, text) {
    const { phone, places } = this;
    switch (response.do) {
      case "sign in":
        return phone.signIn(response.person);
      case "start":
        return this.#started(start(response.people, response.job, response.activity), response);
      case "switch":
        return this.#switch(response);
      case "resume":
        return resumeWork(phone, response.paused);
      case "pause":
        if (await phone.capture(stop(response.spans, { pause: true }), t("Paused: {what}", { what: this.#names(response.spans) }))) phone.home();
        return;
      case "stop":
        if (await phone.capture(stop(response.spans), t("Stopped: {what}", { what: this.#names(response.spans) }))) showResult(phone, response.spans);
        return;
      case "break":
        if (await phone.capture(startBreak(response.people), t("Break began"))) phone.home();
        return;
      case "back to work":
        if (await phone.capture(stopBreak(response.breaks), t("Back from the break"))) phone.home();
        return;
      case "start shift":
        return beginShift(phone, response.people);
      case "end shift":
        if (await phone.capture(endShift(response.people, response.spans, response.breaks), t("Shift ended, all work is stopped"))) phone.go("farewell");
        return;
      case "complete": {
        const said = t("Operation done: {what}", { what: jobName(phone.reference, response.job) });
        if (await phone.capture(complete(response.job, response.spans), said)) showResult(phone, response.spans);
        return;
      }
      case "prepare":
        phone.nextActivity = { activity: response.activity, person: phone.operator };
        phone.home();
        return phone.say(t("The next start is: {activity}. Scan the operation.", { activity: activityName(response.activity) }), "saved");
      case "count":
        return places.open("quantity", { ...jobOf(response.span), done: "1" });
      case "open":
        return places.open(response.screen, response.params);
      case "press":
        return this.#onForm((screen, { params, form }) => screen.main && (screen.main(phone, params, form), true));
      case "type":
        return this.#onForm((screen, { params, form }) => screen.typed && (screen.typed(phone, params, response.key, form), true));
      case "cancel":
        return places.back();
      case "undo":
        return (phone.said?.undo.length ?? 0) > 0 ? phone.undo() : phone.say(t("It is too late to undo. Your day lists what you captured."), "look");
      case "sign out":
        return phone.signOut();
      case "say":
        return phone.say(sentence(response.what, text), response.what === "it works" ? "saved" : "look");
    }
  }

  /** @param {import("../model/event.js").Draft[]} drafts @param {{job: Job, activity: string, people: string[]}} what */
  async #started(drafts, { job, activity, people }) {
    const { phone } = this;
    const what = withMates(jobName(phone.reference, job), people);
    const said = job.indirect ? t("Started: {what}", { what }) : t("Started {activity}: {what}", { activity: activityName(activity), what });
    if (!(await phone.capture(drafts, said))) return;
    phone.nextActivity = null;
    phone.home();
  }

  /** One job runs before and after; a second key makes it two. @param {Extract<Response, {do: "switch"}>} response */
  async #switch({ people, job, activity, spans }) {
    const { phone } = this;
    const isSameJob = spans.some((span) => jobKey(span) === jobKey(job));
    const what = withMates(jobName(phone.reference, job), people);
    const started = job.indirect ? what : `${what} (${activityName(activity)})`;
    const said = isSameJob
      ? t("Now {activity}: {what}", { activity: activityName(activity), what })
      : t("Stopped {others}, started {what}", { others: this.#names(spans), what: activity === "run" ? what : started });
    const also = isSameJob ? undefined : keepBoth(spans.length, t("Both run: {others} and {what}", { others: this.#names(spans), what }));
    if (!(await phone.capture(change(spans, people, job, activity), said, "saved", also))) return;
    phone.nextActivity = null;
    phone.home();
  }

  /** The screen that is open, below the camera, does something; says so if it has nothing like that.
   * @param {(screen: import("../capture/phone.js").Screen, place: import("../capture/phone.js").Place) => unknown} act */
  #onForm(act) {
    const { phone, places } = this;
    const screen = this.screens.get(places.under.screen);
    const byCamera = phone.place.screen === "scan";
    if (byCamera && screen) {
      places.leaveCamera();
      places.show(phone.place);
    }
    if (!screen || !act(screen, phone.place)) phone.say(sentence("no form", ""), "look");
  }

  /** What runs, each job once. @param {import("../model/work.js").Span[]} spans */
  #names(spans) {
    return [...new Set(spans.map((span) => jobName(this.phone.reference, span)))].join(", ");
  }

  /** Somebody signed in: use what they scanned before their badge. @returns {boolean} whether there was something */
  resume() {
    const { phone } = this;
    const { pending } = phone;
    const isLink = pending !== null && pending === this.#followed;
    phone.pending = this.#followed = null;
    if (!pending) return false;
    phone.home();
    if (isLink) this.follow(pending);
    else void this.take(pending);
    return true;
  }

  /** An address opens, it never captures: whoever follows a link has not said anything yet. @param {string} code */
  follow(code) {
    const { phone } = this;
    if (!phone.operator) {
      phone.pending = this.#followed = code;
      return this.places.show({ screen: "badge", params: {}, form: {} });
    }
    const scanned = read(code, phone.reference);
    if (scanned.is === "operation") return phone.go("operation", { order: scanned.order, operation: scanned.operation });
    if (scanned.is === "order") return phone.go("order", { order: scanned.order });
    if (scanned.is === "machine") return phone.go("machine", { machine: scanned.machine });
    if (scanned.is === "unknown") return phone.go("unknown", { letters: scanned.letters });
  }
}

/** @param {Extract<Response, {do: "say"}>["what"]} what @param {string} text that was read */
function sentence(what, text) {
  switch (what) {
    case "foreign":
      return t("“{text}” is no code of this plant.", { text: text.trim().slice(0, 40) });
    case "nothing runs":
      return t("Nothing of yours runs: there is nothing to do that with.");
    case "several run":
      return t("Several jobs run: scan the one you mean first.");
    case "it works":
      return t("The scanner works.");
    case "runs already":
      return t("That runs already.");
    case "on shift":
      return t("Your shift has begun already.");
    case "no form":
      return t("No form is open that this code could fill.");
    default:
      return t("This code does nothing here: open the form it belongs to first.");
  }
}
