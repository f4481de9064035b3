// Time that makes nothing: meetings, cleaning, waiting for material. It belongs to no order, but for waiting on the one that
// runs, where the site marks the activity as idle.

import { html, nothing } from "../lib/dom.js";
import { named, t } from "../lib/i18n.js";
import { change, keepBoth } from "../model/gestures.js";
import { peopleHere } from "../model/session.js";
import { jobOfActivity } from "../model/work.js";
import { withMates } from "../model/words.js";
import { frame, key, notice, titleOf } from "./parts.js";

/** @param {import("./phone.js").Phone} phone @param {string} code @param {import("../model/reference.js").Name} name */
async function begin(phone, code, name) {
  const people = peopleHere(phone);
  const running = phone.work.ofAll(people);
  const job = jobOfActivity(phone.reference.activities.get(code), code, running);
  const here = phone.work.on(phone.operator, job);
  if (here) return phone.go("running", { start: here.startId });
  const others = [...new Set(running.map((span) => titleOf(phone, span)))].join(", ");
  const what = withMates(named(name), people);
  const said = running.length > 0 ? t("Stopped {others}, started {what}", { others, what }) : t("Started: {what}", { what });
  const also = running.length > 0 ? keepBoth(running.length, t("Both run: {others} and {what}", { others, what })) : undefined;
  if (await phone.capture(change(running, people, job, "indirect"), said, "saved", also)) phone.home();
}

/** @type {import("./phone.js").Screen} */
export const indirect = {
  name: "indirect",
  view(phone, params) {
    const running = phone.work.ofAll(peopleHere(phone));
    const activities = phone.reference.snapshot.activities;
    const shown = params.activity ? activities.filter(({ code }) => code === params.activity) : activities;
    return frame(phone, {
      title: t("Other activity"),
      about: running.length > 0 ? t("stops {others}", { others: running.map((span) => titleOf(phone, span)).join(", ") }) : nothing,
      body: html`
        ${shown.length === 0 ? notice("quiet", t("No activities are known here yet."), "clock") : nothing}
        <div class="tiles tiles-2">
          ${shown.map(({ code, name, idle }) =>
            key({
              label: named(name),
              ...(phone.work.on(phone.operator, jobOfActivity({ code, idle }, code, running)) ? { about: t("Running") } : {}),
              sign: "clock",
              look: params.activity ? "primary" : "",
              onTap: () => void begin(phone, code, name),
            }),
          )}
        </div>
      `,
    });
  },
  main(phone, params) {
    const known = phone.reference.activities.get(params.activity);
    if (known) void begin(phone, known.code, known.name);
  },
};
