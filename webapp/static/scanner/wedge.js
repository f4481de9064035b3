// A hand scanner that types. It is heard anywhere on the page, whatever has the focus, and told from a person by its
// speed: no one types six characters with less than 80 ms between them, nor two keys within 20 ms. A short text that
// was scanned is no amount, and its Enter confirms nothing.

const GAP_MS = 80;
const NO_HAND_MS = 20;
const SILENCE_MS = 120;
const LEAST = 6;

/** What a US scanner meant by a key, whatever the tablet's layout made of it. @type {Record<string, string>} */
const US = {
  Slash: "/", Semicolon: ":", Period: ".", Minus: "-", Equal: "=", Space: " ", Comma: ",",
  Quote: "'", Backquote: "`", BracketLeft: "[", BracketRight: "]", Backslash: "\\",
};

/**
 * @typedef {Object} Ears
 * @property {(text: string, byCode: string) => void} onScan the text as typed, and as a US layout would have it
 * @property {(key: string) => void} onTyped a key pressed by a person while no field had the focus
 * @property {(text: string) => boolean} isCode whether a text without Enter is a whole code already
 */

/**
 * Listen until the returned function is called.
 * @param {EventTarget} page @param {Ears} ears
 * @param {(press: Event) => number} [when] by the keyboard's own clock: a page that was busy hears a burst late, not slow
 */
export function listen(page, { onScan, onTyped, isCode }, when = (press) => press.timeStamp) {
  /** @type {{text: string, byCode: string, keys: string[], field: HTMLInputElement | null, before: string, slowestMs: number}} */
  let burst = nothing();
  let lastMs = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  /** It was a scan: the field gets back what it held before. */
  function scanned() {
    const { text, byCode, field, before } = burst;
    burst = nothing();
    if (field) {
      field.value = before;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    onScan(text, byCode);
  }

  /** Whether the keys so far came faster than from a hand, the one at hand included. */
  const isByMachine = () => burst.slowestMs < NO_HAND_MS;

  /** It was a person after all. */
  function typed() {
    const { keys, field } = burst;
    burst = nothing();
    if (!field) for (const key of keys) onTyped(key);
  }

  /** @param {Event} event */
  function hear(event) {
    const press = /** @type {KeyboardEvent} */ (event);
    if (press.ctrlKey || press.metaKey || (press.altKey && !press.getModifierState?.("AltGraph")) || press.isComposing) return;
    const isEnd = press.key === "Enter" || press.key === "Tab";
    const isCharacter = press.key.length === 1 || press.key === "Dead";
    const isEditing = press.key === "Backspace" || press.key === "Delete";
    if (!isEnd && !isCharacter && !isEditing) return;
    const atMs = when(press);
    const gapMs = atMs - lastMs;
    lastMs = atMs;
    clearTimeout(silence);
    if (gapMs > GAP_MS) typed();
    if (burst.keys.length > 0) burst.slowestMs = Math.max(burst.slowestMs, gapMs);
    if (isEnd) {
      if (burst.text.length >= LEAST || (burst.text !== "" && isByMachine())) {
        press.preventDefault();
        press.stopImmediatePropagation();
        scanned();
      } else {
        typed();
        if (press.key === "Enter" && !isFocusable(press.target)) onTyped("Enter");
      }
      return;
    }
    if (isEditing) {
      typed();
      if (!fieldOf(press.target)) onTyped(press.key);
      return;
    }
    if (burst.keys.length === 0) {
      burst.field = fieldOf(press.target);
      burst.before = burst.field?.value ?? "";
    }
    // A burst must not press the button that has the focus.
    if (!burst.field && burst.keys.length > 0) press.preventDefault();
    burst.keys.push(press.key);
    burst.text += press.key.length === 1 ? press.key : "";
    burst.byCode += meant(press);
    silence = setTimeout(() => {
      const isScan = burst.text.length >= LEAST ? isCode(burst.text) : burst.keys.length > 1 && isByMachine();
      if (isScan) scanned();
      else typed();
    }, SILENCE_MS);
  }

  page.addEventListener("keydown", hear, { capture: true });
  return () => page.removeEventListener("keydown", hear, { capture: true });
}

const nothing = () => ({ text: "", byCode: "", keys: /** @type {string[]} */ ([]), field: null, before: "", slowestMs: 0 });

/** @param {KeyboardEvent} press */
function meant({ code, key, shiftKey }) {
  if (!code) return key.length === 1 ? key : "";
  if (code.startsWith("Key")) return shiftKey ? code.slice(3) : code.slice(3).toLowerCase();
  if (code.startsWith("Digit")) return code === "Digit3" && shiftKey ? "#" : code.slice(5);
  if (code === "Minus" && shiftKey) return "_";
  return US[code] ?? (key.length === 1 ? key : "");
}

/** @param {EventTarget | null} target @returns {HTMLInputElement | null} */
const fieldOf = (target) =>
  target instanceof Object && "value" in target && "selectionStart" in target ? /** @type {any} */ (target) : null;

/** @param {EventTarget | null} target */
const isFocusable = (target) =>
  target instanceof Object && "matches" in target && /** @type {Element} */ (target).matches("button, a, input, select, textarea, summary");
