import type { RunEvent } from '../../lib/index.js';
import type { Colors } from '../report/colors.js';
import { terminalLine, terminalName } from '../report/terminal-text.js';
import { barText, LONGEST_LABEL_WIDTH } from './bar-text.js';
import type { Display, DisplayStream } from './display.js';
import type { Group } from './groups.js';
import { LiveArea, type ScreenSize } from './live-area.js';
import { Tally } from './tally.js';
import { widthOf } from './text-width.js';

/** The parts that bars are drawn with. */
export interface BarDisplayParts {
  readonly groups: readonly Group[];
  readonly stream: DisplayStream;
  readonly colors: Colors;
  /** The wall clock, ms. */
  readonly now?: () => number;
}

const FRAME_MS = 80;
/**
 * No bars are drawn while the width of the terminal changes, as each change leaves the drawn ones behind. This is the rest after a change,
 * ms.
 */
const REST_MS = 300;
/** The most output that waits for the next frame, characters. */
const LARGEST_WAITING = 64 * 1024;

/**
 * Draws one bar for each group on a terminal: how many functions are done, running, failed and retried, and for how long. Output scrolls by
 * above the bars, in whole lines.
 */
export function barDisplay({ groups, stream, colors, now = Date.now }: BarDisplayParts): Display {
  const tally = new Tally(groups.map((group) => ({ ...group, label: terminalName(group.label) })));
  const labelWidth = Math.min(LONGEST_LABEL_WIDTH, Math.max(0, ...tally.groups.map(({ label }) => widthOf(label))));
  const area = new LiveArea();
  let waiting = '';
  /** The beginning of a line that a module has not finished. */
  let begun = '';
  let isOver = false;
  let restsUntilMs = 0;
  const lines = ({ columns, rows }: ScreenSize): string[] => {
    // The last column is left free: a line that fills it may wrap.
    const layout = { labelWidth, columns: Math.max(1, columns - 1), nowMs: now(), colors };
    const all = tally.groups.map((group) => barText(group, layout));
    return all.slice(0, Math.max(1, rows - 2));
  };
  const draw = (): void => {
    const size = sizeOf(stream);
    if (area.columns !== undefined && area.columns !== size.columns) restsUntilMs = now() + REST_MS;
    stream.write(area.draw(waiting, now() < restsUntilMs ? [] : lines(size), size));
    waiting = '';
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  const print = (line: string): void => {
    const text = `${line.replace(/\n$/, '')}\n`;
    if (isOver) stream.write(text);
    else waiting += text;
    if (waiting.length > LARGEST_WAITING) draw();
  };
  const stop = (): void => {
    if (isOver) return;
    if (begun !== '') print(terminalLine(begun));
    isOver = true;
    clearInterval(timer);
    process.off('exit', stop);
    stream.off?.('resize', draw);
    const { columns, rows } = sizeOf(stream);
    stream.write(area.end(waiting, lines({ columns, rows: Number.POSITIVE_INFINITY }), { columns, rows }));
    waiting = '';
  };
  process.once('exit', stop);
  stream.on?.('resize', draw);
  draw();
  return {
    tell(event: RunEvent): void {
      tally.count(event);
    },
    print,
    pass(text: string): void {
      if (isOver) {
        stream.write(text);
        return;
      }
      const whole = (begun + text).split('\n');
      begun = whole.pop()!;
      for (const line of whole) print(terminalLine(line));
      if (begun.length <= LARGEST_WAITING) return;
      print(terminalLine(begun));
      begun = '';
    },
    stop,
  };
}

/** Read anew each time: the terminal may have changed before its signal arrives. */
function sizeOf(stream: DisplayStream): ScreenSize {
  const [columns, rows] = stream.getWindowSize?.() ?? [stream.columns, stream.rows];
  return { columns: columns || 80, rows: rows || 24 };
}
