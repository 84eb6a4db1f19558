// Dag: what is to be done, as plain data: built, checked, and laid out for the runner. No I/O, no time.
// In:  specifications of functions, from the user's program or from JSON.
// Out: a typed Dag; a Plan, made of one at `execute`; faults, pictures, JSON.
export { Dag } from './dag.js';
export { type Arg, arg, type SameValue } from './edge.js';
export { type ExecutionFacts, executionFaults } from './execution-faults.js';
export { invalidDag } from './faults.js';
export {
  type AnyFunction,
  type CodeRef,
  type FunctionRef,
  type FunctionRefs,
  functionsIn,
  type UntypedFunctionRef,
} from './function-ref.js';
export {
  type CollocatedWith,
  collocatedWith,
  type FunctionOptions,
  type FunctionSpec,
  type Isolation,
  type OnDriver,
  onDriver,
  type RetryOptions,
} from './function-spec.js';
export { remainingPaths } from './paths.js';
export { compile, type Plan } from './plan.js';
export type { Program, ProgramStep, Source } from './program.js';
export { type DagJson, type DagLike, type DynamicDag, type Regular, type ResultsOf, type Type, type } from './wiring.js';
