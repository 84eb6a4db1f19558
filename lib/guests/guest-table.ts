import type { ClaimClass } from '../allocator/index.js';
import { PassingMap } from '../base/index.js';
import type { WireMessageOf } from '../peer/index.js';
import { addUse, type GuestAttempt, isWaiting, newGuestAttempt } from './guest-attempt.js';

/** The attempts of one run of another driver: those that have not ended, and those whose end is remembered in case the answer was lost. */
export class GuestTable {
  readonly #byFunction = new PassingMap<string, GuestAttempt>();
  /** Those that have not ended, by their index in the allocator. */
  readonly #open = new PassingMap<number, GuestAttempt>();
  #asked = 0;

  /** How many attempts the driver has requested so far. */
  get asked(): number {
    return this.#asked;
  }

  get hasOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Those that have not ended. */
  get open(): readonly GuestAttempt[] {
    return [...this.#open.values()];
  }

  /** The latest attempt at each function that the driver still wants. */
  get known(): readonly GuestAttempt[] {
    return [...this.#byFunction.values()];
  }

  /** Adds the attempt of a question, in place of another one at its function. */
  add(question: WireMessageOf<'run-attempt'>, kind: ClaimClass): GuestAttempt {
    const attempt = newGuestAttempt(this.#asked, question, kind);
    this.#asked += 1;
    this.#byFunction.set(question.of[1], attempt);
    this.#open.set(attempt.index, attempt);
    return attempt;
  }

  of(functionId: string): GuestAttempt | undefined {
    return this.#byFunction.get(functionId);
  }

  at(index: number): GuestAttempt | undefined {
    return this.#open.get(index);
  }

  /** Whether the driver still wants to know of it. */
  isWanted(attempt: GuestAttempt): boolean {
    return this.#byFunction.get(attempt.of[1]) === attempt;
  }

  /** The driver does not ask for the function any more. */
  forget(functionId: string): void {
    this.#byFunction.delete(functionId);
  }

  /** The attempt has ended. */
  close({ index }: GuestAttempt): void {
    this.#open.delete(index);
  }

  /** Those that wait for room. */
  get waiting(): readonly GuestAttempt[] {
    return this.open.filter(isWaiting);
  }

  /** How many wait for room. */
  get queued(): number {
    let queued = 0;
    for (const attempt of this.#open.values()) if (isWaiting(attempt)) queued += 1;
    return queued;
  }

  /** Returns how many run, or `most` if there are more. They are those that were asked for first. */
  countRunning(most: number): number {
    let count = 0;
    for (const { state } of this.#open.values()) {
      if (state === 'running') count += 1;
      if (state === 'queued' || count === most) break;
    }
    return count;
  }

  /** Adds what its attempts hold of the node. */
  addTo(use: Map<string, number>): void {
    for (const attempt of this.#open.values()) addUse(use, attempt);
  }
}
