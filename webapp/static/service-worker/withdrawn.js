// Served in place of the service worker when the plant withdraws it (setting phone_worker): it takes the phone's files out
// of the browser's cache and unregisters itself. Captures live in IndexedDB, which it does not touch; from the next load
// on the page comes from the network.

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));

scope.addEventListener("activate", (event) =>
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("floorledger-")) await caches.delete(name);
      await scope.registration.unregister();
    })(),
  ),
);
