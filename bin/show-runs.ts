import { JournalReader, type RecordedState, type RunRecord } from '../lib/index.js';
import { type DurableFlags, neededPlace } from './durable-options.js';
import { ExitCode, usage } from './exit-codes.js';
import { columnLines } from './progress/text-width.js';
import { terminalJson, terminalLine, terminalName } from './report/terminal-text.js';
import type { Session } from './session.js';

/** The options of `handoff runs`, as commander reads them. */
export interface RunsFlags extends DurableFlags {
  readonly state?: RecordedState;
  readonly json?: boolean;
}

/** Prints the durable runs of a folder or a database. */
export async function showRuns(flags: RunsFlags, { output }: Session): Promise<ExitCode> {
  await using reader = await usage('Cannot list runs', () => JournalReader.open(neededPlace(flags, 'Cannot list runs')));
  const runs = await reader.runs(flags.state ? { state: flags.state } : {});
  await output.write(flags.json ? `${terminalJson(JSON.stringify(runs))}\n` : runsText(runs));
  return ExitCode.done;
}

/** The runs as a table for a person. */
export function runsText(runs: readonly RunRecord[]): string {
  if (runs.length === 0) return 'no runs\n';
  const heads = ['key', 'dag', 'state', 'done', 'started', 'node', ''];
  return columnLines([heads, ...runs.map(rowOf)])
    .map((line) => `${line}\n`)
    .join('');
}

function rowOf({ key, dagId, state, succeeded, total, startedAtMs, node, error, isDamaged }: RunRecord): string[] {
  const done = state === 'running' ? `-/${total}` : `${succeeded}/${total}`;
  const started = new Date(startedAtMs).toLocaleString('sv');
  const what = isDamaged ? 'its record is damaged' : error === undefined ? '' : terminalLine(error);
  return [terminalName(key), terminalName(dagId), isDamaged ? '?' : state, done, started, terminalName(node), what];
}
