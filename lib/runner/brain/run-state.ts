// Brain: pure.
import type { HandoffError } from '../../base/index.js';
import type { Plan } from '../../dag/index.js';
import { FUNCTION_STATES, type FunctionEvent, type FunctionState, holdsClaim, isFinal, TRANSITIONS } from './function-state.js';
import type { RunCommand, RunEvent, RunHappening } from './messages.js';
import { TransitionLog } from './transition-log.js';

/** What of the execution options the brain needs. */
export interface RunPolicy {
  readonly maxRetries: number;
  readonly onFailure: 'abort' | 'continue';
  /** 1 for each function whose value the caller wants. */
  readonly collected: Uint8Array;
  readonly stopGraceMs: number;
}

/** Everything a run knows of its functions, by their index in the plan. Plain data; outlives every incarnation of the DagRunner. */
export interface RunState {
  readonly runId: string;
  readonly plan: Plan;
  readonly policy: RunPolicy;
  readonly states: FunctionState[];
  /** How many of the functions it needs have no result yet. */
  readonly missing: Int32Array;
  /** How many functions still need its value. */
  readonly consumersLeft: Int32Array;
  /** The number of the attempt that is under way, or was last; 0 before the first. */
  readonly attempts: Int32Array;
  /** How many attempts the function itself failed. */
  readonly failures: Int32Array;
  /** What ended these attempts, for the few that this happened to; at most the latest `ATTEMPT_ERRORS_KEPT`. */
  readonly attemptErrors: Map<number, unknown[]>;
  readonly nodes: (string | undefined)[];
  /** 1: somebody has its value. */
  readonly hasValue: Uint8Array;
  /** How often a value was missing on a node that lives, for the few that this happened to. */
  readonly misses: Map<number, number>;
  /** The nodes that were lost while they ran it, for the few that this happened to. */
  readonly lostOn: Map<number, string[]>;
  /** By position in FUNCTION_STATES. */
  readonly counts: Map<FunctionState, number>;
  /** What failed, in the order of time. */
  readonly failed: HandoffError[];
  phase: 'open' | 'closing' | 'ended';
  /** Why the run is ending, or ended. */
  error: HandoffError | undefined;
  /** Functions that hold a claim. */
  underWay: number;
  /** Collected values that are on their way to the driver. */
  fetching: number;
  /** The functions before this index have begun: in the order of the plan, some at a time. */
  begunTo: number;
  /** Functions in a final state. */
  settled: number;
  /** The answers of attempts that were no longer wanted. */
  stale: number;
  startedMs: number;
  readonly transitions: TransitionLog;
}

/** A run of `plan` in which nothing has happened. */
export function newRunState(runId: string, plan: Plan, policy: RunPolicy): RunState {
  const { size } = plan;
  const consumersLeft = new Int32Array(size);
  for (let index = 0; index < size; index += 1) consumersLeft[index] = plan.dependentsStart[index + 1]! - plan.dependentsStart[index]!;
  return {
    runId,
    plan,
    policy,
    states: new Array<FunctionState>(size).fill('waiting'),
    missing: Int32Array.from(plan.needsCount),
    consumersLeft,
    attempts: new Int32Array(size),
    failures: new Int32Array(size),
    attemptErrors: new Map(),
    nodes: new Array<string | undefined>(size).fill(undefined),
    hasValue: new Uint8Array(size),
    misses: new Map(),
    lostOn: new Map(),
    counts: new Map(FUNCTION_STATES.map((state) => [state, state === 'waiting' ? size : 0])),
    failed: [],
    phase: 'open',
    error: undefined,
    underWay: 0,
    fetching: 0,
    begunTo: 0,
    settled: 0,
    stale: 0,
    startedMs: 0,
    transitions: new TransitionLog(),
  };
}

/** The two clocks at the moment of a happening: `nowMs` monotonic, for decisions; `wallMs` for the events that people read. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

/** The one place where a function changes its state. */
export function move(state: RunState, index: number, event: FunctionEvent, at: Moment): void {
  const from = state.states[index]!;
  const to = TRANSITIONS[from][event];
  if (to === undefined) {
    const name = (one: number): string => state.plan.ids[one]!;
    throw new Error(`function "${name(index)}" is ${from}, which ${event} cannot follow. The story:\n${state.transitions.tell(name)}`);
  }
  state.states[index] = to;
  state.counts.set(from, state.counts.get(from)! - 1);
  state.counts.set(to, state.counts.get(to)! + 1);
  state.underWay += Number(holdsClaim(to)) - Number(holdsClaim(from));
  state.settled += Number(isFinal(to)) - Number(isFinal(from));
  state.transitions.add(at.nowMs, index, from, event, to);
}

/** What every event carries. Where events are many they are written out: each spread of these makes a hidden class of its own. */
export const stamp = (state: RunState, at: Moment): { runId: string; dagId: string; atMs: number } => ({
  runId: state.runId,
  dagId: state.plan.dagId,
  atMs: at.wallMs,
});

/** All that the function needs is there: it asks for a claim. */
export function ready(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  move(state, index, 'inputs-ready', at);
  const { runId, plan } = state;
  const event: RunEvent = { type: 'function-ready', runId, dagId: plan.dagId, atMs: at.wallMs, functionId: plan.ids[index]! };
  out.push({ type: 'announce', event }, { type: 'request-claim', index });
}

/** Adds an event to what is to be done. */
export function announce(out: RunCommand[], event: RunEvent): void {
  out.push({ type: 'announce', event });
}

/** Tells of functions that wait for room: here, or on the node where they were placed. */
export function announceWaiting(
  state: RunState,
  { indices, lacking }: Extract<RunHappening, { type: 'functions-waited' }>,
  at: Moment,
  out: RunCommand[],
): void {
  const { runId, plan } = state;
  for (const index of indices) {
    if (state.states[index] !== 'ready' && state.states[index] !== 'placed') continue;
    const event: RunEvent = {
      runId,
      dagId: plan.dagId,
      atMs: at.wallMs,
      type: 'function-waiting',
      functionId: plan.ids[index]!,
      for: lacking,
    };
    announce(out, event);
  }
}
