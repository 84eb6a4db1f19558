// Brain: pure.
import { consumerOf, firstEdge, NO_EDGE, nextEdge } from '../../dag/index.js';
import { holdArguments } from './fragile-values.js';
import { decide, noteTaken } from './growth/decisions.js';
import { isGrown, openExpansion } from './growth/growing.js';
import type { GrowthState } from './growth/growth-state.js';
import { isCounted, noteFacts } from './growth/parts.js';
import { dropUnneeded, letGo, valuesLost } from './lineage.js';
import type { AdoptedAttempt, RecalledFailure, RecalledSuccess, Recollection, RunAnnouncement, RunCommand } from './messages.js';
import { announce, type Moment, move, type RunState, setSource, stamp } from './run-state.js';

/** How many recorded successes are taken over in one turn; they take some 4 µs each, with their events. */
const RECALLED_AT_ONCE = 2000;

/**
 * Takes recorded successes over before anything of the run becomes ready, and drops what nothing needs of them, some thousands at a time.
 * Needed values that no node has are computed again, like those lost with a node. What is recorded of parts is taken over when they are
 * added, so before that everything grows that can. Returns whether that was all, or whether it goes on after a turn of the event loop, or
 * when the run has grown.
 */
export function recallMore(state: RunState, recalled: Recollection, at: Moment, out: RunCommand[]): 'done' | 'turn' | 'growth' {
  const { growth } = state;
  const { successes, failures = [] } = recalled;
  let left = RECALLED_AT_ONCE;
  if (state.recalledTo < successes.length) {
    for (; state.recalledTo < successes.length && left > 0; left -= 1) {
      const success = successes[state.recalledTo++]!;
      // What it needs may have failed in an earlier turn: the run may be allowed fewer functions now, and an expansion adds too many.
      if (state.states[success.index] !== 'waiting') continue;
      if (state.plan.growth?.expansions.has(success.index)) recallExpansion(state, success, at, out);
      else {
        recall(state, success, recalled, at, out);
        producersLess(state, success.index);
      }
    }
    if (state.recalledTo < successes.length) return 'turn';
    // What is computed again needs its arguments: they must not be dropped before.
    if (growth === undefined) reviveGone(state, successes, at, out);
  }
  if (growth?.isRecalling) {
    for (; growth.failedTo < failures.length && left > 0; left -= 1) recallFailure(state, failures[growth.failedTo++]!, recalled, at, out);
    if (left > 0) left = growMore(state, growth, [successes, failures], left, at, out);
    if (left === 0) return 'turn';
    if (!isGrown(state, growth)) return 'growth';
    growth.isRecalling = false;
    reviveGone(state, [...successes, ...growth.recalledParts], at, out);
    for (const success of growth.recalledParts) dropRecalled(state, success, out);
    for (let index = 0; index < state.plan.size; index += 1) if (state.hasValue[index] === 1) dropUnneeded(state, index, out);
    for (const index of growth.composites.keys()) dropUnneeded(state, index, out);
  }
  for (; state.droppedTo < successes.length && left > 0; left -= 1) dropRecalled(state, successes[state.droppedTo++]!, out);
  return state.droppedTo === successes.length ? 'done' : 'turn';
}

/** Decides conditions, and lets maps open. Returns how much more may be done in this turn. */
function growMore(
  state: RunState,
  growth: GrowthState,
  [successes, failures]: readonly [readonly RecalledSuccess[], readonly RecalledFailure[]],
  atMost: number,
  at: Moment,
  out: RunCommand[],
): number {
  const { plan } = state;
  let left = atMost;
  for (; growth.judgedTo < successes.length + failures.length && left > 0; left -= 1) {
    const judged = growth.judgedTo++;
    const { index } = successes[judged] ?? failures[judged - successes.length]!;
    // An expansion has its value when its functions have ended.
    if (state.states[index] !== 'succeeded' && !state.absent.has(index)) continue;
    for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
      const dependent = consumerOf(plan, edge);
      if (state.states[dependent] === 'waiting') decide(state, growth, dependent, index, at, out);
    }
  }
  for (; growth.openedTo < (plan.added?.baseSize ?? 0) && left > 0; growth.openedTo += 1) {
    if (state.missing[growth.openedTo] !== 0 || !plan.growth!.maps.has(growth.openedTo)) continue;
    growth.due.push(growth.openedTo);
    left -= 1;
  }
  return left;
}

function reviveGone(state: RunState, successes: readonly RecalledSuccess[], at: Moment, out: RunCommand[]): void {
  const gone: number[] = [];
  for (const { index, hasValue } of successes) if (!hasValue) gone.push(index);
  if (gone.length > 0) valuesLost(state, gone, at, out);
}

/** An expansion adds the functions of the DAG that is recorded. If that is lost it runs again. */
function recallExpansion(state: RunState, success: RecalledSuccess, at: Moment, out: RunCommand[]): void {
  const { index, attempt, node, hasValue, isFiled, isElsewhere } = success;
  state.attempts[index] = attempt;
  state.nodes[index] = node;
  if (!hasValue) return;
  noteTaken(state, index);
  openExpansion(state, index, { ...success, isHere: !(isFiled || isElsewhere) }, at, out);
}

/** The run went on without an optional function: it does not run again, and its value is `undefined`. */
function recallFailure(state: RunState, recalled: RecalledFailure, { tells }: Recollection, at: Moment, out: RunCommand[]): void {
  const { index, attempt, failure } = recalled;
  const { plan, policy } = state;
  if (state.states[index] !== 'waiting') return;
  move(state, index, 'failed', at);
  state.attempts[index] = attempt;
  state.absent.add(index);
  state.tolerated.push(failure);
  producersLess(state, index);
  dependentsHaveIt(state, index);
  if (tells === 'collected' && policy.collected[index] !== 1) return;
  announce(out, { ...stamp(state, at), type: 'function-failed', functionId: plan.ids[index]!, attempt, error: failure });
}

function dropRecalled(state: RunState, { index, isFiled, isElsewhere }: RecalledSuccess, out: RunCommand[]): void {
  if (state.plan.growth?.expansions.has(index)) return;
  if (state.hasValue[index] === 0) return letGo(state, index, out);
  dropUnneeded(state, index, out);
  if (!(isFiled || isElsewhere) || state.policy.collected[index] === 0) return;
  state.fetching.set(index, state.attempts[index]!);
  out.push({ type: 'fetch-value', index, attempt: state.attempts[index]! });
}

/** A recalled function does not need its arguments any more. */
function producersLess({ plan, consumersLeft }: RunState, index: number): void {
  for (let position = plan.producersStart[index]!; position < plan.producersStart[index + 1]!; position += 1) {
    consumersLeft[plan.producers[position]!]! -= 1;
  }
}

/** Those that need a recalled function have it. An expansion that has its parts already counts those, and not its producers. */
function dependentsHaveIt(state: RunState, index: number): void {
  const { plan, growth } = state;
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
    const dependent = consumerOf(plan, edge);
    if (growth === undefined || isCounted(state, growth, index, dependent)) state.missing[dependent]! -= 1;
  }
}

/**
 * Takes over what a former driver began, before anything else: the nodes are known to be there now. Such a function holds a claim, and
 * perhaps has its arguments already; it may run although one of them must be computed again for others.
 */
export function adoptAll(state: RunState, adopted: readonly AdoptedAttempt[], at: Moment, out: RunCommand[]): void {
  for (const { index, attempt, node } of adopted) {
    move(state, index, 'adopted', at);
    noteTaken(state, index);
    state.nodes[index] = node;
    state.mayQueue[index] = 1;
    state.attempts[index] = attempt;
    out.push({ type: 'start-attempt', index, attempt });
  }
}

function recall(state: RunState, success: RecalledSuccess, { tells }: Recollection, at: Moment, out: RunCommand[]): void {
  const { index, attempt, node, tookMs, sizeBytes, hasValue, isFiled, isElsewhere } = success;
  const { runId, plan, policy } = state;
  move(state, index, 'recalled', at);
  noteTaken(state, index);
  setSource(state, index, 1);
  state.attempts[index] = attempt;
  state.nodes[index] = node;
  state.hasValue[index] = 1;
  if (state.growth !== undefined) noteFacts(state, state.growth, index, success);
  if (!hasValue || isFiled || isElsewhere) holdArguments(state, index);
  dependentsHaveIt(state, index);
  if (tells === 'collected' && policy.collected[index] !== 1) return;
  const functionId = plan.ids[index]!;
  const what = { runId, dagId: plan.dagId, atMs: at.wallMs, functionId, attempt, node, tookMs, sizeBytes } as const;
  const event: RunAnnouncement = { type: 'function-succeeded', ...what, source: 'journal' };
  announce(out, event);
}
