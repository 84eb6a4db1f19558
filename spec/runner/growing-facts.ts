import { consumerOf, firstEdge, NO_EDGE, nextEdge } from '../../lib/dag/index.js';
import type { RunState } from '../../lib/runner/brain/run-state.js';

export const parentOf = ({ plan }: RunState, index: number): number => plan.added?.parentOf[index] ?? -1;

/** Whether an expansion has all its functions. */
export function isComplete({ growth }: RunState, index: number): boolean {
  const composite = growth!.composites.get(index);
  return composite !== undefined && (composite.added === composite.total || composite.early !== undefined);
}

export const sortedKeys = (map: ReadonlyMap<number, unknown>): number[] => [...map.keys()].sort((a, b) => a - b);

/** Values of functions, and DAGs that are not at the driver. What a composite gives is nowhere but in its parts. */
export const canBeLost = (state: RunState, index: number): boolean => state.hasValue[index] === 1 && !state.growth!.composites.has(index);

export const producersOf = ({ plan }: RunState, index: number): number[] => [
  ...plan.producers.subarray(plan.producersStart[index]!, plan.producersStart[index + 1]!),
];

export function dependentsOf({ plan }: RunState, index: number): number[] {
  const dependents: number[] = [];
  for (let edge = firstEdge(plan, index); edge !== NO_EDGE; edge = nextEdge(plan, index, edge)) dependents.push(consumerOf(plan, edge));
  return dependents;
}

export const isPipelined = ({ plan }: RunState, index: number, over: number): boolean => {
  const map = plan.growth!.maps.get(index);
  return map?.isPipelined === true && map.over === over;
};

export function partsOf({ plan }: RunState, index: number): number[] {
  const parts: number[] = [];
  for (let part = 0; part < plan.size; part += 1) if (plan.added!.parentOf[part] === index) parts.push(part);
  return parts;
}

/** 1 if the composite that it is a part of holds it. */
export function holdOf(state: RunState, index: number): number {
  const by = parentOf(state, index);
  if (by < 0 || !state.growth!.composites.get(by)!.isHolding) return 0;
  const { sinks } = state.plan.added!.parts.get(by)!;
  return Number(!sinks || sinks.includes(index));
}

export function isWithinEarly(state: RunState, index: number): boolean {
  for (let by = index; by >= 0; by = parentOf(state, by)) if (state.growth!.composites.get(by)?.early) return true;
  return false;
}

/** Whether a map takes its elements from those of a map that ends early: it is skipped with that. */
export function isOverEarly(state: RunState, index: number): boolean {
  const map = state.plan.growth!.maps.get(index);
  return map?.isPipelined === true && state.growth!.composites.get(map.over)?.early !== undefined;
}

/** A value that an attempt cannot find: of a map or an expansion, that of a part. */
export function missingArgument(state: RunState, index: number): number | undefined {
  const toLook = producersOf(state, index);
  for (let one = toLook.pop(); one !== undefined; one = toLook.pop()) {
    if (state.absent.has(one)) continue;
    if (state.growth!.composites.has(one)) {
      const { sinks } = state.plan.added!.parts.get(one) ?? {};
      toLook.push(...(sinks ?? partsOf(state, one)));
    } else if (state.hasValue[one] === 0) return one;
  }
  return undefined;
}
