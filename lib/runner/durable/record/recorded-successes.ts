import { withRoom } from '../../../base/index.js';
import type { GroupReader, RecordedFile } from '../../../journal/index.js';
import { StoredValue, type ValueFacts } from '../../../value/index.js';
import { type RecordedTimes, RecordedTimesColumns } from './recorded-times.js';
import { readSuccess, type SuccessFields } from './records.js';

/** The latest recorded success of each function, in columns: a record may have a million, and few of their values are needed again. */
export class RecordedSuccesses {
  readonly #names: string[] = [];
  /** By function; 0 for one that has no success. */
  #epochs: Uint32Array;
  #attempts: Uint32Array;
  /** An index into `names`. */
  #nodes: Uint32Array;
  #sizes: Float64Array;
  #tookMs: Float64Array;
  /** The groups that hold values, and by function in which of them its value is, and where; an end of 0 means that it has none. */
  readonly #groups: Uint8Array[] = [];
  #group: Uint32Array;
  #begin: Uint32Array;
  #end: Uint32Array;
  readonly #files = new Map<number, RecordedFile>();
  readonly #facts = new Map<number, ValueFacts>();
  /** Missing where nobody wants them. */
  readonly #times: RecordedTimesColumns | undefined;
  readonly #fields: SuccessFields = newFields();

  /** `size`: the number of functions. `withTimes`: whether their times are kept, which only people look at. */
  constructor(size: number, withTimes: boolean) {
    this.#times = withTimes ? new RecordedTimesColumns() : undefined;
    const column = (): Uint32Array => new Uint32Array(size);
    this.#epochs = column();
    this.#attempts = column();
    this.#nodes = column();
    this.#sizes = new Float64Array(size);
    this.#tookMs = new Float64Array(size);
    this.#group = column();
    this.#begin = column();
    this.#end = column();
  }

  /** From now on there are so many functions. */
  grow(size: number): void {
    this.#epochs = withRoom(this.#epochs, size, 0);
    this.#attempts = withRoom(this.#attempts, size, 1);
    this.#nodes = withRoom(this.#nodes, size, 2);
    this.#sizes = withRoom(this.#sizes, size, 3);
    this.#tookMs = withRoom(this.#tookMs, size, 4);
    this.#group = withRoom(this.#group, size, 5);
    this.#begin = withRoom(this.#begin, size, 6);
    this.#end = withRoom(this.#end, size, 7);
  }

  /** Reads the success of function `index` that `reader` has come to. `names`: those of the nodes of its epoch, by number. */
  read(reader: GroupReader, index: number, group: Uint8Array, epoch: number, names: ReadonlyMap<number, string>): void {
    const fields = this.#fields;
    readSuccess(reader, fields);
    // A value that was written to a file later is the same success once more.
    const isSame = this.#epochs[index] === epoch && this.#attempts[index] === fields.attempt;
    if (fields.endedAtMs > 0) this.#times?.set(index, this.#epochs.length, fields.endedAtMs, fields.slot, fields.phases);
    else if (!isSame) this.#times?.clear(index);
    this.#epochs[index] = epoch;
    this.#attempts[index] = fields.attempt;
    this.#nodes[index] = this.#numberOf(names.get(fields.node) ?? '');
    this.#sizes[index] = fields.sizeBytes;
    this.#tookMs[index] = fields.tookMs;
    if (fields.end > 0 && this.#groups.at(-1) !== group) this.#groups.push(group);
    this.#group[index] = this.#groups.length - 1;
    this.#begin[index] = fields.begin;
    this.#end[index] = fields.end;
    if (fields.file) this.#files.set(index, fields.file);
    else if (this.#files.size > 0) this.#files.delete(index);
    if (fields.facts) this.#facts.set(index, fields.facts);
    else if (this.#facts.size > 0) this.#facts.delete(index);
  }

  /** Returns the same successes after a change of numbers: of so many functions, and by new number the former one, or -1. */
  renumbered(size: number, formerOf: (index: number) => number): RecordedSuccesses {
    const moved = new RecordedSuccesses(size, this.#times !== undefined);
    moved.#names.push(...this.#names);
    moved.#groups.push(...this.#groups);
    for (let index = 0; index < size; index += 1) {
      const at = formerOf(index);
      if (at >= 0 && this.epochOf(at) > 0) moved.#copy(this, at, index);
    }
    return moved;
  }

  /** Copies the success of one function, if it has one, to another number. */
  move(from: number, to: number): void {
    if (this.epochOf(from) > 0) this.#copy(this, from, to);
  }

  #copy(from: RecordedSuccesses, at: number, index: number): void {
    this.#epochs[index] = from.#epochs[at]!;
    this.#attempts[index] = from.#attempts[at]!;
    this.#nodes[index] = from.#nodes[at]!;
    this.#sizes[index] = from.#sizes[at]!;
    this.#tookMs[index] = from.#tookMs[at]!;
    this.#group[index] = from.#group[at]!;
    this.#begin[index] = from.#begin[at]!;
    this.#end[index] = from.#end[at]!;
    const file = from.#files.get(at);
    if (file) this.#files.set(index, file);
    if (from.#times) this.#times?.copy(from.#times, at, index, this.#epochs.length);
    const facts = from.#facts.get(at);
    if (facts) this.#facts.set(index, facts);
  }

  /** The epoch in which it succeeded; 0 if it did not. */
  epochOf(index: number): number {
    return this.#epochs[index] ?? 0;
  }

  attemptOf(index: number): number {
    return this.#attempts[index]!;
  }

  /** The name of the node that ran it. */
  nodeOf(index: number): string {
    return this.#names[this.#nodes[index]!]!;
  }

  sizeOf(index: number): number {
    return this.#sizes[index]!;
  }

  tookMsOf(index: number): number {
    return this.#tookMs[index]!;
  }

  /** When it ended, and what it was made of; `undefined` in records of older versions, and where times are not kept. */
  timesOf(index: number): RecordedTimes | undefined {
    return this.#times?.of(index);
  }

  /** Whether the result itself is in the record. */
  hasValue(index: number): boolean {
    return this.#end[index]! > 0;
  }

  /** Returns the result from the record, in memory of its own: a view would keep its whole group, and take it along to threads. */
  valueOf(index: number): StoredValue {
    return StoredValue.packedAmong(this.#groups[this.#group[index]!]!.subarray(this.#begin[index]!, this.#end[index]!));
  }

  /** Where a large result lies. */
  fileOf(index: number): RecordedFile | undefined {
    return this.#files.get(index);
  }

  /** The large results by function. */
  get files(): ReadonlyMap<number, RecordedFile> {
    return this.#files;
  }

  /** What is known of the result. */
  factsOf(index: number): ValueFacts | undefined {
    return this.#facts.get(index);
  }

  /** A run has few nodes, and most successes are of the same one as the one before. */
  #numberOf(name: string): number {
    const known = this.#names.lastIndexOf(name);
    return known >= 0 ? known : this.#names.push(name) - 1;
  }
}

const newFields = (): SuccessFields => ({
  ...{ attempt: 0, node: 0, sizeBytes: 0, tookMs: 0, begin: 0, end: 0 },
  ...{ file: undefined, facts: undefined, endedAtMs: 0, slot: 0, phases: new Float64Array(6) },
});
