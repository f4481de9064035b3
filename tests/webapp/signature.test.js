// What this device signs is what the server reads: tests/server/test_device_signatures.py holds the other end.

import assert from "node:assert/strict";
import { test } from "node:test";

import { askForKey, enrol } from "../../webapp/static/outbox/enrolment.js";
import { Server } from "../../webapp/static/outbox/server.js";
import { Signature } from "../../webapp/static/outbox/signature.js";

const KIND = { name: "ECDSA", namedCurve: "P-256" };
const HASH = { name: "ECDSA", hash: "SHA-256" };
const answer = (/** @type {number} */ status, /** @type {any} */ body, headers = {}) =>
  new Response(JSON.stringify(body), {
    status, headers: { "Content-Type": status < 400 ? "application/json" : "application/problem+json", ...headers },
  });

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

/** A store that keeps keys, or does not. */
const memory = (/** @type {Set<string>} */ refused = new Set()) => {
  /** @type {Record<string, any>} */
  const kept = {};
  return {
    kept,
    put: async (/** @type {string} */ key, /** @type {any} */ value) => {
      if (refused.has(key)) throw new Error("cannot be cloned");
      kept[key] = value;
    },
    remember: async () => {},
  };
};

test("a request is signed over method, path, query and body", async () => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(KIND, false, ["sign", "verify"]);
  const signature = new Signature();
  assert.deepEqual(await signature.of("GET", "/", "", 0), {}, "without a key nothing is signed");
  signature.key = privateKey;
  const signed = await signature.of("POST", "/api/v1/events?a=1", '{"é": 1}', 1_800_000_000_999);
  const body = new TextEncoder().encode('{"é": 1}');
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", body)).toString("base64");
  assert.equal(signed["Content-Digest"], `sha-256=:${digest}:`);
  const parameters = signed["Signature-Input"].replace(/^d=/, "");
  assert.match(parameters, /^\("@method" "@path" "@query" "content-digest"\);created=1800000000;nonce="[0-9a-f]{32}"$/);
  const base = `"@method": POST\n"@path": /api/v1/events\n"@query": ?a=1\n"content-digest": sha-256=:${digest}:\n"@signature-params": ${parameters}`;
  const raw = bytesOf(/^d=:(.{88}):$/.exec(signed.Signature)?.[1] ?? "");
  assert.equal(await crypto.subtle.verify(HASH, publicKey, raw, new TextEncoder().encode(base)), true);
  const again = await signature.of("POST", "/api/v1/events?a=1", '{"é": 1}', 1_800_000_000_999);
  assert.notEqual(again["Signature-Input"], signed["Signature-Input"], "a number is used once");
});

test("a clock that is years off learns the time from a refusal, and asks again", async () => {
  const { privateKey } = await crypto.subtle.generateKey(KIND, false, ["sign"]);
  /** @type {number[]} */
  const created = [];
  const server = new Server({
    fetch: async (_path, options) => {
      created.push(Number(/created=(\d+)/.exec(/** @type {any} */ (options?.headers)["Signature-Input"])?.[1]));
      const isOld = created.length === 1;
      return answer(isOld ? 401 : 200, isOld ? { code: "device.signature_old", now: "2038-01-01T00:00:00Z" } : {});
    },
  });
  server.signature.key = privateKey;
  assert.equal((await server.ask("/api/v1/device")).is, "ok");
  assert.equal(created.length, 2);
  assert.ok(Math.abs(created[1] - Date.UTC(2038, 0, 1) / 1000) <= 2, "by the server's clock now");
});

test("another tab enrolled this device anew: its key is read again", async () => {
  const { privateKey: old } = await crypto.subtle.generateKey(KIND, false, ["sign"]);
  const { privateKey: made } = await crypto.subtle.generateKey(KIND, false, ["sign"]);
  let asked = 0;
  const server = new Server({ fetch: async () => answer(asked++ ? 200 : 401, { code: "device.signature_wrong" }) });
  server.signature.key = old;
  server.recallKey = async () => made;
  assert.equal((await server.ask("/api/v1/device")).is, "ok");
  assert.equal(server.signature.key, made);
});

test("enrolling makes a key that cannot be taken out, and sends its public half", async () => {
  /** @type {any} */
  let sent;
  const server = new Server({
    fetch: async (_path, options) => {
      sent = JSON.parse(String(options?.body));
      return answer(201, { token: "fld_1", approved: false, device: {} });
    },
  });
  const store = memory();
  assert.equal((await enrol(server, /** @type {any} */ (store), { secret: "s", name: "T", language: "en" })).is, "ok");
  assert.match(sent.public_key, /^[\w-]{87}$/);
  assert.equal(store.kept.key, server.signature.key);
  assert.equal(store.kept.token, "fld_1");
  const kept = /** @type {CryptoKey} */ (store.kept.key);
  assert.equal(kept.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", kept), "the key stays inside");
});

test("a browser that cannot keep a key enrols without one", async () => {
  /** @type {any} */
  let sent;
  const server = new Server({
    fetch: async (_path, options) => {
      sent = JSON.parse(String(options?.body));
      return answer(201, { token: "fld_1", approved: true, device: {} });
    },
  });
  const store = memory(new Set(["made_key"]));
  await enrol(server, /** @type {any} */ (store), { secret: "s", name: "T", language: "en" });
  assert.deepEqual(Object.keys(sent), ["secret", "name", "language"]);
  assert.equal(server.signature.key, null);
});

test("a refused enrolment keeps the key there was", async () => {
  const server = new Server({ fetch: async () => answer(410, { code: "device.secret_used" }) });
  const store = memory();
  const { privateKey } = await crypto.subtle.generateKey(KIND, false, ["sign"]);
  server.signature.key = privateKey;
  store.kept.key = privateKey;
  assert.equal((await enrol(server, /** @type {any} */ (store), { secret: "s", name: "T", language: "en" })).is, "problem");
  assert.equal(server.signature.key, privateKey);
  assert.equal(store.kept.key, privateKey);
});

test("a lost key is asked for anew, and used once the server has heard of it", async () => {
  const server = new Server({ fetch: async () => answer(202, { approved: false, detail: "number 123 456" }) });
  const store = memory();
  assert.equal(await askForKey(server, /** @type {any} */ (store)), "number 123 456");
  assert.equal(store.kept.key, server.signature.key);
  const gone = new Server({ fetch: async () => { throw new TypeError("offline"); } });
  assert.equal(await askForKey(gone, /** @type {any} */ (memory())), null);
  assert.equal(gone.signature.key, null);
});
