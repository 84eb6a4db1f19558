import { MultiBar, type Options } from 'cli-progress';
import type { RunEvent } from '../../lib/index.js';
import type { Colors } from '../report/colors.js';
import { type Display, type DisplayStream, durationText } from './display.js';
import type { Group } from './groups.js';
import { type GroupTally, isOver, Tally } from './tally.js';

/** What bars are drawn with. */
export interface BarDisplayParts {
  readonly groups: readonly Group[];
  readonly stream: DisplayStream;
  readonly colors: Colors;
  /** The wall clock, ms. */
  readonly now?: () => number;
}

const BAR_WIDTH = 24;
const LABEL_WIDTH = 28;

/** A bar for each group on a terminal: how many are done, running, failed and retried, and for how long. Output scrolls above the bars. */
export function barDisplay({ groups, stream, colors, now = Date.now }: BarDisplayParts): Display {
  const tally = new Tally(groups);
  const width = Math.min(LABEL_WIDTH, Math.max(0, ...groups.map(({ label }) => label.length)));
  const format = (_options: Options, _params: unknown, group: GroupTally): string => barText(group, { width, nowMs: now(), colors });
  const bars = new MultiBar({ stream, format, hideCursor: true, forceRedraw: true, clearOnComplete: true, fps: 12 });
  for (const group of tally.groups) bars.create(group.total, 0, group);
  const restore = (): void => bars.stop();
  process.once('exit', restore);
  return {
    tell(event: RunEvent): void {
      tally.count(event);
    },
    print(line: string): void {
      const text = `${line.replace(/\n$/, '')}\n`;
      if (bars.isActive) bars.log(text);
      else stream.write(text);
    },
    stop(): void {
      if (!bars.isActive) return;
      process.off('exit', restore);
      // Lines that were printed last are written by an update only, not by the end; and the bars that the end itself would leave are cut off.
      bars.update();
      bars.stop();
      for (const group of tally.groups) stream.write(`${barText(group, { width, nowMs: now(), colors })}\n`);
    },
  };
}

/** One bar as text. */
export function barText(group: GroupTally, { width, nowMs, colors }: { width: number; nowMs: number; colors: Colors }): string {
  const { label, total, running, succeeded, failed, retried, dropped } = group;
  const cells = (count: number): number => (total === 0 ? 0 : Math.floor((count / total) * BAR_WIDTH));
  const [full, ended] = [cells(succeeded), cells(succeeded + failed)];
  const stretch = (color: (text: string) => string, cell: string, count: number): string => (count > 0 ? color(cell.repeat(count)) : '');
  const bar = stretch(colors.green, '█', full) + stretch(colors.red, '█', ended - full) + stretch(colors.dim, '░', BAR_WIDTH - ended);
  const digits = String(total).length;
  const parts = [`${String(succeeded).padStart(digits)}/${total} done`];
  if (running > 0) parts.push(colors.cyan(`${running} running`));
  if (failed > 0) parts.push(colors.red(`${failed} failed`));
  if (retried > 0) parts.push(colors.yellow(`${retried} retried`));
  if (dropped > 0) parts.push(colors.dim(`${dropped} left out`));
  if (group.startedAtMs !== undefined) {
    const untilMs = isOver(group) ? (group.endedAtMs ?? nowMs) : nowMs;
    parts.push(colors.dim(durationText(Math.max(0, untilMs - group.startedAtMs))));
  }
  const shown = label.length > width ? `${label.slice(0, width - 1)}…` : label.padEnd(width);
  return `${colors.bold(shown)} ${bar} ${parts.join('  ')}`;
}
