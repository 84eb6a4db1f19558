import type { EventLog } from './event-log.js';

/** How many events of ended runs are kept in all. */
const PAST_EVENTS_KEPT = 30_000;

/** The events of ended runs, for late subscribers. Bounded: the oldest runs are dropped first. */
export class PastEvents {
  readonly #byRun = new Map<string, EventLog>();
  #kept = 0;

  get(runId: string): EventLog | undefined {
    return this.#byRun.get(runId);
  }

  /** The results of a run were dropped: from now on its last event has none. */
  forgetResults(runId: string): void {
    const events = this.#byRun.get(runId);
    if (events) this.#byRun.set(runId, events.withoutResults());
  }

  add(runId: string, events: EventLog): void {
    // A durable run may have ended here before.
    this.#kept += events.kept - (this.#byRun.get(runId)?.kept ?? 0);
    this.#byRun.delete(runId);
    this.#byRun.set(runId, events);
    for (const [oldest, old] of this.#byRun) {
      if (this.#kept <= PAST_EVENTS_KEPT) break;
      this.#byRun.delete(oldest);
      this.#kept -= old.kept;
    }
  }
}
