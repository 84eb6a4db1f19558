import type { Capabilities, ClusterStatus, NodeUse } from '../../lib/index.js';
import type { Colors } from './colors.js';
import { terminalName } from './terminal-text.js';

/** Resources in a column of their own, in this order; others follow by name. */
const FIRST = ['cpu', 'memory'];

/** How a cluster is, as tables for a person. */
export function statusText({ nodes, runs, waiting }: ClusterStatus, colors: Colors): string {
  const resources = [
    ...new Set([...FIRST, ...nodes.flatMap(({ capabilities, used }) => Object.keys({ ...capabilities, ...used })).sort()]),
  ];
  const title = (text: string): string => `${colors.bold(text)}\n`;
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
    String(node.running),
    String(node.queued),
    bytesText(node.heldBytes),
    node.address ?? '-',
  ];
  const heads = ['node', 'status', ...resources, 'threads', 'running', 'queued', 'held', 'address'];
  let text = title(counted(nodes.length, 'node')) + table([heads, ...nodes.map(row), ...totalRows(nodes, resources)], colors);
  text += `\n${title(counted(runs.length, 'run'))}`;
  if (runs.length > 0) {
    const rows = runs.map(({ dagId, driver, progress: { total = 0, ...states } }) => {
      const parts = Object.entries(states).filter(([, count]) => count > 0);
      return [dagId, driver, String(total), parts.map(([state, count]) => `${count} ${state}`).join(', ')];
    });
    text += table([['dag', 'driver', 'functions', 'of which'], ...rows], colors);
  }
  if (waiting.length > 0) {
    const rows = waiting.map(({ functionId, dagId, driver, node, lacking }) => [
      functionId,
      dagId,
      driver,
      node ?? 'any',
      lackText(lacking),
    ]);
    text += `\n${title(`${counted(waiting.length, 'function')} waiting for room`)}`;
    text += table([['function', 'dag', 'driver', 'on', 'short of'], ...rows], colors);
  }
  return text;
}

function totalRows(nodes: readonly NodeUse[], resources: readonly string[]): string[][] {
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
  return [['total', '', ...amounts, threads, ...counts, bytesText(sum(({ heldBytes }) => heldBytes)), '']];
}

function amountText(name: string, used = 0, total?: number): string {
  if (total === undefined && used === 0) return '-';
  return name === 'memory' ? `${used}/${total ?? 0} MiB` : `${used}/${total ?? 0}`;
}

const lackText = (lacking: Capabilities): string =>
  Object.entries(lacking)
    .map(([name, amount]) => `${amount} ${name}`)
    .join(', ') || 'its turn';

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

/** Columns wide enough for what stands in them; the first row are their heads. */
function table(rows: readonly (readonly string[])[], colors: Colors): string {
  const cells = rows.map((row) => row.map(terminalName));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, at) => `  ${at === 0 ? colors.dim(line) : line}\n`).join('');
}
