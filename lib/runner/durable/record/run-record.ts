import { type Clock, doInTurns, keepAlive, type StepwiseWork } from '../../../base/index.js';
import {
  comparePlans,
  FUNCTION_CHANGES,
  type FunctionChange,
  isUnchanged,
  type PlanComparison,
  type PlanGrowth,
  type PlanRecord,
  type Reuse,
  sinceEpoch,
} from '../../../dag/index.js';
import type { GroupReader, Journal, LargeValues, RecordedFile, RecordedGroup, RecordedRun } from '../../../journal/index.js';
import { factsBySize, type StoredValue, type WantedFacts, withFactsOf } from '../../../value/index.js';
import type { RecalledFailure, RecalledSuccess, Recollection, RerunReason } from '../../brain/messages.js';
import { askedOf, isKnown } from '../../run/asked-facts.js';
import type { RunRequest } from '../../runs/run-request.js';
import { OpeningReader } from './opening-record.js';
import { RecordedSuccesses } from './recorded-successes.js';
import { type EntryReader, type Opening, readEntries, type ToleratedFailure } from './records.js';
import type { PackedDag } from './take-plan.js';

/** How many bytes of a record are read before the event loop gets a turn. */
const READ_AT_ONCE_BYTES = 128 * 1024;

/** How many functions are looked at in one step. */
const FUNCTIONS_IN_STEP = 1000;

/** A failure of a function without which the run went on, with the epoch in which that was. */
interface HeldFailure extends ToleratedFailure {
  readonly epoch: number;
}

/** The journal's content about one run: the latest entry of each function, by its number in the plan that was opened last. */
export interface RunHistory {
  readonly opening: Opening;
  readonly plan: PlanRecord;
  readonly dag: PackedDag;
  readonly successes: RecordedSuccesses;
  /** By function that failed last, the failure, if the run went on without the function. */
  readonly failed: ReadonlyMap<number, HeldFailure | undefined>;
}

/** Reads the record of a run. Rejects as `readGroups` does. */
export async function readRecord(journal: Journal, run: RecordedRun, clock: Clock): Promise<RunHistory | undefined> {
  const reader = new RecordReader();
  let bytes = 0;
  const alive = keepAlive();
  try {
    for await (const group of journal.readGroups(run)) {
      reader.begin(group);
      readEntries(group.bytes, reader);
      bytes += group.bytes.length;
      if (bytes < READ_AT_ONCE_BYTES) continue;
      bytes = 0;
      await new Promise<void>((resolve) => void clock.after(0, resolve));
    }
    return reader.history;
  } finally {
    alive.cancel();
  }
}

/** Whether a function of the latest plan has a recorded success that holds. */
export function isHolding({ plan, successes, failed }: RunHistory, number: number): boolean {
  const epoch = successes.epochOf(number);
  return epoch > 0 && epoch >= plan.since[number]! && !failed.has(number);
}

/** Returns how many functions of the latest plan have a recorded success that holds. */
export function succeededIn(history: RunHistory): number {
  let count = 0;
  for (let number = 0; number < history.plan.size; number += 1) if (isHolding(history, number)) count += 1;
  return count;
}

class RecordReader implements EntryReader {
  #group: RecordedGroup = { epoch: 0, sequence: 0, bytes: new Uint8Array(0) };
  readonly #nodes = new Map<number, string>();
  readonly #openings = new OpeningReader();
  #opening: Opening | undefined;
  #planned: Opening['planned'];
  #successes = new RecordedSuccesses(0);
  #failed = new Map<number, HeldFailure | undefined>();

  get history(): RunHistory | undefined {
    if (!this.#opening || !this.#planned) return undefined;
    return { opening: this.#opening, ...this.#planned, successes: this.#successes, failed: this.#failed };
  }

  /** The entries of `group` follow. */
  begin(group: RecordedGroup): void {
    if (group.epoch !== this.#group.epoch) this.#nodes.clear();
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
    this.#failed.delete(reader.index);
    this.#successes.read(reader, this.#group.bytes, this.#group.epoch, this.#nodes);
  }

  failure(number: number, tolerated: ToleratedFailure | undefined): void {
    this.#failed.set(number, tolerated && { ...tolerated, epoch: this.#group.epoch });
  }
}

/** Returns for a number of now the former number of that id, or -1. */
function formerNumbers(before: readonly string[], now: readonly string[]): (number: number) => number {
  let positions: Map<string, number> | undefined;
  return (number) => {
    const id = now[number]!;
    // Usually nothing has moved, and no look-up is needed.
    if (before[number] === id) return number;
    positions ??= new Map(before.map((one, at) => [one, at]));
    return positions.get(id) ?? -1;
  };
}

/** The part of a run's past that holds for its present plan. */
export interface Recalled {
  readonly recollection: Recollection;
  /** The values of the record itself that something needs, by function. */
  readonly values: readonly (StoredValue | undefined)[];
  /** The files of this node that hold values, by function. A value is read when something needs it. */
  readonly files: ReadonlyMap<number, RecordedFile>;
  /** By function, the epoch of its success; 0 for those that have none. */
  readonly madeIn: Uint32Array;
  /** The recorded files of other folders than this node's, by function. */
  readonly filesElsewhere: ReadonlyMap<number, RecordedFile>;
  /** The plan, with the openings in which functions became what they are. */
  readonly plan: PlanRecord;
  /** Whether the recorded plan describes this one too. */
  readonly isSame: boolean;
}

/** Finds the recorded successes that hold for a plan in the next epoch, and the reasons why others do not. In turns. */
export async function recall(history: RunHistory, now: PlanRecord, options: RecallOptions): Promise<Recalled> {
  const comparison = await doInTurns(comparePlans(history.plan, now, options.reuse));
  const since = sinceEpoch(history.plan, comparison, options.epoch);
  const { growth } = options.request.plan;
  const { holding, failures, reasons } = await doInTurns(findHolding(history, comparison, since, now.size, growth));
  const recorded: [number, RecordedFile][] = [];
  for (const index of holding) {
    const file = history.successes.fileOf(comparison.recordedAs[index]!);
    if (file) recorded.push([index, file]);
  }
  const files = await options.filesOf(recorded);
  const filesElsewhere = new Map(recorded.filter(([, { dataDir }]) => dataDir !== options.dataDir));
  const { successes, values, ...more } = await doInTurns(takeOver(history.successes, comparison, holding, files, options));
  const madeIn = new Uint32Array(now.size);
  for (const index of holding) madeIn[index] = history.successes.epochOf(comparison.recordedAs[index]!);
  const recollection: Recollection = { successes, reasons: [...reasons, ...more.reasons], failures, tells: 'all' };
  const isSame = isUnchanged(history.plan, now, comparison) && comparison.recordedAs.every((at, index) => at === index);
  return { recollection, values, madeIn, files, filesElsewhere, plan: { ...now, since }, isSame };
}

interface Holding {
  /** The failures of optional functions that hold. */
  readonly failures: readonly RecalledFailure[];
  /** The functions with a success that holds. */
  readonly holding: readonly number[];
  readonly reasons: readonly [number, RerunReason][];
}

function* findHolding(
  history: RunHistory,
  comparison: PlanComparison,
  since: Uint32Array,
  size: number,
  growth: PlanGrowth | undefined,
): StepwiseWork<Holding> {
  const { successes, failed } = history;
  const before = new Map(history.opening.reasons);
  const holding: number[] = [];
  const failures: RecalledFailure[] = [];
  const reasons: [number, RerunReason][] = [];
  for (let index = 0; index < size; index += 1) {
    if (index % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
    const at = comparison.recordedAs[index]!;
    if (at < 0) continue;
    const epoch = successes.epochOf(at);
    const isHeld = epoch > 0 && epoch >= since[index]! && !failed.has(at);
    const failure = growth?.optionals.has(index) ? failed.get(at) : undefined;
    if (isHeld) holding.push(index);
    else if (failure && failure.epoch >= since[index]!) failures.push({ index, attempt: failure.attempt, failure: failure.failure });
    else if (epoch > 0 || failed.has(at)) {
      const reason = reasonOf(FUNCTION_CHANGES[comparison.changes[index]!]!) ?? before.get(at);
      reasons.push([index, reason ?? (failed.has(at) ? 'failed' : 'producer')]);
    }
  }
  return { holding, failures, reasons };
}

/** Values that nothing needs any more stay where they are. */
function* takeOver(
  recorded: RecordedSuccesses,
  { recordedAs }: PlanComparison,
  holding: readonly number[],
  files: ReadonlyMap<number, RecordedFile>,
  { request, freeze }: RecallOptions,
): StepwiseWork<TakenOver> {
  const { plan, options } = request;
  const { growth } = plan;
  const { dependentsStart, dependents } = plan;
  // A function without its value may be computed again, and then needs what it consumes.
  const isDone = new Uint8Array(plan.size);
  for (const index of holding) if (recorded.hasValue(recordedAs[index]!)) isDone[index] = 1;
  const isNeeded = (index: number): boolean => {
    if (options.collected[index] === 1) return true;
    for (let at = dependentsStart[index]!; at < dependentsStart[index + 1]!; at += 1) if (isDone[dependents[at]!] === 0) return true;
    return false;
  };
  /** Too little is known of a large value if the plan did not ask for it when it was recorded: then the function runs again. */
  const withFacts = (success: RecalledSuccess, asked: WantedFacts): RecalledSuccess | undefined => {
    const { index, sizeBytes } = success;
    const at = recordedAs[index]!;
    let facts = recorded.factsOf(at) ?? factsBySize(sizeBytes, asked);
    if (!isKnown(asked, facts) && recorded.hasValue(at)) {
      const known = withFactsOf(recorded.valueOf(at), asked, freeze);
      facts = known.facts;
      if (values[index]) values[index] = known.held;
    }
    if (isKnown(asked, facts)) return { ...success, ...facts };
    reasons.push([index, 'value-lost']);
    return undefined;
  };
  const reasons: [number, RerunReason][] = [];
  const successes: RecalledSuccess[] = [];
  const values = new Array<StoredValue | undefined>(plan.size).fill(undefined);
  for (let k = 0; k < holding.length; k += 1) {
    if (k % FUNCTIONS_IN_STEP === FUNCTIONS_IN_STEP - 1) yield;
    const index = holding[k]!;
    const at = recordedAs[index]!;
    const isRecorded = recorded.hasValue(at);
    if (isRecorded && isNeeded(index)) values[index] = recorded.valueOf(at);
    const [attempt, node, tookMs, sizeBytes] = [recorded.attemptOf(at), recorded.nodeOf(at), recorded.tookMsOf(at), recorded.sizeOf(at)];
    const success = { index, attempt, node, tookMs, sizeBytes, hasValue: isRecorded };
    const stored = files.has(index) ? ({ ...success, hasValue: true, isFiled: true } as const) : success;
    const asked = growth && askedOf(growth, index);
    const known = asked ? withFacts(stored, asked) : stored;
    if (known) successes.push(known);
  }
  return { successes, reasons, values };
}

/** The successes that hold, and why others of a record that hold cannot be used. */
interface TakenOver {
  readonly successes: readonly RecalledSuccess[];
  readonly reasons: readonly (readonly [number, RerunReason])[];
  readonly values: readonly (StoredValue | undefined)[];
}

/** What decides what holds of a record. */
export interface RecallOptions {
  readonly request: RunRequest;
  readonly reuse: Reuse;
  /** Whether values are frozen on this node. */
  readonly freeze: boolean;
  /** The epoch that begins. */
  readonly epoch: number;
  readonly filesOf: FileFinder;
  /** The id of this node's `dataDir`. */
  readonly dataDir: string | undefined;
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
  const values = [...again.values];
  await Promise.all(
    [...again.files].map(async ([index, file]) => {
      if (collected[index] !== 1) return;
      const value = await folder.read(runId, file);
      if (value) values[index] = value;
      else files.delete(index);
    }),
  );
  const successes = again.recollection.successes.map((success): RecalledSuccess => {
    const { isFiled, ...rest } = success;
    if (!isFiled || collected[success.index] !== 1) return success;
    return { ...rest, hasValue: values[success.index] !== undefined };
  });
  return { ...again, files, values, recollection: { ...again.recollection, successes } };
}
