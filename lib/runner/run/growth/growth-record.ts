import type { ExpandedDag, GrowingPlan, PlanFragment } from '../../../dag/index.js';
import type { RecordedFile } from '../../../journal/index.js';
import type { StoredValue } from '../../../value/index.js';
import type { RecalledFailure, RecalledSuccess, RerunReason } from '../../brain/messages.js';

/** What a durable run records of the functions that it adds, and finds of them in its record. */
export interface GrowthRecord {
  /** Returns the epoch in which a function became what it is. */
  sinceOf(index: number): number;
  /** Compares the DAG that an expansion has given with what is recorded of it, before its functions are added. */
  prepare(expansion: number, expanded: ExpandedDag): Promise<void>;
  /** Returns what is recorded of parts that are about to be added. */
  recordedOf(fragment: PlanFragment): RecordedOfParts;
  /** Parts have been added to the plan: their values are taken over, and their numbers recorded before anything of them is. */
  added(fragment: PlanFragment): void;
}

/** What is recorded of some parts, for the brain. */
export interface RecordedOfParts {
  readonly recalled?: readonly RecalledSuccess[];
  readonly failures?: readonly RecalledFailure[];
  readonly reasons?: readonly (readonly [index: number, because: RerunReason])[];
}

/** A recorded value, when its function is taken over. */
export interface RecalledValue {
  readonly index: number;
  readonly sizeBytes: number;
  /** The value, if the driver has it in memory. */
  readonly held: StoredValue | undefined;
  /** The node that has it, in memory or in a file; `undefined` if none does. */
  readonly place: string | undefined;
  /** Its file, if that is on another node. */
  readonly file: RecordedFile | undefined;
  /** The epoch in which it was made. */
  readonly epoch: number;
}

/** Keeps a recorded value with its run. `file`: its file, if that is here. */
export type KeepRecalled = (value: RecalledValue, file: RecordedFile | undefined) => void;

/** Makes the record of what a run adds to its plan. */
export type RecordGrowth = (plan: GrowingPlan, keep: KeepRecalled) => GrowthRecord;
