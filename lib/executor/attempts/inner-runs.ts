import type { AttemptContext } from './attempt.js';

/** A run that the code of an attempt has started. */
export interface InnerRun {
  /**
   * Ends it, as its attempt or its outer run has ended, with `cause`. Its own attempts get at most `graceMs`. Resolves when it is over, or
   * should be. A second call may only shorten the time.
   */
  end(cause: unknown, graceMs: number): Promise<void>;
}

/** An attempt whose code starts runs. */
export interface Caller {
  readonly context: AttemptContext;
  /** Set once the attempt is being stopped or has failed, with the reason: its code starts no more runs. */
  readonly refusal: { readonly cause: unknown } | undefined;
  /** The run ends with the attempt, unless that succeeds. Returns a function that undoes it. */
  link(run: InnerRun): () => void;
}
