// Runner: WHEN each function goes.
// In:  a DAG to execute, with its options and inputs; what becomes of claims and attempts.
// Out: requests for claims, attempts to start and stop, events and progress; in the end results, or the error that says why not.
export { type DriverMessage, type GuestGround, GuestRuns } from './guest-runs.js';
export type { CompletedEvent, FailedEvent, Progress, RunEvent } from './messages.js';
export { recordOf } from './results.js';
export type { Interpose, StartAttempt } from './run-order.js';
export { type PreparedRun, type RunEnd, type RunOutcome, Runs } from './runs.js';
export { Turn } from './turn.js';
