import type { Capabilities, ClaimClass } from '../../allocator/index.js';
import { andThen, atOnce, type RestOfWork, resultInSteps } from '../../base/index.js';
import type { Plan } from '../../dag/index.js';
import type { InsideTerms } from '../run/growth/expansions.js';
import type { RunDeps } from '../run/run-job.js';
import { claimClasses, KnownClaims } from './claim-classes.js';
import type { Estimates } from './estimates.js';

/**
 * Returns the classes of claims of the functions of a plan, in steps. Throws `HANDOFF_ALLOCATION_FAILED` for one that no member could ever
 * hold, if that is checked.
 */
export function checkedClaims(
  plan: Plan,
  { isLocal, isChecked, prefix = '', known }: CheckedClaimTerms,
  { node, allocation, root, refusesSkew }: RunDeps,
): RestOfWork<readonly ClaimClass[]> {
  const threadCost: Capabilities = allocation.members.some(({ capacity: room }) => (room.capabilities.cpu ?? 0) >= 1) ? { cpu: 1 } : {};
  const terms = { node, local: isLocal, threadCost, comparedBelow: refusesSkew ? root : undefined };
  return andThen(claimClasses(plan, terms, known ?? new KnownClaims(allocation.commonClasses)), (kinds) => {
    if (!isChecked) return atOnce(kinds);
    const seen = new Set<ClaimClass>();
    let last: ClaimClass | undefined;
    const check = (from: number, to: number): void => {
      for (let index = from; index < to; index += 1) {
        const kind = kinds[index]!;
        if (kind === last || seen.has(kind)) continue;
        last = kind;
        seen.add(kind);
        const error = allocation.impossible(kind, prefix + plan.ids[index]!);
        if (error) throw error;
      }
    };
    return resultInSteps(kinds.length, check, () => kinds);
  });
}

/**
 * Returns how the functions of expansions of one run are claimed and ordered. `isChecked`: whether an expansion fails with a function that
 * no member could hold. In a run that goes on such a function waits for a node.
 */
export function insideTerms({ isLocal, isChecked }: InsideChecks, estimates: Estimates, deps: RunDeps): InsideTerms {
  const known = new KnownClaims(deps.allocation.commonClasses);
  return {
    isLocal,
    claimsOf: (plan, prefix) => checkedClaims(plan, { isLocal, isChecked, prefix, known }, deps),
    estimatesOf: (plan) => estimates.of(plan),
  };
}

type InsideChecks = Pick<CheckedClaimTerms, 'isLocal' | 'isChecked'>;

/** How the claims of a plan are found and checked. */
export interface CheckedClaimTerms {
  /** Whether every function runs on the driver. */
  readonly isLocal: boolean;
  readonly isChecked: boolean;
  /** What ids of functions begin with in errors. */
  readonly prefix?: string;
  /** The classes that the run has. */
  readonly known?: KnownClaims;
}
