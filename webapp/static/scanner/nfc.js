// Badges that are held to the tablet: Web NFC, where the browser has it (Chrome on Android). It needs a person's gesture
// to begin, so it begins with the scan key; from then on a badge works on every screen while the page shows.

/** @typedef {{recordType: string, data?: DataView, encoding?: string}} NfcRecord */
/** @typedef {EventTarget & {scan(options?: {signal?: AbortSignal}): Promise<void>}} Reader */

/** @type {AbortController | null} */
let listening = null;

/** @returns {(new () => Reader) | undefined} */
const readerOf = () => /** @type {any} */ (globalThis).NDEFReader;

export const hasNfc = () => readerOf() !== undefined;

/**
 * Listen until `stop`; asking again is harmless.
 * @param {(text: string) => void} onText an address or a text that a badge holds
 * @returns {Promise<boolean>} whether badges are heard
 */
export async function hold(onText) {
  const Reader = readerOf();
  if (!Reader) return false;
  if (listening) return true;
  const mine = (listening = new AbortController());
  try {
    const reader = new Reader();
    reader.addEventListener("reading", (event) => {
      const { records } = /** @type {any} */ (event).message;
      const text = textOf(records);
      if (text) onText(text);
    });
    await reader.scan({ signal: mine.signal });
    return true;
  } catch {
    if (listening === mine) listening = null; // refused, or switched off: the next gesture asks again
    return false;
  }
}

export function stop() {
  listening?.abort();
  listening = null;
}

/** The first record that can be a code. @param {NfcRecord[]} records */
export function textOf(records) {
  for (const { recordType, data, encoding } of records) {
    if (!data || !["url", "absolute-url", "text"].includes(recordType)) continue;
    const text = new TextDecoder(encoding ?? "utf-8").decode(data).trim();
    if (text) return text;
  }
  return null;
}
