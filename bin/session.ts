import type { ExitCode } from './exit-codes.js';
import type { Interrupt } from './interrupt.js';
import type { StandardError } from './standard-error.js';
import type { StandardOutput } from './standard-output.js';

/** One call of the command: what its commands write to, what interrupts them, and what the shell will be told. */
export interface Session {
  readonly output: StandardOutput;
  readonly standardError: StandardError;
  readonly interrupt: Interrupt;
  exitCode: ExitCode;
  /** From now on errors that nobody caught are heard by what `install` installs, which passes on those that end the process. */
  attributeErrors: (install: (onOther: (error: unknown) => void) => unknown) => void;
  /** Ends what is being drawn on the terminal, so that something can be written below. */
  clearTerminal: () => void;
}
