import { withRoom } from '../../../base/index.js';
import type { Phases } from '../../observed/attempt-history.js';

/** When a recorded attempt ended, and what it was made of. */
export interface RecordedTimes {
  /** By the driver's wall clock, ms since 1970: a run that went on has no other axis in common. */
  readonly endedAtMs: number;
  readonly slot: number;
  readonly phases: Phases;
}

/** The phases in the order in which they are recorded. */
const PHASES = 6;

/**
 * The times of recorded successes, in columns: objects would take 240 bytes for each, and eight times as long to read. Nothing is allocated
 * for a record without times.
 */
export class RecordedTimesColumns {
  /** By function; 0 for one without times. */
  #endedAtMs = new Float64Array(0);
  #slots = new Uint32Array(0);
  /** Of each function, its phases in order. */
  #phases = new Float64Array(0);

  /** Sets the times of a function, of those that `size` counts. `phases` are copied. */
  set(index: number, size: number, endedAtMs: number, slot: number, phases: Float64Array): void {
    this.#grow(Math.max(size, index + 1));
    this.#endedAtMs[index] = endedAtMs;
    this.#slots[index] = slot;
    this.#phases.set(phases, index * PHASES);
  }

  /** A function has no times. */
  clear(index: number): void {
    if (index < this.#endedAtMs.length) this.#endedAtMs[index] = 0;
  }

  /** Takes the times of one function from where they are, if there are any. */
  copy(from: RecordedTimesColumns, at: number, index: number, size: number): void {
    const endedAtMs = from.#endedAtMs[at] ?? 0;
    if (endedAtMs === 0) return this.clear(index);
    this.set(index, size, endedAtMs, from.#slots[at]!, from.#phases.subarray(at * PHASES, (at + 1) * PHASES));
  }

  /** Returns the times of a function; `undefined` if it has none. */
  of(index: number): RecordedTimes | undefined {
    const endedAtMs = this.#endedAtMs[index] ?? 0;
    if (endedAtMs === 0) return undefined;
    const [waitMs, fetchMs, loadMs, runMs, packMs, handOverMs] = this.#phases.subarray(index * PHASES) as unknown as PhaseColumn;
    return { endedAtMs, slot: this.#slots[index]!, phases: { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } };
  }

  #grow(size: number): void {
    if (this.#endedAtMs.length >= size) return;
    this.#endedAtMs = withRoom(this.#endedAtMs, size, 0);
    this.#slots = withRoom(this.#slots, size, 1);
    this.#phases = withRoom(this.#phases, size * PHASES, 2);
  }
}

type PhaseColumn = readonly [number, number, number, number, number, number];
