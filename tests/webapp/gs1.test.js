// What suppliers' labels say, and what is none of theirs.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readGs1, suppliedBy } from "../../webapp/static/model/gs1.js";

const GTIN = "09506000134352"; // GS1's own for examples
const all = { gtin: GTIN, lot: "ABC-1", serial: "77" };

test("a Digital Link, on any host and below any path", () => {
  assert.deepEqual(readGs1(`https://id.gs1.org/01/${GTIN}/10/ABC-1/21/77?17=251231`), all);
  assert.deepEqual(readGs1(`HTTP://shop.example/x/y/01/${GTIN}/10/ABC-1/21/77#top`), all);
  assert.deepEqual(readGs1(`https://shop.example/01/${GTIN}?10=ABC-1&21=77`), all);
  assert.deepEqual(readGs1("https://shop.example/01/9506000134352"), { gtin: GTIN }, "thirteen digits are filled up");
  assert.equal(readGs1(`https://shop.example/01/${GTIN}/10/A%2FB`)?.lot, "A/B");
});

test("elements as a reader sends them", () => {
  assert.deepEqual(readGs1(`]d201${GTIN}10ABC-1\x1d2177`), all);
  assert.deepEqual(readGs1(`\x1d01${GTIN}1725123110ABC-1\x1d2177`), all);
  assert.deepEqual(readGs1(`]C101${GTIN}3102001250410950600013435210ABC-1\x1d2177`), all, "weight and place are passed over");
  assert.deepEqual(readGs1(`01${GTIN}10ABC-1`), { gtin: GTIN, lot: "ABC-1" }, "a reader that sends no mark");
  assert.deepEqual(readGs1("]C110ABC-1"), { lot: "ABC-1" });
});

test("elements as they are printed", () => {
  assert.deepEqual(readGs1(`(01)${GTIN}(10)ABC-1(21)77`), all);
  assert.deepEqual(readGs1(`(01) ${GTIN} (10) ABC-1 (21) 77`), all);
});

test("what is not GS1's is nobody's", () => {
  for (const text of [
    "", "3017620422003", "10ABC-1", "WIFI:S:net;P:secret;;", "https://example.com/01/cart", "https://example.com/10/ABC",
    "mailto:someone@example.com", "(x)1", "]C1", "]d2hello", "01", `01${GTIN}99x`, "https://e.example/01/%E0%A4%A/10/x",
  ]) assert.equal(readGs1(text), null, text);
});

test("a wrong check digit, a lot too long or with letters no lot has", () => {
  assert.equal(readGs1("(01)09506000134353(10)A"), null);
  assert.equal(readGs1(`https://id.gs1.org/01/${GTIN}/10/${"A".repeat(21)}`), null);
  assert.equal(readGs1(`https://id.gs1.org/01/${GTIN}/10/<b>é`), null);
});

test("no text whatever breaks it", () => {
  const piece = fc.oneof(fc.constantFrom("]d2", "\x1d", `01${GTIN}`, "10", "21", "(10)", "https://x/01/", "%"), fc.string({ maxLength: 12 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const read = readGs1(pieces.join(""));
      if (read?.gtin) assert.match(read.gtin, /^\d{14}$/);
      for (const part of [read?.lot, read?.serial]) if (part !== undefined) assert.match(part, /^[\x21-\x7e]{1,20}$/);
    }),
  );
  assert.equal(readGs1(`01${GTIN}10${"A".repeat(1_000_000)}`), null);
});

test("any lot a supplier may write comes back from each form", () => {
  const letters = [..."ABCXYZabcxyz0123456789-._/+%&'*,:;=?!()\""].filter((letter) => letter !== "(" && letter !== ")");
  const lot = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 20 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(lot, (written) => {
      assert.equal(readGs1(`]d201${GTIN}10${written}\x1d17251231`)?.lot, written);
      assert.equal(readGs1(`(01)${GTIN}(10)${written}(17)251231`)?.lot, written);
      const step = encodeURIComponent(written);
      if (step !== "." && step !== "..") assert.equal(readGs1(`https://a.example/01/${GTIN}/10/${step}`)?.lot, written);
    }),
  );
});

test("a supplier's label names the plant's own item where it is known by that number", () => {
  const label = `(01)${GTIN}(10)L7`;
  assert.deepEqual(suppliedBy(label, (code) => code === "9506000134352"), { item: "9506000134352", lot: "L7" });
  assert.deepEqual(suppliedBy(label, () => false), { item: GTIN, lot: "L7" });
  assert.deepEqual(suppliedBy("(01)09506000134352(21)S9", () => false), { item: GTIN, lot: "S9" }, "a serial number, where there is no lot");
  assert.equal(suppliedBy("]C110L7", () => true), null, "a lot alone names no article");
});
