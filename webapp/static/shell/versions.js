// New versions of the page: found by the browser, taken only when asked for, by a tap or by nobody being here.

const EVERY_MS = 3_600_000;

export class Versions {
  /** @type {ServiceWorkerRegistration | null} */ #registration = null;
  #isUpdating = false;

  /** @param {import("../capture/phone.js").Phone} phone */
  constructor(phone) {
    this.phone = phone;
  }

  async register() {
    if (!("serviceWorker" in navigator)) return;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (this.#isUpdating) location.reload();
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

  /** Only ever asked for. */
  update() {
    if (!this.#registration?.waiting) return;
    this.#isUpdating = true;
    this.#registration.waiting.postMessage("activate");
  }
}
