// A page that refreshes itself must say when it no longer does: what it shows then is the past.

const trouble = document.querySelector("[data-live-trouble]");
const failing = new Set();

/** @param {Event} event @param {boolean} failed */
function note(event, failed) {
  const part = event.target instanceof Element ? event.target.closest("[data-live]") : null;
  if (!part || !(trouble instanceof HTMLElement)) return;
  if (failed) failing.add(part.id);
  else failing.delete(part.id);
  trouble.hidden = failing.size === 0;
  document.body.classList.toggle("stale", failing.size > 0);
}

document.addEventListener("htmx:error", (event) => note(event, true));
document.addEventListener("htmx:response:error", (event) => note(event, true));
document.addEventListener("htmx:after:request", (event) => {
  const status = /** @type {CustomEvent} */ (event).detail?.ctx?.response?.status ?? 500;
  if (status < 400) note(event, false);
});
