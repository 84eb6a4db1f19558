// Dag: what is to be done, as plain data: built, checked, and laid out for the runner. No I/O, no time.
// In:  specifications of functions, from the user's program or from JSON.
// Out: a typed Dag; a Plan, made of one at `execute`; faults, pictures, JSON.

export type { OfValues } from './build/all-at-once.js';
export type { Condition, ConditionSpec, Primitive } from './build/condition.js';
export { Dag } from './build/dag.js';
export { type DagJson, type DagLike, type DynamicDag, type Regular, type ResultsOf, type Type, type } from './build/dag-like.js';
export { type Arg, arg, type SameValue } from './build/edge.js';
export {
  type AnyFunction,
  type CodeRef,
  type FunctionRef,
  type FunctionRefs,
  functionsIn,
  type UntypedFunctionRef,
} from './build/function-ref.js';
export {
  type CacheOptions,
  type CollocatedWith,
  collocatedWith,
  type FunctionOptions,
  type FunctionSpec,
  type Isolation,
  type Isolations,
  type OnDriver,
  OPTION_FIELDS,
  onDriver,
  type RetryOptions,
} from './build/function-spec.js';
export type { Merged, Parts, PartsOf } from './build/parts.js';
export type { PlanCaching } from './graph/caching.js';
export { DisjointSets } from './graph/disjoint-sets.js';
export type { ConstantsOf } from './graph/graph.js';
export { canGrow, type MapOf, type PlanGrowth, type When } from './graph/growth.js';
export type { CallRecipe, RecipeSource, RecipeStep } from './plan/call-recipe.js';
export { type ExecutionFacts, executionFaults } from './plan/execution-faults.js';
export { invalidDag } from './plan/faults.js';
export { ExpandedDag } from './plan/growing/expanded-dag.js';
export { GrowingPlan, growingPlanOf, type RunPlan } from './plan/growing/growing-plan.js';
export type { PlanPart } from './plan/growing/plan-part.js';
export { elementsOf, insidesOf } from './plan/growing/plan-parts.js';
export {
  appendToShape,
  consumerOf,
  firstEdge,
  growingShape,
  isSink,
  NO_EDGE,
  nextEdge,
  type PlanFragment,
  type PlanShape,
  partAt,
  placeOf,
} from './plan/growing/plan-shape.js';
export type { RetryRules } from './plan/layout.js';
export { remainingPaths } from './plan/paths.js';
export { compile, compileInSteps, type DagSnapshot, isSnapshot, knownPlan, type Plan, snapshotOf } from './plan/plan.js';
export { type DagRecord, dagOfRecord, recordDag } from './plan/record/dag-record.js';
export {
  comparePlans,
  FUNCTION_CHANGES,
  type FunctionChange,
  haveSameConstants,
  haveSameInputs,
  isSameDag,
  isUnchanged,
  type PlanComparison,
  type Reuse,
  sinceEpoch,
} from './plan/record/plan-comparison.js';
export {
  type CodeRecord,
  type ConstantBytes,
  modulesOf,
  type PlanRecord,
  type RecordingDeps,
  recordPlan,
} from './plan/record/plan-record.js';
export { NO_WIRE, WireRows } from './plan/record/wire-record.js';
export { type DagData, dagDataOf, expandedSnapshot, type ReadConstants, type ReadDag, readDagData } from './text/dag-data.js';
