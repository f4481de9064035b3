// One's own day at a shared tablet (PR-12): hours and captures, with their corrections, never money; where people have
// PINs, to whoever showed badge or PIN, and not to whoever tapped a name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { current, NOBODY, signedIn, stillHere, touched } from "../../webapp/static/model/session.js";
import { pickUp } from "./hands.js";

const { me } = await import("../../webapp/static/capture/me.js"); // after the document that hands bring

/** @type {any} */
const SNAPSHOT = {
  people: [{ key: "ana", name: "Ana", initials: "A" }, { key: "luis", name: "Luis", initials: "L" }],
  orders: [], items: [], machines: [], work_centers: [], locations: [], activities: [], reasons: [], lots: [], open: [], codes: {},
};

/** All the words of a template and of those within. @param {any} value @returns {string} */
function words(value) {
  if (Array.isArray(value)) return value.map(words).join(" ");
  if (value && typeof value === "object" && "strings" in value) {
    return value.strings.map((/** @type {string} */ text, /** @type {number} */ at) => text + words(value.values[at])).join("");
  }
  if (value && typeof value === "object" && "values" in value) return words(value.values);
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

test("a session knows whether a badge or PIN told who it is", () => {
  assert.equal(signedIn("ana", 0).proven, true);
  assert.equal(signedIn("ana", 0, false).proven, false);
  assert.equal(touched(signedIn("ana", 0, false), 5).proven, false, "touching the glass proves nothing");
  assert.equal(stillHere(signedIn("ana", 0, false), 5, true).proven, true, "the badge afterwards does");
  assert.equal(stillHere(signedIn("ana", 0), 5, false).proven, true, "a tap takes nothing away");
  assert.equal(current(signedIn("ana", 0), 10 * 60_000, false), NOBODY);
});

for (const { pin, proven, sees } of [
  { pin: false, proven: false, sees: true },
  { pin: false, proven: true, sees: true },
  { pin: true, proven: false, sees: false },
  { pin: true, proven: true, sees: true },
]) {
  test(`a site ${pin ? "with" : "without"} PINs, ${proven ? "by badge or PIN" : "by a tap on the name"}: ${sees ? "shown" : "kept back"}`, async () => {
    const { phone } = await pickUp({ ...SNAPSHOT, settings: { pin, fast_switch: true } });
    await phone.signIn("ana");
    await phone.capture([{ type: "break.started", fields: { person: "ana" } }], "Break");
    await phone.signIn("luis");
    await phone.signIn("ana", { proven });
    assert.equal(phone.proven, proven);
    const shown = words(me.view(phone, {}, {}));
    assert.equal(shown.includes("What I captured today"), sees);
    assert.equal(shown.includes("Your day is shown to you alone"), !sees);
    assert.ok(!/€|EUR|\brate\b/.test(shown), "never money");
  });
}
