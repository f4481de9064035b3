// What may become script on this page: nothing but this server's own files. The page's policy asks the browser to refuse
// text where script or markup is made of it (Trusted Types); lit-html vouches for its templates, this for the addresses
// of workers. Browsers without it go by the rest of the policy.

/** Where scripts of ours come from. */
const OURS = /^\/(static\/.+\.js|service-worker\.js)$/;

/** @param {string} address @param {string} page the page's own @returns {string} the address. Throws TypeError for one that is not ours. */
export function ownScript(address, page) {
  const { origin, pathname } = new URL(address, page);
  if (origin !== new URL(page).origin || !OURS.test(pathname)) throw new TypeError(`no script of ours: ${address}`);
  return address;
}

/** Vouch for our own from now on. */
export function vouch() {
  const { trustedTypes } = /** @type {{trustedTypes?: {createPolicy: (name: string, rules: object) => void}}} */ (/** @type {unknown} */ (globalThis));
  trustedTypes?.createPolicy("default", { createScriptURL: (/** @type {string} */ address) => ownScript(address, location.href) });
}
