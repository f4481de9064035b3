// How a photo gets small enough; the drawing itself is tested in a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted, LONGEST_PX, MOST_BYTES, NoPhoto, shrink, smallEnough } from "../../webapp/static/lib/image.js";

test("a picture fits into a square and keeps its shape; a small one stays as it is", () => {
  assert.deepEqual(fitted(4000, 3000), { width: 1600, height: 1200 });
  assert.deepEqual(fitted(3000, 4000), { width: 1200, height: 1600 });
  assert.deepEqual(fitted(640, 480), { width: 640, height: 480 });
  assert.deepEqual(fitted(100_000, 1), { width: 1600, height: 1 });
});

/** A codec whose files grow with pixels and quality. @param {number} perPixel */
function codec(perPixel) {
  /** @type {[number, number, number][]} */
  const asked = [];
  const encode = async (/** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ quality) => {
    asked.push([width, height, quality]);
    return { size: Math.round(width * height * quality * perPixel) };
  };
  return { asked, encode };
}

test("the best quality that is small enough is taken", async () => {
  const { asked, encode } = codec(0.25);
  const picture = await smallEnough({ width: 4000, height: 3000 }, encode);
  assert.ok(picture.size <= MOST_BYTES);
  assert.deepEqual(asked, [[1600, 1200, 0.85], [1600, 1200, 0.7], [1600, 1200, 0.55]]);
});

test("where quality does not help, it gets smaller", async () => {
  const { asked, encode } = codec(1);
  const picture = await smallEnough({ width: 4000, height: 3000 }, encode);
  assert.ok(picture.size <= MOST_BYTES);
  assert.equal(asked.at(-1)?.[0], 900);
  assert.ok(asked.every(([width, height]) => Math.max(width, height) <= LONGEST_PX));
});

test("a picture nothing makes small is refused, as is a file beyond all measure", async () => {
  await assert.rejects(smallEnough({ width: 4000, height: 3000 }, codec(1_000).encode), NoPhoto);
  const huge = /** @type {Blob} */ (/** @type {unknown} */ ({ size: 50_000_000 }));
  await assert.rejects(shrink(huge), (wrong) => wrong instanceof NoPhoto && wrong.trouble === "too big");
});
