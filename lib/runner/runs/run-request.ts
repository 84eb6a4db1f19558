import type { Capabilities, ClaimClass } from '../../allocator/index.js';
import { HandoffError, refuseRevoked } from '../../base/index.js';
import { compile, type DagLike, executionFaults, type Plan } from '../../dag/index.js';
import type { ArgumentValue } from '../../executor/index.js';
import { snapshot } from '../../value/index.js';
import { Constants } from '../run/constants.js';
import type { RunDeps } from '../run/run-job.js';
import { claimClasses } from './claim-classes.js';
import { cancelled } from './run-endings.js';
import { type CheckedRunOptions, checkedRunOptions } from './run-options.js';

/** A checked and captured request for a run: later changes by the caller have no effect. */
export interface RunRequest {
  readonly plan: Plan;
  readonly mode: RunMode;
  /** The given options, as far as they are data. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly options: CheckedRunOptions;
  readonly kinds: readonly ClaimClass[];
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  readonly constants: Constants;
}

/**
 * Takes a snapshot of the DAG and checks everything that can be checked before anything runs. Throws `TypeError` or `RangeError` for wrong
 * options, else the `HandoffError` with which the run is to be rejected. Inputs of durable runs may be in their record: they are asked for
 * by `requestAgain`.
 */
export function takeRequest(dag: DagLike, given: unknown, mode: RunMode, runId: string, deps: RunDeps): RunRequest {
  refuseRevoked(dag, 'the DAG');
  const compiled = compile(dag, deps.isolation);
  const options = checkedRunOptions(given, compiled, deps.strategies);
  if (options.isDurable && !deps.durable) throw noJournal(options.key === undefined ? 'durable' : 'key');
  const plan = options.dagId === undefined ? compiled : compiled.runAs(options.dagId);
  if (options.signal?.aborted) throw cancelled(plan, runId, options.signal.reason);
  refuseFaults(plan, mode, deps, (id) => options.isDurable || Object.hasOwn(options.inputs, id) || isStored(plan.dagId, id, deps));
  // A durable run may turn out to be one that goes on: then its functions wait for a node.
  const kinds = kindsOf(plan, mode, deps, !options.isDurable);
  const inputs = inputsOf(plan, options, deps);
  const constants = new Constants(plan, deps.freeze);
  return { plan, mode, given: (given ?? {}) as RunRequest['given'], options, kinds, inputs, constants };
}

/** Returns the error for what a node without a journal cannot do. */
export const noJournal = (what: string): TypeError =>
  new TypeError(`${what} needs a journal: this node was started without a dataDir and without a journal`);

/** The request of a run as it was recorded. */
export interface RecordedRequest {
  readonly mode: RunMode;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
}

/**
 * The same request, completed from the record where nothing else was given. Throws as `takeRequest` does. A function of a recorded run may
 * be one that no member can hold now.
 */
export function requestAgain(request: RunRequest, recorded: RecordedRequest | undefined, deps: RunDeps): RunRequest {
  const collect = recorded?.options.collect;
  const isThere = (id: unknown): boolean => request.plan.indexOf.has(id as string);
  const kept = Array.isArray(collect) ? { ...recorded?.options, collect: collect.filter(isThere) } : recorded?.options;
  // As everywhere, an option that is undefined was not given.
  const given = Object.fromEntries(Object.entries(request.given).filter(([, value]) => value !== undefined));
  const options = checkedRunOptions({ ...kept, ...given }, request.plan, deps.strategies);
  const plan = options.dagId === undefined ? request.plan : request.plan.runAs(options.dagId);
  const mode = recorded?.mode === 'local' ? 'local' : request.mode;
  const inputs = new Map(request.inputs);
  for (const [id, value] of recorded?.inputs ?? []) if (!inputs.has(id) && plan.inputs.includes(id)) inputs.set(id, value);
  refuseFaults(plan, mode, deps, (id) => inputs.has(id));
  return { ...request, plan, mode, options, inputs, kinds: kindsOf(plan, mode, deps, recorded === undefined) };
}

function refuseFaults(plan: Plan, mode: RunMode, { node }: RunDeps, hasInput: (id: string) => boolean): void {
  const faults = executionFaults(plan, { driver: node, hasInput, local: mode === 'local' });
  if (faults.length === 0) return;
  const { dagId } = plan;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw new HandoffError('HANDOFF_INVALID_DAG', `Cannot execute DAG "${dagId}": ${faults[0]!.message}${more}`, { dagId, faults });
}

/** Returns the classes of claims of the functions. Throws for one that no member could ever hold, if that is checked. */
function kindsOf(plan: Plan, mode: RunMode, { node, allocation, root, refusesSkew }: RunDeps, isChecked: boolean): readonly ClaimClass[] {
  const threadCost: Capabilities = allocation.members.some(({ capacity: room }) => (room.capabilities.cpu ?? 0) >= 1) ? { cpu: 1 } : {};
  const kinds = claimClasses(plan, { node, local: mode === 'local', threadCost, comparedBelow: refusesSkew ? root : undefined });
  if (!isChecked) return kinds;
  const seen = new Set<ClaimClass>();
  let last: ClaimClass | undefined;
  for (let index = 0; index < kinds.length; index += 1) {
    const kind = kinds[index]!;
    if (kind === last || seen.has(kind)) continue;
    last = kind;
    seen.add(kind);
    const error = allocation.impossible(kind, plan.ids[index]!);
    if (error) throw error;
  }
  return kinds;
}

function inputsOf(plan: Plan, options: CheckedRunOptions, deps: RunDeps): ReadonlyMap<string, ArgumentValue> {
  const { freeze, store } = deps;
  const { dagId } = plan;
  const inputs = new Map<string, ArgumentValue>();
  for (const id of plan.inputs) {
    if (!Object.hasOwn(options.inputs, id)) {
      const stored = store.storedValue(dagId, id);
      const from = locationOf(dagId, id, deps);
      if (stored) inputs.set(id, stored);
      else if (from !== undefined) inputs.set(id, { from, value: { kind: 'of-dag', dagId, functionId: id }, sizeBytes: 0 });
    } else {
      const value = options.inputs[id];
      inputs.set(id, snapshot(value, { where: `inputs.${id}`, freeze }));
    }
  }
  return inputs;
}

const isStored = (dagId: string, id: string, deps: RunDeps): boolean =>
  deps.store.storedValue(dagId, id) !== undefined || locationOf(dagId, id, deps) !== undefined;

/** Returns the other node that has a stored value. */
function locationOf(dagId: string, id: string, { store, node: self }: RunDeps): string | undefined {
  const node = store.locations.lookup(dagId, id);
  return node === self ? undefined : node;
}

/** Whether functions go wherever they fit, or stay on this node. */
export type RunMode = 'cluster' | 'local';
