// Brain: pure.
import type { AdoptedAttempt } from './messages.js';

/** What a node has of a run whose driver is gone: attempts that run or have succeeded (`isOver`), and values, by the epochs they are of. */
export interface NodeInheritance {
  readonly attempts: readonly { readonly functionId: string; readonly attempt: number; readonly epoch: number; readonly isOver: boolean }[];
  readonly values: readonly { readonly functionId: string; readonly epoch: number }[];
}

/** The run that an heir goes on with, as its record has it. */
export interface InheritedPlan {
  readonly indexOf: ReadonlyMap<string, number>;
  readonly producersStart: Int32Array;
  readonly producers: Int32Array;
  readonly dependentsStart: Int32Array;
  readonly dependents: Int32Array;
  /** By function, the epoch in which it became what it is. */
  readonly since: Readonly<Uint32Array>;
  /** By function, the epoch of its recorded success; 0 for one that has none, or whose success does not hold. */
  readonly madeIn: Readonly<Uint32Array>;
}

/** What an heir takes over. */
export interface Adoption {
  readonly adopted: readonly AdoptedAttempt[];
  /** For recorded successes, a node that has the value. */
  readonly places: ReadonlyMap<number, string>;
}

interface Candidate extends AdoptedAttempt {
  readonly epoch: number;
  readonly isOver: boolean;
}

/**
 * Decides what an heir takes over of what nodes have. An attempt must be of the function as it is now, and all that it consumes must be
 * recorded, or taken over as a success; else it ran with values that will be others. Of several attempts at a function the latest counts.
 * A value counts for the recorded success of the same epoch. Where several nodes have one, the first is taken.
 */
export function adoptionOf(plan: InheritedPlan, inheritances: readonly (readonly [node: string, NodeInheritance])[]): Adoption {
  const { indexOf, since, madeIn } = plan;
  const candidates = new Map<number, Candidate>();
  const places = new Map<number, string>();
  for (const [node, { attempts, values }] of inheritances) {
    for (const { functionId, attempt, epoch, isOver } of attempts) {
      const index = indexOf.get(functionId);
      if (index === undefined || madeIn[index] !== 0 || epoch < since[index]!) continue;
      const known = candidates.get(index);
      if (!known || epoch > known.epoch || (epoch === known.epoch && attempt > known.attempt)) {
        candidates.set(index, { index, attempt, node, epoch, isOver });
      }
    }
    for (const { functionId, epoch } of values) {
      const index = indexOf.get(functionId);
      if (index !== undefined && madeIn[index] === epoch && !places.has(index)) places.set(index, node);
    }
  }
  dropUnfounded(plan, candidates);
  return { adopted: [...candidates.values()].map(({ index, attempt, node }) => ({ index, attempt, node })), places };
}

/** Leaves out attempts with an argument that will be another one, and those that a recorded success has used already. */
function dropUnfounded(
  { producersStart, producers, dependentsStart, dependents, madeIn }: InheritedPlan,
  candidates: Map<number, Candidate>,
): void {
  const isFounded = (index: number): boolean => {
    for (let at = producersStart[index]!; at < producersStart[index + 1]!; at += 1) {
      const producer = producers[at]!;
      if (madeIn[producer] === 0 && !candidates.get(producer)?.isOver) return false;
    }
    for (let at = dependentsStart[index]!; at < dependentsStart[index + 1]!; at += 1) if (madeIn[dependents[at]!] !== 0) return false;
    return true;
  };
  const toCheck = [...candidates.keys()];
  for (let index = toCheck.pop(); index !== undefined; index = toCheck.pop()) {
    if (!candidates.has(index) || isFounded(index)) continue;
    candidates.delete(index);
    for (let at = dependentsStart[index]!; at < dependentsStart[index + 1]!; at += 1) toCheck.push(dependents[at]!);
  }
}
