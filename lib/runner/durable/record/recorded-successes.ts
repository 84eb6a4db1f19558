import type { GroupReader, RecordedFile } from '../../../journal/index.js';
import { StoredValue, type ValueFacts } from '../../../value/index.js';
import { readSuccess, type SuccessFields } from './records.js';

/** The latest recorded success of each function, in columns: a record may have a million, and few of their values are needed again. */
export class RecordedSuccesses {
  readonly #names: string[] = [];
  /** By function; 0 for one that has no success. */
  readonly #epochs: Uint32Array;
  readonly #attempts: Uint32Array;
  /** An index into `names`. */
  readonly #nodes: Uint32Array;
  readonly #sizes: Float64Array;
  readonly #tookMs: Float64Array;
  /** The groups that hold values, and by function in which of them its value is, and where; an end of 0 means that it has none. */
  readonly #groups: Uint8Array[] = [];
  readonly #group: Uint32Array;
  readonly #begin: Uint32Array;
  readonly #end: Uint32Array;
  readonly #files = new Map<number, RecordedFile>();
  readonly #facts = new Map<number, ValueFacts>();
  readonly #fields: SuccessFields = { attempt: 0, node: 0, sizeBytes: 0, tookMs: 0, begin: 0, end: 0, file: undefined, facts: undefined };

  /** `size`: the number of functions. */
  constructor(size: number) {
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

  /** Reads the success that `reader` has come to. `names`: those of the nodes of its epoch, by number. */
  read(reader: GroupReader, group: Uint8Array, epoch: number, names: ReadonlyMap<number, string>): void {
    const { index } = reader;
    const fields = this.#fields;
    readSuccess(reader, fields);
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
    const moved = new RecordedSuccesses(size);
    moved.#names.push(...this.#names);
    moved.#groups.push(...this.#groups);
    for (let index = 0; index < size; index += 1) {
      const at = formerOf(index);
      if (at < 0 || this.epochOf(at) === 0) continue;
      moved.#epochs[index] = this.#epochs[at]!;
      moved.#attempts[index] = this.#attempts[at]!;
      moved.#nodes[index] = this.#nodes[at]!;
      moved.#sizes[index] = this.#sizes[at]!;
      moved.#tookMs[index] = this.#tookMs[at]!;
      moved.#group[index] = this.#group[at]!;
      moved.#begin[index] = this.#begin[at]!;
      moved.#end[index] = this.#end[at]!;
      const file = this.#files.get(at);
      if (file) moved.#files.set(index, file);
      const facts = this.#facts.get(at);
      if (facts) moved.#facts.set(index, facts);
    }
    return moved;
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
