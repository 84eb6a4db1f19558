import type { Timer } from '../base/index.js';
import { MOVABLE_BYTES, type StoredValue } from '../value/index.js';
import type { IndexedIds } from './indexed-shelf.js';
import type { TrackedShelf } from './tracked-shelf.js';
import type { ValueMemory } from './value-memory.js';
import type { Waiters } from './waiters.js';

/** The values of one run on a node. */
export class RunShelf {
  readonly dagId: string;
  /** The epoch of the run, in which its values were made, but for those in `epochs`; 0 if it is not durable. */
  epoch: number;
  readonly values: TrackedShelf;
  /** What was put together here of the parts of maps and expansions, in the run's epoch. It stands in for no value of its own. */
  composites: TrackedShelf | undefined;
  /** For values of other epochs, in which each was made. */
  epochs: Map<string, number> | undefined;
  /** For values made elsewhere, the node that made each. */
  origins: Map<string, string> | undefined;
  /** The timer that drops the values. Set by `retain`. */
  retention: Timer | undefined;
  /** The ids of the values that it left, if its shelf may lose some. Set once it has ended. */
  kept: readonly string[] = [];
  /** Called when the values of an ended run are dropped. */
  dropped: ((runId: string) => void) | undefined;
  /** Its inputs that may move. They answer no questions. */
  #inputs: StoredValue[] = [];
  #inputBytes = 0;
  readonly #of: RunShelfOf;
  /** Its functions, as long as it goes on, if this node drives it. What is retained must not keep the plan of the run. */
  #functions: IndexedIds | undefined;

  constructor(dagId: string, epoch: number, functions: IndexedIds | undefined, of: RunShelfOf) {
    this.dagId = dagId;
    this.epoch = epoch;
    this.values = of.open(functions);
    this.#functions = functions;
    this.#of = of;
  }

  /** Bytes of all its values. */
  get sizeBytes(): number {
    return this.values.sizeBytes + (this.composites?.sizeBytes ?? 0) + this.#inputBytes;
  }

  /** Returns the value of the function with that number, for the run's driver; `undefined` once the run has ended. */
  at(index: number): StoredValue | undefined {
    return this.#functions && this.values.at(index, this.#functions.ids);
  }

  /** Stores the value of the function with that number. See `ValueStore.put`. */
  putAt(index: number, value: StoredValue, origin: string | undefined, epoch: number, isSole: boolean): void {
    // The run is over: the value comes too late.
    if (this.retention) return;
    const id = this.#functions!.ids[index]!;
    this.values.putAt(index, id, value, isSole);
    this.#made(id, value, origin, epoch);
  }

  /** Drops the value of the function with that number. */
  deleteAt(index: number): void {
    if (this.retention) return;
    const id = this.#functions!.ids[index]!;
    this.values.deleteAt(index, id);
    this.composites?.delete(id);
  }

  put(id: string, value: StoredValue, origin: string | undefined, epoch: number | undefined): void {
    if (this.retention) return;
    this.values.put(id, value);
    this.#made(id, value, origin, epoch);
  }

  #made(id: string, value: StoredValue, origin: string | undefined, epoch: number | undefined): void {
    const { node, waiters } = this.#of;
    if (origin !== undefined && origin !== node) this.origins = (this.origins ?? new Map<string, string>()).set(id, origin);
    else this.origins?.delete(id);
    if (epoch !== undefined && epoch !== this.epoch) this.epochs = (this.epochs ?? new Map<string, number>()).set(id, epoch);
    else this.epochs?.delete(id);
    if (waiters.size > 0) waiters.wake(this.dagId, id, value);
  }

  delete(id: string): void {
    if (this.retention) return;
    this.values.delete(id);
    this.composites?.delete(id);
  }

  /** Iterates over all values, with the epochs in which they were made. */
  *all(): Generator<HeldValue, void, void> {
    for (const id of this.values.ids()) {
      const value = this.values.get(id);
      if (value) yield { id, epoch: this.epochOf(id), value };
    }
  }

  /** Returns the epoch in which a value was made. */
  epochOf(id: string): number {
    return this.epochs?.get(id) ?? this.epoch;
  }

  putComposite(id: string, whole: StoredValue): void {
    this.composites ??= this.#of.open();
    this.composites.put(id, whole);
  }

  /** The run goes on in a higher epoch. What is here keeps the epochs in which it was made. */
  raiseEpoch(epoch: number): void {
    const epochs = new Map<string, number>();
    for (const id of this.values.ids()) epochs.set(id, this.epochOf(id));
    this.epochs = epochs;
    this.epoch = epoch;
    this.dropComposites();
  }

  /** The run has ended: its values are kept until the timer drops them. */
  retain(retention: Timer): void {
    this.retention = retention;
    this.#functions = undefined;
  }

  dropComposites(): void {
    this.composites?.close();
    this.composites = undefined;
  }

  /** The run has these inputs, as long as it is there. */
  ownInputs(inputs: Iterable<readonly [id: string, value: StoredValue]>): void {
    const { memory } = this.#of;
    if (!memory) return;
    for (const [id, value] of inputs) {
      if (value.sizeBytes < MOVABLE_BYTES) continue;
      this.#inputs.push(value);
      this.#inputBytes += value.sizeBytes;
      memory.own(value, id);
    }
  }

  dropInputs(): void {
    for (const value of this.#inputs) this.#of.memory!.disown(value);
    this.#inputs = [];
    this.#inputBytes = 0;
  }

  /** Drops everything. */
  close(): void {
    this.values.close();
    this.dropComposites();
    this.dropInputs();
  }
}

/** What the shelves of runs are made of. */
export interface RunShelfOf {
  readonly node: string;
  readonly memory: ValueMemory | undefined;
  readonly waiters: Waiters;
  /** Opens a shelf, for values of these functions or for others. */
  open(functions?: IndexedIds): TrackedShelf;
}

/** A value of a run on this node. */
export interface HeldValue {
  readonly id: string;
  /** The epoch of the run in which it was made. */
  readonly epoch: number;
  readonly value: StoredValue;
}
