// A scanner that types, among people who type.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { tail } from "../../webapp/static/model/code.js";
import { listen } from "../../webapp/static/scanner/wedge.js";

const CODE = "BCDFGHJVS";
const URL_TEXT = `HTTPS://ATELIER.EXAMPLE/S/${CODE}`;

/** A page with ears, a hand to press keys, and perhaps a field that has the focus. */
function desk() {
  let nowMs = 0;
  const page = new EventTarget();
  /** @type {{text: string, byCode: string}[]} */ const scans = [];
  /** @type {string[]} */ const typed = [];
  listen(page, { isCode: (text) => tail(text) !== null, onScan: (text, byCode) => scans.push({ text, byCode }), onTyped: (key) => typed.push(key) }, () => nowMs);
  const field = { value: "12", selectionStart: 2, dispatchEvent: () => true };
  /** @param {string} key @param {{after?: number, code?: string, inField?: boolean, ctrlKey?: boolean}} [how] */
  const press = (key, { after = 5, code = "", inField = false, ctrlKey = false } = {}) => {
    nowMs += after;
    mock.timers.tick(after);
    const event = new Event("keydown", { cancelable: true, bubbles: true });
    Object.assign(event, { key, code, ctrlKey, metaKey: false, altKey: false, isComposing: false, shiftKey: false });
    Object.defineProperty(event, "target", { value: inField ? field : page });
    page.dispatchEvent(event);
    if (inField && key.length === 1 && !event.defaultPrevented) field.value += key; // what a browser does
    return event;
  };
  return { scans, typed, field, press, wait: (/** @type {number} */ ms) => { nowMs += ms; mock.timers.tick(ms); } };
}

/** @param {string} name @param {() => void} story */
const story = (name, story) =>
  test(name, () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      story();
    } finally {
      mock.timers.reset();
    }
  });

for (const gap of [0, 5, 20, 60]) {
  story(`a burst with ${gap} ms between keys and Enter is a scan`, () => {
    const { press, scans, typed } = desk();
    for (const letter of URL_TEXT) press(letter, { after: gap });
    const enter = press("Enter", { after: gap });
    assert.deepEqual(scans.map(({ text }) => text), [URL_TEXT]);
    assert.ok(enter.defaultPrevented, "and presses no button");
    assert.deepEqual(typed, []);
  });
}

test("a page that was busy in the middle of a burst hears it late, and as one", () => {
  const page = new EventTarget();
  /** @type {string[]} */ const scans = [];
  const stop = listen(page, { isCode: () => false, onScan: (text) => scans.push(text), onTyped: () => {} });
  [...URL_TEXT, "Enter"].forEach((key, index) => {
    const event = new Event("keydown", { cancelable: true });
    Object.assign(event, { key, code: "", ctrlKey: false, metaKey: false, altKey: false, isComposing: false });
    Object.defineProperty(event, "timeStamp", { value: 1000 + 5 * index });
    const until = performance.now() + (index === 9 ? 100 : 0);
    while (performance.now() < until); // longer than any pause in a burst
    page.dispatchEvent(event);
  });
  stop();
  assert.deepEqual(scans, [URL_TEXT]);
});

story("a person at 120 ms a key is a person", () => {
  const { press, scans, typed, wait } = desk();
  for (const letter of "12,5") press(letter, { after: 120 });
  wait(200);
  press("Enter", { after: 120 });
  assert.deepEqual(scans, []);
  assert.deepEqual(typed, ["1", "2", ",", "5", "Enter"]);
});

story("without Enter, a whole code is enough; half of one is not", () => {
  const { press, scans, wait } = desk();
  for (const letter of URL_TEXT) press(letter);
  wait(130);
  assert.equal(scans.length, 1);
  for (const letter of URL_TEXT.slice(0, -1)) press(letter);
  wait(130);
  assert.equal(scans.length, 1);
});

story("the field that had the focus gets back what it held", () => {
  const { press, scans, field } = desk();
  for (const letter of CODE) press(letter, { inField: true });
  press("Tab", { inField: true });
  assert.equal(scans.length, 1);
  assert.equal(field.value, "12");
});

story("what a person types into a field is theirs", () => {
  const { press, typed, field, wait } = desk();
  for (const letter of "abc") press(letter, { after: 150, inField: true });
  wait(200);
  assert.equal(field.value, "12abc");
  assert.deepEqual(typed, []);
});

story("a scan right after typing is not mixed with it", () => {
  const { press, scans, typed } = desk();
  press("7", { after: 150 });
  for (const [index, letter] of [...CODE].entries()) press(letter, { after: index ? 5 : 300 });
  press("Enter");
  assert.deepEqual(scans.map(({ text }) => text), [CODE]);
  assert.deepEqual(typed, ["7"]);
});

story("the keys' places tell what a US scanner meant on a French layout", () => {
  const { press, scans } = desk();
  for (const [key, code] of [["q", "KeyA"], ["!", "Slash"], ["M", "Semicolon"], ["ç", "Digit9"], ["-", "Digit6"], ["w", "KeyZ"]]) press(key, { code });
  press("Enter");
  assert.equal(scans[0].byCode, "a/;96z".replace(";", ":"));
});

story("shortcuts are nobody's scan", () => {
  const { press, scans, typed, wait } = desk();
  for (const letter of "abcdefgh") press(letter, { ctrlKey: true });
  press("Enter", { ctrlKey: true });
  wait(200);
  assert.deepEqual([scans, typed], [[], []]);
});

for (const text of ["2", "12", "0", "\x1b[2J", "OK"]) {
  story(`a scanned ${JSON.stringify(text)} is no amount, and its Enter confirms nothing`, () => {
    const { press, scans, typed } = desk();
    for (const letter of text) press(letter);
    const enter = press("Enter");
    assert.deepEqual(scans.map((scan) => scan.text), [text]);
    assert.ok(enter.defaultPrevented, "and presses no button");
    assert.deepEqual(typed, []);
  });
}

story("a scanned 12 without Enter is no amount either", () => {
  const { press, scans, typed, wait } = desk();
  press("1");
  press("2");
  wait(200);
  assert.deepEqual(scans.map(({ text }) => text), ["12"]);
  assert.deepEqual(typed, []);
});

story("somebody who types as fast as hands can is a person", () => {
  const { press, scans, typed } = desk();
  press("1", { after: 500 });
  press("2", { after: 45 });
  press("Enter", { after: 45 });
  assert.deepEqual(scans, []);
  assert.deepEqual(typed, ["1", "2", "Enter"]);
});
