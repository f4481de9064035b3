// The few things a desk page cannot do without script. Every page works without this file, only less comfortably.

// A secret after the # of an address never travels to the server; it belongs into the form that asks for it.
for (const field of document.querySelectorAll("input[data-from-fragment]")) {
  if (field instanceof HTMLInputElement && location.hash.length > 1 && !field.value) {
    field.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname + location.search);
  }
}

// What cannot be taken back asks first.
document.addEventListener("submit", (event) => {
  const question = event.target instanceof HTMLFormElement ? event.target.dataset.confirm : undefined;
  if (question && !confirm(question)) event.preventDefault();
});

// An address to copy is selected as a whole.
document.addEventListener("focusin", (event) => {
  if (event.target instanceof HTMLInputElement && "select" in event.target.dataset) event.target.select();
});

// A link shown once is copied with one touch, where the browser lets a page do that (HTTPS, or this machine).
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = button instanceof HTMLButtonElement ? document.getElementById(button.dataset.copy ?? "") : null;
  if (!(button instanceof HTMLButtonElement && field instanceof HTMLInputElement && navigator.clipboard)) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.classList.add("done");
    button.setAttribute("aria-pressed", "true");
  });
}
