// What runs, as the device knows it: told as short stories of a shift.

import assert from "node:assert/strict";
import { test } from "node:test";
import { change, defect, good, start, startDowntime, startMachine, stop, stopMachine, takeBack } from "../../webapp/static/model/gestures.js";
import { elapsedMs, jobKey, Work } from "../../webapp/static/model/work.js";
import { current, NOBODY, signedIn } from "../../webapp/static/model/session.js";
import { write } from "../../webapp/static/model/event.js";

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
    clocks: (bootId = "b1") => ({ nowMs, bootId, monotonicMs: nowMs - startMs, clockOffsetMs: null }),
    /** @param {import("../../webapp/static/model/event.js").Draft[]} drafts */
    does(drafts, minutes = 1) {
      nowMs += minutes * 60_000;
      const ids = drafts.map((draft) => {
        const id = `e${captures.length + 1}`;
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
  assert.equal(day.work.workedMs("ana", jobKey({ ...SAWING }), 0), 40 * 60_000);
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

test("elapsed time is the monotonic clock's within a run of the page, the wall clock's across two", () => {
  const day = shift();
  day.does(start("ana", SAWING, "run"));
  const [span] = day.work.of("ana");
  const clocks = day.clocks();
  const wrong = { ...clocks, nowMs: clocks.nowMs + 6 * 365 * 86_400_000, monotonicMs: clocks.monotonicMs + 60_000 };
  assert.equal(elapsedMs(span, wrong), 60_000, "somebody set the clock: it does not matter");
  assert.equal(elapsedMs(span, { ...clocks, bootId: "b2", nowMs: clocks.nowMs + 90_000 }), 90_000);
  assert.equal(elapsedMs(span, { ...clocks, bootId: "b2", nowMs: clocks.nowMs - 90_000 }), 0, "never negative");
});

test("a shared tablet forgets who stood there after five minutes, one's own phone does not", () => {
  const session = signedIn("ana", 0);
  assert.equal(current(session, 4 * 60_000, false).person, "ana");
  assert.equal(current(session, 6 * 60_000, false), NOBODY);
  assert.equal(current(session, 60 * 60_000, true).person, "ana");
});
