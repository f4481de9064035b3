// Things about the files themselves: colours that can be read, sentences that are translated, rooms that keep to their
// direction, and a service worker that leaves the server's business alone.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { bestOf, named, speak, t } from "../../webapp/static/lib/i18n.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const STATIC = join(ROOT, "webapp/static");

/** @param {string} folder @param {string} suffix @returns {string[]} */
const filesIn = (folder, suffix) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix) && !name.startsWith("vendor"))
    .map((name) => join(folder, name));

const sources = filesIn(STATIC, ".js");
const read = (/** @type {string} */ path) => readFileSync(path, "utf8");

// ---- colours ------------------------------------------------------------------------------------------------------

const css = read(join(STATIC, "css/tokens.css"));
const blocks = [...css.matchAll(/color-scheme: (light|dark);([^}]*)\}/g)].map(([, scheme, body]) => ({
  scheme,
  body,
  colours: Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value])),
}));

/** @param {string} a @param {string} b */
function contrast(a, b) {
  const light = (/** @type {string} */ hex) => {
    const [r, g, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(hex.slice(at, at + 2), 16) / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

test("the two dark blocks say the same", () => {
  const [light, system, chosen] = blocks;
  assert.deepEqual([light.scheme, system.scheme, chosen.scheme], ["light", "dark", "dark"]);
  const plain = (/** @type {string} */ body) => body.replace(/\s+/g, " ").trim();
  assert.equal(plain(system.body), plain(chosen.body));
});

test("text can be read: 7:1, and 4.5:1 for what may be missed", () => {
  for (const { scheme, colours } of blocks) {
    for (const ground of ["paper", "sheet", "sunken"]) {
      for (const ink of ["ink", "ink-2"]) assert.ok(contrast(colours[ink], colours[ground]) >= 7, `${scheme} ${ink} on ${ground}`);
      assert.ok(contrast(colours["ink-3"], colours[ground]) >= 4.5, `${scheme} ink-3 on ${ground}`);
      assert.ok(contrast(colours["rule-strong"], colours[ground]) >= 3, `${scheme} borders on ${ground}`);
    }
    for (const plate of ["machine", "running", "good", "waiting", "held", "stop"]) {
      assert.ok(contrast(colours[`${plate}-ink`], colours[plate]) >= 7, `${scheme} ${plate}`);
      assert.ok(contrast(colours[`${plate}-soft-ink`], colours[`${plate}-soft`]) >= 7, `${scheme} ${plate} soft`);
    }
    assert.ok(contrast(colours["bar-ink"], colours.bar) >= 7, `${scheme} bar`);
    assert.ok(contrast(colours["bar-ink-2"], colours.bar) >= 7, `${scheme} bar, second line`);
  }
});

test("in a bright hall everything is 7:1, borders and small print too", () => {
  const bright = blocks.at(-1);
  assert.equal(blocks.length, 4);
  for (const ground of ["paper", "sheet", "sunken"]) {
    for (const ink of ["ink", "ink-2", "ink-3", "rule", "rule-strong", "machine", "link", "focus", "good", "waiting", "held", "stop"]) {
      assert.ok(contrast(bright?.colours[ink] ?? "", bright?.colours[ground] ?? "") >= 7, `${ink} on ${ground}`);
    }
  }
});

test("the phone's sheet knows no left and no right", () => {
  const sheet = read(join(STATIC, "css/capture.css")).replace(/\/\*[\s\S]*?\*\//g, "");
  assert.deepEqual([...sheet.matchAll(/(?<![\w-])(?:left|right|(?:margin|padding|border|inset)-(?:left|right)[\w-]*)\s*:|text-align:\s*(?:left|right)|float:/g)].map(([found]) => found), []);
});

test("every colour of the phone's sheet is a token", () => {
  const known = new Set(filesIn(join(STATIC, "css"), ".css").flatMap((path) => [...read(path).matchAll(/(--[\w-]+):/g)].map(([, name]) => name)));
  const sheet = read(join(STATIC, "css/capture.css"));
  for (const [, name] of sheet.matchAll(/var\((--[\w-]+)/g)) assert.ok(known.has(name), name);
});

// ---- sentences ----------------------------------------------------------------------------------------------------

test("every sentence of the phone has its French", () => {
  const translated = new Set();
  for (const path of filesIn(join(ROOT, "server/locale"), ".po")) {
    for (const [, id, text] of read(path).matchAll(/^msgid ((?:"(?:[^"\\]|\\.)*"\s*)+)msgstr ((?:"(?:[^"\\]|\\.)*"\s*)+)/gm)) {
      const joined = (/** @type {string} */ quoted) => [...quoted.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => JSON.parse(`"${part}"`)).join("");
      if (joined(text)) translated.add(joined(id));
    }
  }
  const said = sources.flatMap((path) => [...read(path).matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g)].map(([, sentence]) => JSON.parse(`"${sentence}"`)));
  assert.ok(said.length > 200);
  assert.deepEqual([...new Set(said)].filter((sentence) => !translated.has(sentence)), []);
});

test("a sentence falls back to English, a name to what there is", async () => {
  assert.ok(await speak("fr", async () => ({ "{n} waiting": "{n} en attente" })));
  assert.equal(t("{n} waiting", { n: 3 }), "3 en attente");
  assert.equal(t("Unheard of {what}", { what: "this" }), "Unheard of this");
  assert.equal(named({ en: "Burr", fr: "Bavure" }), "Bavure");
  assert.equal(named("Burr"), "Burr");
  assert.equal(named({ de: "Grat" }), "Grat");
  assert.ok(!(await speak("xx", async () => { throw new Error("offline"); })));
  assert.equal(t("{n} waiting", { n: 1 }), "1 en attente", "still French");
  assert.equal(bestOf(["de-AT", "fr-BE"]), "fr");
  await speak("en");
});

// ---- rooms --------------------------------------------------------------------------------------------------------

/** What each room may import besides itself. */
const SEES = /** @type {Record<string, string[]>} */ ({
  lib: ["vendor"],
  model: ["lib"],
  outbox: ["lib", "model", "vendor"],
  scanner: ["lib", "vendor"],
  capture: ["lib", "model", "outbox", "scanner"],
  shell: ["lib", "model", "outbox", "scanner", "capture"],
  "service-worker": [],
});

const roomOf = (/** @type {string} */ path) => relative(STATIC, path).split("/")[0];

test("rooms import in one direction only", () => {
  for (const path of sources) {
    const room = roomOf(path);
    if (room === "app.js") continue;
    const imports = [...read(path).matchAll(/^import [^;]*?from "([^"]+)"|^export [^;]*? from "([^"]+)"|new URL\("([^"]+)", import/gm)];
    for (const [, a, b, c] of imports) {
      const seen = roomOf(join(dirname(path), a ?? b ?? c));
      assert.ok(seen === room || SEES[room].includes(seen), `${relative(STATIC, path)} imports ${seen}`);
    }
  }
});

test("the outbox never touches the page, the screens never touch the database", () => {
  for (const path of sources) {
    const text = read(path).replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
    if (roomOf(path) === "outbox") assert.doesNotMatch(text, /\bdocument\b|\bwindow\b|querySelector/, path);
    if (roomOf(path) === "capture") assert.doesNotMatch(text, /indexedDB|openDB|outbox\/store\.js"|localStorage\./, path);
    assert.doesNotMatch(text, /style=|\bon[a-z]+="|innerHTML|eval\(/, `${path}: not under our content security policy`);
  }
});

test("every screen is reachable, and every place a screen leads to exists", () => {
  const screens = filesIn(join(STATIC, "capture"), ".js").flatMap((path) => [...read(path).matchAll(/^  name: "([\w-]+)"/gm)].map(([, name]) => name));
  assert.equal(new Set(screens).size, screens.length);
  const text = sources.map(read).join("\n");
  const led = new Set([...text.matchAll(/(?:\bgo\(|\binstead\(|\bnote\(|\bopen\(|\bonly\(|screen: |phone\.operator \? )"([\w-]+)"/g)].map(([, name]) => name));
  for (const name of led) assert.ok(screens.includes(name), `nobody is at ${name}`);
  for (const name of screens) assert.ok(led.has(name), `nothing leads to ${name}`);
});

// ---- the service worker -------------------------------------------------------------------------------------------

test("the service worker answers for the shell and its files, and for nothing else", () => {
  const scope = createContext({ self: {}, URL });
  Object.assign(/** @type {any} */ (scope).self, {
    VERSION: "v1", PRECACHE: [{ url: "/static/app.js", integrity: "x" }], addEventListener: () => {},
  });
  runInContext(read(join(STATIC, "service-worker/cache.js")), scope);
  const kept = new Set(["/static/app.js", "/manifest.webmanifest"]);
  const answer = (/** @type {string} */ path, isNavigation = false, origin = "https://plant.example") => {
    /** @type {any} */ (scope).asked = [new URL(path, "https://plant.example"), isNavigation, origin, kept];
    return runInContext("answerFor(...asked)", scope);
  };
  for (const path of ["/", "/?x=1", "/enrol", "/S/BCDFGHJVS", "/s/bcdfghjvs"]) assert.equal(answer(path, true), "shell", path);
  for (const path of ["/board", "/admin/devices", "/sign-in", "/enrolment", "/Shop"]) assert.equal(answer(path, true), null, path);
  assert.equal(answer("/static/app.js"), "file");
  for (const path of ["/api/v1/reference", "/static/css/desk.css", "/"]) assert.equal(answer(path), null, path);
  assert.equal(answer("/static/app.js", false, "https://other.example"), null);
});
