// Keeps the page on the device so that it starts without a network, and does nothing else: it queues nothing, answers
// nothing for the server, and never touches /api/ or a request that is not a GET. Captures are the page's business.
//
// A version is a cache of its own, filled all or nothing: every file is checked against its hash, so a proxy's error
// page can never get in. A new version waits until the page asks for it, because a page that runs with half of its
// files exchanged is worse than an old one.
//
// To get rid of it there is a setting, phone_worker: withdrawn.js is served in its place.

/** @typedef {ServiceWorkerGlobalScope & {VERSION: string, PRECACHE: {url: string, integrity: string}[]}} Scope */
const worker = /** @type {Scope} */ (/** @type {unknown} */ (self));
const { VERSION: version, PRECACHE: files } = worker;

const PREFIX = "floorledger-shell-";
const CACHE = PREFIX + version;
const SHELL = "/";
const MANIFEST = "/manifest.webmanifest";

/** Which stored answer a GET deserves: "shell", "file", or null for the network.
 * @param {URL} url @param {boolean} isNavigation @param {string} origin @param {Set<string>} kept */
function answerFor(url, isNavigation, origin, kept) {
  if (url.origin !== origin || url.pathname.startsWith("/api/")) return null;
  if (isNavigation) return url.pathname === "/" || url.pathname === "/enrol" || /^\/s\//i.test(url.pathname) ? "shell" : null;
  return kept.has(url.pathname) ? "file" : null;
}

/** Fill the cache of this version, or fail as a whole. */
async function fill() {
  const wasThere = await caches.has(CACHE); // then a running page may live on it: never take it away
  const cache = await caches.open(CACHE);
  try {
    await cache.addAll([
      ...files.map(({ url, integrity }) => new Request(url, { integrity, cache: "reload", credentials: "same-origin" })),
      ...[SHELL, MANIFEST].map((url) => new Request(url, { cache: "reload", credentials: "same-origin" })),
    ]);
    const [shell, manifest] = await Promise.all([SHELL, MANIFEST].map((url) => cache.match(url)));
    const page = (await shell?.clone().text()) ?? "";
    // A captive portal answers these too: only a page that names this version is our shell, and a manifest is JSON.
    if (shell?.redirected || !page.includes(`data-version="${version}"`)) throw new Error("not our shell");
    if (manifest?.redirected || !(await manifest?.clone().json())?.start_url) throw new Error("not our manifest");
  } catch (error) {
    if (!wasThere) await caches.delete(CACHE);
    throw error;
  }
}

/** Let go of other versions' files. */
async function clear() {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
}

/** @param {FetchEvent} event @param {string} key */
async function fromCache(event, key) {
  const cache = await caches.open(CACHE);
  return (await cache.match(key)) ?? fetch(event.request);
}

const keptPaths = new Set([...files.map(({ url }) => url), MANIFEST]);

worker.addEventListener("install", (event) => {
  event.waitUntil(fill());
  // Where the browser can read our files from the cache by itself, it need not wake this script for each of them.
  const { addRoutes } = /** @type {{addRoutes?: (rule: object) => Promise<void>}} */ (/** @type {unknown} */ (event));
  addRoutes
    ?.call(event, {
      condition: { urlPattern: new URLPattern({ pathname: "/static/*" }), requestMethod: "GET" },
      source: { cacheName: CACHE },
    })
    .catch(() => {});
});

worker.addEventListener("activate", (event) =>
  event.waitUntil(clear().then(() => worker.clients.claim())),
);

worker.addEventListener("message", (event) => {
  if (event.data === "activate") event.waitUntil(worker.skipWaiting());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  const answer = answerFor(url, request.mode === "navigate", worker.location.origin, keptPaths);
  if (answer) event.respondWith(fromCache(event, answer === "shell" ? SHELL : url.pathname));
});
