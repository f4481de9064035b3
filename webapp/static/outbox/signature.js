// Signing what is sent: the key never leaves this browser, so a copied cookie or token opens nothing elsewhere.
// server/auth/signature.py says what is signed, and how. Where a page may not use keys (plain http), nothing is signed.

import { uuid } from "../lib/uuid.js";

const PARTS = '("@method" "@path" "@query" "content-digest")';

export class Signature {
  /** @type {CryptoKey | null} */ key = null;
  /** How far the server's clock is ahead of ours; a second more or less does not matter. */
  #aheadMs = 0;

  /** @param {ArrayBuffer} bytes */
  base64(bytes) {
    return btoa(String.fromCharCode(...new Uint8Array(bytes)));
  }

  /** What an answer says of the time. @param {string | null} date */
  hear(date) {
    const atMs = Date.parse(date ?? "");
    if (atMs) this.#aheadMs = atMs - Date.now();
  }

  /** @param {string} method @param {string} path @param {string | ArrayBuffer} body @returns {Promise<Record<string, string>>} */
  async of(method, path, body) {
    if (!this.key) return {};
    const [place, query = ""] = path.split("?");
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const digest = `sha-256=:${this.base64(await crypto.subtle.digest("SHA-256", bytes))}:`;
    const created = Math.floor((Date.now() + this.#aheadMs) / 1000);
    const parameters = `${PARTS};created=${created};nonce="${uuid().replace(/-/g, "")}"`;
    const base = [
      `"@method": ${method}`,
      `"@path": ${place}`,
      `"@query": ?${query}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${parameters}`,
    ].join("\n");
    const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.key, new TextEncoder().encode(base));
    return { "Content-Digest": digest, "Signature-Input": `d=${parameters}`, Signature: `d=:${this.base64(signed)}:` };
  }
}
