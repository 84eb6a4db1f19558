import type { FunctionView, ObservedError } from '../../lib/index.js';
import { columnLines } from '../progress/text-width.js';
import { bytesText } from './bytes-text.js';
import type { Colors } from './colors.js';
import { lackedText, VALUE_MEMORY } from './lacked-text.js';
import { terminalLine, terminalName } from './terminal-text.js';

type FunctionDetail = NonNullable<FunctionView['function']>;
type Wait = NonNullable<FunctionDetail['wait']>;

/** How many lines of a stack, and how many producers, are printed. */
const STACK_LINES = 8;
const PRODUCERS = 10;

/** Returns why a function is in its state, for a person: what it waits for, its attempts and its last error. */
export function whyText(detail: FunctionDetail, colors: Colors): string {
  const { functionId, state, isolation, code, wait, error, skippedFor } = detail;
  const head = `${colors.bold(terminalName(functionId))} ${stateText(state)}${whereText(detail)}\n`;
  const parts = [
    head,
    `  code       ${terminalName(code)}, ${terminalName(isolation)}\n`,
    ...(detail.partOf ? [`  part of    ${terminalName(detail.partOf.functionId)}, which ${stateText(detail.partOf.state)}\n`] : []),
    ...(skippedFor
      ? [`  skipped    ${skippedFor === 'not-taken' ? 'its condition did not hold' : 'a function that it needs failed'}\n`]
      : []),
    ...(wait ? [waitText(wait)] : []),
    ...(detail.sizeBytes === undefined ? [] : [`  result     ${bytesText(detail.sizeBytes)}\n`]),
    ...(detail.source ? [`  made by    ${MADE_BY[detail.source]}\n`] : []),
    attemptsText(detail, colors),
    ...(error ? [`\n${colors.bold('last error')}\n${errorText(error)}`] : []),
  ];
  return parts.join('');
}

/** Where the result of a function is from that did not run. */
const MADE_BY = { journal: 'an earlier run of this key: it did not run', cache: 'an earlier run, and remembered: it did not run' } as const;

/** A state as a predicate. */
const stateText = (state: FunctionDetail['state']): string =>
  `${state === 'succeeded' || state === 'failed' ? 'has' : state === 'skipped' || state === 'cancelled' ? 'was' : 'is'} ${state}`;

function whereText({ state, node, attempts, startMs, wait }: FunctionDetail): string {
  const isThere = node !== undefined && (state === 'running' || state === 'succeeded' || state === 'failed');
  const on = isThere ? ` on node ${terminalName(node)}` : '';
  const number = attempts > 1 ? `, attempt ${attempts}` : '';
  const since = state === 'running' && startMs !== undefined ? `, started ${msText(startMs)} after the run` : '';
  return `${on}${number}${since}${wait ? `, for ${msText(wait.forMs)}` : ''}`;
}

function waitText(wait: Wait): string {
  return `  waits for  ${waitLines(wait).join('\n             ')}\n`;
}

function waitLines({ for: reason, producers, lacking, node, untilMs, sinceMs, forMs }: Wait): string[] {
  const leftMs = untilMs === undefined ? undefined : Math.max(0, untilMs - sinceMs - forMs);
  const left = leftMs === undefined ? '' : `, for ${msText(leftMs)} more`;
  switch (reason) {
    case 'producers': {
      const shown = producers.slice(0, PRODUCERS).map(({ functionId, state }) => `${terminalName(functionId)}, which ${stateText(state)}`);
      const more = producers.length - shown.length;
      return more > 0 ? [...shown, `and ${producers.length >= 100 ? `${more} or more` : more} others`] : shown;
    }
    case 'bound': {
      const [map] = producers;
      return [
        map
          ? `the bound of ${terminalName(map.functionId)}: so many of its elements run`
          : 'maxConcurrency of the run: so many functions run',
      ];
    }
    case 'delay':
      return [`its next attempt${left}`];
    case 'node':
      return [`the return of ${node === undefined ? 'a node that can run it' : `node ${terminalName(node)}`}${left}`];
    case 'room':
      return lacking.length === 0 ? ['a node that can run it'] : ['room on a node:', ...lacking.map((one) => `  ${roomText(one)}`)];
  }
}

function roomText({ node, lacking }: Wait['lacking'][number]): string {
  const missing = Object.entries(lacking).map(([name, amount]) => lackedText(name, amount));
  const until = VALUE_MEMORY in lacking ? ': until values go to the disk, or are released' : '';
  const what = missing.length === 0 ? 'has room: it is about to go there' : `lacks ${missing.join(', ')}`;
  return `${terminalName(node)} ${what}${until}`;
}

function attemptsText({ history, attempts }: FunctionDetail, colors: Colors): string {
  if (history.length === 0) return '';
  const rows = history.map(({ attempt, node, slot, outcome, startMs, phases }) => [
    String(attempt),
    outcome,
    terminalName(node),
    String(slot),
    msText(startMs),
    ...[phases.waitMs, phases.fetchMs, phases.loadMs, phases.runMs, phases.packMs, phases.handOverMs].map(msText),
  ]);
  const heads = ['attempt', 'outcome', 'node', 'slot', 'start', 'wait', 'fetch', 'load', 'run', 'pack', 'hand over'];
  const [head, ...lines] = columnLines([heads, ...rows]).map((line) => `  ${line}`);
  const left = attempts > history.length && history[0]!.attempt > 1 ? `  (earlier attempts are not kept one by one)\n` : '';
  return `\n${colors.bold('attempts')}\n${colors.dim(head!)}\n${lines.join('\n')}\n${left}`;
}

function errorText(error: ObservedError): string {
  const lines: string[] = [];
  for (let one: ObservedError | undefined = error, depth = 0; one; one = one.cause, depth += 1) {
    const code = one.code === undefined ? '' : ` [${one.code}]`;
    lines.push(...`${depth === 0 ? '' : 'caused by '}${one.name}${code}: ${one.message}`.split('\n'));
    const frames = (one.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    lines.push(...frames.slice(0, STACK_LINES));
    if (frames.length > STACK_LINES) lines.push(`    … ${frames.length - STACK_LINES} more`);
  }
  return lines.map((line) => `  ${terminalLine(line)}\n`).join('');
}

/** Returns a duration for people. */
export function msText(ms: number): string {
  if (ms < 1) return ms === 0 ? '0' : `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
