import type { CompletedEvent, RunEvent } from '../brain/messages.js';
import { KeptEvents } from './kept-events.js';

/** How many events of a run are kept for late subscribers. */
export const EVENTS_KEPT = 10_000;

/** The events of a run, kept for replay and passed to every listener. An iteration that falls too far behind misses the oldest. */
export class EventLog {
  readonly #kept: KeptEvents;
  /** The last event of a run that succeeded, with its results, which may be large. */
  #completed: CompletedEvent | undefined;
  /** How many events there have been. */
  #count = 0;
  #ended = false;
  /** `undefined` until the first subscription: most runs have none. */
  #listeners: Set<(event: RunEvent) => void> | undefined;
  #wake: (() => void)[] = [];

  /** `expected` is the number of events if all goes well. */
  constructor(runId: string, dagId: string, expected?: number, kept = new KeptEvents(runId, dagId, EVENTS_KEPT, expected)) {
    this.#kept = kept;
  }

  /** How many events are kept. */
  get kept(): number {
    return this.#kept.length;
  }

  add(event: RunEvent): void {
    if (event.type === 'run-completed') this.#completed = event;
    this.#kept.push(event);
    this.#count += 1;
    if (this.#listeners) for (const listener of this.#listeners) listener(event);
    if (this.#wake.length > 0) this.#wakeAll();
  }

  /** Returns the events of an ended run without a reference to its results. */
  withoutResults(): EventLog {
    const log = new EventLog('', '', undefined, this.#kept);
    log.#count = this.#count;
    log.#ended = this.#ended;
    return log;
  }

  /** No further event follows. */
  end(): void {
    this.#ended = true;
    this.#listeners = undefined;
    this.#wakeAll();
  }

  /** Calls `listener` with every kept event, oldest first, then with each new one. */
  subscribe(listener: (event: RunEvent) => void): void {
    for (let at = 0; at < this.#kept.length; at += 1) listener(this.#at(at));
    if (this.#ended) return;
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  /** Iterates over every event from the oldest kept one until the run has ended. Each iteration is independent. */
  async *iterate(): AsyncGenerator<RunEvent, void, void> {
    let next = this.#count - this.#kept.length;
    for (;;) {
      next = Math.max(next, this.#count - this.#kept.length);
      if (next < this.#count) {
        yield this.#at(next - (this.#count - this.#kept.length));
        next += 1;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #at(position: number): RunEvent {
    const event = this.#kept.at(position);
    return event.type === 'run-completed' ? (this.#completed ?? event) : event;
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
