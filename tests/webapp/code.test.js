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

test("of ten thousand codes with a wrong letter, and of ten thousand with two swapped, none is accepted", () => {
  let state = 20261122;
  const below = (/** @type {number} */ most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  const code = () => {
    const seven = Array.from({ length: 7 }, () => ALPHABET[below(16)]).join("");
    return [...seven + check(seven)];
  };
  for (let tried = 0; tried < 10_000; tried += 1) {
    const letters = code(), at = below(9), was = letters[at];
    while (letters[at] === was) letters[at] = ALPHABET[below(16)];
    assert.equal(tail(`HTTPS://FLOOR.EXAMPLE/S/${letters.join("")}`), null, letters.join(""));
  }
  for (let tried = 0; tried < 10_000; ) {
    const letters = code(), one = below(9), other = below(9);
    if (letters[one] === letters[other]) continue;
    [letters[one], letters[other]] = [letters[other], letters[one]];
    assert.equal(tail(letters.join("")), null, letters.join(""));
    tried += 1;
  }
});

test("the letters are shown in threes, and read back from them", () => {
  assert.equal(grouped("BCDFGHJVS"), "BCD FGH JVS");
  assert.equal(tail(grouped("BCDFGHJVS")), "BCDFGHJVS");
});
