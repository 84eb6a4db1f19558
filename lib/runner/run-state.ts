import { HandoffError, textOf } from '../base/index.js';
import type { Plan } from '../dag/index.js';
import { FUNCTION_STATES, type FunctionEvent, type FunctionState, holdsClaim, isFinal, TRANSITIONS } from './function-state.js';
import type { RunCommand, RunEvent, RunHappening } from './messages.js';
import { restMs } from './retry.js';
import { Story } from './story.js';

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
  readonly nodes: (string | undefined)[];
  /** By position in FUNCTION_STATES. */
  readonly counts: Map<FunctionState, number>;
  /** What failed, in the order of time. */
  readonly failed: HandoffError[];
  phase: 'open' | 'closing' | 'ended';
  /** Why the run is ending, or ended. */
  error: HandoffError | undefined;
  /** Functions that hold a claim. */
  underWay: number;
  /** Functions in a final state. */
  settled: number;
  /** Answers of attempts that were no longer wanted. */
  stale: number;
  startedMs: number;
  readonly story: Story;
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
    nodes: new Array<string | undefined>(size).fill(undefined),
    counts: new Map(FUNCTION_STATES.map((state) => [state, state === 'waiting' ? size : 0])),
    failed: [],
    phase: 'open',
    error: undefined,
    underWay: 0,
    settled: 0,
    stale: 0,
    startedMs: 0,
    story: new Story(),
  };
}

/** The two clocks at the moment of a happening: `nowMs` monotonic, for decisions; `wallMs` for the events that people read. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

/**
 * The brain of a run: applies one happening to `state` and adds what is to be done to `out`. Answers of attempts that are not the current
 * one are counted and dropped. Pure but for `state` and `out`.
 */
export function step(state: RunState, happening: RunHappening, at: Moment, out: RunCommand[]): void {
  if (state.phase === 'ended') {
    state.stale += 1;
    return;
  }
  switch (happening.type) {
    case 'run-begun':
      return begin(state, at, out);
    case 'function-placed':
      return place(state, happening.index, happening.node, at, out);
    case 'function-waited':
      if (state.states[happening.index] !== 'ready') return;
      return tell(out, {
        ...stamp(state, at),
        type: 'function-waiting',
        functionId: state.plan.ids[happening.index]!,
        for: happening.lacking,
      });
    case 'placement-refused':
      if (state.states[happening.index] !== 'ready') return;
      move(state, happening.index, 'failed', at);
      return end(state, happening.error, 0, at, out);
    case 'run-ending':
      return end(state, happening.error, happening.graceMs, at, out);
    default:
      if (state.attempts[happening.index] !== happening.attempt) state.stale += 1;
      else if (happening.type === 'function-rested') rested(state, happening.index, at, out);
      else if (!holdsClaim(state.states[happening.index]!)) state.stale += 1;
      else attemptHappened(state, happening, at, out);
  }
}

/** What must be done again after the DagRunner was restarted: its function actors ended with it, their attempts did not. */
export function recover(state: RunState): RunCommand[] {
  const commands: RunCommand[] = [];
  for (let index = 0; index < state.plan.size; index += 1) {
    if (holdsClaim(state.states[index]!)) commands.push({ type: 'start-attempt', index, attempt: state.attempts[index]! });
  }
  return commands;
}

function begin(state: RunState, at: Moment, out: RunCommand[]): void {
  state.startedMs = at.nowMs;
  tell(out, { ...stamp(state, at), type: 'run-started', total: state.plan.size });
  for (let index = 0; index < state.plan.size; index += 1) if (state.missing[index] === 0) ready(state, index, at, out);
  if (state.plan.size === 0) finish(state, out);
}

function ready(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  move(state, index, 'inputs-ready', at);
  const event: RunEvent = {
    type: 'function-ready',
    runId: state.runId,
    dagId: state.plan.dagId,
    atMs: at.wallMs,
    functionId: state.plan.ids[index]!,
  };
  out.push({ type: 'announce', event }, { type: 'request-claim', index });
}

function place(state: RunState, index: number, node: string, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'ready' || state.phase !== 'open') {
    state.stale += 1;
    out.push({ type: 'free-claim', index, node });
    return;
  }
  move(state, index, 'placed', at);
  state.nodes[index] = node;
  state.attempts[index]! += 1;
  out.push({ type: 'start-attempt', index, attempt: state.attempts[index]! });
}

function attemptHappened(state: RunState, happening: Extract<RunHappening, { attempt: number }>, at: Moment, out: RunCommand[]): void {
  const { index, attempt } = happening;
  const functionId = state.plan.ids[index]!;
  const { runId } = state;
  const { dagId } = state.plan;
  switch (happening.type) {
    case 'attempt-started': {
      if (state.states[index] !== 'placed') return;
      move(state, index, 'started', at);
      const event: RunEvent = { type: 'function-started', runId, dagId, atMs: at.wallMs, functionId, attempt, node: state.nodes[index]! };
      out.push({ type: 'announce', event });
      return;
    }
    case 'attempt-succeeded': {
      const { node, tookMs, sizeBytes } = happening.receipt;
      free(state, index, out);
      move(state, index, 'succeeded', at);
      const event: RunEvent = { type: 'function-succeeded', runId, dagId, atMs: at.wallMs, functionId, attempt, node, tookMs, sizeBytes };
      out.push({ type: 'announce', event });
      return succeeded(state, index, at, out);
    }
    case 'attempt-failed': {
      free(state, index, out);
      return failed(state, happening, at, out);
    }
    case 'attempt-stopped':
      free(state, index, out);
      move(state, index, 'cancelled', at);
      tell(out, { ...stamp(state, at), type: 'function-cancelled', functionId });
      return finishIfSettled(state, out);
  }
}

function succeeded(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  if (state.phase === 'open') {
    for (let position = plan.dependentsStart[index]!; position < plan.dependentsStart[index + 1]!; position += 1) {
      const dependent = plan.dependents[position]!;
      state.missing[dependent]! -= 1;
      if (state.missing[dependent] === 0 && state.states[dependent] === 'waiting') ready(state, dependent, at, out);
    }
  }
  consumed(state, index, out);
  if (state.consumersLeft[index] === 0 && state.policy.collected[index] === 0) out.push({ type: 'drop-value', index });
  finishIfSettled(state, out);
}

/** A function that will not run again needs its producers' values no more. */
function consumed(state: RunState, index: number, out: RunCommand[]): void {
  const { plan } = state;
  for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
    const producer = plan.producers[position]!;
    state.consumersLeft[producer]! -= 1;
    if (state.consumersLeft[producer] === 0 && state.policy.collected[producer] === 0 && state.states[producer] === 'succeeded') {
      out.push({ type: 'drop-value', index: producer });
    }
  }
}

function failed(state: RunState, happening: Extract<RunHappening, { type: 'attempt-failed' }>, at: Moment, out: RunCommand[]): void {
  const { index, attempt, error } = happening;
  const { plan } = state;
  const functionId = plan.ids[index]!;
  const spec = plan.specs[index]!;
  state.failures[index]! += 1;
  const failures = state.failures[index]!;
  if (!happening.final && failures <= (spec.maxRetries ?? state.policy.maxRetries) && state.phase === 'open') {
    move(state, index, 'attempt-failed', at);
    const delayMs = restMs(failures, spec.retry, happening.random);
    tell(out, { ...stamp(state, at), type: 'function-resting', functionId, attempt, error: asError(error), delayMs });
    out.push({ type: 'rest-function', index, attempt, delayMs });
    return;
  }
  move(state, index, 'failed', at);
  const after = failures === 1 ? '' : ` after ${failures} attempts`;
  const failure = new HandoffError('HANDOFF_FUNCTION_FAILED', `Function "${functionId}" failed${after}: ${textOf(error)}`, {
    dagId: plan.dagId,
    runId: state.runId,
    functionId,
    node: state.nodes[index],
    attempts: failures,
    cause: error,
  });
  state.failed.push(failure);
  tell(out, { ...stamp(state, at), type: 'function-failed', functionId, attempt, error: failure });
  consumed(state, index, out);
  if (state.policy.onFailure === 'abort') return end(state, failure, state.policy.stopGraceMs, at, out);
  skipDependents(state, index, at, out);
  finishIfSettled(state, out);
}

function skipDependents(state: RunState, from: number, at: Moment, out: RunCommand[]): void {
  const { plan } = state;
  const toSkip = [from];
  for (let index = toSkip.pop(); index !== undefined; index = toSkip.pop()) {
    for (let position = plan.dependentsStart[index]!; position < plan.dependentsStart[index + 1]!; position += 1) {
      const dependent = plan.dependents[position]!;
      if (state.states[dependent] !== 'waiting') continue;
      move(state, dependent, 'skipped', at);
      tell(out, { ...stamp(state, at), type: 'function-skipped', functionId: plan.ids[dependent]! });
      consumed(state, dependent, out);
      toSkip.push(dependent);
    }
  }
}

function rested(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'resting') {
    state.stale += 1;
    return;
  }
  move(state, index, 'rested', at);
  tell(out, { ...stamp(state, at), type: 'function-ready', functionId: state.plan.ids[index]! });
  out.push({ type: 'request-claim', index });
}

/** Nothing new starts; what is under way is stopped, and the run ends when the last attempt has. The first reason stays. */
function end(state: RunState, error: HandoffError, graceMs: number, at: Moment, out: RunCommand[]): void {
  const first = state.phase === 'open';
  if (first) {
    state.phase = 'closing';
    state.error = error;
  }
  for (let index = 0; index < state.plan.size; index += 1) {
    const function_ = state.states[index]!;
    if (holdsClaim(function_)) {
      out.push({ type: 'stop-attempt', index, attempt: state.attempts[index]!, reason: state.error!, graceMs });
    } else if (first && !isFinal(function_)) {
      move(state, index, 'cancelled', at);
      tell(out, { ...stamp(state, at), type: 'function-cancelled', functionId: state.plan.ids[index]! });
    }
  }
  finishIfSettled(state, out);
}

function finishIfSettled(state: RunState, out: RunCommand[]): void {
  if (state.settled === state.plan.size && state.phase !== 'ended') finish(state, out);
}

function finish(state: RunState, out: RunCommand[]): void {
  state.phase = 'ended';
  if (!state.error && state.failed.length > 0) state.error = withFailures(state.failed);
  const { error } = state;
  out.push({ type: 'end-run', error });
}

/** The first failure once more, with all of them in `failures`; that one itself stays as it was announced. */
function withFailures(failures: readonly HandoffError[]): HandoffError {
  const { message, code, dagId, runId, functionId, node, attempts, cause, stack } = failures[0]!;
  const error = new HandoffError(code, message, { dagId, runId, functionId, node, attempts, cause, failures: [...failures] });
  error.stack = stack;
  return error;
}

function free(state: RunState, index: number, out: RunCommand[]): void {
  out.push({ type: 'free-claim', index, node: state.nodes[index]! });
}

/** The one place where a function changes its state. */
function move(state: RunState, index: number, event: FunctionEvent, at: Moment): void {
  const from = state.states[index]!;
  const to = TRANSITIONS[from][event];
  if (to === undefined) {
    const name = (one: number): string => state.plan.ids[one]!;
    throw new Error(`function "${name(index)}" is ${from}, which ${event} cannot follow. The story:\n${state.story.tell(name)}`);
  }
  state.states[index] = to;
  state.counts.set(from, state.counts.get(from)! - 1);
  state.counts.set(to, state.counts.get(to)! + 1);
  state.underWay += Number(holdsClaim(to)) - Number(holdsClaim(from));
  if (isFinal(to)) state.settled += 1;
  state.story.add(at.nowMs, index, from, event, to);
}

const stamp = (state: RunState, at: Moment): { runId: string; dagId: string; atMs: number } => ({
  runId: state.runId,
  dagId: state.plan.dagId,
  atMs: at.wallMs,
});

function tell(out: RunCommand[], event: RunEvent): void {
  out.push({ type: 'announce', event });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(textOf(thrown), { cause: thrown });
}
