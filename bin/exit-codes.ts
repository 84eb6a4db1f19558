/** What the command tells the shell: done; the run failed; wrong usage or an invalid DAG; the cluster could not be joined; interrupted. */
export const ExitCode = { done: 0, failed: 1, wrongUsage: 2, notJoined: 3, interrupted: 130 } as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command was called in a way that cannot work: its message says what to change. Ends it with `ExitCode.wrongUsage`. */
export class UsageError extends Error {}
Object.defineProperty(UsageError.prototype, 'name', { value: 'UsageError' });

/** What the engine refuses with a `TypeError` or `RangeError` is a wrong option: errors of functions are `HandoffError`s. */
export async function usage<T>(cannot: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      // What says itself what cannot be done needs no more words.
      throw new UsageError(error.message.startsWith('Cannot ') ? error.message : `${cannot}: ${error.message}`);
    }
    throw error;
  }
}
