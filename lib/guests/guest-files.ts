import type { WireOutcome } from '../peer/index.js';
import type { StoredValue } from '../value/index.js';
import type { GuestAttempt } from './guest-attempt.js';
import type { GuestDeps } from './guest-deps.js';
import type { MadeValue } from './guest-outcome.js';

/** The files of large values that this node makes for a durable run of another driver. */
export class GuestFiles {
  readonly #runId: string;
  readonly #deps: GuestFilesDeps;
  #areThere = false;
  /** Whether the driver copies those that are collected. */
  #areCopied = false;

  constructor(runId: string, deps: GuestFilesDeps) {
    this.#runId = runId;
    this.#deps = deps;
  }

  /** Whether a large value of the attempt is to be in a file. */
  areFor({ question }: GuestAttempt): boolean {
    return this.#deps.largeValues !== undefined && !!question?.recording;
  }

  /**
   * Writes the file of a value, then calls `ended` with the outcome of its attempt. A value that cannot be written stays in memory alone.
   * Throws for one that cannot be packed.
   */
  write(attempt: GuestAttempt, value: StoredValue, made: MadeValue, ended: (outcome: WireOutcome) => void): void {
    const { largeValues, store, logger } = this.#deps;
    // Its name is by the epoch in which it was asked for, as is the number of the function: an heir may have others.
    const { of, recording } = attempt.question!;
    const [, functionId, , epoch] = of;
    const { index, isSynced, isCopied } = recording!;
    const parts = value.isPacked ? value.toParts('result') : [value.pack('result')];
    attempt.isFiling = true;
    this.#areThere = true;
    this.#areCopied ||= isCopied;
    const over = (outcome: WireOutcome): void => {
      attempt.isFiling = false;
      ended(outcome);
    };
    largeValues!.writeForOther({ runId: this.#runId, epoch, index }, parts, isSynced).then(
      (file) => {
        over({ type: 'filed', ...made, file });
        // The memory may let the value go without another file.
        void largeValues!.open(this.#runId, file).then((bytes) => bytes && store.filed(this.#runId, functionId, bytes));
      },
      (error: unknown) => {
        logger.warn({ runId: this.#runId, functionId, err: error }, 'the file of a value cannot be written: it stays in memory');
        over({ type: 'succeeded', ...made, packed: null, fits: true });
      },
    );
  }

  /** The driver says that the run is over. If it has completed, the files are not needed where the driver has copies. */
  end(hasCompleted: boolean): void {
    const { largeValues, clock } = this.#deps;
    if (this.#areThere) void largeValues!.endForOther(this.#runId, !(hasCompleted && this.#areCopied), clock.wallNow());
  }
}

type GuestFilesDeps = Pick<GuestDeps, 'largeValues' | 'store' | 'logger' | 'clock'>;
