// Brain: pure.
import { doAtOnce, type RestOfWork, resultInSteps } from '../../base/index.js';
import type { PlanShape } from '../../dag/index.js';
import type { ThrownData } from '../../value/index.js';
import { type FunctionEvent, type FunctionState, TRANSITIONS, usesLimit } from './function-state.js';
import { type GrowthState, newGrowthState } from './growth/growth-state.js';
import type { Receipt, Recollection, RerunReason, RunAnnouncement, RunCommand, RunHappening } from './messages.js';
import type { ErrorData, RunFault } from './run-fault.js';
import { logTransition, newTransitionLog, type TransitionLog, transitionsOf, transitionText } from './transition-log.js';

/**
 * The whole state of a run; functions are indices in the plan. It is plain data: it can be printed, compared, cloned and recorded, and
 * `recover` continues the run from it. Times are those of the moments passed in, monotonic ms.
 *
 * A function holds a claim exactly while it is `placed` or `running`, on the node in `nodes`. Nothing else records that.
 */
export interface RunState {
  readonly runId: string;
  readonly plan: PlanShape;
  policy: RunPolicy;
  readonly states: FunctionState[];
  /** For each function, how many of the functions it needs have no result yet. */
  missing: Int32Array;
  /** For each function, how many others still need its value. */
  consumersLeft: Int32Array;
  /** The number of the current or latest attempt; 0 before the first. */
  attempts: Int32Array;
  /** How many attempts the function itself failed. */
  failures: Int32Array;
  /** The errors of these attempts, for the few functions that have any; at most the latest `ATTEMPT_ERRORS_KEPT`. */
  readonly attemptErrors: Map<number, readonly ErrorData[]>;
  /** The node where it was placed last. */
  readonly nodes: (string | undefined)[];
  /** 1 if its attempt may wait for room on that node. */
  mayQueue: Uint8Array;
  /** 1 if a node has its value. */
  hasValue: Uint8Array;
  /** Where the result of one that has succeeded is from, and how many there are that did not run: see `setSource`. */
  sources: Uint8Array;
  readonly notRun: [run: 0, journal: number, cache: number];
  /** In a durable run: succeeded functions whose value may have to be computed again, as it is not in the record itself. */
  readonly fragile: Set<number>;
  /** By function, for how many fragile values its own is an argument. */
  readonly keepers: Map<number, number>;
  /** How often a value was missing on a living node, for the few functions to which this happened. */
  readonly misses: Map<number, number>;
  /** The nodes that were lost while they ran it, for the few functions to which this happened. */
  readonly lostOn: Map<number, readonly string[]>;
  /** How the run branches and grows; `undefined` if its plan does neither. */
  readonly growth: GrowthState | undefined;
  /** Functions that were not taken, or are optional and failed. Their value is `undefined`, and others run with it. */
  readonly absent: Set<number>;
  /** The failures that do not end the run, in order of time: those of optional functions, and within optional expansions. */
  readonly tolerated: RunFault[];
  /** How many functions are in each state. */
  readonly counts: Record<FunctionState, number>;
  /** The failures, in order of time. */
  readonly failed: RunFault[];
  /** The resting functions, and until when. */
  readonly restsUntilMs: Map<number, number>;
  /** The collected values that are on their way to the driver, with the number of the attempt. */
  readonly fetching: Map<number, number>;
  /** What the journal is good for. `lost`: nothing can be recorded any more. */
  journal: 'none' | 'batched' | 'strict' | 'lost';
  /** Under `strict`: the functions that are `recording`, and what they made. */
  readonly recording: Map<number, Receipt>;
  /** What the journal has of the run before; of its successes those before `recalledTo` have been taken over. */
  recalled: Recollection | undefined;
  recalledTo: number;
  /** Of those before this one, the values that nothing needs have been dropped. */
  droppedTo: number;
  /** The functions that have been looked up: each is once at most. */
  readonly lookedUp: Set<number>;
  /** Those of them that are not remembered and have not ended. Others with the same key may wait for them. */
  readonly keyed: Set<number>;
  /** Those for which others must not wait any more. Empty between two events. */
  readonly keysToFree: number[];
  /** For functions that have a record and will run all the same, why. */
  readonly reasons: Map<number, RerunReason>;
  /** `new`: it has not begun. `ending`: nothing starts any more. `ended`: no attempt is in progress, and nothing happens any more. */
  phase: 'new' | 'open' | 'ending' | 'ended';
  ending: RunEnding | undefined;
  /** The functions before this index have become ready; a part of the plan at a time. */
  begunTo: number;
  /** Whether the run has asked for a turn of the event loop. */
  awaitsTurn: boolean;
  /** Once the run is ending: what has not ended before this index is cancelled or stopped; a part of the plan at a time. */
  cancelledTo: number;
  startedMs: number;
  readonly transitions: TransitionLog;
}

/** The part of the state that has an entry for each function. */
export type StateColumns = Pick<
  RunState,
  'states' | 'missing' | 'consumersLeft' | 'attempts' | 'failures' | 'nodes' | 'mayQueue' | 'hasValue' | 'sources'
>;

/** Makes the columns of the state of a run in which nothing has happened, in steps. */
export function newStateColumns({ size, needsCount, dependentsStart }: PlanShape): RestOfWork<StateColumns> {
  const consumersLeft = new Int32Array(size);
  const count = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) consumersLeft[index] = dependentsStart[index + 1]! - dependentsStart[index]!;
  };
  return resultInSteps(size, count, () => ({
    states: new Array<FunctionState>(size).fill('waiting'),
    missing: needsCount.slice(),
    consumersLeft,
    attempts: new Int32Array(size),
    failures: new Int32Array(size),
    nodes: new Array<string | undefined>(size).fill(undefined),
    mayQueue: new Uint8Array(size),
    hasValue: new Uint8Array(size),
    sources: new Uint8Array(size),
  }));
}

/** Returns the state of a run of `plan` in which nothing has happened. */
export function newRunState(runId: string, plan: PlanShape, policy: RunPolicy, columns = doAtOnce(newStateColumns(plan))): RunState {
  const { size } = plan;
  return {
    runId,
    plan,
    policy,
    states: columns.states,
    missing: columns.missing,
    consumersLeft: columns.consumersLeft,
    attempts: columns.attempts,
    failures: columns.failures,
    attemptErrors: new Map(),
    nodes: columns.nodes,
    mayQueue: columns.mayQueue,
    hasValue: columns.hasValue,
    sources: columns.sources,
    notRun: [0, 0, 0],
    fragile: new Set(),
    keepers: new Map(),
    misses: new Map(),
    lostOn: new Map(),
    growth: plan.growth && newGrowthState(),
    absent: new Set(),
    tolerated: [],
    counts: {
      waiting: size,
      'looking-up': 0,
      ready: 0,
      placed: 0,
      running: 0,
      resting: 0,
      recording: 0,
      open: 0,
      succeeded: 0,
      failed: 0,
      skipped: 0,
      cancelled: 0,
    },
    failed: [],
    restsUntilMs: new Map(),
    fetching: new Map(),
    journal: policy.journal ?? 'none',
    recording: new Map(),
    recalled: undefined,
    recalledTo: 0,
    droppedTo: 0,
    lookedUp: new Set(),
    keyed: new Set(),
    keysToFree: [],
    reasons: new Map(),
    phase: 'new',
    ending: undefined,
    begunTo: 0,
    awaitsTurn: false,
    cancelledTo: 0,
    startedMs: 0,
    transitions: newTransitionLog(),
  };
}

/** The two clocks at the moment of an event: `nowMs` monotonic, for decisions; `wallMs` for people who read the events. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

/** Where a result may be from; `setSource` has their numbers. */
export const RESULT_SOURCES = ['run', 'journal', 'cache'] as const;

/** Says where the result of a function is from that did not run: 1 from the journal, 2 remembered. It is 0 before, and when it is lost. */
export function setSource(state: RunState, index: number, source: 0 | 1 | 2): void {
  const { sources, notRun } = state;
  const before = sources[index] as 0 | 1 | 2;
  if (before !== 0) notRun[before] -= 1;
  if (source !== 0) notRun[source] += 1;
  sources[index] = source;
}

/** Changes a function's state; nothing else does. */
export function move(state: RunState, index: number, event: FunctionEvent, at: Moment): void {
  const from = state.states[index]!;
  const to = stateAfter(from, event);
  if (to === undefined) {
    const { ids } = state.plan;
    const story = transitionsOf(state.transitions).map((one) => transitionText(one, ids[one[1]]!));
    throw new Error(`function "${ids[index]!}" is ${from}, which ${event} cannot follow. The story:\n${story.join('\n')}`);
  }
  state.states[index] = to;
  if (from === 'succeeded' && state.sources[index] !== 0) setSource(state, index, 0);
  count(state.counts, from, -1);
  count(state.counts, to, 1);
  logTransition(state.transitions, at.nowMs, index, from, event);
  if (state.growth !== undefined && state.growth.limits.size > 0) countLimit(state, state.growth, index, from, to);
  if (state.keyed.size > 0 && !isOnItsWay(to) && state.keyed.delete(index) && !(to === 'succeeded' || to === 'recording')) {
    state.keysToFree.push(index);
  }
}

/** Whether a function may give its result soon. */
const isOnItsWay = (to: FunctionState): boolean => to === 'ready' || to === 'placed' || to === 'running';

/** Counts the elements of a map with a bound that are ready or run. */
function countLimit({ plan }: RunState, { limits, freed }: GrowthState, index: number, from: FunctionState, to: FunctionState): void {
  const by = plan.added!.parentOf[index]!;
  const limit = limits.get(by);
  if (!limit || usesLimit(from) === usesLimit(to)) return;
  limit.left += usesLimit(to) ? -1 : 1;
  if (usesLimit(from)) freed.push(by);
}

/** Returns the state that follows. Frequent events are read by name, as an access by a variable key looks the name up each time. */
function stateAfter(from: FunctionState, event: FunctionEvent): FunctionState | undefined {
  const after = TRANSITIONS[from];
  switch (event) {
    case 'inputs-ready':
      return after['inputs-ready'];
    case 'placed':
      return after.placed;
    case 'started':
      return after.started;
    case 'succeeded':
      return after.succeeded;
    default:
      return after[event];
  }
}

/** Adds `by` to the count of a state, by name too. */
function count(counts: Record<FunctionState, number>, state: FunctionState, by: number): void {
  switch (state) {
    case 'waiting':
      counts.waiting += by;
      return;
    case 'ready':
      counts.ready += by;
      return;
    case 'placed':
      counts.placed += by;
      return;
    case 'running':
      counts.running += by;
      return;
    case 'succeeded':
      counts.succeeded += by;
      return;
    default:
      counts[state] += by;
  }
}

/** Whether every function is in a final state. */
export const isSettled = ({ counts, plan }: RunState): boolean =>
  counts.succeeded + counts.failed + counts.skipped + counts.cancelled === plan.size;

/** The fields of every event. Frequent events write them out: each spread makes a hidden class of its own. */
export const stamp = (state: RunState, at: Moment): { runId: string; dagId: string; atMs: number } => ({
  runId: state.runId,
  dagId: state.plan.dagId,
  atMs: at.wallMs,
});

/** Everything that the function needs is there. In a run that can branch or grow, it is seen at the end of the step what follows. */
export function ready(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.growth === undefined) requestClaim(state, index, at, out);
  else state.growth.due.push(index);
}

/** The function is ready: it requests a claim, or its result is looked up first. */
export function requestClaim(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  const { runId, plan } = state;
  const because = state.reasons.size > 0 ? reasonFor(state, index) : undefined;
  if (state.policy.remembers && because !== 'asked' && mayBeRemembered(state, index)) return lookUp(state, index, because, at, out);
  move(state, index, 'inputs-ready', at);
  const event: RunAnnouncement = { type: 'function-ready', runId, dagId: plan.dagId, atMs: at.wallMs, functionId: plan.ids[index]! };
  if (because) return void out.push({ type: 'announce', event: { ...event, because } }, { type: 'request-claim', index });
  out.push({ type: 'announce', event }, { type: 'request-claim', index });
}

/** Whether the result of a function may be remembered, and has not been looked up. What is said of a map holds for its elements. */
function mayBeRemembered({ plan, lookedUp }: RunState, index: number): boolean {
  if (plan.caching === undefined || lookedUp.has(index)) return false;
  if (plan.caching.ttls.has(index)) return true;
  const by = plan.added?.parentOf[index] ?? -1;
  return by >= 0 && plan.growth!.maps.has(by) && plan.caching.ttls.has(by);
}

function lookUp(state: RunState, index: number, because: RerunReason | undefined, at: Moment, out: RunCommand[]): void {
  move(state, index, 'look-up-begun', at);
  state.lookedUp.add(index);
  announce(out, { ...stamp(state, at), type: 'function-ready', functionId: state.plan.ids[index]!, ...(because && { because }) });
  out.push({ type: 'look-up-result', index });
}

/** Why a function runs that has a record; it is told once. */
function reasonFor({ reasons }: RunState, index: number): RerunReason | undefined {
  const because = reasons.get(index);
  reasons.delete(index);
  return because;
}

/** Asks for a turn of the event loop, if the run has not. */
export function requestTurn(state: RunState, out: RunCommand[]): void {
  if (state.awaitsTurn) return;
  state.awaitsTurn = true;
  out.push({ type: 'take-turn' });
}

/** Adds an event to the commands. */
export function announce(out: RunCommand[], event: RunAnnouncement): void {
  out.push({ type: 'announce', event });
}

/** The same for an event that says how an attempt of a function has ended. */
export function announceEnd(out: RunCommand[], event: RunAnnouncement, of: number): void {
  out.push({ type: 'announce', event, of });
}

/** Announces functions that wait for room: here, or on the node where they were placed. */
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

/** The execution options that the brain needs. */
export interface RunPolicy {
  readonly maxRetries: number;
  readonly onFailure: 'abort' | 'continue';
  /** 1 for each function whose value the caller wants, and for the parts of those. In a run that grows there may be room for more. */
  readonly collected: Uint8Array;
  readonly stopGraceMs: number;
  /**
   * Whether the run has a journal, and whether a success counts only when it is on disk there.
   * @default 'none'
   */
  readonly journal?: 'none' | 'batched' | 'strict';
  /**
   * Whether results that are remembered are looked up, as the plan says.
   * @default false
   */
  readonly remembers?: boolean;
  /** The name of the driver's node, where maps and expansions end. */
  readonly driver?: string;
  /**
   * Up to so many functions a run may grow.
   * @default 1_000_000
   */
  readonly maxFunctions?: number;
}

/** Why a run is ending: because of a failure (the first in `failed`), or for a given reason. */
export interface RunEnding {
  readonly because: 'failure' | ThrownData;
  /** Until then attempts may end by themselves, monotonic ms. */
  readonly stopByMs: number;
}
