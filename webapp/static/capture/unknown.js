// A valid label this device does not know: printed after its last contact, or for something new. The fact is true all
// the same, so it is captured with the letters as the reference; the server understands them later.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { change, keepBoth } from "../model/gestures.js";
import { grouped } from "../model/code.js";
import { peopleHere } from "../model/session.js";
import { withMates } from "../model/words.js";
import { frame, key, notice, titleOf } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const unknown = {
  name: "unknown",
  open: true,
  view(phone, params) {
    const letters = params.letters;
    const person = phone.operator;
    const people = peopleHere(phone);
    const running = phone.work.ofAll(people);
    const productive = phone.work.of(person).filter((span) => span.order);
    const others = [...new Set(running.map((span) => titleOf(phone, span)))].join(", ");
    const begin = async (/** @type {string} */ activity) => {
      const what = withMates(grouped(letters), people);
      const drafts = change(running, people, { order: letters }, activity);
      const said = running.length > 0 ? t("Stopped {others}, started {what}", { others, what }) : t("Started: {what}", { what });
      const also = running.length > 0 ? keepBoth(running.length, t("Both run: {others} and {what}", { others, what })) : undefined;
      if (await phone.capture(drafts, said, "look", also)) phone.home();
    };
    return frame(phone, {
      title: grouped(letters),
      about: t("A label this device does not know yet"),
      body: html`
        ${notice("look", t("It can be used all the same: the letters are kept and the server understands them later."))}
        <h2 class="heading">${t("What is it?")}</h2>
        <div class="tiles tiles-1">
          ${person
            ? html`
                ${key({ label: t("An order or operation: start a run"), about: others ? t("stops {others}", { others }) : nothing, sign: "run", onTap: () => begin("run") })}
                ${key({ label: t("An order or operation: start a setup"), sign: "setup", onTap: () => begin("setup") })}
                ${key({ label: t("An order: I know its operation"), sign: "hash", onTap: () => phone.go("operation", { order: letters }) })}
                ${productive.map((span) =>
                  key({
                    label: t("Material for {job}", { job: titleOf(phone, span) }),
                    sign: "box",
                    onTap: () => phone.go("consumption", { order: span.order ?? "", ...(span.operation ? { operation: span.operation } : {}), item: letters }),
                  }),
                )}
                ${key({ label: t("A machine"), sign: "gear", onTap: () => phone.go("machine", { machine: letters }) })}
              `
            : nothing}
          ${key({ label: t("My badge"), sign: "badge", onTap: () => phone.signIn(letters) })}
        </div>
      `,
    });
  },
};
