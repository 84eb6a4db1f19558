import { type Clock, doInTurns, keepAlive, type StepwiseWork, textOf } from '../../../base/index.js';
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
import {
  type Journal,
  type LargeValues,
  type RecordedFile,
  type RecordedGroup,
  type RecordedRun,
  runDamaged,
} from '../../../journal/index.js';
import { factsBySize, type StoredValue, type WantedFacts, withFactsOf } from '../../../value/index.js';
import type { RecalledFailure, RecalledSuccess, Recollection, RerunReason } from '../../brain/messages.js';
import { askedOf, isKnown } from '../../run/values/asked-facts.js';
import type { RunRequest } from '../../runs/run-request.js';
import { RecordReader, type RunHistory } from './record-reader.js';
import type { RecordedParts } from './recorded-parts.js';
import type { RecordedSuccesses } from './recorded-successes.js';
import { readEntries } from './records.js';

/** How many bytes of a record are read before the event loop gets a turn. */
const READ_AT_ONCE_BYTES = 128 * 1024;

/** How many functions are looked at in one step. */
const FUNCTIONS_IN_STEP = 1000;

/** Reads the record of a run. `withTimes`: with the times of successes, to look at them. Rejects as `readGroups` does. */
export async function readRecord(journal: Journal, run: RecordedRun, clock: Clock, withTimes = false): Promise<RunHistory | undefined> {
  const reader = new RecordReader(withTimes);
  let bytes = 0;
  const alive = keepAlive();
  try {
    for await (const group of journal.readGroups(run)) {
      reader.begin(group);
      readGroup(group, reader, run);
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

/** Bytes whose checksum is right, and that are no entries all the same, are damage too. */
function readGroup({ bytes, epoch, sequence }: RecordedGroup, reader: RecordReader, { key, runId }: RecordedRun): void {
  try {
    readEntries(bytes, reader);
  } catch (error) {
    throw runDamaged(key, runId, `group ${sequence} of epoch ${epoch} cannot be read: ${textOf(error)}`, error);
  }
}

/** Whether a function of the latest plan has a recorded success that holds. */
export function isHolding({ plan, successes, failed }: RunHistory, number: number): boolean {
  const epoch = successes.epochOf(number);
  return epoch > 0 && epoch >= plan.since[number]! && !failed.has(number);
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
  /** What the record has of the functions that the run has added. */
  readonly grown: PastGrowth;
}

/** What a record has of the functions that a run has added, for the run that goes on. */
export interface PastGrowth {
  readonly parts: RecordedParts;
  /** By function of the plan of now, its number in the recorded plan, or -1. */
  readonly recordedAs: Int32Array;
  /** The parts whose values are in files of this node. */
  readonly filesHere: ReadonlySet<number>;
  /** Returns why what is recorded of the parts of a function holds no more, if that is known. */
  reasonFor(index: number): RerunReason | undefined;
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
  const { parts } = history;
  const filesHere = new Set((await options.filesOf([...parts.successes.files])).keys());
  const before = new Map(history.opening.reasons);
  const reasonFor = (index: number): RerunReason | undefined =>
    rerunReasonOf(FUNCTION_CHANGES[comparison.changes[index]!]!) ?? before.get(comparison.recordedAs[index]!);
  const grown = { parts, recordedAs: comparison.recordedAs, filesHere, reasonFor };
  return { recollection, values, madeIn, files, filesElsewhere, plan: { ...now, since }, isSame, grown };
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
      const reason = rerunReasonOf(FUNCTION_CHANGES[comparison.changes[index]!]!) ?? before.get(at);
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
    // The driver needs the DAG of an expansion, whatever comes of it.
    if (options.collected[index] === 1 || growth?.expansions.has(index)) return true;
    for (let at = dependentsStart[index]!; at < dependentsStart[index + 1]!; at += 1) if (isDone[dependents[at]!] === 0) return true;
    return false;
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
    const digest = recorded.factsOf(at)?.digest;
    const bare = { index, attempt, node, tookMs, sizeBytes, hasValue: isRecorded };
    const success = digest === undefined ? bare : { ...bare, digest };
    const stored = files.has(index) ? ({ ...success, hasValue: true, isFiled: true } as const) : success;
    const asked = growth && askedOf(growth, index);
    const known: KnownSuccess | undefined = asked ? withFacts(recorded, at, stored, asked, freeze) : { success: stored };
    // The DAG of an expansion was not recorded if it has plain functions.
    if (!known || (!isRecorded && growth?.expansions.has(index))) reasons.push([index, 'value-lost']);
    if (!known) continue;
    successes.push(known.success);
    if (known.held && values[index]) values[index] = known.held;
  }
  return { successes, reasons, values };
}

/**
 * Adds what a plan asks of a recorded value. Too little is known of a large one if the plan did not ask for it when it was recorded: then
 * the function runs again, and this returns `undefined`.
 */
export function withFacts(
  recorded: RecordedSuccesses,
  at: number,
  success: RecalledSuccess,
  asked: WantedFacts,
  freeze: boolean,
): KnownSuccess | undefined {
  const noted = recorded.factsOf(at);
  const facts = isKnown(asked, noted) ? noted : factsBySize(success.sizeBytes, asked);
  if (isKnown(asked, facts)) return { success: { ...success, ...facts } };
  if (!recorded.hasValue(at)) return undefined;
  const known = withFactsOf(recorded.valueOf(at), asked, freeze);
  return isKnown(asked, known.facts) ? { success: { ...success, ...known.facts }, held: known.held } : undefined;
}

/** A success of which enough is known, and its value, if that was looked at. */
interface KnownSuccess {
  readonly success: RecalledSuccess;
  readonly held?: StoredValue;
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

/** Returns why a function runs again that has changed so. */
export const rerunReasonOf = (change: FunctionChange): RerunReason | undefined =>
  change === 'same' || change === 'new' ? undefined : change;

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
