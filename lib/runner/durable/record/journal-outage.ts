import type { Logger } from '../../../base/index.js';

/** The times in which a node's journal cannot be written, of all its runs together: each begins and ends with one line of the log. */
export class JournalOutage {
  readonly #logger: Logger;
  /** The runs that wait for the journal. */
  readonly #waiting = new Set<object>();
  #isOn = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A run could not write. */
  failed(run: object, error: unknown): void {
    this.#waiting.add(run);
    if (this.#isOn) return;
    this.#isOn = true;
    this.#logger.warn({ err: error }, 'the journal cannot be written: durable runs pause');
  }

  /** A run waits no longer, although the journal is not back. */
  left(run: object): void {
    this.#waiting.delete(run);
  }

  /** A run has written. While others still cannot, the outage goes on: it may be one of their records alone. */
  wrote(run: object): void {
    if (!this.#isOn) return;
    this.#waiting.delete(run);
    if (this.#waiting.size > 0) return;
    this.#isOn = false;
    this.#logger.info({}, 'the journal can be written again: durable runs go on');
  }
}
