// The end of a shift: saved already, and the person's day in sum before they go.

import { html, nothing } from "../lib/dom.js";
import { clock, t } from "../lib/i18n.js";
import { machineName } from "../model/words.js";
import { dayTable } from "./day-parts.js";
import { icon } from "./icons.js";
import { frame, key, notice } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const farewell = {
  name: "farewell",
  view(phone) {
    const person = phone.operator ?? "";
    const endedMs = phone.work.shiftEnds.get(person);
    const machines = [...phone.work.machines.values()].filter(({ declaredBy }) => declaredBy === person);
    const waiting = phone.queue.counts.waiting;
    return frame(phone, {
      title: t("Until next time"),
      about: endedMs ? t("shift ended at {time}", { time: clock(endedMs) }) : nothing,
      back: phone.home,
      body: html`
        <p class="result-word">${icon("check")} ${phone.said?.undo.length ? phone.said.text : t("Your day")}</p>
        ${dayTable(phone)}
        ${machines.length > 0
          ? notice("look", t("Still running: {names}.", { names: machines.map(({ machine }) => machineName(phone.reference, machine ?? "")).join(", ") }), "gear")
          : nothing}
        ${waiting > 0 ? notice("quiet", t("{n} captures wait for the network. They are safe here and go out by themselves.", { n: waiting }), "wait") : nothing}
        <div class="tiles tiles-1">${key({ label: t("My day"), about: t("something to correct?"), sign: "pencil", onTap: () => phone.go("me") })}</div>
      `,
      deck: key({ label: t("Sign out"), sign: "leave", look: "primary", onTap: phone.signOut }),
    });
  },
  main: (phone) => phone.signOut(),
};
