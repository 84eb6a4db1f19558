import { isSystemError } from './report/system-error.js';

/** The exit codes: done; the run failed; wrong usage or an invalid DAG; the cluster could not be joined; interrupted. */
export const ExitCode = { done: 0, failed: 1, wrongUsage: 2, notJoined: 3, interrupted: 130 } as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command was called in a way that cannot work. The message says what to change. The process ends with `ExitCode.wrongUsage`. */
export class UsageError extends Error {}
Object.defineProperty(UsageError.prototype, 'name', { value: 'UsageError' });

/**
 * A `TypeError` or `RangeError` of the engine means a wrong option: errors of functions are `HandoffError`s. So does an address where it
 * cannot serve a dashboard or metrics.
 */
export async function usage<T>(cannot: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      // A message that says what cannot be done needs no prefix.
      throw new UsageError(error.message.startsWith('Cannot ') ? error.message : `${cannot}: ${error.message}`);
    }
    if (isSystemError(error) && error.message.startsWith('Cannot serve ')) throw new UsageError(error.message);
    throw error;
  }
}
