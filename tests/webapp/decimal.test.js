import assert from "node:assert/strict";
import { test } from "node:test";
import { add, compare, multiply, parseDecimal, share, subtract } from "../../webapp/static/lib/decimal.js";
import { figure, speak } from "../../webapp/static/lib/i18n.js";
import { nextTyped, quantityOf } from "../../webapp/static/model/typing.js";

test("comma and point are both the decimal sign", () => {
  for (const [typed, meant] of [
    ["1,5", "1.5"], ["1.5", "1.5"], ["1 234,5", "1234.5"], ["1,234.50", "1234.5"], ["1.234,5", "1234.5"],
    ["007", "7"], [",5", "0.5"], ["5,", "5"], ["0", "0"], ["1\u202f000", "1000"],
  ]) assert.equal(parseDecimal(typed), meant, typed);
  for (const nonsense of ["", ",", "-", "abc", "1e3", "NaN"]) assert.equal(parseDecimal(nonsense), null, nonsense);
});

test("sums are exact where binary floats are not", () => {
  assert.equal(add("0.1", "0.2"), "0.3");
  assert.equal(subtract("1", "0.9"), "0.1");
  assert.equal(subtract("1", "3"), "-2");
  assert.equal(subtract("1", "-3"), "4");
  assert.equal(multiply("0.085", "40"), "3.4");
  assert.equal(multiply("9007199254740993", "3"), "27021597764222979");
  assert.equal(compare("1.10", "1.1"), 0);
  assert.ok(compare("-1", "0.001") < 0);
  assert.equal(share("5", "0"), 0);
});

test("the pad makes numbers and nothing else", () => {
  const type = (/** @type {string} */ keys) => [...keys].reduce((typed, key) => nextTyped(typed, key), "");
  assert.equal(quantityOf(type("12,5")), "12.5");
  assert.equal(quantityOf(type("1,,2,3")), "1.23");
  assert.equal(quantityOf(type("007")), "7");
  assert.equal(quantityOf(type("0,000")), null);
  assert.equal(quantityOf("0,0000001"), null, "the server takes six decimals");
  assert.equal(quantityOf("1234567890"), null, "and less than a thousand million");
  assert.equal(nextTyped("12", "Backspace"), "1");
  assert.equal(nextTyped("12", "x"), "12");
});

test("figures are shown as the reader writes them, no digit more or less", async () => {
  await speak("fr", async () => ({}));
  assert.equal(figure("1234.50").replace(/\s/g, " "), "1 234,50");
  await speak("en");
  assert.equal(figure("0.085"), "0.085");
});
