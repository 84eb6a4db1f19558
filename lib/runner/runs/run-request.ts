import type { ClaimClass } from '../../allocator/index.js';
import {
  andThen,
  atOnce,
  type DagFault,
  doAtOnce,
  HandoffError,
  type RestOfWork,
  refuseRevoked,
  type StepwiseWork,
} from '../../base/index.js';
import { compileInSteps, type DagLike, type DagSnapshot, executionFaults, knownPlan, type Plan, snapshotOf } from '../../dag/index.js';
import type { ArgumentValue } from '../../executor/index.js';
import { snapshot } from '../../value/index.js';
import type { BeginRun } from '../observed/run-watch.js';
import type { RunDeps } from '../run/run-job.js';
import { Constants } from '../run/values/constants.js';
import { checkedClaims } from './checked-claims.js';
import { cancelled } from './run-endings.js';
import { type CheckedRunOptions, checkedRunOptions, collectedOf, completed, type GivenRunOptions } from './run-options.js';

/** A request for a run as it was captured at once: later changes by the caller have no effect. */
export interface CapturedRequest {
  readonly snapshot: DagSnapshot;
  /** Its plan, unless it is large. */
  readonly compiled: Plan | undefined;
  /** The id of the run's DAG. */
  readonly dagId: string;
  readonly mode: RunMode;
  /** The given options, as far as they are data. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly options: GivenRunOptions;
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  readonly constants: Constants;
  /** Called when the run begins, if anyone wants to know. */
  readonly begin: BeginRun | undefined;
}

/** A checked request for a run. */
export interface RunRequest extends Omit<CapturedRequest, 'snapshot' | 'compiled' | 'dagId'> {
  readonly plan: Plan;
  readonly options: CheckedRunOptions;
  readonly kinds: readonly ClaimClass[];
}

/** With so many functions and arguments, a DAG is still checked and laid out at once. It takes some 0.2 µs for each. */
const FEW = 20_000;

/** Whether a DAG is checked and laid out in several turns of the event loop. */
export const isLarge = ({ graph }: DagSnapshot): boolean => graph.size + graph.argsCount > FEW;

/**
 * Takes a snapshot of the DAG, its constants and the inputs. Throws `TypeError` or `RangeError` for wrong options, and the `HandoffError`
 * with which the run is to be rejected. What takes longer for a larger DAG is left to `checkedRequest`, but for constants that are objects,
 * which the caller may change at once.
 */
export function captureRequest(
  dag: DagLike,
  given: unknown,
  { mode, runId, begin }: { readonly mode: RunMode; readonly runId: string; readonly begin: BeginRun | undefined },
  deps: RunDeps,
): CapturedRequest {
  refuseRevoked(dag, 'the DAG');
  const snapshot = snapshotOf(dag);
  const { graph } = snapshot;
  const compiled = isLarge(snapshot)
    ? undefined
    : (knownPlan(snapshot, deps.isolation) ?? doAtOnce(compileInSteps(snapshot, deps.isolation)));
  const options = checkedRunOptions(given, graph.inputs, deps.strategies);
  if (options.isDurable && !deps.durable) throw noJournal(options.key === undefined ? 'durable' : 'key');
  const dagId = options.dagId ?? snapshot.dagId;
  if (options.signal?.aborted) throw cancelled({ dagId }, runId, options.signal.reason);
  const inputs = inputsOf(dagId, graph.inputs, options, deps);
  const constants = new Constants(graph.constants, deps.freeze);
  // The list of ids as it was checked.
  const data = Array.isArray(options.collect) ? { ...(given as object), collect: options.collect } : { ...(given as object | undefined) };
  return { snapshot, compiled, dagId, mode, given: data, options, inputs, constants, begin };
}

/**
 * Checks everything that can be checked before anything runs, in steps. Throws the `HandoffError` with which the run is to be rejected, and
 * `TypeError` for wrong ids in `collect`. Inputs of durable runs may be in their record: they are asked for by `requestAgain`.
 */
export function checkedRequest(captured: CapturedRequest, deps: RunDeps): RestOfWork<RunRequest> {
  const { snapshot, compiled } = captured;
  if (compiled) return requestFor(captured, compiled, deps);
  return andThen(compileInSteps(snapshot, deps.isolation), (plan) => requestFor(captured, plan, deps));
}

function requestFor(captured: CapturedRequest, compiled: Plan, deps: RunDeps): RestOfWork<RunRequest> {
  const { dagId, mode, given, inputs, constants, begin } = captured;
  const { collect, isDurable } = captured.options;
  const plan = dagId === compiled.dagId ? compiled : compiled.runAs(dagId);
  return andThen(collectedOf(collect, plan), (collected) =>
    andThen(
      faultsOf(plan, mode, deps, (id) => isDurable || inputs.has(id)),
      (faults) => {
        refuseFaults(plan, faults);
        // A durable run may turn out to be one that goes on: then its functions wait for a node.
        const claims = checkedClaims(plan, { isLocal: mode === 'local', isChecked: !isDurable }, deps);
        const options = completed(captured.options, collected);
        return andThen(claims, (kinds) => atOnce({ plan, mode, given, options, kinds, inputs, constants, begin }));
      },
    ),
  );
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
 * The same request, completed from the record where nothing else was given, in steps. Throws as `checkedRequest` does. A function of a
 * recorded run may be one that no member can hold now.
 */
export function* requestAgain(request: RunRequest, recorded: RecordedRequest | undefined, deps: RunDeps): StepwiseWork<RunRequest> {
  const collect = recorded?.options.collect;
  const isThere = (id: unknown): boolean => request.plan.indexOf.has(id as string);
  const kept = Array.isArray(collect) ? { ...recorded?.options, collect: collect.filter(isThere) } : recorded?.options;
  // As everywhere, an option that is undefined was not given.
  const given = Object.fromEntries(Object.entries(request.given).filter(([, value]) => value !== undefined));
  const checked = checkedRunOptions({ ...kept, ...given }, request.plan.inputs, deps.strategies);
  const plan = checked.dagId === undefined ? request.plan : request.plan.runAs(checked.dagId);
  const options = completed(checked, yield* collectedOf(checked.collect, plan));
  const mode = recorded?.mode === 'local' ? 'local' : request.mode;
  const inputs = new Map(request.inputs);
  for (const [id, value] of recorded?.inputs ?? []) if (!inputs.has(id) && plan.inputs.includes(id)) inputs.set(id, value);
  refuseFaults(plan, yield* faultsOf(plan, mode, deps, (id) => inputs.has(id)));
  return {
    ...request,
    plan,
    mode,
    options,
    inputs,
    kinds: yield* checkedClaims(plan, { isLocal: mode === 'local', isChecked: recorded === undefined }, deps),
  };
}

function faultsOf(plan: Plan, mode: RunMode, { node }: RunDeps, hasInput: (id: string) => boolean): RestOfWork<readonly DagFault[]> {
  return executionFaults(plan, { driver: node, hasInput, local: mode === 'local' });
}

function refuseFaults({ dagId }: Plan, faults: readonly DagFault[]): void {
  if (faults.length === 0) return;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  throw new HandoffError('HANDOFF_INVALID_DAG', `Cannot execute DAG "${dagId}": ${faults[0]!.message}${more}`, { dagId, faults });
}

function inputsOf(dagId: string, ids: readonly string[], options: GivenRunOptions, deps: RunDeps): ReadonlyMap<string, ArgumentValue> {
  const { freeze, store } = deps;
  const inputs = new Map<string, ArgumentValue>();
  for (const id of ids) {
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

/** Returns the other node that has a stored value. */
function locationOf(dagId: string, id: string, { store, node: self }: RunDeps): string | undefined {
  const node = store.locations.lookup(dagId, id);
  return node === self ? undefined : node;
}

/** Whether functions go wherever they fit, or stay on this node. */
export type RunMode = 'cluster' | 'local';
