import type { PlanRecord } from '../../../dag/index.js';
import type { GroupReader, RecordedGroup } from '../../../journal/index.js';
import { readGrown } from './grown-entry.js';
import { OpeningReader } from './opening-record.js';
import { formerNumbers, type HeldFailure, RecordedParts } from './recorded-parts.js';
import { RecordedSuccesses } from './recorded-successes.js';
import type { EntryReader, Opening, ToleratedFailure } from './records.js';
import type { PackedDag } from './take-plan.js';

/** The journal's content about one run: the latest entry of each function, by its number in the plan that was opened last. */
export interface RunHistory {
  readonly opening: Opening;
  readonly plan: PlanRecord;
  readonly dag: PackedDag;
  readonly successes: RecordedSuccesses;
  /** By function that failed last, the failure, if the run went on without the function. */
  readonly failed: ReadonlyMap<number, HeldFailure | undefined>;
  /** What it has of the functions that maps and expansions have added. */
  readonly parts: RecordedParts;
}

/** Collects the entries of a record. */
export class RecordReader implements EntryReader {
  #group: RecordedGroup = { epoch: 0, sequence: 0, bytes: new Uint8Array(0) };
  readonly #nodes = new Map<number, string>();
  readonly #openings = new OpeningReader();
  #opening: Opening | undefined;
  #planned: Opening['planned'];
  #successes: RecordedSuccesses;
  #failed = new Map<number, HeldFailure | undefined>();
  readonly #parts: RecordedParts;

  /** `withTimes`: whether the times of successes are kept. */
  constructor(withTimes: boolean) {
    this.#successes = new RecordedSuccesses(0, withTimes);
    this.#parts = new RecordedParts(withTimes);
  }

  get history(): RunHistory | undefined {
    if (!this.#opening || !this.#planned) return undefined;
    return { opening: this.#opening, ...this.#planned, successes: this.#successes, failed: this.#failed, parts: this.#parts };
  }

  /** The entries of `group` follow. */
  begin(group: RecordedGroup): void {
    if (group.epoch !== this.#group.epoch) {
      this.#nodes.clear();
      this.#parts.beginEpoch();
    }
    this.#group = group;
  }

  opening(reader: GroupReader): void {
    const opening = this.#openings.read(reader);
    if (!opening) return;
    const before = this.#planned?.plan;
    this.#opening = opening;
    this.#planned = opening.planned ?? this.#planned;
    if (!opening.planned) return;
    // From now on the functions have other numbers.
    const { ids } = opening.planned.plan;
    const formerOf = before ? formerNumbers(before.ids, ids) : () => -1;
    this.#successes = this.#successes.renumbered(ids.length, formerOf);
    this.#parts.renumber(ids.length, formerOf);
    const failed = this.#failed;
    this.#failed = new Map();
    if (failed.size === 0) return;
    for (let number = 0; number < ids.length; number += 1) {
      const former = formerOf(number);
      if (failed.has(former)) this.#failed.set(number, failed.get(former));
    }
  }

  node(number: number, name: string): void {
    this.#nodes.set(number, name);
  }

  success(reader: GroupReader): void {
    const { index } = reader;
    const [successes, failed, number] = this.#tableOf(index);
    if (number < 0) return;
    failed.delete(number);
    successes.read(reader, number, this.#group.bytes, this.#group.epoch, this.#nodes);
  }

  failure(index: number, tolerated: ToleratedFailure | undefined): void {
    const [, failed, number] = this.#tableOf(index);
    if (number >= 0) failed.set(number, tolerated && { ...tolerated, epoch: this.#group.epoch });
  }

  grown(reader: GroupReader): void {
    const entry = readGrown(reader);
    const { size } = this.#planned?.plan ?? { size: 0 };
    const part = entry.by < size ? entry.by : this.#parts.partAt(entry.by);
    if (entry.from < size) throw new RangeError(`Cannot read what function ${entry.by} has added: its numbers are impossible`);
    if (part >= 0) this.#parts.add(entry.by < size ? part : ~part, entry);
  }

  /** Where the entries of a function are, and its number there; -1 if nothing is known of it. */
  #tableOf(index: number): [RecordedSuccesses, Map<number, HeldFailure | undefined>, number] {
    const isPart = this.#planned !== undefined && index >= this.#planned.plan.size;
    return isPart ? [this.#parts.successes, this.#parts.failed, this.#parts.partAt(index)] : [this.#successes, this.#failed, index];
  }
}
