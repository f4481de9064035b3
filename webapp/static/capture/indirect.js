// Time that belongs to no order: meetings, cleaning, waiting for material.

import { html, nothing } from "../lib/dom.js";
import { named, t } from "../lib/i18n.js";
import { change } from "../model/gestures.js";
import { frame, key, notice, titleOf } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const indirect = {
  name: "indirect",
  view(phone, params) {
    const person = phone.operator ?? "";
    const running = phone.work.of(person);
    const activities = phone.reference.snapshot.activities;
    const shown = params.activity ? activities.filter(({ code }) => code === params.activity) : activities;
    return frame(phone, {
      title: t("Other activity"),
      about: running.length > 0 ? t("stops {others}", { others: running.map((span) => titleOf(phone, span)).join(", ") }) : nothing,
      body: html`
        ${shown.length === 0 ? notice("quiet", t("No activities are known here yet."), "clock") : nothing}
        <div class="tiles tiles-2">
          ${shown.map(({ code, name }) => {
            const here = phone.work.on(person, { indirect: code });
            return key({
              label: named(name),
              ...(here ? { about: t("Running") } : {}),
              sign: "clock",
              look: params.activity ? "primary" : "",
              onTap: async () => {
                if (here) return phone.go("running", { start: here.startId });
                const said = t("Started: {what}", { what: named(name) });
                if (await phone.capture(change(running, person, { indirect: code }, "indirect"), said)) phone.home();
              },
            });
          })}
        </div>
      `,
    });
  },
};
