// S8: what is no label is never read as one: pictures of everything but codes, and letters with a slip in them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { prepareZXingModule, readBarcodes } from "../../webapp/static/vendor/zxing-wasm/dist/es/reader/index.js";
import { OPTIONS } from "../../webapp/static/scanner/options.js";
import { ALPHABET, tail } from "../../webapp/static/model/code.js";
import { chance } from "./keeping.js";

const FRAMES = Number(process.env.FLOORLEDGER_CHECKS_FRAMES ?? "10000");
const SLIPS = 10_000;
const SIDE = 120;

/** @typedef {(x: number, y: number, random: () => number) => number} Scene brightness, 0 to 255 */

/** What a camera sees between two labels: an empty bench, wood, fabric, blinds, tiles, print, lamps, shadows.
 * @param {() => number} random @returns {Scene} */
function scene(random) {
  const [size, slant, light, depth] = [2 + random() * 22, random() * 2 - 1, 40 + random() * 170, random() * 120];
  const kinds = [
    () => () => light,
    () => (/** @type {number} */ x, /** @type {number} */ y) => light + depth * Math.sin((x + slant * y) / size + 3 * Math.sin(y / (9 * size))),
    () => (/** @type {number} */ x, /** @type {number} */ y) => (Math.floor((x + slant * y) / size) % 2 ? light : light - depth),
    () => (/** @type {number} */ x, /** @type {number} */ y) => ((Math.floor(x / size) + Math.floor((y + slant * x) / size)) % 2 ? light : light - depth),
    () => {
      const spots = Array.from({ length: 12 }, () => [random() * SIDE, random() * SIDE, random() * 30 + 3, random() * 2 - 1]);
      return (/** @type {number} */ x, /** @type {number} */ y) =>
        light + spots.reduce((sum, [a, b, wide, how]) => sum + (Math.hypot(x - a, y - b) < wide ? how * depth : 0), 0);
    },
    () => {
      const widths = Array.from({ length: 64 }, () => (random() < 0.5 ? 0 : 1));
      return (/** @type {number} */ x, /** @type {number} */ y) => (widths[Math.floor(Math.abs(x + slant * y) / (1 + size / 4)) % 64] ? light : light - depth);
    },
    () => {
      const words = Array.from({ length: 400 }, () => random() < 0.6);
      return (/** @type {number} */ x, /** @type {number} */ y) =>
        Math.floor(y / size) % 2 ? light : words[(Math.floor(x / (size / 3)) + 17 * Math.floor(y / size)) % 400] ? light - depth : light;
    },
  ];
  return kinds[Math.floor(random() * kinds.length)]();
}

test(`no code is read in ${FRAMES} pictures without one`, async () => {
  const wasm = readFileSync(new URL("../../webapp/static/vendor/zxing-wasm/dist/reader/zxing_reader.wasm", import.meta.url));
  await prepareZXingModule({ overrides: { wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) }, fireImmediately: true });
  const random = chance(8);
  /** @type {string[]} */
  const read = [];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const bright = scene(random);
    const noise = random() * 40;
    const data = new Uint8ClampedArray(4 * SIDE * SIDE);
    for (let at = 0; at < SIDE * SIDE; at += 1) {
      const value = bright(at % SIDE, Math.floor(at / SIDE), random) + (random() - 0.5) * noise;
      data.fill(value, 4 * at, 4 * at + 3);
      data[4 * at + 3] = 255;
    }
    const [found] = await readBarcodes(/** @type {any} */ ({ data, width: SIDE, height: SIDE }), OPTIONS);
    if (found?.isValid) read.push(`${frame}: ${found.format} ${found.text}`);
  }
  assert.deepEqual(read, []);
});

test(`no letter code with one wrong letter is taken for a code, in ${SLIPS}`, () => {
  /** @type {{codes: {nine: string}[]}} */
  const { codes } = JSON.parse(readFileSync(new URL("../shared/codes.json", import.meta.url), "utf8"));
  const right = codes.map(({ nine }) => nine);
  const random = chance(9);
  let taken = 0;
  for (let slip = 0; slip < SLIPS; slip += 1) {
    const code = right[slip % right.length];
    const at = Math.floor(random() * 9);
    const others = [...ALPHABET].filter((letter) => letter !== code[at]);
    const wrong = code.slice(0, at) + others[Math.floor(random() * others.length)] + code.slice(at + 1);
    if (tail(wrong) !== null) taken += 1;
  }
  assert.equal(taken, 0);
});
