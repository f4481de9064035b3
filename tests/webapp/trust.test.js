// Which addresses may be run as a script of this page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ownScript } from "../../webapp/static/lib/trust.js";

const PAGE = "https://floor.example/";

test("our own files may be run", () => {
  for (const address of ["/service-worker.js", "/static/outbox/journal-worker.js", "https://floor.example/static/bundle/decoder-1A.js"]) {
    assert.equal(ownScript(address, PAGE), address);
  }
});

test("nothing else may", () => {
  const others = [
    "https://evil.example/static/x.js", "//evil.example/static/x.js", "http://floor.example/static/x.js", "data:text/javascript,1",
    "blob:https://floor.example/0b0f3c57", "javascript:1", "/static/../api/v1/reference", "/api/v1/x.js", "/static/x.png", "/facts/1/photo", "",
  ];
  for (const address of others) assert.throws(() => ownScript(address, PAGE), TypeError, address);
});
