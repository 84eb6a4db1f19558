import { setTimeout as rest } from 'node:timers/promises';
import type { ClusterObserver } from '../lib/index.js';
import { ExitCode } from './exit-codes.js';
import type { ClusterFlags } from './node-options.js';
import { openObserver } from './open-observer.js';
import { FullScreen, type ScreenTerminal } from './progress/full-screen.js';
import { RunRates } from './progress/run-rates.js';
import { colorsFor } from './report/colors.js';
import { terminalJson } from './report/terminal-text.js';
import { type TopState, topLines } from './report/top-text.js';
import type { Session } from './session.js';

/** The options of `handoff top`, as commander reads them. */
export interface TopFlags extends ClusterFlags {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/** The screen is made anew so often, ms. */
const EACH_MS = 1000;

/** Where there is no terminal, a screen has so many columns, and all rows. */
const COLUMNS = 120;

/** Shows a cluster until `q` is pressed. Throws the reason if it cannot be reached any more. */
export async function showTop(flags: TopFlags, session: Session): Promise<ExitCode> {
  const { output } = session;
  await using observer = await openObserver(flags, 'Cannot show the cluster');
  const rates = new RunRates();
  const look = (): Promise<TopState> => lookAt(observer, rates);
  if (!flags.json && process.stdout.isTTY) return await showLive(look, session);
  const colors = colorsFor(process.stdout);
  for (let isFirst = true; output.isOpen; isFirst = false) {
    if (!isFirst) await rest(EACH_MS);
    const state = await look();
    const { status, runs, nowMs } = state;
    const json = (): string => terminalJson(JSON.stringify({ atMs: nowMs, ...status, runs, rates: Object.fromEntries(state.rates) }));
    const screen = { columns: COLUMNS, rows: Number.POSITIVE_INFINITY };
    await output.write(flags.json ? `${json()}\n` : `${isFirst ? '' : '\n'}${topLines(state, colors, screen).join('\n')}\n`);
    if (flags.json && !flags.watch) break;
  }
  return ExitCode.done;
}

async function lookAt(observer: ClusterObserver, rates: RunRates): Promise<TopState> {
  const [status, runs] = await Promise.all([observer.status(), observer.allRuns()]);
  const nowMs = Date.now();
  return { status, runs, rates: rates.take(runs, nowMs), nowMs };
}

async function showLive(look: () => Promise<TopState>, session: Session): Promise<ExitCode> {
  const { stdout, stdin } = process;
  const ended = new AbortController();
  let code: ExitCode = ExitCode.done;
  const terminal: ScreenTerminal = {
    write: (text) => session.output.write(text),
    keyboard: stdin.isTTY ? stdin : undefined,
    atExit: (leave) => {
      process.on('exit', leave);
      return () => void process.off('exit', leave);
    },
  };
  const screen = new FullScreen(terminal, (key) => {
    if (key === 'ctrl-c') code = ExitCode.interrupted;
    ended.abort();
  });
  // An error is told on the terminal as it was before.
  session.clearTerminal = () => screen.close();
  let state: TopState | undefined;
  const draw = (): void => {
    const [columns, rows] = stdout.getWindowSize();
    if (state) screen.draw(topLines(state, colorsFor(stdout), { columns, rows: rows - 1 }).concat('q ends'.slice(0, columns)));
  };
  stdout.on('resize', draw);
  const { signal } = ended;
  const isOver = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  try {
    while (!signal.aborted) {
      // A cluster that does not answer must not keep the terminal.
      const next = await Promise.race([look(), isOver]);
      if (!next) break;
      state = next;
      draw();
      await rest(EACH_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    stdout.off('resize', draw);
    screen.close();
  }
  return code;
}
