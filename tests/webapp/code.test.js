import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ALPHABET, check, grouped, tail } from "../../webapp/static/model/code.js";

const { codes, tails } = JSON.parse(readFileSync(new URL("../shared/codes.json", import.meta.url), "utf8"));

test("the check letters are those both languages agree on", () => {
  for (const { seven, nine } of codes) assert.equal(seven + check(seven), nine);
});

test("a label is read from its tail, whatever stands before", () => {
  for (const { text, tail: expected, why } of tails) assert.equal(tail(text), expected, why);
});

test("no single wrong letter and no swap of neighbours passes", () => {
  for (const { nine } of codes) {
    for (let at = 0; at < 9; at += 1) {
      for (const letter of ALPHABET) {
        if (letter !== nine[at]) assert.equal(tail(nine.slice(0, at) + letter + nine.slice(at + 1)), null);
      }
      const [a, b] = [nine[at], nine[at + 1]];
      if (b && a !== b) assert.equal(tail(nine.slice(0, at) + b + a + nine.slice(at + 2)), null);
    }
  }
});

test("the letters are shown in threes, and read back from them", () => {
  assert.equal(grouped("BCDFGHJVS"), "BCD FGH JVS");
  assert.equal(tail(grouped("BCDFGHJVS")), "BCDFGHJVS");
});
