// Runner: WHEN each function goes.
// In:  a DAG to execute, with its options and inputs; the outcomes of claims and attempts.
// Out: requests for claims, attempts to start and stop, events and progress; in the end results, or an error.

export type { CompletedEvent, FailedEvent, Progress, RerunReason, RunEvent } from './brain/messages.js';
export { NO_PROGRESS } from './brain/progress.js';
export { observeRun } from './durable/observed/observe-record.js';
export { type FindRecorded, RecordedResults } from './durable/record/recorded-results.js';
export { noSuchRun, type ResumeNeed, type RunRecord, type RunRecordQuery } from './durable/record/recorded-runs.js';
export { RunList } from './durable/record/run-list.js';
export { EventCursor, type EventPosition } from './events/event-cursor.js';
export { EventLog } from './events/event-log.js';
export {
  ATTEMPT_OUTCOMES,
  type AttemptHistory,
  type AttemptOutcome,
  type AttemptRow,
  type AttemptTotals,
  type Phases,
  type SeeAttempt,
} from './observed/attempt-history.js';
export { groupNameOf } from './observed/group-name.js';
export type { NotRun, ObservedError, ObservedLine, ObservedRun, ObservedRunState, ObservedWait } from './observed/observed-run.js';
export { type EndCounts, PHASE_BOUNDS_S, PHASE_NAMES, type PhaseCounts, RunMeter } from './observed/run-meter.js';
export type { BeginRun, BegunRun, WatchedRun, WatchRun } from './observed/run-watch.js';
export type { RememberedPlace, ValueOfRun } from './remember/remembered-place.js';
export { writeLarge } from './remember/write-large.js';
export type { DurablePlace, StartAttempt, WrapAttempt } from './run/run-job.js';
export type { PreparedRun, RunEnd, RunOutcome } from './runs/open-run.js';
export { recordOf } from './runs/results.js';
export { noJournal } from './runs/run-request.js';
export type { RunSummary } from './runs/run-summary.js';
export { Runs } from './runs/runs.js';
export { type ReplayedFunction, type ReplayedRun, TraceReplay } from './trace/trace-replay.js';
export { type RunTracer, traceRuns } from './trace/tracing.js';
