import { type Clock, doInTurns } from '../../base/index.js';
import {
  comparePlans,
  FUNCTION_CHANGES,
  type FunctionChange,
  isUnchanged,
  type PlanRecord,
  type Reuse,
  sinceEpoch,
} from '../../dag/index.js';
import type { Journal, LargeValues, RecordedFile, RecordedRun } from '../../journal/index.js';
import { StoredValue } from '../../value/index.js';
import type { RecalledSuccess, Recollection, RerunReason } from '../brain/messages.js';
import { type Opening, type RecordedSuccess, readEntries } from './records.js';
import type { PackedDag } from './take-plan.js';

/** How many bytes of a record are read before the event loop gets a turn. */
const READ_AT_ONCE_BYTES = 1024 * 1024;

/** The journal's content about one run: the latest entry of each function, by its number in the plan that was opened last. */
export interface RunHistory {
  readonly opening: Opening;
  readonly plan: PlanRecord;
  readonly dag: PackedDag;
  readonly successes: readonly (RecordedSuccess | undefined)[];
  readonly failed: ReadonlySet<number>;
}

/** Reads the record of a run. Rejects as `readGroups` does. */
export async function readRecord(journal: Journal, run: RecordedRun, clock: Clock): Promise<RunHistory | undefined> {
  const reader = new RecordReader();
  const nodes = new Map<number, string>();
  let epoch = 0;
  let bytes = 0;
  for await (const group of journal.readGroups(run)) {
    if (group.epoch !== epoch) nodes.clear();
    epoch = group.epoch;
    readEntries(group.bytes, epoch, nodes, reader);
    bytes += group.bytes.length;
    if (bytes < READ_AT_ONCE_BYTES) continue;
    bytes = 0;
    await new Promise<void>((resolve) => void clock.after(0, resolve));
  }
  return reader.history;
}

/** Returns how many functions of the latest plan have a recorded success that holds. */
export function succeededIn({ plan, successes, failed }: RunHistory): number {
  let count = 0;
  for (let number = 0; number < plan.size; number += 1) {
    const success = successes[number];
    if (success && success.epoch >= plan.since[number]! && !failed.has(number)) count += 1;
  }
  return count;
}

class RecordReader {
  #opening: Opening | undefined;
  #planned: Opening['planned'];
  #successes: (RecordedSuccess | undefined)[] = [];
  #failed = new Set<number>();

  get history(): RunHistory | undefined {
    if (!this.#opening || !this.#planned) return undefined;
    return { opening: this.#opening, ...this.#planned, successes: this.#successes, failed: this.#failed };
  }

  opening(opening: Opening): void {
    const before = this.#planned?.plan;
    this.#opening = opening;
    this.#planned = opening.planned ?? this.#planned;
    if (!before || !opening.planned) return;
    // From now on the functions have other numbers.
    const positions = new Map(before.ids.map((id, at) => [id, at]));
    const [successes, failed] = [this.#successes, this.#failed];
    this.#successes = [];
    this.#failed = new Set();
    for (const [number, id] of opening.planned.plan.ids.entries()) {
      const at = positions.get(id);
      if (at === undefined) continue;
      this.#successes[number] = successes[at];
      if (failed.has(at)) this.#failed.add(number);
    }
  }

  success(number: number, success: RecordedSuccess): void {
    this.#successes[number] = success;
    this.#failed.delete(number);
  }

  failure(number: number): void {
    this.#failed.add(number);
  }
}

/** The part of a run's past that holds for its present plan. */
export interface Recalled {
  readonly recollection: Recollection;
  /** The values of the record itself, by function. */
  readonly values: ReadonlyMap<number, StoredValue>;
  /** The files of this node that hold values, by function. A value is read when something needs it. */
  readonly files: ReadonlyMap<number, RecordedFile>;
  /** The plan, with the openings in which functions became what they are. */
  readonly plan: PlanRecord;
  /** Whether the recorded plan describes this one too. */
  readonly isSame: boolean;
}

/** Finds the recorded successes that hold for a plan in the next epoch, and the reasons why others do not. */
export async function recall(
  history: RunHistory,
  now: PlanRecord,
  { reuse, epoch, filesOf }: { readonly reuse: Reuse; readonly epoch: number; readonly filesOf: FileFinder },
): Promise<Recalled> {
  const comparison = await doInTurns(comparePlans(history.plan, now, reuse));
  const since = sinceEpoch(history.plan, comparison, epoch);
  const before = new Map(history.opening.reasons);
  const holding: [number, RecordedSuccess][] = [];
  const reasons: [number, RerunReason][] = [];
  for (let index = 0; index < now.size; index += 1) {
    const at = comparison.recordedAs[index]!;
    if (at < 0) continue;
    const reason = reasonOf(FUNCTION_CHANGES[comparison.changes[index]!]!) ?? before.get(at);
    const success = history.successes[at];
    if (!success || history.failed.has(at)) {
      if (history.failed.has(at)) reasons.push([index, reason ?? 'failed']);
    } else if (success.epoch < since[index]!) reasons.push([index, reason ?? 'producer']);
    else holding.push([index, success]);
  }
  const files = await filesOf(holding.flatMap(([index, { file }]) => (file ? [[index, file]] : [])));
  const values = new Map<number, StoredValue>();
  const successes = holding.map(([index, { attempt, node, tookMs, sizeBytes, value }]): RecalledSuccess => {
    // A view would keep its whole group in memory, and take it along to threads.
    if (value) values.set(index, StoredValue.packed(value.slice()));
    const isFiled = files.has(index);
    return { index, attempt, node, tookMs, sizeBytes, hasValue: value !== undefined || isFiled, ...(isFiled && { isFiled }) };
  });
  const recollection: Recollection = { successes, reasons, tells: 'all' };
  const isSame = isUnchanged(history.plan, now, comparison) && comparison.recordedAs.every((at, index) => at === index);
  return { recollection, values, files, plan: { ...now, since }, isSame };
}

/** Returns those of the files of some functions that are here. */
export type FileFinder = (recorded: readonly (readonly [index: number, file: RecordedFile])[]) => Promise<Map<number, RecordedFile>>;

/** Finds files of a run in the folder of this node, if it has one. `mayBeMissing`: whether they may have been deleted on purpose. */
export const fileFinder =
  (folder: LargeValues | undefined, runId: string, mayBeMissing: boolean): FileFinder =>
  async (recorded) => {
    const isThere = await Promise.all(recorded.map(([, file]) => folder?.isThere(runId, file, mayBeMissing) ?? false));
    return new Map(recorded.filter((_, at) => isThere[at]));
  };

const reasonOf = (change: FunctionChange): RerunReason | undefined => (change === 'same' || change === 'new' ? undefined : change);

/** Reads the files of collected values. Those that are lost count as lost from the start. */
export async function withFilesRead(again: Recalled, runId: string, folder: LargeValues, collected: Uint8Array): Promise<Recalled> {
  const files = new Map(again.files);
  const values = new Map(again.values);
  await Promise.all(
    [...again.files].map(async ([index, file]) => {
      if (collected[index] !== 1) return;
      const value = await folder.read(runId, file);
      if (value) values.set(index, value);
      else files.delete(index);
    }),
  );
  const successes = again.recollection.successes.map((success): RecalledSuccess => {
    const { isFiled, ...rest } = success;
    if (!isFiled || collected[success.index] !== 1) return success;
    return { ...rest, hasValue: values.has(success.index) };
  });
  return { ...again, files, values, recollection: { ...again.recollection, successes } };
}
