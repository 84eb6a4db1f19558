import type { FunctionSpec, Isolation } from '../../build/function-spec.js';
import type { ExpandedDag } from './expanded-dag.js';
import type { PlanFragment } from './plan-shape.js';

/** Stands in the arguments of a growing plan for an inline function, which has no number there. The recipe says which one it is. */
export const INLINE_ARGUMENT = 2 ** 30;

/** Functions that a run adds to its plan: the brain needs `fragment`, others the rest, by place in the part. */
export interface PlanPart {
  readonly fragment: PlanFragment;
  readonly specs: readonly FunctionSpec[];
  readonly isolation: readonly Isolation[];
  /** The arguments of the kth function, as in `Plan`: from `argsStart[k]` up to `argsStart[k + 1]`. */
  readonly argsStart: Int32Array;
  readonly args: Int32Array;
  /** The DAG that they are of, if an expansion adds them. */
  readonly expanded: ExpandedDag | undefined;
}
