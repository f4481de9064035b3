// The phone as a screen sees it: what is known, where we are, and what can be done. app.js makes the one there is.
// Only types stand here, so that screens and the wiring can be checked against each other.

/** @typedef {import("../lib/dom.js").View} View */
/** @typedef {import("../lib/senses.js").Signal} Signal */
/** @typedef {import("../model/event.js").Draft} Draft */
/** @typedef {import("../model/event.js").Reading} Clocks */
/** @typedef {import("../model/reference.js").Reference} Reference */
/** @typedef {import("../model/reading.js").Scanned} Scanned */
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
 * @typedef {{text: string, sign: "saved" | "look" | "lost", undo: string[], untilMs: number, also?: Also | null}} Said
 * @typedef {{label: string, said: string, drafts: (saved: string[]) => Draft[]}} Also a second way to go on from what was
 *   captured, beside undoing it: its key, what is said then, and what it captures, from the ids of what was saved
 */

/**
 * Settings of this device.
 * @typedef {Object} Preferences
 * @property {string} language when nobody is signed in
 * @property {"" | "light" | "dark"} theme empty: as the system
 * @property {boolean} personal one person's own phone: nobody is signed out for being away
 * @property {string | null} lens the camera that was right last time
 */

/**
 * @typedef {Object} Phone
 * @property {Reference} reference
 * @property {Work} work
 * @property {Queue} queue
 * @property {Sender} sender
 * @property {Server} server
 * @property {string | null} operator who signs
 * @property {string[]} crew the mates whose time the operator's gestures note as well, without the operator
 * @property {Device | null} device
 * @property {Preferences} preferences
 * @property {Place} place
 * @property {boolean} isForm something is being typed here that is not confirmed yet
 * @property {{activity: string, person: string | null} | null} nextActivity what a quick code chose for that person's next
 *   start: setup, run, rework or teardown
 * @property {Said | null} said the last thing that happened, while it can be undone
 * @property {string | null} pending a scan that waits for a badge
 * @property {any[]} eventTypes the server's event types, for the generic form
 * @property {{persisted: boolean | null, secondCopy: string, updateReady: boolean, installed: boolean, version: string, alarms: string[]}} health
 * @property {() => Clocks} clocks
 * @property {() => void} draw
 * @property {(screen: string, params?: Params, form?: Form) => void} go
 * @property {() => void} back
 * @property {() => void} home
 * @property {(values: Form) => void} fill change the form
 * @property {(drafts: Draft[], said: string, signal?: Signal, also?: Also) => Promise<boolean>} capture save a gesture; false: not saved, and said so
 * @property {() => Promise<void>} undo
 * @property {(text: string) => Promise<void>} scan a code was read or typed
 * @property {(person: string) => Promise<void>} signIn
 * @property {() => void} signOut
 * @property {(text: string, signal?: Signal) => void} say
 * @property {(values: Partial<Preferences>) => Promise<void>} prefer
 * @property {(secret: string, name: string, language: string) => Promise<string | null>} enrol null, or why not
 * @property {() => void} update load the new version
 * @property {() => void} exportUnsent
 */

/**
 * A screen: a file of this room that exports one.
 * @typedef {Object} Screen
 * @property {string} name
 * @property {(phone: Phone, params: Params, form: Form) => View} view
 * @property {boolean} [open] may be seen when nobody is signed in
 * @property {boolean} [draft] what is typed here survives a crash
 * @property {(phone: Phone, params: Params, scanned: Scanned, form: Form) => boolean} [scanned] true: the screen took it
 * @property {(phone: Phone, params: Params, key: string, form: Form) => void} [typed] a key pressed outside any field, or
 *   a quick code that says the same: a digit, "comma", "erase", "x5"
 * @property {(phone: Phone, params: Params) => void} [ticked] a second has passed while it was shown
 * @property {(phone: Phone, params: Params, form: Form) => void} [main] press the main key: the quick code "ok"
 */

export {};
