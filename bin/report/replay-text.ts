import type { ReplayedRun } from '../../lib/index.js';
import { columnLines } from '../progress/text-width.js';
import type { Colors } from './colors.js';
import { terminalLines, terminalName } from './terminal-text.js';

/** Returns what a run was at the end of its recording, for a person. */
export function replayText(run: ReplayedRun, colors: Colors): string {
  const { total, ...states } = run.progress;
  const counts = Object.entries(states).flatMap(([state, count]) => (count > 0 ? [`${count} ${state}`] : []));
  const happenings = `${run.happenings} ${run.happenings === 1 ? 'happening' : 'happenings'} within ${Math.round(run.overMs)} ms`;
  const sections = [
    `run ${terminalName(run.runId)} of DAG "${terminalName(run.dagId)}": ${run.phase}, after ${happenings}\n`,
    ...(run.error === undefined ? [] : [`error: ${terminalLines(run.error)}\n`]),
    `${total} ${total === 1 ? 'function' : 'functions'}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}\n`,
    ...(total > 0 ? [functionsText(run, colors)] : []),
    listText('last transitions, ms since the run began', run.transitions, colors),
    listText('outstanding', run.outstanding, colors),
    listText('could not be applied', run.faults, colors),
  ];
  return sections.filter((section) => section !== '').join('');
}

function functionsText({ functions }: ReplayedRun, colors: Colors): string {
  const heads = ['function', 'state', 'attempt', 'failures', 'node'];
  const rows = functions.map(({ functionId, state, attempt, failures, node }) => [
    terminalName(functionId),
    state,
    String(attempt),
    String(failures),
    node === undefined ? '-' : terminalName(node),
  ]);
  const [head, ...lines] = columnLines([heads, ...rows]);
  return `\n${colors.bold(head!)}\n${lines.map((line) => `${line}\n`).join('')}`;
}

const listText = (title: string, lines: readonly string[], colors: Colors): string =>
  lines.length === 0
    ? ''
    : `\n${colors.bold(title)}\n${lines.map((line) => `  ${terminalLines(line).replaceAll('\n', '\n  ')}\n`).join('')}`;
