import type { Clock, Logger, Timer } from '../../base/index.js';
import type { Journal } from '../journal.js';
import type { LargeValues } from './large-values.js';

/** How long to wait between two sweeps, ms. */
const EVERY_MS = 3_600_000;

/**
 * Deletes the files of runs whose time is over, and of those that the journal does not know: they were forgotten elsewhere. At the start,
 * and once in a while.
 */
export class ValueSweep {
  readonly #values: LargeValues;
  readonly #deps: SweepDeps;
  #timer: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(values: LargeValues, deps: SweepDeps) {
    this.#values = values;
    this.#deps = deps;
  }

  /** Sweeps for the first time. Nothing waits for it. */
  begin(): void {
    this.#sweeping = this.#sweep().then(() => {
      if (!this.#isClosed) this.#timer = this.#deps.clock.after(EVERY_MS, () => this.begin());
    });
  }

  /** Ends it. Resolves when nothing is being deleted any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#sweeping;
  }

  /** Never rejects: what cannot be looked up or deleted stays until the next time. */
  async #sweep(): Promise<void> {
    try {
      const { clock, recordsForMs } = this.#deps;
      await this.#values.sweep((runId, changedAtMs) => this.#isOver(runId, changedAtMs), clock.wallNow() - recordsForMs);
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'the files of ended runs were not swept');
    }
  }

  async #isOver(runId: string, changedAtMs: number): Promise<boolean> {
    const { journal, clock, recordsForMs } = this.#deps;
    const [run] = await journal.findRuns({ runId });
    if (!run) return true;
    if (run.state === 'running') return false;
    // No clock says when a run was interrupted, but it has written nothing since.
    const endedAtMs = run.isDamaged ? 0 : (run.endedAtMs ?? run.openedAtMs);
    return Math.max(endedAtMs, changedAtMs) + recordsForMs <= clock.wallNow();
  }
}

/** The parts that sweeping works with. */
export interface SweepDeps {
  readonly journal: Journal;
  readonly clock: Clock;
  /** How long the files of an ended run are kept, ms. */
  readonly recordsForMs: number;
  readonly logger: Logger;
}
