import type { Logger, RunEvent } from '../../lib/index.js';
import type { Colors } from '../report/colors.js';
import { terminalLine, terminalName } from '../report/terminal-text.js';

/** Shows a run while it runs. */
export interface Display {
  /** Shows what happened. */
  tell(event: RunEvent): void;
  /** Shows a line beside the progress: what a function printed, a warning. It holds nothing that moves the cursor. */
  print(line: string): void;
  /** Shows what a module writes to a standard stream by itself: pieces of lines, with whatever is in them. */
  pass(text: string): void;
  /** Ends the progress and leaves the terminal as it was; what is written afterwards comes below. */
  stop(): void;
}

/** Where a display draws: a terminal, or whatever standard error is. */
export interface DisplayStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  getWindowSize?(): readonly [columns: number, rows: number];
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/** Shows nothing. */
export const quietDisplay: Display = { tell() {}, print() {}, pass() {}, stop() {} };

/** A node's logger that shows what functions print, under their ids, and what the engine warns of. */
export function displayLogger(display: Display, colors: Colors): Logger {
  const show = (fields: object, message: string): void => {
    const { functionId, attempt, stream, member } = fields as { functionId?: string; attempt?: number; stream?: string; member?: string };
    if (functionId === undefined || stream === undefined) {
      return display.print(`handoff: ${terminalLine(member === undefined ? message : `${message}: ${terminalName(member)}`)}`);
    }
    const who = attempt === undefined || attempt === 1 ? functionId : `${functionId}, attempt ${attempt}`;
    return display.print(`${colors.dim(`[${terminalName(who)}]`)} ${terminalLine(message)}`);
  };
  return { debug() {}, info: show, warn: show, error: show };
}

/** A duration as a person says it: `85 ms`, `1.2 s`, `3 min 5 s`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
