import { HandoffError } from '../../base/index.js';
import type { AppendOptions, RecordedRun, RecordedState, RunJournal } from '../journal.js';
import { runTakenOver } from '../run-faults.js';
import type { JournalStore } from './operations.js';

/** A run that is open in this process; see `RunJournal`. */
export class OpenedRun implements RunJournal {
  readonly key: string;
  readonly runId: string;
  readonly epoch: number;
  readonly #store: JournalStore;
  readonly #onClosed: () => void;
  readonly #lost = new AbortController();
  #sequence: number;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** `onClosed` is called once the run has ended, was left, or belongs to another driver. */
  constructor(store: JournalStore, { key, runId, epoch }: RecordedRun, firstSequence: number, onClosed: () => void) {
    this.key = key;
    this.runId = runId;
    this.epoch = epoch;
    this.#store = store;
    this.#sequence = firstSequence;
    this.#onClosed = onClosed;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  append(bytes: Uint8Array, { isSynced = false, summary }: AppendOptions = {}): Promise<void> {
    return this.#next(async () => {
      for (;;) {
        const { runId, epoch } = this;
        const answer = await this.#store.perform('appendGroup', { runId, epoch, sequence: this.#sequence, bytes, isSynced, summary });
        if (answer === 'taken-over') this.#refuseLost();
        this.#sequence += 1;
        if (answer === 'written') return;
      }
    });
  }

  end(state: Exclude<RecordedState, 'running'>, summary: Uint8Array): Promise<void> {
    return this.#next(async () => {
      const { runId, epoch } = this;
      const answer = await this.#store.perform('endRun', { runId, epoch, state, summary });
      if (answer === 'taken-over') this.#refuseLost();
      this.#isClosed = true;
      this.#onClosed();
    });
  }

  leave(): void {
    this.#onClosed();
  }

  /** The journal reports that the run is in a higher epoch, or gone. */
  loseRun(): void {
    this.#lost.abort(runTakenOver(this.key, this.runId, this.epoch));
    this.#onClosed();
  }

  /** The journal is about to be closed. Resolves when no call is in progress any more; later ones are refused. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    this.#isClosed = true;
  }

  #next(call: () => Promise<void>): Promise<void> {
    const done = this.#last
      .catch(() => {})
      .then(() => {
        if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
        if (this.#isClosed)
          throw new HandoffError('HANDOFF_STOPPED', `Cannot write to the run of key ${JSON.stringify(this.key)}: it is closed`);
        return call();
      });
    this.#last = done;
    return done;
  }

  #refuseLost(): never {
    this.loseRun();
    throw this.#lost.signal.reason;
  }
}
