// What this device knows of the plant: a snapshot the server gave, good until the next one, read without a network.
// Whatever is not in it can still be captured; then the code itself is the reference.

import { add, multiply } from "../lib/decimal.js";

/** @typedef {string | Record<string, string>} Name */
/** @typedef {{key: string, name: string, initials: string, language?: string}} Person */
/** @typedef {{number: string, name: string, work_center?: string, machines?: string[], standard_setup_min?: string, standard_run_min?: string, standard_cost?: string, completed?: boolean, unplanned?: boolean}} Operation */
/** @typedef {{item: string, operation?: string | null, quantity_per: string, unit: string}} Component */
/** @typedef {{item: string, unit: string, operation: string | null, planned: string | null, isHere: boolean}} Need */
/** @typedef {{code: string, kind?: string, item?: string | null, item_name?: string | null, quantity?: string | null, unit?: string | null, customer?: string | null, due_on?: string | null, status?: string, standard_cost?: string, operations: Operation[], components: Component[], progress?: Record<string, {good?: string, scrap?: string}>, drawn?: {item: string, unit: string, quantity: string}[]}} Order */
/** @typedef {{code: string, name: string, unit: string, units?: string[]}} Item */
/** @typedef {{code: string, name: string, work_center?: string}} Machine */
/** `idle`: time on an order that names it was waited. @typedef {{code: string, name: Name, idle?: boolean}} Activity */
/** @typedef {{code: string, name: Name, kind: string}} Reason */
/** @typedef {{code: string, name: string}} Place a work center, or a location of material */
/** @typedef {{item: string, lot: string}} Lot */
/** @typedef {{typed_time: boolean, standard_cost: boolean, pin: boolean, fast_switch: boolean, away_minutes: number, split_rule: string}} Settings */
/** @typedef {import("./things.js").Things} Things */
/** @typedef {{kind: string, ref: string, operation?: string, lot?: string, reason_kind?: string}} Label */

/**
 * @typedef {Object} Snapshot
 * @property {string} version
 * @property {{code: string, name: string, zone?: string, currency?: string, language?: string}} site
 * @property {Person[]} people
 * @property {Order[]} orders
 * @property {Item[]} items
 * @property {Machine[]} machines
 * @property {Place[]} work_centers
 * @property {Place[]} locations
 * @property {Activity[]} activities
 * @property {Reason[]} reasons
 * @property {Lot[]} lots that have labels
 * @property {import("./event.js").Fact[]} open starts of what runs on the floor, as much of each as it takes to go on with it
 * @property {Partial<Settings>} settings what the site allows its phones
 * @property {Record<string, Label>} codes
 */

/** @type {Snapshot} */
export const NOTHING_KNOWN = {
  version: "",
  site: { code: "", name: "" },
  people: [],
  orders: [],
  items: [],
  machines: [],
  work_centers: [],
  locations: [],
  activities: [],
  reasons: [],
  lots: [],
  open: [],
  settings: {},
  codes: {},
};

/** @type {Settings} */
const DEFAULTS = { typed_time: false, standard_cost: false, pin: false, fast_switch: true, away_minutes: 5, split_rule: "equal_share" };

/** Whether pieces may come of an order: not of a case, project or ticket without operations, on which there is only time
 * to note. Of an order this device does not know, anything may. @param {Order | undefined} order */
export const makesThings = (order) => !order || (order.kind ?? "manufacturing") === "manufacturing" || order.operations.length > 0;

/** A snapshot with its things at hand by their codes. */
export class Reference {
  /**
   * @param {Partial<Snapshot>} [snapshot]
   * @param {number} [fetchedMs] when it was fetched
   */
  constructor(snapshot = {}, fetchedMs = 0) {
    /** @type {Snapshot} */
    this.snapshot = { ...NOTHING_KNOWN, ...snapshot };
    this.fetchedMs = fetchedMs;
    /** @type {Reference} this one without what the device noted itself */
    this.plain = this;
    this.orders = byKey(this.snapshot.orders, "code");
    this.people = byKey(this.snapshot.people, "key");
    this.items = byKey(this.snapshot.items, "code");
    this.machines = byKey(this.snapshot.machines, "code");
    this.activities = byKey(this.snapshot.activities, "code");
    /** By code, then by kind: a code may be given to reasons of two kinds. @type {Map<string, Map<string, Reason>>} */
    this.reasons = new Map();
    for (const reason of this.snapshot.reasons) {
      this.reasons.set(reason.code, (this.reasons.get(reason.code) ?? new Map()).set(reason.kind, reason));
    }
    this.workCenters = byKey(this.snapshot.work_centers, "code");
    this.locations = byKey(this.snapshot.locations, "code");
  }

  /** @returns {Settings} */
  get settings() {
    return { ...DEFAULTS, ...this.snapshot.settings };
  }

  get isEmpty() {
    return this.fetchedMs === 0;
  }

  /** @param {string} nine @returns {Label | null} */
  label(nine) {
    return Object.hasOwn(this.snapshot.codes, nine) ? this.snapshot.codes[nine] : null;
  }

  /** @param {string | null | undefined} order @param {string | null | undefined} number @returns {Operation | null} */
  operation(order, number) {
    return this.orders.get(order ?? "")?.operations.find((operation) => operation.number === number) ?? null;
  }

  /** The same, with what this device noted since: operations that were added, and whether operations are done.
   * @param {Things} things @param {Map<string, boolean>} completed by "order/operation" */
  with(things, completed) {
    const { plain } = this;
    plain.fetchedMs = this.fetchedMs;
    if (things.added.size === 0 && completed.size === 0) return plain;
    /** @type {Reference} every capture asks for this: only what differs is made anew */
    const reference = Object.assign(Object.create(Reference.prototype), plain, { orders: new Map(plain.orders) });
    for (const [code, added] of things.added) {
      // An order this device has never heard of has the operations that were added to it here.
      const order = reference.orders.get(code) ?? { code, operations: [], components: [] };
      const known = new Set(order.operations.map(({ number }) => number));
      const operations = [...order.operations, ...added.filter(({ number }) => !known.has(number))];
      reference.orders.set(code, { ...order, operations });
    }
    for (const [job, isDone] of completed) {
      const slash = job.lastIndexOf("/"); // an order's code may hold one, an operation's number does not
      const order = reference.orders.get(job.slice(0, slash));
      if (!order) continue;
      const operations = order.operations.map((operation) => (operation.number === job.slice(slash + 1) ? { ...operation, completed: isDone } : operation));
      reference.orders.set(order.code, { ...order, operations });
    }
    return reference;
  }

  /** @param {string} kind defect, downtime, pause, correction or help */
  reasonsOf(kind) {
    return this.snapshot.reasons.filter((reason) => reason.kind === kind);
  }

  /** A reason by its code; where the kind is not known, or none of that kind is, any that has the code.
   * @param {string} code @param {string | null} [kind] @returns {Reason | null} */
  reason(code, kind) {
    const known = this.reasons.get(code);
    return known?.get(kind ?? "") ?? known?.values().next().value ?? null;
  }

  /** What kinds of reasons have this code. @param {string} code @returns {string[]} */
  kindsOf(code) {
    return [...(this.reasons.get(code)?.keys() ?? [])];
  }

  /** What an operation draws from stock; components that name no operation belong to the first one.
   * @param {Order} order @param {string | null | undefined} number */
  componentsOf(order, number) {
    const first = order.operations[0]?.number;
    return order.components.filter((component) => (component.operation || first) === number);
  }

  /** The units an item is measured in, its own first; for an item nobody knows those the plant uses most.
   * @param {string} item @returns {string[]} */
  unitsOf(item) {
    const known = this.items.get(item);
    if (known) return [...new Set([known.unit, ...(known.units ?? [])])];
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { unit } of this.items.values()) counts.set(unit, (counts.get(unit) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a).slice(0, 6).map(([unit]) => unit);
  }

  /** A number for an operation nobody planned: the next ten, with a letter that no plan uses.
   * @param {string} order */
  nextNumber(order) {
    const taken = new Set(this.orders.get(order)?.operations.map(({ number }) => number));
    const highest = Math.max(0, ...[...taken].map((number) => Number.parseInt(number, 10) || 0));
    let next = (Math.floor(highest / 10) + 1) * 10;
    while (taken.has(`${next}U`)) next += 10;
    return `${next}U`;
  }

  /** The component an order plans of each item and unit, with its quantity for the whole order; those of an operation
   * first. @param {string} code @param {string | null | undefined} number */
  needsOf(code, number) {
    const order = this.orders.get(code);
    if (!order) return [];
    const here = number ? this.componentsOf(order, number) : order.components;
    /** @type {Map<string, Need>} */
    const needs = new Map();
    for (const component of [...here, ...order.components.filter((other) => !here.includes(other))]) {
      const { item, unit, operation = null } = component;
      const planned = order.quantity ? multiply(component.quantity_per, order.quantity) : null;
      const before = needs.get(`${item}\n${unit}`);
      const sum = before?.planned && planned ? add(before.planned, planned) : planned;
      needs.set(`${item}\n${unit}`, before ? { ...before, planned: sum } : { item, unit, operation, planned, isHere: here.includes(component) });
    }
    return [...needs.values()];
  }

  /** What was taken for an order, in one unit, as the server knew it. @param {string} code @param {string} item @param {string} unit */
  drawnFor(code, item, unit) {
    return this.orders.get(code)?.drawn?.find((one) => one.item === item && one.unit === unit)?.quantity ?? "0";
  }

  /** Items whose code or name holds the text; the one that starts with it first. @param {string} text */
  searchItems(text) {
    const wanted = text.trim().toLowerCase();
    const found = this.snapshot.items.filter(({ code, name }) => code.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted));
    const rank = (/** @type {Item} */ { code }) => (code.toLowerCase().startsWith(wanted) ? 0 : 1);
    return found.sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code));
  }

  /** Orders whose code, item or customer holds the text; the one that starts with it first.
   * @param {string} text */
  search(text) {
    const wanted = text.trim().toLowerCase();
    const found = [...this.orders.values()].filter((order) =>
      [order.code, order.item, order.item_name, order.customer].some((part) => part?.toLowerCase().includes(wanted)),
    );
    const rank = (/** @type {Order} */ order) => (order.code.toLowerCase().startsWith(wanted) ? 0 : 1);
    return found.sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code));
  }
}

/**
 * @template {Record<string, any>} T
 * @param {readonly T[]} things @param {keyof T & string} key
 * @returns {Map<string, T>}
 */
const byKey = (things, key) => new Map(things.map((thing) => [thing[key], thing]));

// ---- what changed since ---------------------------------------------------------------------------------------------

/**
 * What the server says changed since a snapshot: `gone` first, then `changed`; the rest stays.
 * @typedef {Object} Delta
 * @property {string} since the version it goes on from
 * @property {string} version the version it leads to
 * @property {Partial<Omit<Snapshot, "version" | "site" | "settings">>} [changed]
 * @property {Partial<Record<ListName, any[]>> & {codes?: string[]}} [gone] lists by their keys, reasons and lots by pair
 * @property {Snapshot["site"]} [site]
 * @property {Partial<Settings>} [settings]
 */
/** @typedef {"people" | "orders" | "items" | "machines" | "work_centers" | "locations" | "activities" | "reasons" | "lots" | "open"} ListName */

const code = (/** @type {any} */ thing) => thing.code;
/** What tells the things of each list apart. @type {Record<ListName, (thing: any) => string>} */
const KEYS = {
  people: (person) => person.key, orders: code, items: code, machines: code, work_centers: code, locations: code,
  activities: code, reasons: (reason) => pair(reason.code, reason.kind), lots: (lot) => pair(lot.item, lot.lot),
  open: ({ id }) => id,
};
/** What each list is sorted by, if not by its key. @type {Partial<Record<ListName, (thing: any) => string>>} */
const SORTS = { people: (person) => pair(person.name, person.key) };

const pair = (/** @type {string} */ a, /** @type {string} */ b) => `${a}\n${b}`;

/**
 * The snapshot a delta leads to; null if it goes on from another one: then the whole is asked for.
 * @param {Snapshot} snapshot @param {Delta} delta @returns {Snapshot | null}
 */
export function applyDelta(snapshot, delta) {
  if (!delta || delta.since !== snapshot.version || !delta.version) return null;
  const { changed = {}, gone = {} } = delta;
  const lists = Object.fromEntries(
    /** @type {ListName[]} */ (Object.keys(KEYS)).map((name) => {
      const keyOf = KEYS[name];
      const byThem = new Map((snapshot[name] ?? []).map((thing) => [keyOf(thing), thing]));
      for (const key of gone[name] ?? []) byThem.delete(Array.isArray(key) ? pair(key[0], key[1]) : key);
      for (const thing of changed[name] ?? []) byThem.set(keyOf(thing), thing);
      const place = SORTS[name] ?? keyOf;
      const sorted = [...byThem.values()].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
      return [name, sorted];
    }),
  );
  const leaving = new Set(gone.codes ?? []);
  const staying = Object.entries(snapshot.codes).filter(([nine]) => !leaving.has(nine));
  return /** @type {Snapshot} */ ({
    ...snapshot,
    ...lists,
    codes: { ...Object.fromEntries(staying), ...changed.codes },
    site: delta.site ?? snapshot.site,
    settings: delta.settings ?? snapshot.settings,
    version: delta.version,
  });
}
