// Brain: pure.
import { consumerOf, firstEdge, isSink, NO_EDGE, nextEdge } from '../../../dag/index.js';
import type { Gist, Split } from '../../../value/index.js';
import type { RunCommand } from '../messages.js';
import type { RunFault } from '../run-fault.js';
import type { Moment, RunState } from '../run-state.js';
import type { Composite, EarlyEnd, GrowthState, PartWalk } from './growth-state.js';

/** Whether a function will not give those that need it anything to run with. */
export function isDoomed(state: RunState, index: number): boolean {
  const function_ = state.states[index]!;
  if (function_ === 'failed' || function_ === 'skipped') return !state.absent.has(index);
  return function_ === 'cancelled';
}

/** Whether those that need a function may run: it has succeeded, or its value is `undefined`. */
export const isThere = (state: RunState, index: number): boolean => state.states[index] === 'succeeded' || state.absent.has(index);

/** Whether a function has a condition that is still to be decided: until then it is not skipped, as it may not be taken. */
export function isUndecided(state: RunState, index: number): boolean {
  const when = state.plan.growth?.whens.get(index);
  return when !== undefined && when.on >= 0 && !state.growth!.taken.has(index) && !isDoomed(state, when.on);
}

/** The map or expansion that a function is a part of, or -1. */
export const parentOf = ({ plan: { added } }: RunState, index: number): number => (added === undefined ? -1 : added.parentOf[index]!);

/** Whether a map takes each element of another map as soon as it is there. */
export function follows({ plan: { growth } }: RunState, index: number, over: number): boolean {
  const map = growth?.maps.get(index);
  return map?.isPipelined === true && map.over === over;
}

/**
 * Whether `missing` of a function counts this producer. That of an opened map or expansion counts its parts. A map that follows another one
 * has it from when that is open.
 */
export function isCounted(state: RunState, growth: GrowthState, producer: number, dependent: number): boolean {
  const { composites } = growth;
  if (composites.size === 0) return true;
  return !composites.has(dependent) && !(composites.has(producer) && follows(state, dependent, producer));
}

/** Whether the run goes on without the value of a function that failed. Of a map it holds for each element, and not for the map itself. */
export function isOptional(state: RunState, index: number): boolean {
  const { growth } = state.plan;
  if (!growth || growth.optionals.size === 0) return false;
  if (growth.optionals.has(index)) return !growth.maps.has(index);
  const by = parentOf(state, index);
  return by >= 0 && growth.maps.has(by) && growth.optionals.has(by);
}

/** Returns the innermost optional expansion that a function is within, or -1. */
export function coverOf(state: RunState, index: number): number {
  const { growth } = state.plan;
  if (!growth || growth.optionals.size === 0) return -1;
  let by = parentOf(state, index);
  while (by >= 0 && !(growth.expansions.has(by) && growth.optionals.has(by))) by = parentOf(state, by);
  return by;
}

/** Returns how many expansions a function is within. */
export function depthOf(state: RunState, index: number): number {
  let depth = 0;
  for (let by = parentOf(state, index); by >= 0; by = parentOf(state, by)) if (state.plan.growth!.expansions.has(by)) depth += 1;
  return depth;
}

/** Returns why a function is stopped although the run goes on: something that it is a part of ends early. */
export function earlyEndOf(state: RunState, index: number): EarlyEnd | undefined {
  const { growth } = state;
  if (growth === undefined || growth.endingEarly === 0) return undefined;
  for (let by = index; by >= 0; by = parentOf(state, by)) {
    const early = growth.composites.get(by)?.early;
    if (early) return early;
  }
  return undefined;
}

/** Whether nothing of a function starts any more: the run is ending, or something that it is a part of. */
export const isStopping = (state: RunState, index: number): boolean => state.phase !== 'open' || earlyEndOf(state, index) !== undefined;

/** Whether the value of a function is needed. */
export const isNeeded = ({ consumersLeft, policy }: RunState, index: number): boolean =>
  consumersLeft[index] !== 0 || policy.collected[index] !== 0;

/** Keeps what others must know of the value that a function has made. */
export function noteFacts(
  { plan }: RunState,
  { gists, splits }: GrowthState,
  index: number,
  { gist, split }: { readonly gist?: Gist; readonly split?: Split },
): void {
  // No condition names `undefined`, and a trace leaves it out.
  if (gist && plan.growth!.gists.has(index)) gists.set(index, gist.primitive === undefined ? { isTruthy: gist.isTruthy } : gist);
  // The digests of elements are of no use to the brain.
  if (split && plan.growth!.splits.has(index)) splits.set(index, 'count' in split ? { count: split.count } : split);
}

/** Adds the size of a part's value to that of its composite, once. Of an expansion the values that nothing in it uses make the whole. */
export function countSize(state: RunState, { composites, remade }: GrowthState, index: number, sizeBytes: number): void {
  const by = parentOf(state, index);
  if (by < 0 || (remade.size > 0 && remade.delete(index))) return;
  const { added, growth } = state.plan;
  if (growth!.maps.has(by) || isSink(added!.parts.get(by)!, index)) composites.get(by)!.sizeBytes += sizeBytes;
}

/** Begins to end a composite: what is left of it is cancelled at the end of the step, and then in turns; it ends with the last part. */
export function endEarly(state: RunState, index: number, early: EarlyEnd): void {
  const growth = state.growth!;
  const composite = growth.composites.get(index)!;
  if (composite.early) return;
  composite.early = early;
  growth.endingEarly += 1;
  const isCut = state.plan.growth!.expansions.has(index) && composite.added < composite.total;
  cutShort(state, growth, index, composite, composite.added);
  cutFollowers(state, growth, index);
  growth.cancelling.push({ ...wholeWalk(state, index), ...(isCut && { isCut }) });
}

/** Maps that take their elements from those of a map of which no more come get no more either. */
function cutFollowers(state: RunState, growth: GrowthState, from: number): void {
  const { plan } = state;
  const toCut = [from];
  for (let index = toCut.pop(); index !== undefined; index = toCut.pop()) {
    const { total } = growth.composites.get(index)!;
    for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) {
      const follower = consumerOf(plan, edge);
      const composite = growth.composites.get(follower);
      if (!composite || composite.total <= total || !follows(state, follower, index)) continue;
      composite.doomed += composite.total - total;
      cutShort(state, growth, follower, composite, total);
      growth.due.push(follower);
      toCut.push(follower);
    }
  }
}

/** A composite has only `total` parts: the others will never be added. */
function cutShort(state: RunState, growth: GrowthState, index: number, composite: Composite, total: number): void {
  const never = composite.total - total;
  composite.total = total;
  state.missing[index]! -= never;
  growth.unadded -= never;
  growth.neverAdded += never;
}

/** Nothing is added any more, as the run is ending. */
export function stopGrowing(growth: GrowthState): void {
  growth.neverAdded += growth.unadded;
  growth.unadded = 0;
  growth.appending = 0;
  for (const queue of [growth.ended, growth.due, growth.freed, growth.opening, growth.releasing, growth.cancelling]) queue.length = 0;
  growth.toLookFor.length = 0;
}

/** The whole of a composite is not needed any more: its parts are let go at the end of the step, and then in turns. */
export function letPartsGo(state: RunState, index: number, out: RunCommand[]): void {
  const growth = state.growth!;
  const composite = growth.composites.get(index)!;
  if (!composite.isHolding) return;
  composite.isHolding = false;
  if (state.hasValue[index] === 1) out.push({ type: 'drop-value', index });
  state.hasValue[index] = 0;
  const left = heldCount(state, index);
  if (left > 0) growth.releasing.push({ by: index, place: 0, left, range: 0, offset: 0 });
}

/** The whole of a composite is needed again. Calls `hold` for each part that was let go. */
export function holdParts(state: RunState, index: number, hold: (part: number) => void): void {
  const { releasing } = state.growth!;
  const at = releasing.findIndex(({ by }) => by === index);
  const still = at < 0 ? undefined : releasing.splice(at, 1)[0]!;
  const walk: PartWalk = { by: index, place: 0, left: heldCount(state, index), range: 0, offset: 0 };
  while (walk.left > 0) {
    const isHeld = still !== undefined && walk.place >= still.place && walk.place < still.place + still.left;
    const part = nextHeld(state, walk);
    if (!isHeld) hold(part);
  }
}

/** Returns a walk over all parts that have been added. */
export function wholeWalk({ plan }: RunState, by: number): PartWalk {
  return { by, place: 0, left: plan.added!.parts.get(by)?.count ?? 0, range: 0, offset: 0 };
}

/** How many parts make the value of a composite. */
const heldCount = ({ plan: { added } }: RunState, by: number): number => {
  const parts = added!.parts.get(by);
  return parts?.sinks?.length ?? parts?.count ?? 0;
};

/** Returns the next of the parts that make the value. */
export function nextHeld(state: RunState, walk: PartWalk): number {
  const { sinks } = state.plan.added!.parts.get(walk.by)!;
  if (!sinks) return nextPart(state, walk);
  walk.left -= 1;
  walk.place += 1;
  return sinks[walk.place - 1]!;
}

/** Returns the next part. */
export function nextPart({ plan }: RunState, walk: PartWalk): number {
  const { ranges } = plan.added!.parts.get(walk.by)!;
  let index = ranges[walk.range]! + walk.offset;
  if (index === ranges[walk.range + 1]) {
    walk.range += 2;
    walk.offset = 0;
    index = ranges[walk.range]!;
  }
  walk.offset += 1;
  walk.place += 1;
  walk.left -= 1;
  return index;
}

/** Returns the end of an optional expansion of which something failed. */
export function earlyFailure({ runId, plan, policy, attempts }: RunState, index: number, because: RunFault, at: Moment): EarlyEnd {
  const functionId = plan.ids[index]!;
  const failure: RunFault = {
    code: 'HANDOFF_FUNCTION_FAILED',
    message: `Function "${functionId}" failed: its part "${because.functionId!}" failed`,
    dagId: plan.dagId,
    runId,
    functionId,
    attempts: attempts[index]!,
    cause: because,
  };
  return { failure, reason: because, stopByMs: at.nowMs + policy.stopGraceMs };
}
