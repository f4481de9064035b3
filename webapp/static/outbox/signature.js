// Signing what is sent: the key never leaves this browser, so a copied cookie or token opens nothing elsewhere.
// server/auth/signature.py says what is signed, and how. Where a page may not use keys (plain http), nothing is signed.

import { uuid } from "../lib/uuid.js";

const PARTS = '("@method" "@path" "@query" "content-digest")';

export class Signature {
  /** @type {CryptoKey | null} */ key = null;

  /** @param {ArrayBuffer} bytes */
  base64(bytes) {
    return btoa(String.fromCharCode(...new Uint8Array(bytes)));
  }

  /**
   * @param {string} method @param {string} path @param {string | ArrayBuffer} body
   * @param {number} nowMs by the server's clock, as far as it is known
   * @returns {Promise<Record<string, string>>}
   */
  async of(method, path, body, nowMs) {
    if (!this.key) return {};
    const [place, query = ""] = path.split("?");
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const digest = `sha-256=:${this.base64(await crypto.subtle.digest("SHA-256", bytes))}:`;
    const parameters = `${PARTS};created=${Math.floor(nowMs / 1000)};nonce="${uuid().replace(/-/g, "")}"`;
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
