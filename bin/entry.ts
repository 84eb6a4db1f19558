/** Handlers that `handoff.ts`, the entry point, installs before anything else is loaded. `main` takes them over once it is loaded. */
export interface Entry {
  /** Called for a signal. At first it ends the process at once, with exit code 130. */
  onSignal: () => void;
  /** Called for an error that nothing caught. At first it is `lastResort`. */
  onUncaught: (error: unknown) => void;
  /** Prints the error in one line, and ends the process with exit code 1. Never fails, never waits. */
  lastResort(error: unknown): never;
}
