// Passkeys on the desk pages: a button asks the server for a challenge, hands it to the browser, puts the answer into its
// form and sends that. Where the browser has no passkeys the buttons stay hidden; every page has another way.

const known = window.PublicKeyCredential !== undefined && window.isSecureContext;

/** @type {AbortController | undefined} A request that waits in a form's field for somebody to choose a passkey there. */
let offered;

for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!(button instanceof HTMLButtonElement) || !known || !button.form) continue;
  button.hidden = false;
  for (const other of document.querySelectorAll("[data-without-passkeys]")) other.remove();
  button.addEventListener("click", () => {
    offered?.abort();
    if (button.dataset.passkey !== "create" || button.form?.reportValidity()) void run(button.form, button, undefined);
  });
}
for (const field of document.querySelectorAll("[data-passkey-offer]")) {
  if (field instanceof HTMLInputElement && known) void offer(field);
}

/** Let the browser offer passkeys while a name is typed, where it can. @param {HTMLInputElement} field */
async function offer(field) {
  const able = PublicKeyCredential.isConditionalMediationAvailable;
  if (!able || !field.form || !(await able.call(PublicKeyCredential))) return;
  offered = new AbortController();
  await run(field.form, field, offered.signal);
}

/**
 * Ask, answer, send. A signal: quietly, until somebody chooses a passkey.
 * @param {HTMLFormElement | null} form @param {HTMLElement} asker @param {AbortSignal | undefined} signal
 */
async function run(form, asker, signal) {
  if (!form) return;
  const problem = form.querySelector("[data-passkey-problem]");
  if (problem instanceof HTMLElement) problem.hidden = true;
  if (asker instanceof HTMLButtonElement) asker.disabled = true;
  try {
    const address = asker.dataset.options ?? asker.dataset.passkeyOffer ?? "";
    const told = await fetch(address, { headers: { Accept: "application/json" } });
    if (!told.ok) throw new Error(`${address}: ${told.status}`);
    const options = await told.json();
    const answer = asker.dataset.passkey === "create" ? await create(options) : await get(options, signal);
    const place = form.elements.namedItem("answer");
    if (place instanceof HTMLInputElement) place.value = JSON.stringify(answer);
    form.submit();
  } catch (error) {
    if (!signal && problem instanceof HTMLElement) {
      problem.hidden = false;
      problem.scrollIntoView({ block: "nearest" });
    }
  } finally {
    if (asker instanceof HTMLButtonElement) asker.disabled = false;
  }
}

/** @param {any} options @param {AbortSignal | undefined} signal */
async function get(options, signal) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: described(options.allowCredentials) };
  const mediation = signal ? { mediation: /** @type {CredentialMediationRequirement} */ ("conditional"), signal } : {};
  const made = await navigator.credentials.get({ publicKey, ...mediation });
  if (!(made instanceof PublicKeyCredential)) throw new Error("no passkey was chosen");
  const response = /** @type {AuthenticatorAssertionResponse} */ (made.response);
  return {
    ...same(made),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

/** @param {any} options */
async function create(options) {
  const user = { ...options.user, id: bytes(options.user.id) };
  const excludeCredentials = described(options.excludeCredentials);
  const publicKey = { ...options, user, challenge: bytes(options.challenge), excludeCredentials };
  const made = await navigator.credentials.create({ publicKey });
  if (!(made instanceof PublicKeyCredential)) throw new Error("no passkey was made");
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    ...same(made),
    handle: options.user.id,
    response: { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) },
  };
}

/** @param {PublicKeyCredential} made */
function same(made) {
  return { id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {} };
}

/** @param {{id: string}[] | undefined} keys */
function described(keys) {
  return (keys ?? []).map((key) => ({ ...key, id: bytes(key.id), type: /** @type {const} */ ("public-key") }));
}

/** Bytes of base64url. @param {string} coded */
function bytes(coded) {
  const plain = atob(coded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

/** Base64url of bytes, without padding. @param {ArrayBuffer} raw */
function text(raw) {
  const plain = String.fromCharCode(...new Uint8Array(raw));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
