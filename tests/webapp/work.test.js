// What runs, as the device knows it: told as short stories of a shift.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dayStart, proposeEnds, sharesOf, timeOn } from "../../webapp/static/model/day.js";
import {
  change, complete, correct, declare, defect, endShift, good, keepBoth, leaveRunning, reopen, start, startBreak, startDowntime,
  startMachine, startShift, stop, stopBreak, stopMachine, takeBack, UNDO,
} from "../../webapp/static/model/gestures.js";
import { attendedMs, dutyOf, standingOf } from "../../webapp/static/model/presence.js";
import { Reference } from "../../webapp/static/model/reference.js";
import { resultOf } from "../../webapp/static/model/result.js";
import { weigherOf } from "../../webapp/static/model/splits.js";
import { elapsedMs, jobKey, jobOfKey, Work } from "../../webapp/static/model/work.js";
import { current, NOBODY, peopleHere, signedIn, withCrew } from "../../webapp/static/model/session.js";
import { write } from "../../webapp/static/model/event.js";

const MINUTE = 60_000;

const SAWING = { order: "MO-1", operation: "10" };
const MILLING = { order: "MO-1", operation: "20" };

/** A device on which gestures happen, a minute after each other. */
function shift() {
  /** @type {any[]} */
  const captures = [];
  const startMs = Date.parse("2026-11-20T07:00:00Z");
  let nowMs = startMs;
  return {
    captures,
    get work() {
      return new Work(captures);
    },
    startMs,
    clocks: (bootId = "b1") => ({ nowMs, bootId, monotonicMs: nowMs - startMs, clockOffsetMs: null }),
    /** @param {number} minutes */
    passes(minutes) {
      nowMs += minutes * MINUTE;
    },
    /** The capture of a fact. @param {string} id */
    at: (id) => captures.find(({ event }) => event.id === id),
    /** @param {import("../../webapp/static/model/event.js").Draft[]} drafts */
    does(drafts, minutes = 1) {
      nowMs += minutes * 60_000;
      const ids = drafts.map((draft) => {
        const id = draft.id ?? `e${captures.length + 1}`;
        const seq = captures.length + 1;
        const body = write(draft, { id, seq, declaredBy: "ana", clocks: this.clocks() });
        captures.push({ event: JSON.parse(body), local: draft.local, state: "waiting", savedMs: nowMs });
        return id;
      });
      return ids;
    },
  };
}

test("start, pause, resume, stop: the minutes of each are kept", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  const [running] = day.work.of("ana");
  assert.equal(running.activity, "run");
  day.does(stop(running, { pause: true }), 30);
  assert.deepEqual(day.work.of("ana"), []);
  assert.equal(day.work.pausedOf("ana").length, 1);
  day.does(start("ana", SAWING, "run"), 15);
  assert.equal(day.work.pausedOf("ana").length, 0, "resumed");
  day.does(stop(day.work.of("ana")[0]), 10);
  assert.equal(timeOn(day.work, "ana", SAWING, day.clocks()).ms, 40 * MINUTE);
  assert.deepEqual(day.work.of("ana"), []);
});

test("a switch stops what runs and starts the other; undo takes both back", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  const ids = day.does(change(day.work.of("ana"), "ana", MILLING, "setup"));
  assert.deepEqual(day.work.of("ana").map(jobKey), ["MO-1/20/"]);
  day.does(takeBack(ids, "UNDO"));
  assert.deepEqual(day.work.of("ana").map(jobKey), ["MO-1/10/"], "sawing was never left");
});

test("a void that is voided brings the fact back", () => {
  const day = shift();
  const [id] = day.does(start("ana", SAWING, "run"));
  const [voiding] = day.does(takeBack([id], "MISTAKE"));
  assert.equal(day.work.of("ana").length, 0);
  day.does(takeBack([voiding], "MISTAKE"));
  assert.equal(day.work.of("ana").length, 1);
});

test("each person's work is their own on a shared tablet", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(start("luis", SAWING, "run"));
  day.does(stop(day.work.of("luis")[0]));
  assert.equal(day.work.of("ana").length, 1);
  assert.equal(day.work.of("luis").length, 0);
});

test("several orders at once are normal work", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(start("ana", MILLING, "run"));
  assert.equal(day.work.of("ana").length, 2);
  assert.ok(day.work.on("ana", MILLING));
  assert.equal(day.work.on("ana", { order: "MO-1" }), null);
});

test("machines run and stand still by themselves", () => {
  const day = shift();
  day.does(startMachine("M04", SAWING, "run"));
  const open = day.work.machines.get("M04");
  assert.ok(open);
  day.does(stopMachine(open));
  assert.equal(day.work.machines.size, 0);
  day.does(startDowntime("M04", "BREAK"));
  assert.equal(day.work.downtimes.get("M04")?.reason, "BREAK");
});

test("what was counted here shows until the server's own figures hold it", () => {
  const day = shift();
  day.does(good(SAWING, "2.5"));
  day.does(good(SAWING, "0.5"));
  day.does(defect(SAWING, { quantity: "1", reason: "BURR", disposition: "scrap" }));
  day.does(defect(SAWING, { quantity: "4", reason: "BURR", disposition: "rework" }));
  assert.deepEqual(day.work.countedOn("MO-1", "10"), { order: "MO-1", operation: "10", good: "3", scrap: "1" });
  for (const capture of day.captures) capture.state = "sent";
  assert.equal(new Work(day.captures, day.clocks().nowMs).countedOn("MO-1", "10").good, "0");
});

test("elapsed time is by the right time, whatever the clocks that told it did meanwhile; never below zero", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  const [span] = day.work.of("ana");
  const { nowMs } = day.clocks();
  assert.equal(elapsedMs(span, { nowMs: nowMs + 90_000 }), 90_000);
  assert.equal(elapsedMs(span, { nowMs: nowMs - 90_000 }), 0);
});

test("a shared tablet forgets who stood there after five minutes, one's own phone does not", () => {
  const session = signedIn("ana", 0);
  assert.equal(current(session, 4 * 60_000, false).person, "ana");
  assert.equal(current(session, 6 * 60_000, false), NOBODY);
  assert.equal(current(session, 60 * 60_000, true).person, "ana");
});

/** Names for corrections, one after the other. */
const names = () => {
  let n = 0;
  return () => `n${(n += 1)}`;
};

test("keep both turns a switch into parallel work", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  const running = day.work.of("ana");
  const ids = day.does(change(running, "ana", MILLING, "run"));
  day.does(keepBoth(running.length, "").drafts(ids));
  assert.deepEqual(day.work.of("ana").map(jobKey), ["MO-1/10/", "MO-1/20/"]);
});

test("a crew starts, switches, pauses and stops in one gesture, each on their own clock", () => {
  const day = shift();
  const crew = ["ana", "luis", "mia"];
  day.does(start(crew, SAWING, "run"));
  assert.equal(day.work.ofAll(crew).length, 3);
  day.does(change(day.work.ofAll(crew), crew, MILLING, "setup"), 30);
  assert.deepEqual(day.work.ofAll(crew).map(({ person, operation }) => `${person} ${operation}`), ["ana 20", "luis 20", "mia 20"]);
  day.does(stop(day.work.allOn(crew, MILLING), { pause: true, reason: "LATE" }), 10);
  assert.equal(day.work.ofAll(crew).length, 0);
  assert.deepEqual(crew.map((person) => day.work.pausedOf(person)[0].pausedFor), ["LATE", "LATE", "LATE"]);
  assert.deepEqual(crew.map((person) => timeOn(day.work, person, SAWING, day.clocks()).ms), [30, 30, 30].map((n) => n * MINUTE));
});

test("one person on two jobs shares each instant: the day adds up to the time at work", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(start("ana", MILLING, "run"), 20);
  day.does(stop(day.work.of("ana")), 40);
  assert.equal(timeOn(day.work, "ana", SAWING, day.clocks()).ms, 40 * MINUTE, "20 alone, half of 40");
  assert.equal(timeOn(day.work, "ana", MILLING, day.clocks()).ms, 20 * MINUTE);
  assert.equal(sharesOf(day.work, "ana", day.clocks()).reduce((sum, { ms }) => sum + ms, 0), 60 * MINUTE);
});

test("a break takes the time away from what runs; the work is still there afterwards", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(startBreak("ana"), 60);
  assert.equal(day.work.breaksOf(["ana", "luis"]).length, 1);
  day.does(stopBreak(day.work.breaksOf(["ana"])), 30);
  day.passes(10);
  const [span] = day.work.of("ana");
  assert.equal(attendedMs(day.work, span, day.clocks()), 70 * MINUTE);
  assert.equal(timeOn(day.work, "ana", SAWING, day.clocks()).ms, 70 * MINUTE);
  assert.equal(day.work.breaksOf(["ana"]).length, 0);
});

test("a break ends with the next start and with the shift, without being told", () => {
  const day = shift();
  day.does(startBreak("ana"));
  day.does(start("ana", SAWING, "run"), 15);
  assert.equal(day.work.breaksOf(["ana"]).length, 0);
  assert.deepEqual(day.work.away.map(({ fromMs, toMs }) => toMs - fromMs), [15 * MINUTE]);
  day.does(startBreak("ana"));
  day.does([{ type: "shift.ended", person: "ana", fields: {} }], 5);
  assert.equal(day.work.breaksOf(["ana"]).length, 0);
  assert.equal(day.work.of("ana").length, 0, "the end of the shift stops what nobody stopped by name");
});

test("the end of the shift closes everything of those people and nothing of others; undo opens it again", () => {
  const day = shift();
  day.does(start(["ana", "luis"], SAWING, "run"));
  day.does(start("ana", MILLING, "run"));
  day.does(startBreak("ana"));
  const ids = day.does(endShift(["ana"], day.work.ofAll(["ana"]), day.work.breaksOf(["ana"])), 30);
  assert.equal(day.work.of("ana").length, 0);
  assert.equal(day.work.breaksOf(["ana"]).length, 0);
  assert.equal(day.work.of("luis").length, 1);
  assert.ok(day.work.shiftEnds.get("ana"));
  day.does(takeBack(ids, "UNDO"));
  assert.equal(day.work.of("ana").length, 2);
  assert.equal(day.work.breaksOf(["ana"]).length, 1);
});

test("somebody leaves, the machine runs: shown as unattended until a hand is on its job again", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(leaveRunning(day.work.of("ana"), "M04", false));
  assert.equal(day.work.of("ana").length, 0);
  assert.deepEqual(day.work.unattendedOf("ana").map(({ machine, order }) => `${machine} ${order}`), ["M04 MO-1"]);
  assert.equal(day.work.unattendedOf("luis").length, 0);
  day.does(start("ana", SAWING, "run"));
  assert.equal(day.work.unattendedOf("ana").length, 0);
  day.does(leaveRunning(day.work.of("ana"), "M04", true));
  assert.equal(day.captures.filter(({ event }) => event.type === "machine.started").length, 1);
});

test("told time counts with its length, wherever it lies in the day", () => {
  const day = shift();
  day.does(declare("ana", SAWING, "run", { durationMs: 90 * MINUTE }));
  day.does(declare("ana", MILLING, "setup", { fromMs: day.startMs, toMs: day.startMs + 30 * MINUTE }));
  assert.equal(timeOn(day.work, "ana", SAWING, day.clocks()).ms, 90 * MINUTE);
  assert.equal(timeOn(day.work, "ana", MILLING, day.clocks(), { activity: "setup" }).ms, 30 * MINUTE);
  const [told] = day.captures;
  assert.equal(told.event.provenance, "declared");
  assert.equal(told.event.duration_ms, 90 * MINUTE);
});

test("a corrected quantity counts instead of the first, also where the server knows the first already", () => {
  const day = shift();
  const [id] = day.does(good(SAWING, "12"));
  day.captures[0].state = "sent";
  const knownMs = day.clocks().nowMs;
  const drafts = correct(day.at(id), { fields: { quantity: "2" } }, "SAISIE", names());
  assert.deepEqual(drafts.map(({ type }) => type), ["output.reported", "event.replaced"]);
  assert.equal(drafts[1].fields.replacement_id, drafts[0].id);
  const ids = day.does(drafts);
  assert.equal(new Work(day.captures).countedOn("MO-1", "10").good, "2", "a server that knows nothing yet");
  assert.equal(new Work(day.captures, knownMs).countedOn("MO-1", "10").good, "-10", "a server whose figure holds the 12");
  day.does(takeBack(ids, "UNDO"));
  assert.equal(new Work(day.captures).countedOn("MO-1", "10").good, "12");
});

test("a start that was corrected takes its stop along: the span stays closed, with the new beginning and job", () => {
  const day = shift();
  const [startId] = day.does(start("ana", SAWING, "run"));
  const [stopId] = day.does(stop(day.work.of("ana")), 30);
  day.passes(120);
  const fifteenLater = Date.parse(day.at(startId).event.occurred_at) + 15 * MINUTE;
  const drafts = correct(day.at(startId), { fields: { ...MILLING }, occurredMs: fifteenLater }, "ORDRE", names(), [day.at(stopId)]);
  day.does(drafts);
  assert.equal(day.work.of("ana").length, 0, "nothing was opened again");
  assert.equal(timeOn(day.work, "ana", MILLING, day.clocks()).ms, 15 * MINUTE);
  assert.equal(timeOn(day.work, "ana", SAWING, day.clocks()).ms, 0);
  const told = day.captures.filter(({ event }) => event.type === "labor.stopped").at(-1).event;
  assert.equal(told.start_id, drafts[0].id);
  assert.equal(told.operation, "20");
  assert.equal(told.provenance, "measured", "its instant was not touched");
  assert.equal(day.at(drafts[0].id ?? "").event.provenance, "declared");
});

test("a start that was told at another time keeps its stop, which nobody touched", () => {
  const day = shift();
  const [startId] = day.does(start("ana", SAWING, "run"));
  const [stopId] = day.does(stop(day.work.of("ana")), 30);
  day.passes(60);
  const tenEarlier = Date.parse(day.at(startId).event.occurred_at) - 10 * MINUTE;
  const newId = names();
  const drafts = correct(day.at(startId), { occurredMs: tenEarlier }, "OUBLI", newId, [day.at(stopId)]);
  assert.equal(drafts.length, 2);
  const [again] = day.does(drafts);
  assert.equal(timeOn(day.work, "ana", SAWING, day.clocks()).ms, 40 * MINUTE);
  day.does(correct(day.at(again), { fields: { activity: "rework" } }, "SAISIE", newId));
  assert.equal(timeOn(day.work, "ana", SAWING, day.clocks(), { activity: "rework" }).ms, 40 * MINUTE);
  assert.equal(day.work.of("ana").length, 0);
});

test("a correction can be corrected", () => {
  const day = shift();
  const [first] = day.does(good(SAWING, "12"));
  const newId = names();
  const [second] = day.does(correct(day.at(first), { fields: { quantity: "2" } }, "SAISIE", newId));
  day.does(correct(day.at(second), { fields: { quantity: "3" } }, "SAISIE", newId));
  assert.equal(day.work.countedOn("MO-1", "10").good, "3");
  assert.deepEqual(jobOfKey(jobKey({ order: "A/B-1", operation: "10" })), { order: "A/B-1", operation: "10", indirect: null });
});

test("an operation said to be done is done here at once, and goes on when that is said", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(stop(day.work.of("ana"), { pause: true }));
  day.does(complete(SAWING, []));
  assert.equal(day.work.completed.get("MO-1/10"), true);
  assert.equal(day.work.pausedOf("ana").length, 0, "nothing to come back to");
  day.does(reopen(SAWING));
  assert.equal(day.work.completed.get("MO-1/10"), false);
});

test("the end of a clock that was forgotten is proposed, never taken", () => {
  const day = shift();
  day.does(start("ana", MILLING, "run"));
  day.does(stop(day.work.of("ana")), 8 * 60); // left at 15:02 in UTC
  day.passes(16 * 60);
  day.does(start("ana", SAWING, "run"));
  day.does(good(SAWING, "4"), 3 * 60);
  day.passes(24 * 60);
  const [span] = day.work.of("ana");
  const proposals = proposeEnds(day.work, day.captures.map((capture) => ({ ...capture, event: { ...capture.event, declared_by: "ana" } })), span, day.clocks().nowMs);
  assert.deepEqual(proposals.map(({ why }) => why), ["last capture", "usual end", "eight hours"]);
  assert.equal(proposals[0].atMs, span.sinceMs + 3 * 60 * MINUTE);
  assert.equal(proposals[2].atMs, span.sinceMs + 8 * 60 * MINUTE);
  assert.equal(day.work.of("ana").length, 1);
});

test("a night shift is one day, across midnight; an evening and the next morning are two", () => {
  const hour = 60 * MINUTE;
  const midnight = new Date(2026, 10, 21).getTime();
  const at = (/** @type {number[]} */ ...hours) => hours.map((h) => ({ savedMs: midnight + h * hour, state: "sent", event: { id: `f${h}`, type: "output.reported", occurred_at: "", declared_by: "ana" } }));
  assert.equal(dayStart(at(-2, -1, 1, 3), "ana", midnight + 4 * hour), midnight - 2 * hour);
  assert.equal(dayStart(at(-4, -3, 6, 8), "ana", midnight + 9 * hour), midnight);
  assert.equal(dayStart(at(-2, -1), "ana", midnight + hour), midnight - 2 * hour, "nothing since midnight yet");
  assert.equal(dayStart(at(-2, -1), "luis", midnight + hour), midnight);
});

test("what was done stands beside what was expected, of one's own facts alone", () => {
  const reference = new Reference({
    settings: { standard_cost: true },
    orders: [{ code: "MO-1", quantity: "20", unit: "pcs", components: [], operations: [{ number: "10", name: "Saw", standard_setup_min: "15", standard_run_min: "2.5", standard_cost: "12.30" }] }],
  });
  const day = shift();
  day.does(start("ana", SAWING, "setup"));
  day.does(change(day.work.of("ana"), "ana", SAWING, "run"), 10);
  day.does(good(SAWING, "8"), 25);
  day.does(defect(SAWING, { quantity: "1", reason: "BURR", disposition: "scrap" }), 0);
  day.does(stop(day.work.of("ana")), 0);
  const captures = [...day.captures, { ...day.at("e4"), event: { ...day.at("e4").event, id: "other", declared_by: "luis" } }];
  const result = resultOf({ captures, work: day.work, reference, clocks: day.clocks() }, "ana", SAWING);
  assert.equal(result.setupMs, 10 * MINUTE);
  assert.equal(result.runMs, 25 * MINUTE);
  assert.equal(result.good, "8");
  assert.equal(result.scrap, "1");
  assert.equal(result.expectedMs, (15 + 8 * 2.5) * MINUTE);
  assert.equal(result.expectedPieces, 10);
  assert.equal(result.value, "98.4");
  const quiet = new Reference({ ...reference.snapshot, settings: {} });
  assert.equal(resultOf({ captures, work: day.work, reference: quiet, clocks: day.clocks() }, "ana", SAWING).value, null);
});

test("where a share cannot be known, the clock's time stands there under its name, beside no standard", () => {
  const steps = [{ number: "10", name: "Saw", standard_run_min: "2" }, { number: "20", name: "Mill", standard_run_min: "2" }];
  const known = { code: "MO-1", quantity: "20", components: [], operations: steps };
  const results = ["by_chance", "standard_time"].map((split_rule) => {
    const reference = new Reference({ settings: { split_rule }, orders: [known] });
    const day = shift();
    day.does(start("ana", SAWING, "run"));
    day.does(start("ana", { order: "BCDFGHJKL", operation: null }, "run"), 20); // an order this device has never heard of
    const [saw] = day.work.of("ana");
    const standing = standingOf(day.work, saw, day.clocks(), weigherOf(reference));
    day.does(stop(day.work.of("ana")), 40);
    return { standing: standing.is, ...resultOf({ captures: day.captures, work: day.work, reference, clocks: day.clocks() }, "ana", SAWING) };
  });
  for (const { standing, isClock, runMs, totalMs, expectedMs, expectedPieces } of results) {
    assert.deepEqual([standing, isClock, runMs, totalMs, expectedMs, expectedPieces], ["unknown", true, 60 * MINUTE, 60 * MINUTE, null, null]);
  }
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(stop(day.work.of("ana")), 40);
  const reference = new Reference({ settings: { split_rule: "by_chance" }, orders: [known] });
  const alone = resultOf({ captures: day.captures, work: day.work, reference, clocks: day.clocks() }, "ana", SAWING);
  assert.deepEqual([alone.isClock, alone.runMs, alone.expectedPieces], [false, 40 * MINUTE, 20], "alone there is nothing to share");
});

test("whose the time is now, by the rule of the site", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  day.does(start("ana", MILLING, "run"));
  day.does(start("ana", { order: "MO-2", operation: "10" }, "run"));
  const [saw, mill, other] = day.work.of("ana");
  const is = (/** @type {string} */ split_rule) =>
    [saw, mill, other].map((span) => standingOf(day.work, span, day.clocks(), weigherOf(new Reference({ settings: { split_rule } }))).is);
  assert.deepEqual(is("equal_share"), ["shared", "shared", "shared"]);
  assert.deepEqual(is("main_order"), ["shared", "shared", "none"]);
  assert.deepEqual(is("unattended"), ["none", "none", "all"]);
  assert.deepEqual(standingOf(day.work, saw, day.clocks(), weigherOf(new Reference({ settings: { split_rule: "unattended" } }))).jobs, ["MO-2/10/"]);
  day.does(stop([mill, other]));
  assert.equal(standingOf(day.work, saw, day.clocks(), weigherOf(new Reference({}))).is, "alone");
});

test("a crew is the person's, each mate once, and gone with the person", () => {
  const session = withCrew(signedIn("ana", 0), ["luis", "ana", "luis", "mia"]);
  assert.deepEqual(session.crew, ["luis", "mia"]);
  assert.deepEqual(peopleHere({ operator: "ana", crew: ["luis", "mia"] }), ["ana", "luis", "mia"]);
  assert.deepEqual(peopleHere({ operator: null, crew: ["luis"] }), []);
  assert.deepEqual(current(session, 10 * MINUTE, false).crew, []);
  assert.deepEqual(signedIn("luis", 0).crew, []);
  assert.equal(current(session, 8 * MINUTE, false, 15 * MINUTE).person, "ana", "a site may be more patient");
});

test("who is at work: whoever said so or did something, until they go home or were silent for a night's rest", () => {
  const day = shift();
  const duty = (/** @type {string} */ person) => dutyOf(day.captures, day.work, person, day.clocks().nowMs);
  assert.equal(duty("ana"), "off");
  const [began] = day.does(startShift(["ana", "mia"]));
  assert.deepEqual(["ana", "mia", "luis"].map(duty), ["on", "on", "off"]);
  day.does(takeBack([began], UNDO));
  assert.deepEqual(["ana", "mia"].map(duty), ["off", "on"], "taken back");
  day.does(start("ana", SAWING, "run"));
  assert.equal(duty("ana"), "here", "works, and has not said that the shift began");
  day.does(stop(day.work.of("ana")), 30);
  assert.equal(duty("ana"), "here");
  day.does(startShift("ana"));
  assert.equal(duty("ana"), "on");
  const [home] = day.does(endShift(["ana", "mia"], [], []));
  assert.deepEqual(["ana", "mia"].map(duty), ["off", "off"], "who ends a mate's shift goes home as well");
  day.does(takeBack([home], UNDO));
  assert.equal(duty("ana"), "on", "the end was a slip");
  day.passes(10 * 60);
  assert.equal(duty("ana"), "on");
  day.passes(90);
  assert.equal(duty("ana"), "off", "went home without a word");
  day.does(start("ana", SAWING, "run"));
  assert.equal(duty("ana"), "here", "yesterday's shift is over");
  day.passes(20 * 60);
  assert.equal(duty("ana"), "here", "a clock that runs is one to ask about");
});

// ---- what runs elsewhere ---------------------------------------------------------------------------------------------

/** A start at another device, as the snapshot tells it. */
const elsewhere = (/** @type {string} */ id, /** @type {string} */ at, /** @type {any} */ rest = {}) => ({
  id, type: "labor.started", occurred_at: `2026-11-20T${at}:00Z`, person: "ana", declared_by: "ana", activity: "run", order: "MO-1", operation: "10", ...rest,
});

test("work begun at another device runs here too, and ends here", () => {
  const day = shift();
  const open = [elsewhere("x1", "07:10")];
  const before = () => new Work(day.captures, 0, open);
  assert.deepEqual(before().of("ana").map(({ startId, sinceMs }) => [startId, sinceMs]), [["x1", Date.parse("2026-11-20T07:10:00Z")]]);
  assert.deepEqual(before().jobsOf("ana"), [jobKey(SAWING)]);
  day.passes(30);
  day.does(stop(before().of("ana")));
  assert.deepEqual(before().of("ana"), [], "the snapshot has not heard of the stop yet");
  assert.deepEqual(before().worked.map(({ startId, fromMs, toMs }) => [startId, (toMs - fromMs) / MINUTE]), [["x1", 21]]);
});

test("what ended before, ends nothing that began elsewhere later", () => {
  const day = shift();
  day.does(startShift("ana"));
  day.does(startBreak(["ana"], "LUNCH"));
  day.does(startMachine("M1", SAWING, "run"));
  day.does(stopMachine(day.work.machines.get("M1") ?? assert.fail()));
  day.does(endShift(["ana"], [], day.work.breaksOf(["ana"])));
  const open = [
    elsewhere("x1", "09:00"), elsewhere("x2", "09:05", { type: "break.started", activity: undefined, reason: "LUNCH" }),
    elsewhere("x3", "09:00", { type: "machine.started", machine: "M1" }),
  ];
  const work = new Work(day.captures, 0, open);
  assert.deepEqual(work.of("ana").map(({ startId }) => startId), ["x1"]);
  assert.equal(work.breaks.get("ana")?.startId, "x2");
  assert.equal(work.machines.get("M1")?.startId, "x3");
  day.passes(180);
  day.does(endShift(["ana"], work.of("ana"), work.breaksOf(["ana"])));
  const after = new Work(day.captures, 0, open);
  assert.deepEqual([after.of("ana"), [...after.breaks], after.machines.size], [[], [], 1]);
});

test("a stop here closes a start elsewhere, though this device's clock is behind", () => {
  const day = shift();
  const open = [elsewhere("x1", "09:00")];
  day.does(stop(new Work([], 0, open).of("ana")));
  assert.deepEqual(new Work(day.captures, 0, open).of("ana"), []);
});

test("work begun here and ended elsewhere runs no more, once the server says so", () => {
  const day = shift();
  const [id] = day.does(start("ana", SAWING, "run"));
  const told = (/** @type {any} */ floor) => new Work(day.captures.map((capture) => ({ ...capture, state: "sent", floor })), 0, []).of("ana").length;
  assert.equal(told(null), 1, "not heard of");
  assert.equal(told({ state: "received" }), 1, "not looked at");
  assert.equal(told({ state: "held", reason: "time.open" }), 1);
  assert.equal(told({ state: "costed" }), 0);
  assert.equal(told({ state: "held", reason: "rate.missing" }), 0, "its end is known, its rate is not");
  assert.equal(new Work(day.captures.map((capture) => ({ ...capture, floor: { state: "costed" } })), 0, [day.at(id).event]).of("ana").length, 1, "the stop was taken back since");
});

test("a stop that was taken back here, and that the server has costed already, stopped nothing", () => {
  const day = shift();
  const [id] = day.does(start("ana", SAWING, "run"));
  const [stopped] = day.does(stop(day.work.of("ana")));
  day.does(takeBack([stopped], UNDO));
  const costed = day.captures.map((capture) => ({ ...capture, ...(capture.event.id === id ? { state: "sent", floor: { state: "costed" } } : {}) }));
  assert.equal(new Work(costed, 0, []).of("ana").length, 1);
  const known = costed.map((capture) => ({ ...capture, state: "sent", sentMs: day.clocks().nowMs }));
  assert.equal(new Work(known, day.clocks().nowMs + 1, []).of("ana").length, 0, "a server that heard of it, and knows of another stop");
});

test("a device that lost its memory shows what it had begun, once", () => {
  const day = shift();
  const [id] = day.does(start("ana", SAWING, "run"));
  const open = [day.at(id).event];
  assert.deepEqual(new Work([], 0, open).of("ana"), day.work.of("ana"));
  assert.deepEqual(new Work(day.captures, 0, open).of("ana"), day.work.of("ana"));
});
