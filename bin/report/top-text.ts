import type { ClusterStatus, NodeUse, RunSummary } from '../../lib/index.js';
import { fitted, padded } from '../progress/text-width.js';
import { bytesText } from './bytes-text.js';
import type { Colors } from './colors.js';
import { lackedText, VALUE_MEMORY } from './lacked-text.js';
import { terminalName } from './terminal-text.js';
import { msText } from './why-text.js';

/** What a screen shows of a cluster. */
export interface TopState {
  readonly status: ClusterStatus;
  /** The runs under way, and some that have ended, the latest first. */
  readonly runs: readonly RunSummary[];
  /** By run, how many functions ended in a second, lately. */
  readonly rates: ReadonlyMap<string, number>;
  /** By the wall clock of this machine, ms since 1970. */
  readonly nowMs: number;
}

/** The screen that it must fit on. */
export interface TopScreen {
  readonly columns: number;
  readonly rows: number;
}

/** The widest bar, columns. */
const BAR = 20;

/** How many ended runs are listed. */
const ENDED = 5;

/** Returns the nodes, runs and waiting functions of a cluster as lines that fit on a screen. What has no room is counted. */
export function topLines({ status, runs, rates, nowMs }: TopState, colors: Colors, { columns, rows }: TopScreen): string[] {
  const time = new Date(nowMs).toLocaleTimeString('sv');
  const running = runs.filter(({ state }) => state === 'running');
  const head = `${time}  ${counted(status.nodes.length, 'node')}, ${counted(running.length, 'run')} under way${waitsText(status)}`;
  const sections = [nodeLines(status.nodes, columns), runLines(runs, rates, nowMs, columns), waitingLines(status, columns)];
  const titles = ['nodes', 'runs', 'waiting for room'];
  const shown = sections.map((lines, at) => ({ title: titles[at]!, lines })).filter(({ lines }) => lines.length > 0);
  // The head with a blank line below it, then a title for each section and a blank line before the next.
  let left = Math.max(0, rows - 1 - 2 * shown.length);
  const all = [colors.bold(fitted(head, columns))];
  for (const [at, { title, lines }] of shown.entries()) {
    const others = shown.slice(at + 1).reduce((sum, other) => sum + Math.min(other.lines.length, 3), 0);
    const room = Math.max(1, Math.min(lines.length, left - others));
    left -= room;
    const isWhole = room >= lines.length;
    const kept = isWhole ? lines : lines.slice(0, Math.max(0, room - 1));
    all.push('', colors.dim(title), ...kept.map((line) => fitted(line, columns)));
    if (!isWhole) all.push(fitted(`… and ${lines.length - kept.length} more`, columns));
  }
  return all.slice(0, rows);
}

function waitsText({ waiting, moreWaiting }: ClusterStatus): string {
  const count = waiting.length + moreWaiting;
  return count === 0 ? '' : `, ${counted(count, 'function')} waiting for room`;
}

/** Of each node one line: its name, what it runs, and a bar for each resource that it has. */
function nodeLines(nodes: readonly NodeUse[], columns: number): string[] {
  const width = Math.min(24, Math.max(4, ...nodes.map(({ name }) => name.length)));
  return nodes.map((node) => {
    const name = padded(terminalName(node.name), width);
    if (!node.isHeard) return `${name}  not heard yet`;
    const status = node.status === 'up' ? '' : `  ${node.status}`;
    const resources = [...Object.keys(node.capabilities).map((resource) => amountOf(node, resource)), threadsOf(node)];
    const barWidth = Math.max(4, Math.min(BAR, Math.floor((columns - width - 24) / resources.length) - 16));
    const bars = resources.map(
      ({ label, used, total }) => `${label} ${barOf(used, total, barWidth)} ${amountText(used)}/${amountText(total)}`,
    );
    return `${name}${status}  ${node.running} running  ${bars.join('  ')}  ${valuesText(node, barWidth)}`;
  });
}

/** What its values take of the memory that they may, and what there is beside that. */
function valuesText({ values }: NodeUse, barWidth: number): string {
  const { memoryBytes, memoryLimitBytes, diskBytes, rememberedResults } = values;
  const bar = `values ${barOf(memoryBytes, memoryLimitBytes, barWidth)} ${bytesText(memoryBytes)}/${bytesText(memoryLimitBytes)}`;
  const disk = diskBytes > 0 ? ` +${bytesText(diskBytes)} on disk` : '';
  return `${bar}${disk}${rememberedResults > 0 ? `, ${rememberedResults.toLocaleString('en')} remembered` : ''}`;
}

interface Amount {
  readonly label: string;
  readonly used: number;
  readonly total: number;
}

const amountOf = ({ used, capabilities }: NodeUse, resource: string): Amount => {
  return { label: terminalName(resource), used: used[resource] ?? 0, total: capabilities[resource] ?? 0 };
};

const threadsOf = ({ threads }: NodeUse): Amount => ({ label: 'threads', ...threads });

const amountText = (amount: number): string => String(Number(amount.toFixed(amount < 100 ? 1 : 0)));

/** Of each run one line: a bar of what is done, how many functions are in which state, its rate, and how long it has run. */
function runLines(runs: readonly RunSummary[], rates: ReadonlyMap<string, number>, nowMs: number, columns: number): string[] {
  const running = runs.filter(({ state }) => state === 'running');
  const ended = runs.filter(({ state }) => state !== 'running').slice(0, ENDED);
  const shown = [...running, ...ended];
  const width = Math.min(28, Math.max(6, Math.floor(columns / 4)), Math.max(6, ...shown.map(({ dagId }) => dagId.length)));
  return shown.map((run) => {
    const { dagId, state, progress, startedAtMs, endedAtMs } = run;
    const done = progress.succeeded + progress.failed + progress.skipped + progress.cancelled;
    const counts = (['running', 'ready', 'waiting', 'resting', 'failed'] as const)
      .filter((name) => progress[name] > 0)
      .map((name) => `${progress[name]} ${name}`);
    const lastedMs = Math.max(0, (endedAtMs ?? nowMs) - startedAtMs);
    const rate = rates.get(run.runId);
    const facts = [
      state === 'running' ? `${rateText(rate)}` : state,
      msText(lastedMs),
      ...counts,
      `driver ${terminalName(run.driver)}`,
    ].filter((fact) => fact !== '');
    const bar = barOf(done, progress.total, columns < 60 ? 8 : BAR);
    return `${padded(terminalName(dagId), width)}  ${bar} ${done}/${progress.total}  ${facts.join(', ')}`;
  });
}

function rateText(rate: number | undefined): string {
  if (rate === undefined) return '';
  return `${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en')}/s`;
}

function waitingLines({ waiting, moreWaiting }: ClusterStatus, columns: number): string[] {
  const width = Math.min(32, Math.max(8, Math.floor(columns / 3)));
  const lines = waiting.map(({ functionId, dagId, node, lacking }) => {
    const short = Object.entries(lacking).map(([name, amount]) =>
      name === VALUE_MEMORY ? lackedText(name, amount) : `${amountText(amount)} ${terminalName(name)}`,
    );
    const where = node === undefined ? 'on any node' : `on ${terminalName(node)}`;
    return `${padded(terminalName(functionId), width)}  ${terminalName(dagId)}  short of ${short.join(', ') || 'its turn'} ${where}`;
  });
  return moreWaiting > 0 && lines.length > 0 ? [...lines, `… and ${moreWaiting} more`] : lines;
}

/** Returns a bar: `#` for what is used, `-` for the rest, within brackets. */
export function barOf(used: number, total: number, width: number): string {
  const share = total > 0 ? Math.min(1, Math.max(0, used / total)) : 0;
  // Something is never nothing, and not all is never all.
  const filled = share === 1 ? width : Math.min(width - 1, Math.max(share > 0 ? 1 : 0, Math.round(share * width)));
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}]`;
}

const counted = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
