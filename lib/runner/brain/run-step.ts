// Brain: pure.
import { appendFunctions } from './added-functions.js';
import { attemptHappened, nodeMissed, recorded, rested, valueMissing } from './attempt-step.js';
import { holdsClaim } from './function-state.js';
import { valuesLost } from './lineage.js';
import type { Recollection, RunCommand, RunHappening } from './messages.js';
import { adoptAll, recallMore } from './recall.js';
import { abandonRun, cancelMore, endRun, finishIfSettled, journalLost } from './run-end.js';
import { announce, announceWaiting, type Moment, move, type RunState, ready } from './run-state.js';

/** How many functions become ready in one turn when a run begins. They take some 5 µs each. */
const BEGUN_AT_ONCE = 2000;

/**
 * The brain of a run. Applies one event to `state` and adds commands to `out`. Replies of attempts other than the current one are dropped,
 * and so is everything after the end; claims that come then are returned. Pure except for `state` and `out`.
 */
export function stepRun(state: RunState, happening: RunHappening, at: Moment, out: RunCommand[]): void {
  if (happening.type === 'function-placed') return place(state, happening, at, out);
  if (state.phase === 'ended') return;
  switch (happening.type) {
    case 'run-begun':
      return begin(state, happening.recalled, at, out);
    case 'turn-taken':
      if (state.phase === 'ending') cancelMore(state, at, out);
      else beginMore(state, at, out);
      return finishIfSettled(state, out);
    case 'functions-added':
      return appendFunctions(state, happening.added);
    case 'functions-waited':
      return announceWaiting(state, happening, at, out);
    case 'placement-refused':
      if (state.states[happening.index] !== 'ready' || state.phase !== 'open') return;
      move(state, happening.index, 'failed', at);
      return endRun(state, happening.error, 0, at, out);
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

function begin(state: RunState, recalled: Recollection | undefined, at: Moment, out: RunCommand[]): void {
  if (state.phase !== 'new') return;
  state.phase = 'open';
  state.startedMs = at.nowMs;
  state.recalled = recalled;
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
  if (state.recalled && !recallMore(state, state.recalled, at, out)) return void out.push({ type: 'take-turn' });
  const { size } = state.plan;
  let left = BEGUN_AT_ONCE;
  for (; state.begunTo < size && left > 0; state.begunTo += 1) {
    if (state.missing[state.begunTo] !== 0 || state.states[state.begunTo] !== 'waiting') continue;
    ready(state, state.begunTo, at, out);
    left -= 1;
  }
  if (state.begunTo < size) out.push({ type: 'take-turn' });
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
