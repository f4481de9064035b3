// The phone as a screen sees it: what is known, where we are, and what can be done. app.js makes the one there is.
// Types, so that screens and the wiring can be checked against each other, and what every screen that ends work does.

/** @typedef {import("../lib/dom.js").View} View */
/** @typedef {import("../lib/senses.js").Signal} Signal */
/** @typedef {import("../model/event.js").Draft} Draft */
/** @typedef {import("../model/event.js").Reading} Clocks */
/** @typedef {import("../model/reference.js").Reference} Reference */
/** @typedef {import("../model/reading.js").Scanned} Scanned */
/** @typedef {import("../model/things.js").Things} Things */
/** @typedef {import("../model/work.js").Work} Work */
/** @typedef {import("../model/work.js").Span} Span */
/** @typedef {import("../outbox/queue.js").Queue} Queue */
/** @typedef {import("../outbox/queue.js").Entry} Entry */
/** @typedef {import("../outbox/sender.js").Sender} Sender */
/** @typedef {import("../outbox/server.js").Server} Server */

/** @typedef {Record<string, string>} Params */
/** @typedef {Record<string, any>} Form what is typed and not yet confirmed; plain values only, so that it can be kept */
/** @typedef {{screen: string, params: Params, form: Form}} Place */
/** @typedef {{id: string, name: string, site?: string | {code: string, name: string}}} Device */
/**
 * @typedef {{text: string, sign: "saved" | "look" | "lost", undo: string[], untilMs: number, also?: Also | null, isAside?: boolean}} Said
 * @typedef {{label: string, said: string, drafts: (saved: string[]) => Draft[]}} Also a way to go on from what was said,
 *   beside undoing it: its key, what is said then, and what it captures, from the ids of what was saved
 */

/**
 * Settings of this device.
 * @typedef {Object} Preferences
 * @property {string} language when nobody is signed in
 * @property {"" | "light" | "dark" | "bright"} theme empty: as the system
 * @property {boolean} personal one person's own phone: nobody is signed out for being away
 * @property {string | null} lens the camera that was right last time
 */

/**
 * @typedef {Object} Phone
 * @property {Reference} reference
 * @property {Work} work
 * @property {Things} things
 * @property {Queue} queue
 * @property {Sender} sender
 * @property {Server} server
 * @property {string | null} operator who signs
 * @property {boolean} proven whether a badge or a PIN told who signs, and not a tap on a name
 * @property {readonly string[]} others who badged here within the shift, for a quick switch; nobody's while nobody is signed in
 * @property {string[]} crew the mates whose time the operator's gestures note as well, without the operator
 * @property {Device | null} device
 * @property {Preferences} preferences
 * @property {Place} place
 * @property {boolean} isForm something is being typed here that is not confirmed yet
 * @property {{activity: string, person: string | null} | null} nextActivity what a quick code chose for that person's next
 *   start: setup, run, rework or teardown
 * @property {Said | null} said the last thing that happened, while it can be undone
 * @property {string | null} waiting this device asks to be let in: what to tell whoever lets it; null: it does not ask
 * @property {string | null} pending a scan that waits for a badge
 * @property {any[]} eventTypes the server's event types, for the generic form
 * @property {import("../outbox/photos.js").Photos} photos
 * @property {{ids: Set<string>, atMs: number} | null} exported what was saved as a file since this start, and may be discarded
 * @property {{storage: {usedBytes: number, allowedBytes: number} | null, camera: string, nfc: boolean, installer: (() => Promise<void>) | null, persisted: boolean | null, secondCopy: string, updateReady: boolean, installed: boolean, version: string, alarms: string[]}} health
 * @property {() => Clocks} clocks
 * @property {() => void} draw
 * @property {(screen: string, params?: Params, form?: Form) => void} go
 * @property {(screen: string, params?: Params, form?: Form) => void} instead go there from where this screen was opened
 * @property {() => void} back
 * @property {() => void} home
 * @property {(values: Form) => void} fill change the form
 * @property {(drafts: Draft[], said: string, signal?: Signal, also?: Also) => Promise<boolean>} capture save a gesture; false: not saved, and said so
 * @property {() => Promise<void>} undo
 * @property {(text: string) => Promise<void>} scan a code was read or typed
 * @property {(person: string, how?: {proven?: boolean}) => Promise<void>} signIn
 * @property {(number: string, pin: string) => Promise<import("../outbox/server.js").Answer | null>} signInByPin null, or why not
 * @property {(mates: string[]) => void} gather the crew from now on
 * @property {() => void} signOut
 * @property {(text: string, signal?: Signal) => void} say
 * @property {(values: Partial<Preferences>) => Promise<void>} prefer
 * @property {(secret: string, name: string, language: string) => Promise<import("../outbox/server.js").Answer | null>} enrol null, or why not
 * @property {() => void} update load the new version
 * @property {() => Promise<void>} weigh ask the browser about its storage
 */

/**
 * A screen: a file of this room that exports one.
 * @typedef {Object} Screen
 * @property {string} name
 * @property {(phone: Phone, params: Params, form: Form) => View} view
 * @property {boolean} [open] may be seen when nobody is signed in
 * @property {boolean} [draft] what is typed here survives a crash
 * @property {boolean} [forgets] what is typed here is gone as soon as another screen is shown
 * @property {(phone: Phone, params: Params, scanned: Scanned, form: Form) => boolean} [scanned] true: the screen took it
 * @property {(phone: Phone, params: Params, key: string, form: Form) => void} [typed] a key pressed outside any field, or
 *   a quick code that says the same: a digit, "comma", "erase", "x5"
 * @property {(phone: Phone, params: Params) => void} [ticked] a second has passed while it was shown
 * @property {(phone: Phone, params: Params, form: Form) => void} [main] press the main key: the quick code "ok"
 */

/** What was just captured can be undone from the bar, so that nothing covers the screen: in a form, and on every screen
 * that was opened since. @param {Phone} phone */
export const isUndoInBar = (phone) =>
  (phone.said?.undo.length ?? 0) > 0 && (phone.isForm || (phone.said?.isAside === true && phone.place.screen !== "home"));

/** Work has ended: its person sees what came of it. @param {Phone} phone @param {Span[]} spans that were stopped */
export function showResult(phone, spans) {
  const mine = spans.find(({ person, order }) => person === phone.operator && order);
  if (mine) phone.go("result", { ...(mine.order ? { order: mine.order } : {}), ...(mine.operation ? { operation: mine.operation } : {}) });
  else phone.home();
}
