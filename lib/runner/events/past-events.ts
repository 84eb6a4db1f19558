import { AgingMap } from '../../base/index.js';
import type { EventLog } from './event-log.js';

/** How many events and lines of ended runs are kept in all, and how many characters of lines. */
const PAST_EVENTS_KEPT = 30_000;
const PAST_CHARACTERS_KEPT = 8 * 1024 * 1024;

const charactersOf = (events: EventLog | undefined): number => events?.lines?.characters ?? 0;

/** The events of ended runs, for late subscribers. Bounded: the oldest runs are dropped first. */
export class PastEvents {
  readonly #byRun = new AgingMap<string, EventLog>();
  #kept = 0;
  #characters = 0;

  get(runId: string): EventLog | undefined {
    return this.#byRun.get(runId);
  }

  /** The results of a run were dropped: from now on its last event has none. */
  forgetResults(runId: string): void {
    const events = this.#byRun.get(runId);
    if (events) this.#byRun.replace(runId, events.withoutResults());
  }

  add(runId: string, events: EventLog): void {
    // A durable run may have ended here before.
    this.#count(this.#byRun.add(runId, events), -1);
    this.#count(events, 1);
    while (this.#kept > PAST_EVENTS_KEPT || this.#characters > PAST_CHARACTERS_KEPT) {
      const { oldest } = this.#byRun;
      if (oldest === undefined) break;
      this.#count(this.#byRun.take(oldest), -1);
    }
  }

  #count(events: EventLog | undefined, sign: 1 | -1): void {
    this.#kept += sign * (events?.kept ?? 0);
    this.#characters += sign * charactersOf(events);
  }
}
