// Is an operation done? Said here, and taken back here. It stops the clock of who says so; others keep theirs.

import { html, nothing } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { complete as finish, reopen } from "../model/gestures.js";
import { peopleHere } from "../model/session.js";
import { jobName } from "../model/words.js";
import { operationTiles } from "./choices.js";
import { frame, key, notice, progress, progressOf, titleOf } from "./parts.js";
import { showResult } from "./phone.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("./phone.js").Params} Params */

/** @param {Phone} phone @param {Params} params @param {any} form */
async function save(phone, params, form) {
  const operation = form.operation ?? params.operation;
  if (!operation) return;
  const job = { order: params.order, operation };
  const isDone = phone.reference.operation(job.order, operation)?.completed === true;
  const spans = phone.work.allOn(peopleHere(phone), job);
  const name = jobName(phone.reference, job);
  const [drafts, said] = isDone ? [reopen(job), t("Goes on: {what}", { what: name })] : [finish(job, spans), t("Operation done: {what}", { what: name })];
  if (await phone.capture(drafts, said)) isDone ? phone.back() : showResult(phone, spans);
}

/** @type {import("./phone.js").Screen} */
export const complete = {
  name: "complete",
  view(phone, params, form) {
    const order = phone.reference.orders.get(params.order);
    const number = form.operation ?? params.operation ?? null;
    const operation = phone.reference.operation(params.order, number);
    const isDone = operation?.completed === true;
    const done = number ? progressOf(phone, params.order, number) : null;
    const others = number ? [...phone.work.labor.values()].filter((span) => span.order === params.order && span.operation === number && span.person !== phone.operator) : [];
    const mine = number ? phone.work.on(phone.operator, { order: params.order, operation: number }) : null;
    return frame(phone, {
      title: number ? titleOf(phone, { order: params.order, operation: number, indirect: null }) : t("Operation done or not"),
      about: [params.order, order?.item_name].filter(Boolean).join(" · "),
      body: html`
        ${number
          ? html`${isDone ? notice("quiet", t("This operation is done. Work on it can be noted all the same."), "check") : notice("quiet", t("This operation is not done yet."), "flag")}
              ${done && order?.quantity ? progress({ done: done.good, whole: order.quantity, unit: order.unit, scrap: done.scrap }) : nothing}
              ${!isDone && others.length > 0 ? notice("look", t("{n} others still work on it; their clocks go on.", { n: others.length })) : nothing}`
          : nothing}
        ${order && order.operations.length > 1
          ? operationTiles(phone, {
              order: params.order,
              label: number ? t("Another operation of this order") : t("Which operation?"),
              chosen: number,
              about: (one) => (phone.reference.operation(params.order, one)?.completed ? t("done") : ""),
              onChoose: (one) => phone.fill({ operation: one }),
            })
          : nothing}
      `,
      deck: !number
        ? nothing
        : isDone
          ? key({ label: t("It goes on after all"), sign: "undo", look: "primary", onTap: () => save(phone, params, form) })
          : key({ label: t("Operation done"), about: mine ? t("your clock stops") : nothing, sign: "flag", look: "primary", onTap: () => save(phone, params, form) }),
    });
  },
  scanned(phone, params, scanned, form) {
    const number = form.operation ?? params.operation;
    if (scanned.is === "operation" && scanned.order === params.order) {
      if (scanned.operation === number) void save(phone, params, form);
      else phone.fill({ operation: scanned.operation });
      return true;
    }
    return false;
  },
  main(phone, params, form) {
    void save(phone, params, form);
  },
};
