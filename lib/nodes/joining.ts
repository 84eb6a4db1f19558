import { afterAttentive, type Clock, HandoffError, keepAlive, type Timer, textOf } from '../base/index.js';

const DEFAULT_JOIN_TIMEOUT_MS = 10_000;
const FIRST_REST_MS = 100;
const LONGEST_REST_MS = 2000;

/**
 * Returns how long to rest after `failures` failed attempts in a row, ms: 100 ms, doubled each time, at most 2 s. The rest is random
 * between half of that and all of it, so that nodes started together do not knock together. Source: AWS, "Exponential Backoff and Jitter"
 * (equal jitter).
 */
export const joinRestMs = (failures: number, random: number): number =>
  Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.max(0, failures - 1)) * (0.5 + random / 2);

/**
 * Joins through any of several members. Resolves to the first answer. Keeps the process alive until then.
 *
 * Rejects with the refusal as soon as one member refuses; with `HANDOFF_JOIN_REFUSED`, naming each URL and its last fault, after
 * `joinTimeoutMs`; with `signal.reason`; with `TypeError` if there is no URL. Attempts still under way then end by themselves.
 */
export function joinCluster<T>({ urls, join, clock, joinTimeoutMs, random, signal }: JoinOptions<T>): Promise<T> {
  const timeoutMs = joinTimeoutMs ?? DEFAULT_JOIN_TIMEOUT_MS;
  return new Promise<T>((resolve, reject) => {
    if (urls.length === 0) throw new TypeError('urls must name at least one member');
    signal?.throwIfAborted();
    const faults = new Map<string, string>(urls.map((url) => [url, 'no answer']));
    const timers = new Map<string, Timer>();
    const alive = keepAlive();
    let isOver = false;
    const settle = (how: () => void): void => {
      if (isOver) return;
      isOver = true;
      alive.cancel();
      for (const timer of timers.values()) timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    const onAbort = (): void => settle(() => reject(signal?.reason));
    const giveUp = (): void => {
      const reason = [...faults].map(([url, fault]) => `${url}: ${fault}`).join('; ');
      settle(() => reject(new HandoffError('HANDOFF_JOIN_REFUSED', `Cannot join within ${timeoutMs} ms: ${reason}`, { reason })));
    };
    const attempt = (url: string, failures: number): void => {
      const failed = (error: unknown): void => {
        if (isFinal(error)) return settle(() => reject(error));
        if (isOver) return;
        // The message repeats the URL that stands before it.
        faults.set(url, textOf(error).replace(`Cannot join through ${url}: `, ''));
        timers.set(
          url,
          clock.after(joinRestMs(failures + 1, random()), () => attempt(url, failures + 1)),
        );
      };
      new Promise<T>((begun) => begun(join(url))).then((joined) => settle(() => resolve(joined)), failed);
    };
    signal?.addEventListener('abort', onAbort);
    if (timeoutMs !== Number.POSITIVE_INFINITY) timers.set('', afterAttentive(clock, timeoutMs, giveUp));
    for (const url of faults.keys()) attempt(url, 0);
  });
}

const isFinal = (error: unknown): boolean =>
  HandoffError.is(error, 'HANDOFF_JOIN_REFUSED') || HandoffError.is(error, 'HANDOFF_PROTOCOL_MISMATCH');

/** The options of joining a cluster. */
export interface JoinOptions<T> {
  /** The members' URLs, at least one. All are tried at once; the first answer is enough. */
  readonly urls: readonly string[];
  /**
   * Makes one attempt. A `HandoffError` with `HANDOFF_JOIN_REFUSED` or `HANDOFF_PROTOCOL_MISMATCH` is final; after any other error it tries
   * again.
   */
  readonly join: (url: string) => Promise<T>;
  readonly clock: Clock;
  /**
   * How long to try, ms. `Infinity` means no limit. Time in which this process was blocked does not count.
   * @default 10_000
   */
  readonly joinTimeoutMs?: number;
  /** Returns a number from 0 to 1, as `Math.random` does. */
  readonly random: () => number;
  /** Ends the attempts at once, with its reason. */
  readonly signal?: AbortSignal;
}
