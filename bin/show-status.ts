import { setTimeout as rest } from 'node:timers/promises';
import { ExitCode } from './exit-codes.js';
import type { ClusterFlags } from './node-options.js';
import { openObserver } from './open-observer.js';
import { colorsFor } from './report/colors.js';
import { statusText } from './report/status-text.js';
import { terminalJson } from './report/terminal-text.js';
import type { Session } from './session.js';

/** The options of `handoff status`, as commander reads them. */
export interface StatusFlags extends ClusterFlags {
  readonly json?: boolean;
  readonly watch?: boolean;
}

const WATCH_MS = 1000;
const CLEAR = '\u001b[H\u001b[2J';
const HOME = '\u001b[H';
const ERASE_TO_LINE_END = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

/** Prints the state of a cluster. Throws the reason if it cannot be reached. */
export async function showStatus(flags: StatusFlags, { output }: Session): Promise<ExitCode> {
  await using observer = await openObserver(flags, 'Cannot show the status');
  const show = async (isFirst: boolean): Promise<void> => {
    const status = await observer.status();
    if (flags.json) return output.write(`${terminalJson(JSON.stringify(status))}\n`);
    const colors = colorsFor(process.stdout);
    if (!flags.watch) return output.write(statusText(status, colors));
    const when = `${new Date().toLocaleTimeString('sv')}\n\n`;
    if (!process.stdout.isTTY) return output.write(`${isFirst ? '' : '\n'}${when}${statusText(status, colors)}`);
    const [columns, rows] = process.stdout.getWindowSize();
    // Room for the time, the blank line below it, and the line that the cursor rests on.
    const text = when + statusText(status, colors, { columns, rows: rows - 3 });
    return output.write(`${isFirst ? CLEAR : HOME}${text.replaceAll('\n', `${ERASE_TO_LINE_END}\n`)}${ERASE_BELOW}`);
  };
  await show(true);
  while (flags.watch && output.isOpen) {
    await rest(WATCH_MS);
    await show(false);
  }
  return ExitCode.done;
}
