import type { Entry } from './entry.js';
import { ExitCode } from './exit-codes.js';

/** How long the last line may take to be written, ms. */
const LAST_LINE_MS = 100;

/** What has to be ended before the process can be. */
export interface Ending {
  /** See `Handoff.endThreads`. */
  endThreads(): Promise<number>;
}

/**
 * From now on the first SIGINT or SIGTERM calls `onFirst`, the second leaves at once with `ExitCode.interrupted`; so does the first while
 * nobody has anything to end.
 */
export class Interrupt {
  #onFirst: (() => void) | undefined;
  #isInterrupted = false;
  #isLeaving = false;
  /** What the process ends with, once it is being left. */
  #code: number | undefined;
  #ending: Ending | undefined;

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

  /** What `leave` ends first, from now on. */
  endsFirst(ending: Ending): void {
    this.#ending = ending;
  }

  /**
   * Ends the process with the exit code. A thread that is blocked in a system call would hold up `process.exit`: where there is one after
   * half a second, the process ends by SIGKILL of itself instead, which the shell sees as 137. The first process of a container ends by
   * `abort`, seen as 134 or 139.
   */
  async leave(code: number): Promise<never> {
    // Whatever ends with the threads is no reason to leave otherwise.
    this.#code ??= code;
    const blocked = (await this.#ending?.endThreads()) ?? 0;
    if (blocked === 0) return process.exit(this.#code);
    const line = `handoff: killed, as ${blocked === 1 ? 'a thread is' : `${blocked} threads are`} still blocked in a system call\n`;
    await new Promise<void>((resolve) => {
      process.stderr.write(line, () => resolve());
      // Whether anybody reads it or not.
      setTimeout(resolve, LAST_LINE_MS);
    });
    process.kill(process.pid, 'SIGKILL');
    // Only the first process of a container gets here: no signal that it sends itself ends it, but a fault does.
    return process.abort();
  }

  #hear(): void {
    if (!this.#isInterrupted && this.#onFirst) {
      this.#isInterrupted = true;
      this.#onFirst();
    } else if (this.#isLeaving || !this.#ending) process.exit(ExitCode.interrupted);
    else {
      this.#isLeaving = true;
      this.#code = ExitCode.interrupted;
      void this.leave(ExitCode.interrupted);
    }
  }
}
