// Who works together: one gesture of the person who signs then notes the time of all. Mates are added by their badges,
// one after the other, or by a tap on who was here today already. Nothing is captured here.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { personName } from "../model/words.js";
import { face } from "./faces.js";
import { icon } from "./icons.js";
import { frame, key } from "./parts.js";

/** @param {import("./phone.js").Phone} phone @param {string} mate */
function toggle(phone, mate) {
  phone.gather(phone.crew.includes(mate) ? phone.crew.filter((other) => other !== mate) : [...phone.crew, mate]);
}

/** @type {import("./phone.js").Screen} */
export const crew = {
  name: "crew",
  scanned(phone, _params, scanned) {
    const badge = scanned.is === "person" ? scanned.person : scanned.is === "unknown" ? scanned.letters : null;
    if (!badge) return false;
    if (badge === phone.operator) phone.say(t("You are here already: scan the badges of your mates."), "look");
    else if (phone.crew.includes(badge)) phone.say(t("{name} is in already.", { name: personName(phone.reference, badge) }), "look");
    else {
      phone.gather([...phone.crew, badge]);
      phone.say(t("{name} works with you now.", { name: personName(phone.reference, badge) }), "saved");
    }
    return true;
  },
  main: (phone) => phone.home(),
  view(phone) {
    const me = phone.operator ?? "";
    const known = [...new Set([...phone.crew, ...phone.others])];
    return frame(phone, {
      title: t("Who works together?"),
      about: t("One gesture counts for all"),
      body: html`
        <div class="mate mate-self">${face(phone.reference, me)}<span class="mate-name">${personName(phone.reference, me)}</span><span>${t("signs")}</span></div>
        <p class="lead">${t("Scan the badges of your mates, one after the other.")}</p>
        ${known.length > 0
          ? html`<h2 class="heading">${t("Here today")}</h2>
              <div class="tiles tiles-2">
                ${known.map(
                  (mate) => html`<button class="tile mate" type="button" aria-pressed=${String(phone.crew.includes(mate))} @click=${() => toggle(phone, mate)}>
                    ${phone.crew.includes(mate) ? icon("check") : face(phone.reference, mate)}
                    <span class="mate-name">${personName(phone.reference, mate)}</span>
                  </button>`,
                )}
              </div>`
          : nothing}
        ${phone.crew.length > 0
          ? html`<div class="tiles tiles-1">${key({ label: t("Alone again"), about: t("what runs for them goes on"), sign: "cross", onTap: () => phone.gather([]) })}</div>`
          : nothing}
      `,
      deck: html`<div class="deck-two">
        ${key({ label: t("Scan a badge"), sign: "scan", look: "soft", onTap: () => phone.go("scan", { for: "mate" }) })}
        ${key({
          label: phone.crew.length > 0 ? t("{n} together", { n: phone.crew.length + 1 }) : t("Done"),
          sign: "check",
          look: "primary low",
          onTap: phone.home,
        })}
      </div>`,
    });
  },
};
