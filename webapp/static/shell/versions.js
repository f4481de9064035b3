// New versions of the page: found by the browser, taken only when asked for, by a tap or by nobody being here.

const EVERY_MS = 3_600_000;

export class Versions {
  /** @type {ServiceWorkerRegistration | null} */ #registration = null;
  #isUpdating = false;
  #isReplaced = false;

  /** @param {import("../capture/phone.js").Phone} phone */
  constructor(phone) {
    this.phone = phone;
  }

  async register() {
    if (!("serviceWorker" in navigator)) return;
    const wasServed = Boolean(navigator.serviceWorker.controller);
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (this.#isUpdating) location.reload();
      else if (wasServed) this.#isReplaced = true; // another window took the new version: ours follows when nobody is here
    });
    try {
      this.#registration = await navigator.serviceWorker.register("/service-worker.js", { updateViaCache: "none" });
    } catch (error) {
      console.warn("no service worker", error);
      return;
    }
    const registration = this.#registration;
    const look = () => {
      this.phone.health.updateReady = Boolean(registration.waiting && navigator.serviceWorker.controller);
      this.phone.draw();
    };
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
    look();
    setInterval(() => void registration.update().catch(() => {}), EVERY_MS);
  }

  /** Nobody is here, nothing is half typed: now, if there is a new version. */
  updateWhileIdle() {
    if (this.#isReplaced) location.reload();
    else if (this.phone.health.updateReady) this.update();
  }

  /** Only ever asked for. */
  update() {
    if (!this.#registration?.waiting) return;
    this.#isUpdating = true;
    this.#registration.waiting.postMessage("activate");
  }
}
