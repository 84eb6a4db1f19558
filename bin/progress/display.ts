import type { Logger, RunEvent } from '../../lib/index.js';
import type { Colors } from '../report/colors.js';
import { terminalLine, terminalName } from '../report/terminal-text.js';

/** Shows a run while it runs. */
export interface Display {
  /** Shows an event. */
  tell(event: RunEvent): void;
  /** Shows a line beside the progress: a function's output, or a warning. It must not contain cursor movements. */
  print(line: string): void;
  /** Shows what a module writes to a standard stream directly: pieces of lines with any content. */
  pass(text: string): void;
  /** Ends the progress and restores the terminal. Later output appears below. */
  stop(): void;
}

/** The stream where a display draws: a terminal, or whatever standard error is. */
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

/** Returns a node's logger that shows functions' output, under their ids, and the engine's warnings. */
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

/** Returns a duration as people write it: `85 ms`, `1.2 s`, `3 min 5 s`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
