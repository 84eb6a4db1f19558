import { type Clock, doInTurns, type HandoffError } from '../../../base/index.js';
import { type DagLike, dagOfRecord } from '../../../dag/index.js';
import type { ModuleContents } from '../../../executor/index.js';
import { isStorageFailed } from '../../../files/index.js';
import type { Journal, RecordedRun } from '../../../journal/index.js';
import type { RunEnd } from '../../runs/open-run.js';
import { aborted, endingError } from '../../runs/run-endings.js';
import type { RunMode } from '../../runs/run-request.js';
import { type DurableCall, isAsFound } from '../durable-call.js';
import { openingGroups } from '../record/opening-record.js';
import { packSummary, summaryOfError } from '../record/record-end.js';
import type { RunHistory } from '../record/record-reader.js';
import { countsIn } from '../record/recorded-counts.js';
import { readRecord } from '../record/run-record.js';
import { unpackedDag } from '../record/take-plan.js';
import { type FoundNeed, resumeNeed } from './resume-need.js';
import type { ResumeAnswer } from './resumer.js';

/** A run that was resumed so often in a row, without a new record, is ended as failed: whatever ends it would end it again. */
const MOST_IDLE_RESUMPTIONS = 3;

/**
 * Goes on with an interrupted run that nobody asked for, if every function is the same here. Resolves when the run is open, or will not be.
 * Rejects with the error of a journal that cannot be used now. `onEnd` is called only for a run that was begun.
 */
export async function resumeFound(recorded: RecordedRun, onEnd: (end: RunEnd) => void, deps: FoundDeps): Promise<ResumeAnswer> {
  const { journal, clock, contents } = deps;
  let call: DurableCall;
  let early: RunEnd | undefined;
  let isBegun = false;
  try {
    // Where many runs were found, other nodes have taken some meanwhile: their records need not be read.
    const [present] = await journal.findRuns({ key: recorded.key });
    if (!isAsFound(present, recorded)) return { type: 'gone' };
    const record = await readRecord(journal, recorded, clock);
    if (!record) return { type: 'gone' };
    if (recorded.idleResumptions >= MOST_IDLE_RESUMPTIONS) return await failIdle(recorded, record, journal);
    const need = await resumeNeed(record, contents);
    if (need) return { type: 'stays', ...needText(need) };
    const dag = await doInTurns(dagOfRecord(record.plan, unpackedDag(record.dag)));
    call = await deps.prepare(dag, record.opening.mode, recorded);
  } catch (error) {
    return answerTo(endingError(error));
  }
  call.onEnd = (end) => {
    early = end;
    if (isBegun) onEnd(end);
  };
  call.begin();
  await call.known;
  if (call.refusal) return answerTo(call.refusal);
  isBegun = true;
  if (early) onEnd(early);
  return { type: 'begun' };
}

/** What an error says about a run that was not begun. Throws it, if the run may be resumed later. */
function answerTo(error: HandoffError): ResumeAnswer {
  const { code, reason } = error;
  if (code === 'HANDOFF_DAG_RUNNING' || code === 'HANDOFF_NOT_FOUND' || code === 'HANDOFF_STOPPED') return { type: 'gone' };
  if (isStorageFailed(error) && reason !== 'damaged') throw error;
  return { type: 'stays', why: error.message, fields: { err: error } };
}

function needText({ waitsFor, module }: FoundNeed): { readonly why: string; readonly fields: object } {
  if (waitsFor === 'code') return { why: `the module ${JSON.stringify(module)} is not what it was`, fields: { waitsFor, module } };
  return { why: 'it has plain functions, and waits to be executed again', fields: { waitsFor } };
}

/** Ends a run that makes no progress. It goes on when it is asked for. */
async function failIdle(recorded: RecordedRun, record: RunHistory, journal: Journal): Promise<ResumeAnswer> {
  const { key, runId, dagId, epoch, idleResumptions } = recorded;
  const { opening } = record;
  const { mode, inputs, options, reasons } = opening;
  const { total, succeeded } = countsIn(record);
  const answer = await journal.openRun({
    key,
    knownEpoch: epoch,
    known: recorded,
    runId,
    dagId,
    opening: await doInTurns(openingGroups({ dagId: opening.dagId, mode, inputs, options, reasons })),
    summary: packSummary({ total, succeeded: 0 }),
  });
  if (answer.type !== 'opened') return { type: 'gone' };
  const why = `it was resumed ${idleResumptions} times in a row, and recorded nothing new`;
  const error = aborted({ runId, dagId }, why, undefined);
  try {
    await answer.run.end('failed', packSummary({ total, succeeded, error: summaryOfError(error) }));
  } catch (failure) {
    answer.run.leave();
    throw failure;
  }
  return { type: 'stays', why: error.message, fields: { err: error } };
}

/** The parts of a node that going on with a found run needs. */
export interface FoundDeps {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly contents: ModuleContents;
  /** Prepares a call that goes on with the run only if it is still as it was found. Rejects as `Runs.prepare` throws. */
  readonly prepare: (dag: DagLike, mode: RunMode, found: RecordedRun) => Promise<DurableCall>;
}
