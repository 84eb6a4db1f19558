import { ExitCode } from './exit-codes.js';
import type { Entry } from './handoff.js';

/**
 * From now on the first SIGINT or SIGTERM calls `onFirst`, the second leaves at once with `ExitCode.interrupted`; so does the first while
 * nobody has anything to end.
 */
export class Interrupt {
  #onFirst: (() => void) | undefined;
  #isInterrupted = false;

  constructor(entry: Pick<Entry, 'onSignal'>) {
    entry.onSignal = () => this.#hear();
  }

  /** Whether a signal has come. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** What the first signal ends, from now on; `undefined`: the process itself. */
  ends(onFirst: (() => void) | undefined): void {
    this.#onFirst = onFirst;
  }

  #hear(): void {
    if (this.#isInterrupted || !this.#onFirst) process.exit(ExitCode.interrupted);
    this.#isInterrupted = true;
    this.#onFirst();
  }
}
