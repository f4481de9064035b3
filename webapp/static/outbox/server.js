// Talking to the server: one place that knows what an answer of ours looks like, and what is somebody else's.
//
// On a shop's network a request can be answered by a captive portal, a proxy's error page, or a login of the firewall,
// all with status 200. So an answer counts only if it is JSON, or a problem of ours.

import { uuid } from "../lib/uuid.js";
import { Clock } from "./clock.js";
import { Signature } from "./signature.js";

/** @typedef {import("./store.js").Problem & {status?: number, id?: string}} Refusal */

/**
 * @typedef {{is: "ok", status: number, body: any, headers: Headers, roundTripMs: number}
 *   | {is: "not modified"}
 *   | {is: "problem", status: number, problem: Refusal, retryAfterMs: number | null}
 *   | {is: "stranger"}
 *   | {is: "broken", status: number, retryAfterMs: number | null}
 *   | {is: "unreachable"}} Answer
 *  ok: ours; problem: ours, a refusal; stranger: somebody between us answers; broken: a server in trouble
 */

const DEADLINE_MS = 10_000;

export class Server {
  /**
   * @param {{fetch?: typeof fetch, language?: () => string, clock?: Clock}} [surroundings]
   */
  constructor({ fetch: request = (...args) => fetch(...args), language = () => "en", clock = new Clock(uuid()) } = {}) {
    this.request = request;
    this.language = language;
    this.clock = clock;
    /**
     * The device's credential, kept beside its cookie: a browser that is killed may lose a cookie of the last half
     * minute (it writes them in bundles), and the facts must still find their way.
     * @type {string | null}
     */
    this.token = null;
    this.isCookieLost = false;
    this.signature = new Signature();
    /** The key as it is kept: another tab may have enrolled this device anew. @type {() => Promise<CryptoKey | null>} */
    this.recallKey = async () => this.signature.key;
    /** @type {number | null} */
    this.lastContactMs = null;
  }

  /** How far the clock on the wall is behind the server's; null: never asked. */
  get clockOffsetMs() {
    return this.clock.read().clockOffsetMs;
  }

  /**
   * @param {string} path
   * @param {{method?: string, body?: string | ArrayBuffer, headers?: Record<string, string>, signal?: AbortSignal, keepalive?: boolean}} [options]
   * @returns {Promise<Answer>}
   */
  async ask(path, options = {}) {
    let answer = await this.#askOnce(path, options);
    const tried = new Set();
    for (;;) {
      // Refused for the device, not for what was asked: a wrong PIN is a 401 too. Each remedy helps once.
      const code = answer.is === "problem" && answer.status === 401 ? String(answer.problem.code) : "";
      const remedy = code.startsWith("device.signature") ? code : code.startsWith("auth.") ? "auth" : "";
      if (!remedy || tried.has(remedy)) return answer;
      tried.add(remedy);
      if (remedy !== "auth") this.signature.key = await this.recallKey().catch(() => this.signature.key); // the time is known by now
      else if (this.token && !this.isCookieLost) this.isCookieLost = true;
      else return answer;
      answer = await this.#askOnce(path, { ...options, signal: undefined });
    }
  }

  /**
   * @param {string} path
   * @param {{method?: string, body?: string | ArrayBuffer, headers?: Record<string, string>, signal?: AbortSignal, keepalive?: boolean}} options
   * @returns {Promise<Answer>}
   */
  async #askOnce(path, { method = "GET", body, headers = {}, signal = deadline(DEADLINE_MS), keepalive = false }) {
    try {
      const signed = await this.signature.of(method, path, body ?? "", this.clock.read().nowMs);
      const sent = this.clock.depart();
      const answer = await this.request(path, {
        method,
        body,
        signal,
        keepalive,
        headers: {
          Accept: "application/json, application/problem+json",
          "Accept-Language": this.language(),
          ...(this.isCookieLost ? { Authorization: `Bearer ${this.token}` } : {}),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...signed,
          ...headers,
        },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "manual", // a login page elsewhere is no answer
      });
      return await this.#read(answer, sent);
    } catch {
      return { is: "unreachable" };
    }
  }

  /** @param {Response} answer @param {ReturnType<Clock["depart"]>} sent @returns {Promise<Answer>} */
  async #read(answer, sent) {
    if (answer.status === 304) return { is: "not modified" };
    if (answer.type === "opaqueredirect" || (answer.status >= 300 && answer.status < 400)) return { is: "stranger" };
    const kind = (answer.headers.get("Content-Type") ?? "").split(";")[0].trim();
    const wait = Number(answer.headers.get("Retry-After") ?? NaN);
    const retryAfterMs = Number.isFinite(wait) ? wait * 1000 : null;
    if (kind === "application/problem+json") {
      const problem = await answer.json();
      if (problem.now) this.clock.learn(Date.parse(problem.now), sent);
      if (answer.status >= 500 || answer.status === 429) return { is: "broken", status: answer.status, retryAfterMs };
      return { is: "problem", status: answer.status, problem, retryAfterMs };
    }
    if (answer.status >= 500 || answer.status === 429) return { is: "broken", status: answer.status, retryAfterMs };
    if (!answer.ok || kind !== "application/json") return { is: "stranger" };
    let body;
    try {
      body = await answer.json();
    } catch {
      return { is: "broken", status: answer.status, retryAfterMs }; // cut short on the way
    }
    if (typeof body?.now === "string") this.clock.learn(Date.parse(body.now), sent);
    const { nowMs, monotonicMs } = this.clock.read();
    this.lastContactMs = nowMs;
    return { is: "ok", status: answer.status, body, headers: answer.headers, roundTripMs: monotonicMs - sent.monotonicMs };
  }
}

/** @param {number} ms */
function deadline(ms) {
  if (typeof AbortSignal.timeout === "function") return AbortSignal.timeout(ms);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}
