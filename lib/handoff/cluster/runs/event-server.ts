import type { Clock, Timer } from '../../../base/index.js';
import type { EventCursor, EventLog } from '../../../runner/index.js';
import { packEvents } from './wire-events.js';

/** A reader gets an empty answer if nothing has happened for this long, ms. */
export const POLL_MS = 10_000;

/** A reader is answered no sooner than this after it has asked, unless it can have a full answer, ms. So events go in few messages. */
const PACE_MS = 20;

/** This many events fill an answer. */
const FULL_EVENTS = 1000;

/** Packing may take this part of the driver's time. What readers miss by it they are told. */
const TIME_PART = 1 / 20;

/** While other data waits for a node, its readers wait for this long, ms, and it is looked at again after that. */
const HELD_MS = 250;
const LOOK_MS = 10;

/** Reads the events of one run for another node. */
export interface EventReader {
  readonly log: EventLog;
  readonly cursor: EventCursor;
  /** Whether it wants to hear of what is to come. */
  readonly mayWait: boolean;
}

interface Reading extends EventReader {
  readonly to: string;
  readonly answer: (batch: unknown) => void;
  readonly sinceMs: number;
  /** When it is to be answered; `undefined` as long as there is nothing for it. */
  dueMs: number | undefined;
  stopWaiting: () => void;
}

/**
 * Serves nodes that ask for the events of runs of this node. The log of a run is all that is kept, so a reader costs something only when
 * it is served: one at a time, in a small part of the driver's time, and after all else that waits for the reader's node.
 */
export class EventServer {
  readonly #clock: Clock;
  readonly #isBusy: (name: string) => boolean;
  readonly #readings = new Set<Reading>();
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #isClosed = false;
  /** Nothing is packed before. */
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  /** `isBusy` says whether other data waits for a node. */
  constructor(clock: Clock, isBusy: (name: string) => boolean) {
    this.#clock = clock;
    this.#isBusy = isBusy;
  }

  /**
   * Calls `answer` later with what the cursor finds next, perhaps nothing: after a while, or soon unless it `mayWait`. Returns a function
   * that gives it up.
   */
  serve(to: string, { log, cursor, mayWait }: EventReader, answer: (batch: unknown) => void): () => void {
    if (this.#isClosed) return () => {};
    const nowMs = this.#clock.now();
    const reading: Reading = { to, log, cursor, mayWait, answer, sinceMs: nowMs, dueMs: undefined, stopWaiting: () => {} };
    this.#readings.add(reading);
    if (cursor.hasMore || log.isOver || !mayWait) {
      const isFull = log.isOver || !mayWait || log.count - cursor.position.event >= FULL_EVENTS;
      this.#due(reading, isFull ? nowMs : nowMs + PACE_MS);
    } else this.#await(reading);
    return () => this.#forget(reading);
  }

  /** Ends all readers at once, and serves no more: this node is about to stop. */
  close(): void {
    this.#isClosed = true;
    for (const reading of [...this.#readings]) this.#answer(reading);
    this.#timer?.cancel();
  }

  #await(reading: Reading): void {
    const expiry = this.#clock.after(POLL_MS, () => this.#answer(reading));
    const stop = reading.log.whenMore(() => {
      reading.stopWaiting();
      this.#due(reading, reading.log.isOver ? this.#clock.now() : Math.max(this.#clock.now(), reading.sinceMs + PACE_MS));
    });
    reading.stopWaiting = () => {
      reading.stopWaiting = () => {};
      expiry.cancel();
      stop();
    };
  }

  #due(reading: Reading, dueMs: number): void {
    reading.dueMs = dueMs;
    this.#look();
  }

  /** Sets the timer for the reader that is to be answered next. */
  #look(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#readings) if (dueMs !== undefined && dueMs < nextMs) nextMs = dueMs;
    nextMs = Math.max(nextMs, this.#restsUntilMs);
    if (nextMs === Number.POSITIVE_INFINITY || (this.#timer && this.#timerMs <= nextMs)) return;
    this.#timer?.cancel();
    this.#timerMs = nextMs;
    this.#timer = this.#clock.after(Math.max(0, nextMs - this.#clock.now()), () => {
      this.#timer = undefined;
      this.#answerNext();
    });
  }

  /** Serves the reader that has waited longest, unless its node has other data to take. */
  #answerNext(): void {
    const nowMs = this.#clock.now();
    for (const reading of this.#readings) {
      const { to, dueMs, sinceMs } = reading;
      if (dueMs === undefined || dueMs > nowMs) continue;
      if (nowMs - sinceMs < HELD_MS && this.#isBusy(to)) {
        reading.dueMs = nowMs + LOOK_MS;
        continue;
      }
      this.#answer(reading);
      const endMs = this.#clock.now();
      this.#restsUntilMs = endMs + (endMs - nowMs) * (1 / TIME_PART - 1);
      break;
    }
    this.#look();
  }

  #answer(reading: Reading): void {
    const { log, cursor, mayWait, answer } = reading;
    this.#forget(reading);
    answer(packEvents(cursor, log.dagId, log.isOver || !mayWait));
  }

  #forget(reading: Reading): void {
    this.#readings.delete(reading);
    reading.stopWaiting();
  }
}
