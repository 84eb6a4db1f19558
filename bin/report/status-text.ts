import type { Capabilities, ClusterStatus, DrivenRun, NodeUse } from '../../lib/index.js';
import { columnLines, fitted } from '../progress/text-width.js';
import { bytesText } from './bytes-text.js';
import type { Colors } from './colors.js';
import { lackedText, VALUE_MEMORY } from './lacked-text.js';
import { terminalName } from './terminal-text.js';

/** Resources with a column of their own, in this order. Others follow by name. */
const FIRST = ['cpu', 'memory'];

/** The screen that a status must fit on. Rows without room are counted. */
export interface StatusScreen {
  readonly columns: number;
  readonly rows: number;
}

/** A table under its title. */
interface Section {
  readonly title: string;
  /** The rows, beginning with the head. If empty, there is no table. */
  readonly rows: readonly (readonly string[])[];
  /** Rows that are always shown, below the others in the same columns. */
  readonly last: readonly (readonly string[])[];
  /** How many rows there are besides `rows`. */
  readonly more: number;
}

/** Returns the state of a cluster as tables for a person: all of it, or as much as fits on a screen. */
export function statusText(status: ClusterStatus, colors: Colors, screen?: StatusScreen): string {
  const sections = [nodesSection(status), runsSection(status), ...waitingSection(status)];
  const rooms = screen === undefined ? undefined : roomsFor(sections, screen.rows);
  return sections.map((section, at) => sectionText(section, colors, rooms?.[at], screen?.columns)).join('\n');
}

function nodesSection({ nodes }: ClusterStatus): Section {
  const resources = [
    ...new Set([...FIRST, ...nodes.flatMap(({ capabilities, used }) => Object.keys({ ...capabilities, ...used })).sort()]),
  ];
  const isolations = isolationsOf(nodes);
  const held = heldColumns(nodes);
  const row = (node: NodeUse): string[] => [
    node.name,
    [
      node.status,
      ...(node.isHeard ? [] : ['not heard yet']),
      ...(node.blocked > 0 ? [`${node.blocked} blocked`] : []),
      ...(node.log === 'lost' ? ['log lost'] : []),
    ].join(', '),
    ...resources.map((name) => amountText(name, node.used[name], node.capabilities[name])),
    `${node.threads.used}/${node.threads.total}`,
    ...isolations.map((name) => slotsText([node], name)),
    String(node.running),
    String(node.queued),
    ...held.map(([, textOf]) => textOf([node])),
    node.address ?? '-',
  ];
  const slots = isolations.map((name) => `${name} slots`);
  const heads = ['node', 'status', ...resources, 'threads', ...slots, 'running', 'queued', ...held.map(([head]) => head), 'address'];
  return {
    title: counted(nodes.length, 'node'),
    rows: [heads, ...nodes.map(row)],
    last: totalRows(nodes, resources, isolations, held),
    more: 0,
  };
}

type HeldColumn = readonly [head: string, textOf: (nodes: readonly NodeUse[]) => string];

/** What the values of nodes take: in memory, of how much; on the disk and remembered, where there is anything. */
function heldColumns(nodes: readonly NodeUse[]): HeldColumn[] {
  const sum = (all: readonly NodeUse[], of: keyof NodeUse['values']): number => all.reduce((total, { values }) => total + values[of], 0);
  const inMemory = (all: readonly NodeUse[]): string => {
    const limitBytes = sum(all, 'memoryLimitBytes');
    return bytesText(sum(all, 'memoryBytes')) + (limitBytes > 0 ? `/${bytesText(limitBytes)}` : '');
  };
  const rememberedText = (all: readonly NodeUse[]): string =>
    `${sum(all, 'rememberedResults').toLocaleString('en')}, ${bytesText(sum(all, 'rememberedBytes'))}`;
  return [
    ['held', inMemory],
    ...(sum(nodes, 'diskBytes') > 0 ? [['on disk', (all) => bytesText(sum(all, 'diskBytes'))] as HeldColumn] : []),
    ...(sum(nodes, 'rememberedResults') > 0 ? [['remembered', rememberedText] as HeldColumn] : []),
  ];
}

/** The isolations of users' own that have slots on one of the nodes, by name. */
const isolationsOf = (nodes: readonly NodeUse[]): string[] => [...new Set(nodes.flatMap(({ ownSlots }) => Object.keys(ownSlots)))].sort();

/** Returns how many of the slots of an isolation are in use; `-` where no node has it. */
function slotsText(nodes: readonly NodeUse[], isolation: string): string {
  const slots = nodes.flatMap(({ ownSlots }) => (Object.hasOwn(ownSlots, isolation) ? [ownSlots[isolation]!] : []));
  const sum = (of: 'used' | 'total'): number => slots.reduce((all, one) => all + one[of], 0);
  return slots.length === 0 ? '-' : `${sum('used')}/${sum('total')}`;
}

function runsSection({ runs }: ClusterStatus): Section {
  const title = counted(runs.length, 'run');
  if (runs.length === 0) return { title, rows: [], last: [], more: 0 };
  const rows = inTree(runs).map(([{ dagId, driver, progress, parent }, depth]) => {
    const { total = 0, ...states } = progress;
    const parts = Object.entries(states).filter(([, count]) => count > 0);
    const name = depth === 0 ? dagId : `${'  '.repeat(Math.min(depth, DEEPEST_SHOWN) - 1)}└ ${dagId} (in ${parent!.functionId})`;
    return [name, driver, String(total), parts.map(([state, count]) => `${count} ${state}`).join(', ')];
  });
  return { title, rows: [['dag', 'driver', 'functions', 'of which'], ...rows], last: [], more: 0 };
}

/** How deep runs within runs are shown as such. */
const DEEPEST_SHOWN = 8;

/** Returns the runs, each followed by those that its functions have started, with their depth. */
function inTree(runs: readonly DrivenRun[]): readonly (readonly [DrivenRun, number])[] {
  const known = new Set(runs.map(({ runId }) => runId));
  const inner = new Map<string, DrivenRun[]>();
  const left: [DrivenRun, number][] = [];
  for (const run of runs) {
    const within = run.parent && run.parent.runId !== run.runId && known.has(run.parent.runId) ? run.parent.runId : undefined;
    if (within === undefined) left.push([run, 0]);
    else inner.set(within, [...(inner.get(within) ?? []), run]);
  }
  left.reverse();
  const rows: (readonly [DrivenRun, number])[] = [];
  for (let next = left.pop(); next; next = left.pop()) {
    const [{ runId }, depth] = next;
    rows.push(next);
    const below = inner.get(runId) ?? [];
    inner.delete(runId);
    for (const run of below.reverse()) left.push([run, depth + 1]);
  }
  return rows;
}

function waitingSection({ waiting, moreWaiting }: ClusterStatus): Section[] {
  if (waiting.length === 0) return [];
  const rows = waiting.map(({ functionId, dagId, driver, node, lacking }) => [functionId, dagId, driver, node ?? 'any', lackText(lacking)]);
  const heads = ['function', 'dag', 'driver', 'on', 'short of'];
  const title = `${counted(waiting.length + moreWaiting, 'function')} waiting for room`;
  return [{ title, rows: [heads, ...rows], last: [], more: moreWaiting }];
}

/** Returns how many lines each section gets below its title. Sections share the lines that others do not need. */
function roomsFor(sections: readonly Section[], rows: number): number[] {
  const needed = sections.map((section) => section.rows.length + section.last.length + (section.more > 0 ? 1 : 0));
  // One title each, and a blank line between two sections.
  let left = Math.max(0, rows - (2 * sections.length - 1));
  const rooms = sections.map(() => 0);
  const inOrder = needed.map((_, at) => at).sort((a, b) => needed[a]! - needed[b]!);
  for (const [done, at] of inOrder.entries()) {
    rooms[at] = Math.min(needed[at]!, Math.floor(left / (inOrder.length - done)));
    left -= rooms[at]!;
  }
  return rooms;
}

function sectionText({ title, rows, last, more }: Section, colors: Colors, room = Number.POSITIVE_INFINITY, columns?: number): string {
  const cut = (line: string): string => (columns === undefined ? line : fitted(line, columns));
  const lines = columnLines([...rows, ...last].map((row) => row.map(terminalName))).map((line) => `  ${line}`);
  const isWhole = lines.length + (more > 0 ? 1 : 0) <= room;
  const shown = isWhole ? rows.length : Math.max(0, Math.min(rows.length, room - last.length - 1));
  const hidden = more + rows.length - Math.max(1, shown);
  const [head, ...others] = lines.slice(0, shown);
  const below = [
    ...(hidden > 0 && rows.length > 0 && room > 0 ? [`  … and ${hidden} more`] : []),
    ...(room > last.length ? lines.slice(rows.length) : []),
  ];
  const all = [...(head === undefined ? [] : [colors.dim(cut(head))]), ...[...others, ...below].map(cut)];
  return `${[colors.bold(cut(title)), ...all].join('\n')}\n`;
}

function totalRows(
  nodes: readonly NodeUse[],
  resources: readonly string[],
  isolations: readonly string[],
  held: readonly HeldColumn[],
): string[][] {
  if (nodes.length < 2) return [];
  const sum = (of: (node: NodeUse) => number): number => Number(nodes.reduce((total, node) => total + of(node), 0).toFixed(6));
  const amounts = resources.map((name) =>
    amountText(
      name,
      sum(({ used }) => used[name] ?? 0),
      sum((node) => node.capabilities[name] ?? 0),
    ),
  );
  const threads = `${sum((node) => node.threads.used)}/${sum((node) => node.threads.total)}`;
  const counts = [sum(({ running }) => running), sum(({ queued }) => queued)].map(String);
  const slots = isolations.map((name) => slotsText(nodes, name));
  return [['total', '', ...amounts, threads, ...slots, ...counts, ...held.map(([, textOf]) => textOf(nodes)), '']];
}

function amountText(name: string, used = 0, total?: number): string {
  if (total === undefined && used === 0) return '-';
  return name === 'memory' ? `${used}/${total ?? 0} MiB` : `${used}/${total ?? 0}`;
}

const lackText = (lacking: Capabilities): string =>
  Object.entries(lacking)
    .map(([name, amount]) => (name === VALUE_MEMORY ? lackedText(name, amount) : `${amount} ${name}`))
    .join(', ') || 'its turn';

const counted = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
