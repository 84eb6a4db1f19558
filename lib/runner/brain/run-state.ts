// Brain: pure.
import type { Plan } from '../../dag/index.js';
import type { ThrownData } from '../../value/index.js';
import { FUNCTION_STATES, type FunctionEvent, type FunctionState, TRANSITIONS } from './function-state.js';
import type { RunAnnouncement, RunCommand, RunHappening } from './messages.js';
import type { ErrorData, RunFault } from './run-fault.js';
import { logTransition, newTransitionLog, type TransitionLog, transitionsOf, transitionText } from './transition-log.js';

/** What of the execution options the brain needs. */
export interface RunPolicy {
  readonly maxRetries: number;
  readonly onFailure: 'abort' | 'continue';
  /** 1 for each function whose value the caller wants. */
  readonly collected: Uint8Array;
  readonly stopGraceMs: number;
}

/** What of the plan the brain needs: plain data. */
export type PlanShape = Pick<
  Plan,
  'dagId' | 'size' | 'ids' | 'needsCount' | 'dependentsStart' | 'dependents' | 'producersStart' | 'producers' | 'retries'
>;

/** Why a run is ending: since a function failed (the first in `failed`), or for a reason that was given. */
export interface RunEnding {
  readonly because: 'failure' | ThrownData;
  /** Until then attempts may end by themselves, monotonic ms. */
  readonly stopByMs: number;
}

/**
 * All that a run is, functions by their index in the plan. Plain data: it can be printed, compared, cloned and written down, and whoever
 * has it can take the run up (`recover`). Times are those of the moments that were fed, monotonic ms.
 *
 * A function holds a claim exactly while it is `placed` or `running`, on the node that `nodes` names: nothing else says so.
 */
export interface RunState {
  readonly runId: string;
  readonly plan: PlanShape;
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
  readonly attemptErrors: Map<number, readonly ErrorData[]>;
  /** Where it was placed last. */
  readonly nodes: (string | undefined)[];
  /** 1: its attempt may wait for room on that node. */
  readonly mayQueue: Uint8Array;
  /** 1: somebody has its value. */
  readonly hasValue: Uint8Array;
  /** How often a value was missing on a node that lives, for the few that this happened to. */
  readonly misses: Map<number, number>;
  /** The nodes that were lost while they ran it, for the few that this happened to. */
  readonly lostOn: Map<number, readonly string[]>;
  /** How many functions are in each state. */
  readonly counts: Record<FunctionState, number>;
  /** What failed, in the order of time. */
  readonly failed: RunFault[];
  /** The functions that rest, and until when. */
  readonly restsUntilMs: Map<number, number>;
  /** The collected values that are on their way to the driver, and of which attempts they are. */
  readonly fetching: Map<number, number>;
  /** `new`: it has not begun. `ending`: nothing starts any more. `ended`: no attempt is under way, and nothing happens any more. */
  phase: 'new' | 'open' | 'ending' | 'ended';
  ending: RunEnding | undefined;
  /** The functions before this index have begun: in the order of the plan, some at a time. */
  begunTo: number;
  startedMs: number;
  readonly transitions: TransitionLog;
}

/** A run of `plan` in which nothing has happened. */
export function newRunState(runId: string, plan: PlanShape, policy: RunPolicy): RunState {
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
    mayQueue: new Uint8Array(size),
    hasValue: new Uint8Array(size),
    misses: new Map(),
    lostOn: new Map(),
    counts: Object.fromEntries(FUNCTION_STATES.map((state) => [state, state === 'waiting' ? size : 0])) as Record<FunctionState, number>,
    failed: [],
    restsUntilMs: new Map(),
    fetching: new Map(),
    phase: 'new',
    ending: undefined,
    begunTo: 0,
    startedMs: 0,
    transitions: newTransitionLog(),
  };
}

/** The brain's part of a plan. */
export function planShapeOf(plan: PlanShape): PlanShape {
  const { dagId, size, ids, needsCount, dependentsStart, dependents, producersStart, producers, retries } = plan;
  return { dagId, size, ids, needsCount, dependentsStart, dependents, producersStart, producers, retries };
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
    const { ids } = state.plan;
    const story = transitionsOf(state.transitions).map((one) => transitionText(one, ids[one[1]]!));
    throw new Error(`function "${ids[index]!}" is ${from}, which ${event} cannot follow. The story:\n${story.join('\n')}`);
  }
  state.states[index] = to;
  state.counts[from] -= 1;
  state.counts[to] += 1;
  logTransition(state.transitions, at.nowMs, index, from, event, to);
}

/** Whether every function is in a final state. */
export const isSettled = ({ counts, plan }: RunState): boolean =>
  counts.succeeded + counts.failed + counts.skipped + counts.cancelled === plan.size;

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
  const event: RunAnnouncement = { type: 'function-ready', runId, dagId: plan.dagId, atMs: at.wallMs, functionId: plan.ids[index]! };
  out.push({ type: 'announce', event }, { type: 'request-claim', index });
}

/** Adds an event to what is to be done. */
export function announce(out: RunCommand[], event: RunAnnouncement): void {
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
    const event: RunAnnouncement = {
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
