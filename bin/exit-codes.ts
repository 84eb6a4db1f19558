/** What the command tells the shell: done; the run failed; wrong usage or an invalid DAG; interrupted. */
export const ExitCode = { done: 0, failed: 1, wrongUsage: 2, interrupted: 130 } as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command was called in a way that cannot work: its message says what to change. Ends it with `ExitCode.wrongUsage`. */
export class UsageError extends Error {}
Object.defineProperty(UsageError.prototype, 'name', { value: 'UsageError' });
