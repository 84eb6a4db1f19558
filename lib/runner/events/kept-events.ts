import type { Capabilities } from '../../allocator/index.js';
import type { RunEvent } from '../brain/messages.js';

/** How many there is room for at first. */
const FIRST_ROOM = 8;

/** Numbers of one event: `atMs`, `attempt`, `tookMs`, `sizeBytes`. */
const NUMBERS = 4;

const READY = 1;
const STARTED = 2;
const SUCCEEDED = 3;
const WAITING = 4;

/**
 * The latest events of one run, at most so many. Those of functions for which all goes well are kept as numbers and names, not as objects: the objects of a large run live just long
 * enough to be copied by every young collection, and are garbage by then that only a full one frees.
 */
export class KeptEvents {
  readonly #runId: string;
  readonly #dagId: string;
  readonly #most: number;
  #room = FIRST_ROOM;
  /** Where the oldest is. */
  #first = 0;
  #length = 0;
  /** The event itself, or the id of its function. */
  #what = new Array<RunEvent | string | undefined>(FIRST_ROOM).fill(undefined);
  /** On which node, or what for it waits. */
  #where = new Array<string | Capabilities | undefined>(FIRST_ROOM).fill(undefined);
  /** 0 where the event itself is kept. */
  #kinds = new Uint8Array(FIRST_ROOM);
  #numbers = new Float64Array(FIRST_ROOM * NUMBERS);

  constructor(runId: string, dagId: string, most: number) {
    this.#runId = runId;
    this.#dagId = dagId;
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** Keeps one more, and forgets the oldest where there is no room. */
  push(event: RunEvent): void {
    if (this.#length === this.#room && this.#room < this.#most) this.#grow();
    const slot = (this.#first + this.#length) % this.#room;
    if (this.#length < this.#room) this.#length += 1;
    else this.#first = (this.#first + 1) % this.#room;
    switch (event.type) {
      case 'function-ready':
        return this.#set(slot, READY, event.functionId, undefined, event.atMs, 0, 0, 0);
      case 'function-waiting':
        return this.#set(slot, WAITING, event.functionId, event.for, event.atMs, 0, 0, 0);
      case 'function-started':
        return this.#set(slot, STARTED, event.functionId, event.node, event.atMs, event.attempt, 0, 0);
      case 'function-succeeded': {
        const { functionId, node, atMs, attempt, tookMs, sizeBytes } = event;
        return this.#set(slot, SUCCEEDED, functionId, node, atMs, attempt, tookMs, sizeBytes);
      }
      default:
        return this.#set(slot, 0, event, undefined, 0, 0, 0, 0);
    }
  }

  /** The one at `position` from the oldest. */
  at(position: number): RunEvent {
    const slot = (this.#first + position) % this.#room;
    const what = this.#what[slot]!;
    if (typeof what !== 'string') return what;
    const [atMs, attempt, tookMs, sizeBytes] = this.#numbers.subarray(slot * NUMBERS, (slot + 1) * NUMBERS) as unknown as FourNumbers;
    const [runId, dagId, functionId, where] = [this.#runId, this.#dagId, what, this.#where[slot]];
    const node = where as string;
    switch (this.#kinds[slot]) {
      case READY:
        return { type: 'function-ready', runId, dagId, atMs, functionId };
      case WAITING:
        return { type: 'function-waiting', runId, dagId, atMs, functionId, for: where as Capabilities };
      case STARTED:
        return { type: 'function-started', runId, dagId, atMs, functionId, attempt, node };
      default:
        return { type: 'function-succeeded', runId, dagId, atMs, functionId, attempt, node, tookMs, sizeBytes };
    }
  }

  #set(
    slot: number,
    kind: number,
    what: RunEvent | string,
    where: string | Capabilities | undefined,
    atMs: number,
    attempt: number,
    tookMs: number,
    sizeBytes: number,
  ): void {
    const numbers = this.#numbers;
    this.#kinds[slot] = kind;
    this.#what[slot] = what;
    this.#where[slot] = where;
    numbers[slot * NUMBERS] = atMs;
    numbers[slot * NUMBERS + 1] = attempt;
    numbers[slot * NUMBERS + 2] = tookMs;
    numbers[slot * NUMBERS + 3] = sizeBytes;
  }

  /** Only while it is full, and the oldest is in the first place: it has forgotten none yet. */
  #grow(): void {
    const room = Math.min(this.#room * 2, this.#most);
    const numbers = new Float64Array(room * NUMBERS);
    numbers.set(this.#numbers);
    const kinds = new Uint8Array(room);
    kinds.set(this.#kinds);
    this.#numbers = numbers;
    this.#kinds = kinds;
    this.#what = [...this.#what, ...new Array<undefined>(room - this.#room).fill(undefined)];
    this.#where = [...this.#where, ...new Array<undefined>(room - this.#room).fill(undefined)];
    this.#room = room;
  }
}

type FourNumbers = readonly [number, number, number, number];
