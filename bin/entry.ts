/**
 * What `handoff.ts`, the way in, hears before anything else is loaded; `main` takes both over once it is.
 */
export interface Entry {
  /** What a signal does from now on. At first it ends the process at once, with exit code 130. */
  onSignal: () => void;
  /** What an error that nobody caught does from now on. At first it is `lastResort`. */
  onUncaught: (error: unknown) => void;
  /** Says in one line what is wrong, and ends the process with exit code 1. Never fails, never waits. */
  lastResort(error: unknown): never;
}
