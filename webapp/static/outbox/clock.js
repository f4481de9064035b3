// What time it is, by the server's clock as far as this device can know it.
//
// A page has two clocks. The one on the wall may be wrong and may be set; the monotonic one is never set, but in most
// browsers it stands still while the device sleeps, and begins anew with each page. Each answer of the server says what
// time it is; from there on both are followed:
//
//   both went equally far        that is how long it was
//   the wall clock fell behind   somebody set it back: the monotonic clock never runs ahead, so it is right
//   the wall clock ran ahead     the device slept, or somebody set its clock: nobody here can tell which. Sleep is what
//                                happens every day, so it is taken for sleep; unless the clock shows again what it
//                                showed when the server was asked (it was set right again), or nobody sleeps that long
//   a page was started anew      like sleep: only the wall clock knows how long it was
//
// Time told here never runs back by what was merely not known more exactly: two scans within a second would end a job
// before it began. It stands still until the rest has caught up. Only when the server contradicts what was known, or a
// guess, does it jump.
//
// Whenever they went apart the time is a good guess until the server is asked again. Captures made meanwhile are marked,
// and compared then (Queue.doubtsOf): if the guess was wrong, the lead is told by how much. docs/decisions/0012 says why.

/** @typedef {{wallMs: number, monotonicMs: number}} Ticks both clocks, read together */

/**
 * A moment at which both clocks were read, and what time it was.
 * @typedef {Ticks & {bootId: string, rightMs: number, offsetMs: number | null, withinMs: number | null, atMs: number}} Anchor
 *   offsetMs: server minus wall clock when the server was last asked; withinMs: as exactly as that was known, null when
 *   the clocks went apart since; atMs: the monotonic clock when it was asked
 */

/** Clocks that went apart by less are read a little one after the other, or run a little differently. */
export const SLACK_MS = 500;
/** A page that "slept" for longer did not: its clock was set. */
export const LONGEST_SLEEP_MS = 7 * 86_400_000;
/** How far a clock strays by itself: 100 parts in a million. */
const STRAYS = 1e-4;
/** A guess of what time it is that the server finds wrong by less was a good one. */
const GOOD_GUESS_MS = 1_000;

/**
 * What time it is by what was known `since`, and whether the clocks went apart.
 * @param {Anchor} since @param {Ticks & {bootId: string}} ticks
 * @returns {{rightMs: number, isApart: boolean}}
 */
export function follow(since, ticks) {
  const isSamePage = ticks.bootId === since.bootId;
  const wallMs = ticks.wallMs - since.wallMs;
  const ranMs = isSamePage ? ticks.monotonicMs - since.monotonicMs : 0;
  const aheadMs = wallMs - ranMs;
  if (isSamePage && Math.abs(aheadMs) <= SLACK_MS) return { rightMs: since.rightMs + ranMs, isApart: false };
  const awakeMs = since.rightMs + ranMs;
  const isSetRight = since.offsetMs !== null && Math.abs(ticks.wallMs + since.offsetMs - awakeMs) <= SLACK_MS;
  const slept = aheadMs > 0 && !isSetRight && !(isSamePage && aheadMs > LONGEST_SLEEP_MS);
  return { rightMs: slept ? since.rightMs + wallMs : awakeMs, isApart: true };
}

export class Clock {
  /** @type {Anchor | null} */ #since = null;
  /** The latest time told, as long as nothing contradicts it. */
  #toldMs = -Infinity;
  /** How often the clocks went apart: an answer that was on its way meanwhile tells nothing. */
  #partings = 0;

  /**
   * @param {string} bootId this run of the page
   * @param {() => Ticks} ticks
   */
  constructor(bootId, ticks = () => ({ wallMs: Date.now(), monotonicMs: performance.timeOrigin + performance.now() })) {
    this.bootId = bootId;
    this.ticks = ticks;
    /** Called with what the next page must know. @type {(anchor: Anchor) => void} */
    this.onAnchor = () => {};
  }

  /** What the page before this one knew. @param {Anchor | null | undefined} kept */
  resume(kept) {
    if (!kept || (this.#since && this.#since.withinMs !== null)) return;
    this.#since = kept;
    this.#toldMs = -Infinity;
    this.read();
  }

  /** @returns {import("../model/event.js").Reading} */
  read() {
    const { ticks, since, rightMs } = this.#look();
    const nowMs = (this.#toldMs = Math.max(Math.round(rightMs), this.#toldMs));
    return {
      nowMs,
      bootId: this.bootId,
      monotonicMs: ticks.monotonicMs,
      clockOffsetMs: since.offsetMs === null ? null : nowMs - Math.round(ticks.wallMs),
      sureWithinMs: since.withinMs,
    };
  }

  /** A question goes out; see `learn`. */
  depart() {
    const { ticks } = this.#look();
    return { monotonicMs: ticks.monotonicMs, partings: this.#partings };
  }

  /**
   * The server's clock showed this while the answer was on its way: at the middle, give or take half the way. An answer
   * that took long tells less than what is known already, and is passed over unless it contradicts that.
   * @param {number} serverMs @param {{monotonicMs: number, partings: number}} sent what `depart` said
   */
  learn(serverMs, sent) {
    const { ticks, since, rightMs } = this.#look();
    if (!Number.isFinite(serverMs) || sent.partings !== this.#partings) return;
    const withinMs = (ticks.monotonicMs - sent.monotonicMs) / 2;
    const thenMs = serverMs + withinMs;
    const knownMs = since.withinMs === null ? Infinity : since.withinMs + STRAYS * (ticks.monotonicMs - since.atMs);
    const isAsKnown = Math.abs(thenMs - rightMs) <= withinMs + (knownMs === Infinity ? GOOD_GUESS_MS : knownMs);
    if (withinMs >= knownMs && isAsKnown) return;
    if (!isAsKnown) this.#toldMs = -Infinity;
    this.#anchor({ ...ticks, rightMs: thenMs, offsetMs: thenMs - ticks.wallMs, withinMs, atMs: ticks.monotonicMs });
  }

  #look() {
    const ticks = this.ticks();
    const since = this.#since ?? this.#anchor({ ...ticks, rightMs: ticks.wallMs, offsetMs: null, withinMs: null, atMs: 0 });
    const { rightMs, isApart } = follow(since, { ...ticks, bootId: this.bootId });
    if (!isApart) return { ticks, since, rightMs };
    this.#partings += 1;
    return { ticks, since: this.#anchor({ ...since, ...ticks, rightMs, withinMs: null }), rightMs };
  }

  /** @param {Omit<Anchor, "bootId">} known @returns {Anchor} */
  #anchor(known) {
    this.#since = { ...known, bootId: this.bootId };
    if (known.offsetMs !== null) this.onAnchor(this.#since);
    return this.#since;
  }
}
