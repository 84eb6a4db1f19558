import type { RunSummary } from '../lib/index.js';
import { ExitCode, UsageError } from './exit-codes.js';
import type { ClusterFlags } from './node-options.js';
import { openObserver } from './open-observer.js';
import { durationText } from './progress/display.js';
import { columnLines } from './progress/text-width.js';
import { terminalJson, terminalName } from './report/terminal-text.js';
import type { Session } from './session.js';

/** What `handoff runs --join` reads of the options. */
export interface AllRunsFlags extends ClusterFlags {
  readonly state?: string;
  readonly json?: boolean;
}

/** Prints the runs of a cluster: those under way, and the last of each driver that have ended. Throws `UsageError` for wrong options. */
export async function showAllRuns(flags: AllRunsFlags, { output }: Session): Promise<ExitCode> {
  if (flags.state === 'interrupted')
    throw new UsageError('Cannot list runs: only recorded runs are interrupted, see --data-dir and --journal');
  await using observer = await openObserver(flags, 'Cannot list runs');
  const runs = (await observer.allRuns()).filter(({ state }) => flags.state === undefined || state === flags.state);
  await output.write(flags.json ? `${terminalJson(JSON.stringify(runs))}\n` : allRunsText(runs));
  return ExitCode.done;
}

/** The runs as a table for a person. */
export function allRunsText(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return 'no runs\n';
  return columnLines([['run', 'dag', 'state', 'done', 'failed', 'started', 'took', 'driver', 'key'], ...runs.map(rowOf)])
    .map((line) => `${line}\n`)
    .join('');
}

function rowOf({ runId, dagId, state, progress, startedAtMs, endedAtMs, driver, key }: RunSummary): string[] {
  const { total, succeeded, skipped, failed } = progress;
  const started = new Date(startedAtMs).toLocaleString('sv');
  return [
    terminalName(runId),
    terminalName(dagId),
    state,
    `${succeeded + skipped}/${total}`,
    String(failed),
    started,
    endedAtMs === undefined ? '-' : durationText(Math.max(0, endedAtMs - startedAtMs)),
    terminalName(driver),
    key === undefined ? '' : terminalName(key),
  ];
}
