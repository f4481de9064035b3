// All machines of the plant, those that stand still or run first.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { repeat } from "../lib/lists.js";
import { span as hours } from "../lib/time.js";
import { jobName, reasonName } from "../model/words.js";
import { elapsedMs } from "../model/work.js";
import { icon } from "./icons.js";
import { isUnattended } from "./machine.js";
import { frame, notice } from "./parts.js";

/** @type {import("./phone.js").Screen} */
export const machines = {
  name: "machines",
  view(phone, params) {
    const { work, reference } = phone;
    const mine = new Set(work.of(phone.operator).flatMap((span) => reference.operation(span.order, span.operation)?.machines ?? []));
    const rank = (/** @type {string} */ code) => (work.downtimes.has(code) ? 0 : work.machines.has(code) ? 1 : mine.has(code) ? 2 : 3);
    const strangers = [...work.machines.keys(), ...work.downtimes.keys()].filter((code) => !reference.machines.has(code));
    const all = [...reference.machines.values(), ...[...new Set(strangers)].map((code) => ({ code, name: "" }))];
    const sorted = all.sort((a, b) => rank(a.code) - rank(b.code) || a.code.localeCompare(b.code));
    return frame(phone, {
      title: params.reason ? t("Which machine stands still?") : t("Machines"),
      about: params.reason ? reasonName(reference, params.reason, "downtime") : nothing,
      body: html`
        ${sorted.length === 0 ? notice("quiet", t("No machines are known here yet. Scan the machine's label."), "gear") : nothing}
        <ul class="rows">
          ${repeat(sorted, ({ code }) => code, ({ code, name }) => {
            const down = work.downtimes.get(code);
            const open = work.machines.get(code);
            return html`<li>
              <button class="row" type="button" @click=${() => phone.go("machine", { machine: code, ...(params.reason ? { reason: params.reason } : {}) })}>
                <span class="row-code">${code}</span>
                <span class="row-title">${name}</span>
                ${down ? html`<span class="row-state row-state-stop">${icon("halt")} ${t("Stands still: {reason}", { reason: reasonName(reference, down.reason ?? "", "downtime") })} · ${hours(elapsedMs(down, phone.clocks()))}</span>` : nothing}
                ${open && !down
                  ? html`<span class="row-state">${icon(open.activity === "setup" ? "setup" : "gear")} ${open.activity === "setup" ? t("Is set up") : t("Runs")} · ${hours(elapsedMs(open, phone.clocks()))}</span>
                      <span class="row-about">${jobName(reference, open)}${isUnattended(phone, open) ? ` · ${t("unattended")}` : ""}</span>`
                  : nothing}
              </button>
            </li>`;
          })}
        </ul>
      `,
    });
  },
  scanned(phone, params, scanned) {
    if (scanned.is !== "machine" || !params.reason) return false;
    phone.instead("machine", { machine: scanned.machine, reason: params.reason });
    return true;
  },
};
