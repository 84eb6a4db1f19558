import type { Capabilities } from '../../allocator/index.js';
import type { CompletedEvent, RerunReason, RunEvent } from '../brain/messages.js';
import type { Phases } from '../observed/attempt-history.js';

/** The initial capacity if the number of events is unknown. */
const FIRST_ROOM = 8;

/** The numbers of one event: its kind, `atMs`, three that depend on the kind, and the row of its attempt. */
const NUMBERS = 6;

/** For an event that is of no attempt. */
export const NO_ROW = -1;

/** The kind of an event that is kept as it is. */
const WHOLE = 0;
const READY = 1;
const STARTED = 2;
const SUCCEEDED = 3;
const WAITING = 4;
const BEGUN = 5;
const COMPLETED = 6;
const RECALLED = 7;
const REMEMBERED = 8;

/** The kind of a success by where it came from. */
const SOURCES = { run: SUCCEEDED, journal: RECALLED, cache: REMEMBERED } as const;

/** A number that is not a small integer. An array filled with it stores numbers directly, without an object for each. */
const NO_NUMBER = 0.5;

/**
 * The latest events of one run, up to a limit. Events of the normal course are stored in columns. As objects they would survive the young
 * generation, and then be garbage that only a full collection frees.
 */
export class KeptEvents {
  readonly #runId: string;
  readonly #dagId: string;
  readonly #most: number;
  readonly #attempts: AttemptPhases;
  #room: number;
  /** The position of the oldest event. */
  #first = 0;
  #length = 0;
  /** For each event, the event itself or the id of its function. */
  #what: (RunEvent | string | undefined)[];
  /** For each event, its node, what it waits for, or what failed. */
  #where: unknown[];
  #numbers: number[];

  /** Allocates room for `expected` events at once, and no more as long as no more come. */
  constructor(runId: string, dagId: string, most: number, expected = FIRST_ROOM, attempts: AttemptPhases = NO_PHASES) {
    this.#runId = runId;
    this.#dagId = dagId;
    this.#most = most;
    this.#attempts = attempts;
    this.#room = Math.max(1, Math.min(expected, most));
    this.#what = new Array<undefined>(this.#room).fill(undefined);
    this.#where = new Array<undefined>(this.#room).fill(undefined);
    this.#numbers = new Array<number>(this.#room * NUMBERS).fill(NO_NUMBER);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Keeps one more event, and drops the oldest if there is no room. Results and allocations of `run-completed` are not kept. The phases of
   * a success are those of the attempt in this row of the history.
   */
  push(event: RunEvent, row = NO_ROW): void {
    if (this.#length === this.#room && this.#room < this.#most) this.#grow();
    const slot = (this.#first + this.#length) % this.#room;
    if (this.#length < this.#room) this.#length += 1;
    else this.#first = (this.#first + 1) % this.#room;
    switch (event.type) {
      case 'function-ready':
        return this.#set(slot, READY, event.functionId, event.because, event.atMs, 0, 0, 0);
      case 'function-waiting':
        return this.#set(slot, WAITING, event.functionId, event.for, event.atMs, 0, 0, 0);
      case 'function-started':
        return this.#set(slot, STARTED, event.functionId, event.node, event.atMs, event.attempt, 0, 0);
      case 'function-succeeded': {
        const { functionId, node, atMs, attempt, tookMs, sizeBytes } = event;
        return this.#set(slot, SOURCES[event.source], functionId, node, atMs, attempt, tookMs, sizeBytes, row);
      }
      case 'run-started':
        return this.#set(slot, BEGUN, '', undefined, event.atMs, event.total, 0, 0);
      case 'run-completed':
        return this.#set(slot, COMPLETED, '', event.failures, event.atMs, event.durationMs, 0, 0);
      default:
        return this.#set(slot, WHOLE, event, undefined, event.atMs, 0, 0, 0);
    }
  }

  /** Returns the event at `position` from the oldest. */
  at(position: number): RunEvent {
    const slot = (this.#first + position) % this.#room;
    const what = this.#what[slot]!;
    if (typeof what !== 'string') return what;
    const where = this.#where[slot];
    const at = slot * NUMBERS;
    const [kind, atMs, first, tookMs, sizeBytes, row] = this.#numbers.slice(at, at + NUMBERS) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [runId, dagId, functionId, node, attempt] = [this.#runId, this.#dagId, what, where as string, first];
    switch (kind) {
      case READY:
        if (where !== undefined) return { type: 'function-ready', runId, dagId, atMs, functionId, because: where as RerunReason };
        return { type: 'function-ready', runId, dagId, atMs, functionId };
      case WAITING:
        return { type: 'function-waiting', runId, dagId, atMs, functionId, for: where as Capabilities };
      case STARTED:
        return { type: 'function-started', runId, dagId, atMs, functionId, attempt, node };
      case BEGUN:
        return { type: 'run-started', runId, dagId, atMs, total: first };
      case COMPLETED: {
        const failures = where as CompletedEvent['failures'];
        return { type: 'run-completed', runId, dagId, atMs, durationMs: first, results: {}, allocations: {}, failures };
      }
      case RECALLED:
      case REMEMBERED: {
        const source = kind === RECALLED ? 'journal' : 'cache';
        return { type: 'function-succeeded', runId, dagId, atMs, functionId, attempt, node, tookMs, sizeBytes, source };
      }
      default: {
        const phases = this.#attempts.phasesOf(row);
        const event = {
          type: 'function-succeeded',
          runId,
          dagId,
          atMs,
          functionId,
          attempt,
          node,
          tookMs,
          sizeBytes,
          source: 'run',
        } as const;
        return phases ? { ...event, phases } : event;
      }
    }
  }

  #set(
    slot: number,
    kind: number,
    what: RunEvent | string,
    where: unknown,
    atMs: number,
    first: number,
    tookMs: number,
    sizeBytes: number,
    row = NO_ROW,
  ): void {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    this.#what[slot] = what;
    this.#where[slot] = where;
    numbers[at] = kind;
    numbers[at + 1] = atMs;
    numbers[at + 2] = first;
    numbers[at + 3] = tookMs;
    numbers[at + 4] = sizeBytes;
    numbers[at + 5] = row;
  }

  /** Called only while it is full and has dropped none, so the oldest is in the first place. */
  #grow(): void {
    const room = Math.min(this.#room * 2, this.#most);
    this.#what = grown(this.#what, new Array<undefined>(room).fill(undefined));
    this.#where = grown(this.#where, new Array<undefined>(room).fill(undefined));
    this.#numbers = grown(this.#numbers, new Array<number>(room * NUMBERS).fill(NO_NUMBER));
    this.#room = room;
  }
}

/** The attempts that events are of. An object, as a closure over a run would keep that as long as its events. */
export interface AttemptPhases {
  /** Returns the phases of the attempt in a row of the history, or `undefined` if that is not kept. */
  phasesOf(row: number): Phases | undefined;
}

/** For events of no run. */
export const NO_PHASES: AttemptPhases = { phasesOf: () => undefined };

/** Copies `from` into `to`, which is larger. */
function grown<T>(from: readonly T[], to: T[]): T[] {
  for (let at = 0; at < from.length; at += 1) to[at] = from[at]!;
  return to;
}
