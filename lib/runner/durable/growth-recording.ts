import { canGrow, type Plan, type PlanRecord } from '../../dag/index.js';
import type { RecordedFile } from '../../journal/index.js';
import type { RecordGrowth } from '../run/growth/growth-record.js';
import type { Heritage, RunDeps } from '../run/run-job.js';
import type { RunRequest } from '../runs/run-request.js';
import { GrownRecord, type GrownRecordOf } from './grown-record.js';
import type { Recalled } from './record/run-record.js';
import type { PlanSource } from './record/take-plan.js';

/**
 * Returns what makes the record of what a run adds; `undefined` if it cannot grow. Parts get the values that nodes still have, as other
 * functions do.
 */
export function growthRecording(
  { request, own: ownPlan, again, epoch, recorder, heritage, folders, planOf: take }: RecordedGrowth,
  { node, freeze, allocation }: Pick<RunDeps, 'node' | 'freeze' | 'allocation'>,
): RecordGrowth | undefined {
  const { plan, constants, options } = request;
  if (!canGrow(plan.growth)) return undefined;
  const { own, others } = heritage;
  const places = new Map<string, string>();
  for (const [other, { values }] of others) {
    for (const value of values) if (!plan.indexOf.has(value.functionId)) places.set(nameOf(value.functionId, value.epoch), other);
  }
  const isLiving = (name: string): boolean => allocation.members.some((member) => member.name === name);
  const placeOf = (functionId: string, madeIn: number, file: RecordedFile | undefined): string | undefined => {
    const place = places.get(nameOf(functionId, madeIn)) ?? (file && folders.get(file.dataDir));
    return place !== undefined && place !== node && isLiving(place) ? place : undefined;
  };
  const valueHere: GrownRecordOf['valueHere'] = (functionId, madeIn) => own?.valueOf(functionId, madeIn);
  const planOf = (dag: Plan): Promise<PlanRecord> => take({ plan: dag, constants, inputs: new Map() });
  const { since } = again?.plan ?? ownPlan;
  const of = { epoch, recorder, node, freeze, reuse: options.reuse, since, past: again?.grown, planOf, placeOf, valueHere };
  return (growing, keep) => new GrownRecord(growing, { ...of, keep });
}

const nameOf = (functionId: string, epoch: number): string => `${epoch} ${functionId}`;

/** An opening of a run, and what is left of it on nodes. */
export interface OpenedGrowth extends Pick<GrownRecordOf, 'epoch' | 'recorder'> {
  readonly heritage: Heritage;
  /** The members that have a `dataDir`, by its id. */
  readonly folders: ReadonlyMap<string, string>;
}

interface RecordedGrowth extends OpenedGrowth {
  readonly request: RunRequest;
  /** What each function of its DAG is, if nothing is recorded. */
  readonly own: PlanRecord;
  readonly again: Recalled | undefined;
  planOf(source: PlanSource): Promise<PlanRecord>;
}
