// Runner: WHEN each function goes.
// In:  a DAG to execute, with its options and inputs; the outcomes of claims and attempts.
// Out: requests for claims, attempts to start and stop, events and progress; in the end results, or an error.

export type { CompletedEvent, FailedEvent, Progress, RerunReason, RunEvent } from './brain/messages.js';
export { NO_PROGRESS } from './brain/progress.js';
export { type FindRecorded, RecordedResults } from './durable/record/recorded-results.js';
export type { ResumeNeed, RunRecord, RunRecordQuery } from './durable/record/recorded-runs.js';
export { RunList } from './durable/record/run-list.js';
export type { DurablePlace, StartAttempt, WrapAttempt } from './run/run-job.js';
export type { PreparedRun, RunEnd, RunOutcome } from './runs/open-run.js';
export { recordOf } from './runs/results.js';
export { noJournal } from './runs/run-request.js';
export { Runs } from './runs/runs.js';
export { type ReplayedFunction, type ReplayedRun, TraceReplay } from './trace/trace-replay.js';
export { type RunTracer, traceRuns } from './trace/tracing.js';
