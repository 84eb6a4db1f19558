import type { ExpandedDag, GrowingPlan } from '../../../dag/index.js';
import type { RunColumns } from '../run-columns.js';

/** More stages of a pipeline than this count as the last one. */
const STAGES_APART = 15;

/**
 * Returns the places of the elements of a map in the depth-first order, by their places in the map. They lie right before that of the first
 * map of its pipeline: each element is followed by the one that takes its value, then comes the next.
 */
export function positionsOfElements(of: PositionedRun, map: number, total: number): (place: number) => number {
  const { maps } = of.plan.growth!;
  let first = map;
  let stage = 0;
  for (let at = maps.get(map)!; at.isPipelined; at = maps.get(at.over)!) {
    first = at.over;
    stage += 1;
  }
  const within = (Math.min(stage, STAGES_APART) + 1) / (STAGES_APART + 2);
  const room = roomBefore(of.plan, first);
  const from = of.columns.positions![first]! - room;
  return (place) => from + (room * (place + within)) / total;
}

/** Returns the places of what an expansion gave, by their indices there. They lie right before that of the expansion. */
export function positionsOfInsides(of: PositionedRun, expansion: number, { plan: sub }: ExpandedDag): (index: number) => number {
  const room = roomBefore(of.plan, expansion);
  const from = of.columns.positions![expansion]! - room;
  return (index) => from + (room * ((sub.positions?.[index] ?? index) + 1)) / (sub.size + 1);
}

/** Returns how far the place of a function is from the one before. */
function roomBefore({ added: { parentOf, parts } }: GrowingPlan, index: number): number {
  let room = 1;
  for (let at = parentOf[index]!; at >= 0; at = parentOf[at]!) room /= parts.get(at)!.total + 1;
  return room;
}

/** A run that grows, as far as its order goes. */
interface PositionedRun {
  readonly plan: GrowingPlan;
  readonly columns: RunColumns;
}
