import type { AttemptContext } from '../attempts/attempt.js';
import type { AttemptOrigin, AttemptTrace } from './trace-context.js';

/**
 * Called when an attempt of a traced run begins on this node, whichever node drives the run: only those have an origin. Returns `undefined`
 * if it does not watch the attempt.
 */
export type WatchAttempt = (context: AttemptContext, origin: AttemptOrigin) => WatchedAttempt | undefined;

/** An attempt that is watched. */
export interface WatchedAttempt {
  readonly trace: AttemptTrace;
  /** The `traceparent` of its own span; `undefined` if it has none. */
  readonly span: string | undefined;
  /** Called once, at its end. `error`: why it has made no value; `undefined` if it has. */
  ended(error: unknown): void;
}
