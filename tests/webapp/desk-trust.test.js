// What htmx may make markup of.

import assert from "node:assert/strict";
import test from "node:test";

import { noScript, ownMarkup } from "../../webapp/static/desk-trust.js";

test("a part of a page is taken as it is", () => {
  for (const text of ['<tr id="x"><td>1 &lt; 2, one = two</td></tr>', "", "<svg><path d='M0 0'/></svg>", "<p>linked, scripted</p>"])
    assert.equal(ownMarkup(text), text);
});

test("what runs or loads by itself is not", () => {
  for (const text of [
    "<script>alert(1)</script>", "<SCRIPT src=/static/app.js>", "<p><iframe/srcdoc=x>", "<object data=x>", "<embed src=x>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "<link rel=stylesheet href=x>", "<style>@import 'x'</style>",
    "</script>", "<svg><script>alert(1)</script></svg>", "<svg><style>x</style></svg>",
  ])
    assert.throws(() => ownMarkup(text), TypeError, text);
});

test("no text becomes script", () => assert.throws(noScript, TypeError));
