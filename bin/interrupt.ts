import type { Entry } from './entry.js';
import { ExitCode } from './exit-codes.js';

/** How long writing the last line may take, ms. */
const LAST_LINE_MS = 100;

/** What must end before the process can. */
export interface Ending {
  /** See `Handoff.endThreads`. */
  endThreads(): Promise<number>;
}

/**
 * Handles signals. From now on the first SIGINT or SIGTERM calls `onFirst`, and the second leaves at once with `ExitCode.interrupted`. So
 * does the first if there is nothing to end.
 */
export class Interrupt {
  #onFirst: (() => void) | undefined;
  #isInterrupted = false;
  #isLeaving = false;
  /** The exit code, once the process is being left. */
  #code: number | undefined;
  #ending: Ending | undefined;

  constructor(entry: Pick<Entry, 'onSignal'>) {
    entry.onSignal = () => this.#hear();
  }

  /** Whether a signal has come. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** Sets what the first signal ends; `undefined` means the process itself. */
  ends(onFirst: (() => void) | undefined): void {
    this.#onFirst = onFirst;
  }

  /** Sets what `leave` ends first. */
  endsFirst(ending: Ending): void {
    this.#ending = ending;
  }

  /**
   * Ends the process with the exit code. A thread that is blocked in a system call would block `process.exit`. If there is one after half a
   * second, the process kills itself with SIGKILL, and the shell sees 137. The first process of a container ends with `abort`, seen as 134
   * or 139.
   */
  async leave(code: number): Promise<never> {
    // Errors while threads end must not change how the process is left.
    this.#code ??= code;
    const blocked = (await this.#ending?.endThreads()) ?? 0;
    if (blocked === 0) return process.exit(this.#code);
    const whose = blocked === 1 ? 'a function' : `${blocked} functions`;
    const line = `handoff: killed, as the code of ${whose} is still blocked, mostly in a system call\n`;
    await new Promise<void>((resolve) => {
      process.stderr.write(line, () => resolve());
      // Whether or not it was read.
      setTimeout(resolve, LAST_LINE_MS);
    });
    process.kill(process.pid, 'SIGKILL');
    // Only the first process of a container gets here: a signal that it sends to itself does not end it, but a fault does.
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
