import type { Colors } from '../report/colors.js';
import { durationText } from './display.js';
import { type GroupTally, isOver } from './tally.js';
import { fitted, padded, widthOf } from './text-width.js';

/** The layout of a bar. */
export interface BarLayout {
  /** The width of the longest label; all bars begin in one column. */
  readonly labelWidth: number;
  /** The greatest width of a line, columns. */
  readonly columns: number;
  /** The wall clock, ms. */
  readonly nowMs: number;
  readonly colors: Colors;
}

/** The width of bars where there is room, and the smallest useful width. */
const BAR_WIDTH = 24;
const LEAST_BAR_WIDTH = 6;
const LEAST_LABEL_WIDTH = 8;
export const LONGEST_LABEL_WIDTH = 28;

interface Part {
  readonly text: string;
  readonly color: (text: string) => string;
  /** Where there is no room, the part with the highest number is left out first. */
  readonly dispensable: number;
}

/**
 * Returns the line of a group: its label, its bar, how many functions are done, running, failed and retried, and for how long. It is never
 * wider than `columns`. Where there is too little room the bar becomes shorter, then the label, then the bar is left out, then one part
 * after the other.
 */
export function barText(group: GroupTally, { labelWidth, columns, nowMs, colors }: BarLayout): string {
  let parts = partsOf(group, nowMs, colors);
  const widthOfParts = (): number => parts.reduce((sum, { text }) => sum + widthOf(text) + 2, -2);
  let label = Math.min(labelWidth, LONGEST_LABEL_WIDTH);
  let bar = BAR_WIDTH;
  const excess = (): number => label + (bar > 0 ? bar + 1 : 0) + 1 + widthOfParts() - columns;
  if (excess() > 0) bar = Math.max(LEAST_BAR_WIDTH, bar - excess());
  if (excess() > 0) label = Math.max(Math.min(label, LEAST_LABEL_WIDTH), label - excess());
  if (excess() > 0) bar = 0;
  while (excess() > 0 && parts.length > 1) {
    const first = Math.max(...parts.map(({ dispensable }) => dispensable));
    parts = parts.filter(({ dispensable }) => dispensable !== first);
  }
  if (excess() > 0) {
    return fitted(`${padded(group.label, label)} ${parts.map(({ text }) => text).join('  ')}`, columns);
  }
  const shown = parts.map(({ text, color }) => color(text)).join('  ');
  return `${colors.bold(padded(group.label, label))} ${bar > 0 ? `${barOf(group, bar, colors)} ` : ''}${shown}`;
}

function partsOf(group: GroupTally, nowMs: number, colors: Colors): Part[] {
  const { total, running, succeeded, failed, retried, dropped } = group;
  const asIs = (text: string): string => text;
  const parts: Part[] = [{ text: `${String(succeeded).padStart(String(total).length)}/${total} done`, color: asIs, dispensable: 0 }];
  if (running > 0) parts.push({ text: `${running} running`, color: colors.cyan, dispensable: 2 });
  if (failed > 0) parts.push({ text: `${failed} failed`, color: colors.red, dispensable: 1 });
  if (retried > 0) parts.push({ text: `${retried} retried`, color: colors.yellow, dispensable: 3 });
  if (dropped > 0) parts.push({ text: `${dropped} left out`, color: colors.dim, dispensable: 4 });
  if (group.startedAtMs !== undefined) {
    const untilMs = isOver(group) ? (group.endedAtMs ?? nowMs) : nowMs;
    parts.push({ text: durationText(Math.max(0, untilMs - group.startedAtMs)), color: colors.dim, dispensable: 5 });
  }
  return parts;
}

function barOf({ total, succeeded, failed }: GroupTally, width: number, colors: Colors): string {
  const cells = (count: number): number => (total === 0 ? 0 : Math.floor(Math.min(1, count / total) * width));
  const [full, ended] = [cells(succeeded), cells(succeeded + failed)];
  const stretch = (color: (text: string) => string, cell: string, count: number): string => (count > 0 ? color(cell.repeat(count)) : '');
  return stretch(colors.green, '█', full) + stretch(colors.red, '█', ended - full) + stretch(colors.dim, '░', width - ended);
}
