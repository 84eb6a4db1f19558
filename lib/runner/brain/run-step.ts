// Brain: pure.
import { attemptHappened, nodeMissed, recorded, remembered, rested, valueMissing } from './attempt-step.js';
import { holdsClaim } from './function-state.js';
import { decide } from './growth/decisions.js';
import { dagFetched, functionsAdded, growthRefused } from './growth/growing.js';
import { type GrowthState, PARTS_AT_ONCE } from './growth/growth-state.js';
import { noteFacts } from './growth/parts.js';
import { settle } from './growth/settle.js';
import { valuesLost } from './lineage.js';
import type { RunCommand, RunHappening } from './messages.js';
import { adoptAll, recallMore } from './recall.js';
import { abandonRun, cancelMore, endRun, finishIfSettled, journalLost } from './run-end.js';
import { announce, announceWaiting, type Moment, move, type RunState, ready, requestTurn } from './run-state.js';

/** How many functions become ready in one turn when a run begins. They take some 5 µs each. */
const BEGUN_AT_ONCE = 2000;

/**
 * The brain of a run. Applies one event to `state` and adds commands to `out`. Replies of attempts other than the current one are dropped,
 * and so is everything after the end; claims that come then are returned. Pure except for `state` and `out`.
 */
export function stepRun(state: RunState, happening: RunHappening, at: Moment, out: RunCommand[]): void {
  step(state, happening, at, out);
  if (state.growth !== undefined && state.phase !== 'new' && state.phase !== 'ended') settle(state, state.growth, at, out);
  if (state.keysToFree.length > 0) freeKeys(state, out);
}

function step(state: RunState, happening: RunHappening, at: Moment, out: RunCommand[]): void {
  if (happening.type === 'function-placed') return place(state, happening, at, out);
  if (state.phase === 'ended') return;
  switch (happening.type) {
    case 'run-begun':
      return begin(state, happening, at, out);
    case 'turn-taken':
      state.awaitsTurn = false;
      if (state.growth !== undefined) state.growth.budget = PARTS_AT_ONCE;
      if (state.phase === 'ending') cancelMore(state, at, out);
      else beginMore(state, at, out);
      return finishIfSettled(state, out);
    case 'functions-waited':
      return announceWaiting(state, happening, at, out);
    case 'functions-added':
      return functionsAdded(state, happening, at, out);
    case 'growth-refused':
      return growthRefused(state, happening, at, out);
    case 'placement-refused':
      if (state.states[happening.index] !== 'ready' || state.phase !== 'open') return;
      move(state, happening.index, 'failed', at);
      return endRun(state, happening.error, 0, at, out);
    case 'result-remembered':
      return remembered(state, happening, at, out);
    case 'result-not-remembered':
      return notRemembered(state, happening.index, at, out);
    case 'node-missed':
      return nodeMissed(state, happening, at, out);
    case 'successes-recorded':
      for (const { index, attempt } of happening.successes) recorded(state, index, attempt, at, out);
      return;
    case 'journal-lost':
      return journalLost(state, happening.error, at, out);
    case 'values-lost':
      valuesLost(state, happening.indices, at, out);
      return finishIfSettled(state, out);
    case 'value-fetched':
      if (state.fetching.get(happening.index) !== happening.attempt) return;
      state.fetching.delete(happening.index);
      if (state.states[happening.index] === 'open') dagFetched(state, happening.index, out);
      return finishIfSettled(state, out);
    case 'value-missing':
      return valueMissing(state, happening, at, out);
    case 'run-ending':
      return endRun(state, happening.error, happening.graceMs, at, out);
    case 'run-abandoned':
      return abandonRun(state, happening.error, at, out);
    default:
      if (state.attempts[happening.index] !== happening.attempt) return;
      if (happening.type === 'function-rested') rested(state, happening.index, at, out);
      else if (holdsClaim(state.states[happening.index]!)) attemptHappened(state, happening, at, out);
  }
}

/** Nothing remembers the result of a function: it runs. */
function notRemembered(state: RunState, index: number, at: Moment, out: RunCommand[]): void {
  if (state.states[index] !== 'looking-up' || state.phase !== 'open') return void out.push({ type: 'free-key', index });
  state.keyed.add(index);
  move(state, index, 'not-remembered', at);
  out.push({ type: 'request-claim', index });
}

function freeKeys(state: RunState, out: RunCommand[]): void {
  for (const index of state.keysToFree) out.push({ type: 'free-key', index });
  state.keysToFree.length = 0;
}

function begin(
  state: RunState,
  { recalled, inputs = [] }: Extract<RunHappening, { type: 'run-begun' }>,
  at: Moment,
  out: RunCommand[],
): void {
  if (state.phase !== 'new') return;
  state.phase = 'open';
  state.startedMs = at.nowMs;
  state.recalled = recalled;
  if (state.growth !== undefined) {
    for (const [input, facts] of inputs) noteFacts(state, state.growth, input, facts);
    state.growth.isRecalling = recalled !== undefined;
  }
  for (const [index, because] of recalled?.reasons ?? []) state.reasons.set(index, because);
  const { runId, plan } = state;
  announce(out, { runId, dagId: plan.dagId, atMs: at.wallMs, type: 'run-started', total: plan.size });
  adoptAll(state, recalled?.adopted ?? [], at, out);
  beginMore(state, at, out);
  finishIfSettled(state, out);
}

/** Makes functions that need no other ready, some thousands at a time. A million at once would block the event loop for seconds. */
function beginMore(state: RunState, at: Moment, out: RunCommand[]): void {
  if (state.phase !== 'open') return;
  if (state.recalled) {
    const rest = recallMore(state, state.recalled, at, out);
    if (rest === 'turn') return requestTurn(state, out);
    if (rest === 'growth') return;
  }
  const { size } = state.plan;
  let left = BEGUN_AT_ONCE;
  for (; state.begunTo < size && left > 0; state.begunTo += 1) {
    if (state.states[state.begunTo] !== 'waiting') continue;
    if (state.growth !== undefined && !isTakenByInput(state, state.growth, state.begunTo, at, out)) left -= 1;
    else if (state.missing[state.begunTo] === 0) {
      ready(state, state.begunTo, at, out);
      left -= 1;
    }
  }
  if (state.begunTo < size) requestTurn(state, out);
}

/** Decides a condition on an input. Returns false if the function is not taken. */
function isTakenByInput(state: RunState, growth: GrowthState, index: number, at: Moment, out: RunCommand[]): boolean {
  const on = state.plan.growth!.whens.get(index)?.on;
  return on === undefined || on >= 0 || decide(state, growth, index, on, at, out);
}

function place(
  state: RunState,
  { index, node, mayQueue }: Extract<RunHappening, { type: 'function-placed' }>,
  at: Moment,
  out: RunCommand[],
): void {
  if (state.states[index] !== 'ready' || state.phase !== 'open') {
    out.push({ type: 'free-claim', index, node });
    return;
  }
  move(state, index, 'placed', at);
  state.nodes[index] = node;
  state.mayQueue[index] = Number(mayQueue);
  state.attempts[index]! += 1;
  out.push({ type: 'start-attempt', index, attempt: state.attempts[index]! });
}
