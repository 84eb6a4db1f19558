import type { NodePhases } from './attempt.js';

/** A part of a call that is not its functions: a module is loaded, arguments are unpacked, or a result is checked and packed. */
export type MeasuredPart = 'module' | 'open' | 'pack';

/** No reading of the clock that holds: code has run since. */
const STALE = -1;

/**
 * How long the parts of a call took besides its functions. Made when the first of them begins: most calls have none. A reading of
 * the clock is used again until code has run. Nothing here relies on built-ins, which user code in a worker may have changed.
 */
export class MeasuredParts {
  readonly #clock: { now(): number };
  #readMs: number;
  #part: MeasuredPart | undefined;
  #sinceMs = 0;
  #moduleMs = 0;
  #openMs = 0;
  #packMs = 0;

  /** `readMs`: the latest reading, if it still holds. */
  constructor(clock: { now(): number }, readMs = STALE) {
    this.#clock = clock;
    this.#readMs = readMs;
  }

  now(): number {
    return this.#readMs === STALE ? this.#clock.now() : this.#readMs;
  }

  /** From now on the clock must be read again. */
  codeRuns(): void {
    this.#readMs = STALE;
  }

  begin(part: MeasuredPart): void {
    this.#sinceMs = this.now();
    this.#part = part;
  }

  /** Ends the part that has begun, if any. Returns how long a module took to load, if it was that: this is no part of `tookMs`. */
  end(): number {
    const part = this.#part;
    if (part === undefined) return 0;
    this.#part = undefined;
    this.#readMs = this.#clock.now();
    const lastedMs = this.#readMs - this.#sinceMs;
    if (part === 'open') this.#openMs += lastedMs;
    else if (part === 'pack') this.#packMs += lastedMs;
    else this.#moduleMs += lastedMs;
    return part === 'module' ? lastedMs : 0;
  }

  /** Returns the phases of a call that took `tookMs`; `undefined` if nothing but its functions took time. */
  phases(tookMs: number): NodePhases | undefined {
    const [openMs, packMs] = [this.#openMs, this.#packMs];
    const loadMs = this.#moduleMs + openMs;
    const runMs = tookMs - openMs - packMs;
    return loadMs + packMs === 0 ? undefined : { loadMs, runMs: runMs > 0 ? runMs : 0, packMs };
  }
}
