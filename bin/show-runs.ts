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
  readonly root?: string;
}

/** Prints the durable runs of a folder or a database. */
export async function showRuns(flags: RunsFlags, { output }: Session): Promise<ExitCode> {
  const { root, state, json } = flags;
  const place = { ...neededPlace(flags, 'Cannot list runs', '; or a cluster with --join'), ...(root !== undefined && { root }) };
  await using reader = await usage('Cannot list runs', () => JournalReader.open(place));
  const runs = await reader.runs(state ? { state } : {});
  await output.write(json ? `${terminalJson(JSON.stringify(runs.map(jsonOf)))}\n` : runsText(runs));
  return ExitCode.done;
}

/** A run for programs: the message of its error beside the other fields. */
function jsonOf({ error, ...run }: RunRecord): object {
  return { ...run, ...(error && { error: { ...error, message: error.message } }) };
}

/** The runs as a table for a person. */
export function runsText(runs: readonly RunRecord[]): string {
  if (runs.length === 0) return 'no runs\n';
  const heads = ['key', 'dag', 'state', 'done', 'started', 'driver', ''];
  return columnLines([heads, ...runs.map(rowOf)])
    .map((line) => `${line}\n`)
    .join('');
}

const NEEDS = {
  code: 'waits for a node with the code that it was started with',
  caller: 'waits for its caller: it has plain functions',
} as const;

function rowOf(run: RunRecord): string[] {
  const { key, dagId, state, succeeded, total, startedAtMs, driver, isDamaged } = run;
  const done = state === 'running' ? `-/${total}` : `${succeeded}/${total}`;
  const started = new Date(startedAtMs).toLocaleString('sv');
  return [terminalName(key), terminalName(dagId), isDamaged ? '?' : state, done, started, terminalName(driver), remarkOn(run)];
}

function remarkOn({ isDamaged, error, waitsFor }: RunRecord): string {
  if (isDamaged) return 'its record is damaged';
  const remarks = [...(error ? [terminalLine(error.message)] : []), ...(waitsFor ? [NEEDS[waitsFor]] : [])];
  return remarks.join('; ');
}
