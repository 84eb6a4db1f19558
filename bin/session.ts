import type { ExitCode } from './exit-codes.js';
import type { Interrupt } from './interrupt.js';
import type { StandardError } from './standard-error.js';
import type { StandardOutput } from './standard-output.js';

/** One call of the command: its output, its interruption, and its exit code. */
export interface Session {
  readonly output: StandardOutput;
  readonly standardError: StandardError;
  readonly interrupt: Interrupt;
  exitCode: ExitCode;
  /** Uses `install` to handle errors that nothing caught. `install` passes on those that must end the process. */
  attributeErrors: (install: (onOther: (error: unknown) => void) => unknown) => void;
  /** Removes what is drawn on the terminal, so that text can be written below. */
  clearTerminal: () => void;
}
