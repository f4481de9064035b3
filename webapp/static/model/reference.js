// What this device knows of the plant: a snapshot the server gave, good until the next one, read without a network.
// Whatever is not in it can still be captured; then the code itself is the reference.

/** @typedef {string | Record<string, string>} Name */
/** @typedef {{key: string, name: string, initials: string, language?: string}} Person */
/** @typedef {{number: string, name: string, work_center?: string, machines?: string[], standard_setup_min?: string, standard_run_min?: string}} Operation */
/** @typedef {{item: string, operation?: string | null, quantity_per: string, unit: string}} Component */
/** @typedef {{code: string, kind?: string, item?: string | null, item_name?: string | null, quantity?: string | null, unit?: string | null, customer?: string | null, due_on?: string | null, status?: string, operations: Operation[], components: Component[], progress?: Record<string, {good?: string, scrap?: string}>}} Order */
/** @typedef {{code: string, name: string, unit: string, units?: string[]}} Item */
/** @typedef {{code: string, name: string, work_center?: string}} Machine */
/** @typedef {{code: string, name: Name}} Activity */
/** @typedef {{code: string, name: Name, kind: string}} Reason */
/** @typedef {{kind: string, ref: string, operation?: string, lot?: string}} Label */

/**
 * @typedef {Object} Snapshot
 * @property {string} version
 * @property {{code: string, name: string, zone?: string, currency?: string, language?: string}} site
 * @property {Person[]} people
 * @property {Order[]} orders
 * @property {Item[]} items
 * @property {Machine[]} machines
 * @property {{code: string, name: string}[]} work_centers
 * @property {Activity[]} activities
 * @property {Reason[]} reasons
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
  activities: [],
  reasons: [],
  codes: {},
};

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
    this.orders = byKey(this.snapshot.orders, "code");
    this.people = byKey(this.snapshot.people, "key");
    this.items = byKey(this.snapshot.items, "code");
    this.machines = byKey(this.snapshot.machines, "code");
    this.activities = byKey(this.snapshot.activities, "code");
    this.reasons = byKey(this.snapshot.reasons, "code");
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

  /** @param {string} kind defect, downtime, pause or correction */
  reasonsOf(kind) {
    return this.snapshot.reasons.filter((reason) => reason.kind === kind);
  }

  /** What an operation draws from stock; components that name no operation belong to the first one.
   * @param {Order} order @param {string | null | undefined} number */
  componentsOf(order, number) {
    const first = order.operations[0]?.number;
    return order.components.filter((component) => (component.operation || first) === number);
  }

  /** Orders whose code, item or customer holds the text; the one that starts with it first.
   * @param {string} text */
  search(text) {
    const wanted = text.trim().toLowerCase();
    const found = this.snapshot.orders.filter((order) =>
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
