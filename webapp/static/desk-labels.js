// The label pages: find lines as one types, tick all that are shown, count them; print a finished sheet. Without this
// file the list is longer to look through and a sheet is printed from the browser's own menu.

/** @param {HTMLFormElement} form */
function choose(form) {
  const groups = [...form.querySelectorAll("[data-group]")].map((group) => new Group(/** @type {HTMLElement} */ (group)));
  const find = form.querySelector("[data-find]");
  const nothing = /** @type {HTMLElement} */ (form.querySelector("[data-nothing]"));
  const count = form.querySelector("[data-count]");
  for (const piece of form.querySelectorAll("[data-needs-script]")) /** @type {HTMLElement} */ (piece).hidden = false;

  const tell = () => {
    const ticked = groups.reduce((sum, group) => sum + group.ticked, 0);
    for (const group of groups) group.show();
    if (count) count.textContent = ticked > 0 ? `(${ticked})` : "";
  };
  find?.addEventListener("input", () => {
    const words = folded(/** @type {HTMLInputElement} */ (find).value).split(/\s+/).filter(Boolean);
    const shown = groups.reduce((sum, group) => sum + group.filter(words), 0);
    nothing.hidden = shown > 0;
    tell();
  });
  // Enter looks; it does not print.
  find?.addEventListener("keydown", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key === "Enter") event.preventDefault();
  });
  form.addEventListener("change", (event) => {
    for (const group of groups) if (event.target === group.all) group.tickShown(group.all.checked);
    tell();
  });
  tell();
}

/** The lines of one sort of thing, and the box that ticks those of them that are shown. */
class Group {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.all = /** @type {HTMLInputElement} */ (element.querySelector("[data-all]"));
    this.all.removeAttribute("name"); // without script it stands for every line; here the lines speak for themselves
    this.lines = [...element.querySelectorAll("li")].map((line) => ({
      line,
      box: /** @type {HTMLInputElement} */ (line.querySelector("input")),
      text: folded(line.textContent ?? ""),
    }));
  }

  get ticked() {
    return this.lines.filter(({ box }) => box.checked).length;
  }

  get #shown() {
    return this.lines.filter(({ line }) => !line.hidden);
  }

  /** Show the lines that hold all words; how many these are. @param {string[]} words */
  filter(words) {
    for (const { line, text } of this.lines) line.hidden = !words.every((word) => text.includes(word));
    const count = this.#shown.length;
    this.element.hidden = count === 0;
    return count;
  }

  /** @param {boolean} on */
  tickShown(on) {
    for (const { box } of this.#shown) box.checked = on;
  }

  /** Let the box over the lines say how many of those shown are ticked: all, none, some. */
  show() {
    const ticked = this.#shown.filter(({ box }) => box.checked).length;
    this.all.checked = ticked > 0 && ticked === this.#shown.length;
    this.all.indeterminate = ticked > 0 && !this.all.checked;
  }
}

/** Without case and accents: "reglage" finds "Réglage". @param {string} text */
function folded(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

const form = document.querySelector(".print-form");
if (form instanceof HTMLFormElement) choose(form);

for (const button of document.querySelectorAll("[data-print]")) {
  if (button instanceof HTMLElement) button.hidden = false;
  button.addEventListener("click", () => print());
}
