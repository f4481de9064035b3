// What a pad makes of its keys, and what of that the server takes.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDecimal } from "../../webapp/static/lib/decimal.js";
import { speak } from "../../webapp/static/lib/i18n.js";
import { asCode, asWords, isPadKey, measureOf, nextTyped, quantityOf, readingOf, spaced, troubleOf } from "../../webapp/static/model/typing.js";

const typed = (/** @type {string[]} */ ...keys) => keys.reduce(nextTyped, "");

test("digits, either sign, and erasing", () => {
  assert.equal(typed("1", "2", ",", "5"), "12.5");
  assert.equal(typed("1", ".", ",", "5"), "1.5", "one sign only");
  assert.equal(typed(".", "5"), "0.5");
  assert.equal(typed("0", "0", "7"), "7");
  assert.equal(typed("0", "comma", "0", "7"), "0.07");
  assert.equal(typed("4", "2", "Backspace"), "4");
  assert.equal(typed("4", "erase", "erase"), "");
  assert.equal(typed("1", " ", "2", "q"), "12", "a space or a letter changes nothing");
});

test("quick codes count on", () => {
  assert.equal(typed("x5", "x1"), "6");
  assert.equal(typed("x10", "x50", "erase"), "6");
  assert.equal(typed("1", ".", "5", "x5"), "6.5");
});

test("a measured value may be below zero", () => {
  assert.equal(typed("±", "0", ",", "3", "5"), "-0.35");
  assert.equal(typed("3", "±", "±"), "3");
  assert.equal(measureOf("-0.35"), "-0.35");
  assert.equal(measureOf("-0"), "0");
  assert.equal(measureOf("-"), null);
  assert.equal(quantityOf("-3"), null);
});

test("a quantity is above zero, a reading may be zero", () => {
  assert.equal(quantityOf("12,50"), "12.5");
  assert.equal(quantityOf("0"), null);
  assert.equal(quantityOf("0,"), null);
  assert.equal(readingOf("0"), "0");
  assert.equal(readingOf(""), null);
});

test("a number beyond the server's limits is said to be that", () => {
  assert.equal(troubleOf("999999999.999999"), null);
  assert.equal(quantityOf("999 999 999,999999"), "999999999.999999");
  assert.equal(troubleOf("1000000000"), "large");
  assert.equal(troubleOf("99999999999999999999"), "large");
  assert.equal(troubleOf("0.1234567"), "fine");
  assert.equal(troubleOf("0.1234560"), null, "a last zero is no seventh decimal");
  assert.equal(troubleOf("0"), "zero");
  assert.equal(troubleOf("0", readingOf), null);
  assert.equal(troubleOf(""), null, "nothing typed yet is no mistake");
});

test("thousands are told apart as the reader does", async () => {
  assert.equal(spaced("1234567.50"), "1,234,567.50");
  assert.equal(spaced("-1234"), "−1,234");
  assert.equal(spaced("0."), "0.");
  await speak("fr", async () => ({}));
  assert.equal(spaced("1234567,50").replace(/\s/g, " "), "1 234 567,50");
  await speak("en");
});

test("whatever keys are pressed, what is saved is what is shown, or there is a word for why not", () => {
  const key = fc.constantFrom(..."0123456789", ",", ".", "Backspace", "x5", "x50", "Enter");
  fc.assert(
    fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
      const shown = keys.reduce(nextTyped, "");
      const quantity = quantityOf(shown);
      if (shown === "") return quantity === null;
      assert.equal(spaced(shown).replaceAll(",", ""), shown, "only the signs between thousands are added");
      if (quantity === null) return troubleOf(shown) !== null;
      assert.match(quantity, /^(0|[1-9]\d{0,8})(\.\d{1,6})?$/);
      return quantity === parseDecimal(shown);
    }),
  );
  assert.ok(isPadKey("x5") && isPadKey("7") && isPadKey("comma") && !isPadKey("ok") && !isPadKey("12"));
});

test("words from elsewhere become what the server takes, and stay the same when cleaned twice", () => {
  assert.equal(asCode(" LOT\t7\n"), "LOT 7");
  assert.equal(asCode("e\u0301"), "é");
  assert.equal(asCode("a\u202eb\u0000c"), "a b c");
  assert.equal(asCode("x".repeat(99)).length, 64);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const words = asWords(text);
      assert.equal(asWords(words), words);
      assert.ok([...words].length <= 200);
      assert.doesNotMatch(words, /[\p{C}]|^\s|\s$/u);
    }),
  );
});
