// Brain: pure.
import { consumerOf, firstEdge, NO_EDGE, nextEdge } from '../../dag/index.js';
import { holdArguments } from './fragile-values.js';
import { dropUnneeded, letGo, valuesLost } from './lineage.js';
import type { AdoptedAttempt, RecalledSuccess, Recollection, RunAnnouncement, RunCommand } from './messages.js';
import { announce, type Moment, move, type RunState } from './run-state.js';

/** How many recorded successes are taken over in one turn; they take some 4 µs each, with their events. */
const RECALLED_AT_ONCE = 2000;

/**
 * Takes recorded successes over before anything of the run becomes ready, and drops what nothing needs of them, some thousands at a time.
 * Returns true when that was all. Needed values that no node has are computed again, like those lost with a node.
 */
export function recallMore(state: RunState, recalled: Recollection, at: Moment, out: RunCommand[]): boolean {
  const { successes } = recalled;
  let left = RECALLED_AT_ONCE;
  if (state.recalledTo < successes.length) {
    for (; state.recalledTo < successes.length && left > 0; left -= 1) {
      const success = successes[state.recalledTo++]!;
      recall(state, success, recalled, at, out);
      producersLess(state, success.index);
    }
    if (state.recalledTo < successes.length) return false;
    // What is computed again needs its arguments: they must not be dropped before.
    const gone: number[] = [];
    for (const { index, hasValue } of successes) if (!hasValue) gone.push(index);
    if (gone.length > 0) valuesLost(state, gone, at, out);
  }
  for (; state.droppedTo < successes.length && left > 0; left -= 1) dropRecalled(state, successes[state.droppedTo++]!, out);
  return state.droppedTo === successes.length;
}

function dropRecalled(state: RunState, { index, isFiled, isElsewhere }: RecalledSuccess, out: RunCommand[]): void {
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

/**
 * Takes over what a former driver began, before anything else: the nodes are known to be there now. Such a function holds a claim, and
 * perhaps has its arguments already; it may run although one of them must be computed again for others.
 */
export function adoptAll(state: RunState, adopted: readonly AdoptedAttempt[], at: Moment, out: RunCommand[]): void {
  for (const { index, attempt, node } of adopted) {
    move(state, index, 'adopted', at);
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
  state.attempts[index] = attempt;
  state.nodes[index] = node;
  state.hasValue[index] = 1;
  if (!hasValue || isFiled || isElsewhere) holdArguments(state, index);
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
    state.missing[consumerOf(plan, edge)]! -= 1;
  }
  if (tells === 'collected' && policy.collected[index] !== 1) return;
  const functionId = plan.ids[index]!;
  const what = { runId, dagId: plan.dagId, atMs: at.wallMs, functionId, attempt, node, tookMs, sizeBytes } as const;
  const event: RunAnnouncement = { type: 'function-succeeded', ...what, source: 'journal' };
  announce(out, event);
}
