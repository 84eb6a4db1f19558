import type { CompletedEvent, RunEvent } from '../brain/messages.js';
import { EventCursor } from './event-cursor.js';
import { type AttemptPhases, KeptEvents, NO_PHASES, NO_ROW } from './kept-events.js';
import { KeptLines, type OutputLine } from './kept-lines.js';

/** How many events of a run are kept for late subscribers. */
export const EVENTS_KEPT = 10_000;

/**
 * The events of a run, kept for replay and passed to every listener. Beside them it keeps the lines that functions have written, if any
 * were. A reader that falls too far behind misses the oldest, and is told how many.
 */
export class EventLog {
  readonly runId: string;
  readonly dagId: string;
  readonly #kept: KeptEvents;
  readonly #attempts: AttemptPhases;
  /** The last event of a run that succeeded, with its results, which may be large. */
  #completed: CompletedEvent | undefined;
  #count = 0;
  #beganAtMs = 0;
  #ended = false;
  /** `undefined` until the first line: most runs write none. */
  #lines: KeptLines | undefined;
  /** `undefined` until the first subscription: most runs have none. */
  #listeners: Set<(event: RunEvent) => void> | undefined;
  /** Called once, when there is more; `undefined` if nobody waits. */
  #wake: Set<() => void> | undefined;

  /** `expected` is the number of events if all goes well. */
  constructor(
    runId: string,
    dagId: string,
    expected?: number,
    attempts: AttemptPhases = NO_PHASES,
    kept = new KeptEvents(runId, dagId, EVENTS_KEPT, expected, attempts),
  ) {
    this.runId = runId;
    this.dagId = dagId;
    this.#kept = kept;
    this.#attempts = attempts;
  }

  /** How many events and lines are kept. */
  get kept(): number {
    return this.#kept.length + (this.#lines ? this.#lines.count - this.#lines.first : 0);
  }

  /** How many events there have been. They are numbered from 0. */
  get count(): number {
    return this.#count;
  }

  /** When its first event was; 0 before. */
  get beganAtMs(): number {
    return this.#beganAtMs;
  }

  /** The number of the oldest event that is kept. */
  get first(): number {
    return this.#count - this.#kept.length;
  }

  /** What functions have written; `undefined` if they have written nothing. */
  get lines(): KeptLines | undefined {
    return this.#lines;
  }

  /** Whether no further event follows. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** Adds an event; one of an attempt that is over with the row of that attempt in the history. */
  add(event: RunEvent, row = NO_ROW): void {
    if (event.type === 'run-completed') this.#completed = event;
    // Successes get their phases when they are read, as they are most of all events.
    const whole = row === NO_ROW || event.type === 'function-succeeded' ? event : this.#withPhases(event, row);
    this.#kept.push(whole, row);
    if (this.#count === 0) this.#beganAtMs = event.atMs;
    this.#count += 1;
    if (this.#listeners) {
      const told = whole.type === 'function-succeeded' ? this.#withPhases(whole, row) : whole;
      for (const listener of this.#listeners) listener(told);
    }
    if (this.#wake) this.#wakeAll();
  }

  /** Keeps a line for those who want output. Listeners are not called. */
  addLine(line: OutputLine): void {
    if (this.#ended) return;
    this.#lines ??= new KeptLines();
    this.#lines.push(line, this.#count);
    if (this.#wake) this.#wakeAll();
  }

  /** Returns the events of an ended run without a reference to its results. */
  withoutResults(): EventLog {
    const log = new EventLog(this.runId, this.dagId, undefined, this.#attempts, this.#kept);
    log.#count = this.#count;
    log.#beganAtMs = this.#beganAtMs;
    log.#ended = this.#ended;
    log.#lines = this.#lines;
    return log;
  }

  /** No further event follows. */
  end(): void {
    this.#ended = true;
    this.#lines?.end();
    this.#listeners = undefined;
    this.#wakeAll();
  }

  /** Calls `listener` with every kept event, oldest first, then with each new one. */
  subscribe(listener: (event: RunEvent) => void): void {
    for (let number = this.first; number < this.#count; number += 1) listener(this.at(number));
    if (this.#ended) return;
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  /** Calls `wake` once, when there is another event or line, or the end. Returns a function that takes this back. */
  whenMore(wake: () => void): () => void {
    const own = (): void => wake();
    this.#wake ??= new Set();
    this.#wake.add(own);
    return () => void this.#wake?.delete(own);
  }

  /** Iterates over every event from the oldest kept one until the run has ended. Each iteration is independent. */
  async *iterate(): AsyncGenerator<RunEvent, void, void> {
    const cursor = new EventCursor(this, false);
    for (;;) {
      const event = cursor.next();
      if (event) yield event;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => this.whenMore(resolve));
    }
  }

  /** Returns the event of that number, which must be kept. */
  at(number: number): RunEvent {
    const event = this.#kept.at(number - this.first);
    return event.type === 'run-completed' ? (this.#completed ?? event) : event;
  }

  #withPhases(event: RunEvent, row: number): RunEvent {
    const phases = this.#attempts.phasesOf(row);
    return phases ? ({ ...event, phases } as RunEvent) : event;
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake) for (const one of wake) one();
  }
}
