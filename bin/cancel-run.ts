import type { RunSummary } from '../lib/index.js';
import { ExitCode } from './exit-codes.js';
import type { ClusterFlags } from './node-options.js';
import { openObserver } from './open-observer.js';
import { terminalJson, terminalName } from './report/terminal-text.js';
import type { Session } from './session.js';

/** The options of `handoff cancel`, as commander reads them. */
export interface CancelFlags extends ClusterFlags {
  readonly json?: boolean;
}

/** Cancels a run of any driver, and says in what state it is then. Throws the error of a run that no node knows. */
export async function cancelRun(runId: string, flags: CancelFlags, { output }: Session): Promise<ExitCode> {
  await using observer = await openObserver(flags, 'Cannot cancel the run');
  await observer.cancel(runId);
  const state = (await observer.allRuns()).find((run) => run.runId === runId)?.state ?? 'running';
  const answer = { runId, state };
  await output.write(flags.json ? `${terminalJson(JSON.stringify(answer))}\n` : `run ${terminalName(runId)} ${SAID[state]}\n`);
  return ExitCode.done;
}

const SAID: Readonly<Record<RunSummary['state'], string>> = {
  running: 'is being cancelled: its attempts are ending',
  cancelled: 'is cancelled',
  completed: 'had completed before',
  failed: 'had failed before',
};
