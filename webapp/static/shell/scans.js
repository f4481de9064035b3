// A code was read: the open form may want it, else the phone does the obvious.

import { t } from "../lib/i18n.js";
import { secretOf, tail } from "../model/code.js";
import { start as startWork } from "../model/gestures.js";
import { jobOf, read, respond } from "../model/reading.js";
import { activityName, jobName } from "../model/words.js";

/** @typedef {import("../capture/phone.js").Phone} Phone */
/** @typedef {import("../model/reading.js").Response} Response */
/** @typedef {import("../model/reading.js").Scanned} Scanned */

export class Scans {
  /** A code that came by an address and waits for a badge. @type {string | null} */
  #followed = null;

  /** @param {Phone} phone @param {import("./screens.js").Screens} screens @param {import("./places.js").Places} places
   * @param {{touch: () => void}} surroundings */
  constructor(phone, screens, places, { touch }) {
    this.phone = phone;
    this.screens = screens;
    this.places = places;
    this.touch = touch;
  }

  /** @param {string} text @returns {Promise<void>} */
  async take(text) {
    this.touch();
    const { phone, places } = this;
    const { place } = phone;
    if (place.screen === "enrol" || place.params.for === "enrol" || /\/enrol#/i.test(text)) return this.#enrol(text);
    if (!phone.device && !tail(text)) return phone.say(t("Enrol this device first."), "look");
    const scanned = read(text, phone.reference);
    if (place.form.code !== undefined) phone.fill({ code: "" });
    if (this.#givenToForm(scanned)) return;
    if (!phone.operator && place.params.for === "badge" && scanned.is === "unknown") return phone.signIn(scanned.letters);
    const response = respond(scanned, { operator: phone.operator, reference: phone.reference, work: phone.work });
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

  /** @param {Exclude<Response, {do: "ask for badge"}>} response @param {string} text */
  async #do(response, text) {
    const { phone, places } = this;
    const person = phone.operator ?? "";
    switch (response.do) {
      case "sign in":
        return phone.signIn(response.person);
      case "start": {
        const job = { order: response.order, operation: response.operation };
        const said = t("Started {activity}: {what}", { activity: activityName("run"), what: jobName(phone.reference, job) });
        if (await phone.capture(startWork(person, job, "run"), said)) phone.home();
        return;
      }
      case "start indirect": {
        const job = { indirect: response.activity };
        const said = t("Started: {what}", { what: jobName(phone.reference, job) });
        if (await phone.capture(startWork(person, job, "indirect"), said)) phone.home();
        return;
      }
      case "count":
        return places.open("quantity", { ...jobOf(response.span), done: "1" });
      case "open":
        return places.open(response.screen, response.params);
      case "say":
        return phone.say(
          response.what === "foreign"
            ? t("“{text}” is no code of this plant.", { text: text.trim().slice(0, 40) })
            : t("This code does nothing here: open the form it belongs to first."),
          "look",
        );
    }
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
