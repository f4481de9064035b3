// How this device comes to be known: it makes a key, trades a code for a credential, and asks anew for what a browser lost.
// Rare, so it is loaded when somebody enrols.

/** @typedef {import("./server.js").Answer} Answer */
/** @typedef {import("./server.js").Server} Server */
/** @typedef {import("./store.js").Store} Store */

/**
 * Trade a code for a credential. With it in hand the device still waits for somebody who lets it in.
 * @param {Server} server @param {Store} store @param {{secret: string, name: string, language: string}} told
 * @returns {Promise<Answer>}
 */
export async function enrol(server, store, told) {
  const made = await makeKept(server, store);
  const answer = await server.ask("/api/v1/devices/enrol", {
    method: "POST",
    body: JSON.stringify({ ...told, ...(made ? { public_key: made.publicKey } : {}) }),
  });
  if (answer.is !== "ok") return answer;
  server.token = answer.body.token ?? null;
  server.isCookieLost = false;
  await use(server, store, made?.key ?? null);
  await store.put("token", server.token);
  await store.remember({ token: server.token });
  return answer;
}

/**
 * The key is gone, or was never here: ask to be let in with another.
 * @param {Server} server @param {Store} store @returns {Promise<string | null>} what to tell whoever lets it in
 */
export async function askForKey(server, store) {
  const made = await makeKept(server, store);
  if (!made) return null;
  const answer = await server.ask("/api/v1/device/key", { method: "POST", body: JSON.stringify({ public_key: made.publicKey }) });
  if (answer.is !== "ok") return null;
  await use(server, store, made.key);
  return answer.body.detail;
}

/** A key pair that cannot be taken out, and its public half as the server reads it.
 * @param {import("./signature.js").Signature} signature */
async function makeKey(signature) {
  try {
    const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const point = signature.base64(await crypto.subtle.exportKey("raw", publicKey));
    return { key: privateKey, publicKey: point.replace(/\+/g, "-").replace(/\//g, "_").replace("=", "") };
  } catch {
    return null; // plain http, or a browser without keys
  }
}

/** A new key that this browser is able to keep. @param {Server} server @param {Store} store */
async function makeKept(server, store) {
  const made = await makeKey(server.signature);
  try {
    await store.put("made_key", made?.key);
    return made;
  } catch {
    return null;
  }
}

/** @param {Server} server @param {Store} store @param {CryptoKey | null} key */
async function use(server, store, key) {
  server.signature.key = key;
  await store.put("key", key);
}
