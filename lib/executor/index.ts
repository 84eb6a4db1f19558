// Executor: HOW an attempt runs.
// In:  attempts: a function with its arguments, together with the inline functions and (de)serializers it needs.
// Out: outcomes: a value on this node, a failure, or the word that it was stopped; what functions print.
export type { AttemptContext, Outcome, Step } from './attempt.js';
export { currentFunction, type FunctionContext } from './current-function.js';
export { type Attempt, type AttemptHandle, type ExecutorMessage, ExecutorTable, startExecutor } from './executor.js';
export type { Isolation, IsolationOptions } from './isolation.js';
export { isolations } from './isolations/index.js';
export type { PlacedStep } from './segments.js';
