import assert from "node:assert/strict";
import { test } from "node:test";
import { readLines, writeHigh, writeLine } from "../../webapp/static/outbox/journal.js";

const line = (/** @type {number} */ seq) => ({ seq, id: `id-${seq}`, body: `{"device_seq":${seq},"name":"Sägen"}`, savedMs: 5 });

test("what is written is read back, in sequence, each number once", () => {
  const text = writeLine(line(2)) + writeLine(line(1)) + writeLine(line(2)) + writeHigh(7, { device: { id: "d" } });
  const found = readLines(text);
  assert.deepEqual(found.lines, [line(1), line(2)]);
  assert.equal(found.high, 7);
  assert.deepEqual(found.facts, { device: { id: "d" } });
});

test("what is known of the device is added to, not replaced", () => {
  const text = writeHigh(3, { device: { id: "d" } }) + writeHigh(4, {}) + writeHigh(4, { token: "t" });
  assert.deepEqual(readLines(text).facts, { device: { id: "d" }, token: "t" });
});

test("a line cut by a crash is passed over, the others are good", () => {
  const text = writeLine(line(1)) + writeLine(line(2)).slice(0, 40) + "\n" + writeLine(line(3));
  assert.deepEqual(readLines(text).lines.map(({ seq }) => seq), [1, 3]);
});

test("a damaged line is not taken for a fact", () => {
  const text = writeLine(line(1)).replace("Sägen", "Sagen") + writeLine(line(2));
  assert.deepEqual(readLines(text).lines.map(({ seq }) => seq), [2]);
  assert.deepEqual(readLines("\u0000\u0000garbage\n{}\n[]\nnull\n"), { lines: [], high: 0, facts: {} });
});

test("a cut anywhere loses at most the line it cuts", () => {
  const whole = [1, 2, 3].map((seq) => writeLine(line(seq))).join("");
  for (let at = 0; at <= whole.length; at += 1) {
    const found = readLines(whole.slice(0, at)).lines.length;
    const complete = whole.slice(0, at).split("\n").length - 1;
    assert.ok(found === complete || found === complete + 1, `cut at ${at}`);
  }
});
