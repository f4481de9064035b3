// Badges with a chip: what of a tag is a code, and that asking twice listens once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hasNfc, hold, stop, textOf } from "../../webapp/static/scanner/nfc.js";

const bytes = (/** @type {string} */ text) => new DataView(new TextEncoder().encode(text).buffer);

test("the first address or text of a badge is its code", () => {
  assert.equal(textOf([{ recordType: "url", data: bytes("HTTPS://PLANT.EXAMPLE/S/BCDFGHJVS") }]), "HTTPS://PLANT.EXAMPLE/S/BCDFGHJVS");
  assert.equal(textOf([{ recordType: "mime", data: bytes("picture") }, { recordType: "text", data: bytes(" BCD FGH JVS "), encoding: "utf-8" }]), "BCD FGH JVS");
  assert.equal(textOf([{ recordType: "empty" }, { recordType: "text", data: bytes("") }]), null);
});

test("a browser without NFC says so; one with it listens once, until it is stopped", async () => {
  assert.ok(!hasNfc());
  assert.equal(await hold(() => {}), false);
  /** @type {EventTarget[]} */
  const readers = [];
  let refuse = true;
  /** @type {any} */ (globalThis).NDEFReader = class extends EventTarget {
    constructor() {
      super();
      readers.push(this);
    }
    async scan() {
      if (refuse) throw new Error("not allowed");
    }
  };
  assert.equal(await hold(() => {}), false);
  refuse = false;
  /** @type {string[]} */
  const heard = [];
  assert.equal(await hold((text) => heard.push(text)), true);
  assert.equal(await hold((text) => heard.push(text)), true);
  assert.equal(readers.length, 2, "the refused one and the one that listens");
  readers[1].dispatchEvent(Object.assign(new Event("reading"), { message: { records: [{ recordType: "text", data: bytes("BCDFGHJVS") }] } }));
  assert.deepEqual(heard, ["BCDFGHJVS"]);
  stop();
  delete (/** @type {any} */ (globalThis).NDEFReader);
});
