import type { HandoffError } from '../../base/index.js';
import type { TraceContext } from '../../executor/index.js';

/**
 * A run is asked for. For a `caller` it is called within `execute`, so that what is active there can be remembered; `nobody` asks for a run
 * that its node goes on with by itself. Returns what is called when the run begins, which may be turns of the event loop later, or never;
 * `undefined` if it is of no interest.
 */
export type WatchRun = (asks: 'caller' | 'nobody') => BeginRun | undefined;

/** Called when the run begins. A durable run begins anew each time that it is gone on with. */
export type BeginRun = (run: BegunRun) => WatchedRun | undefined;

/** A run that begins. */
export interface BegunRun {
  readonly runId: string;
  readonly dagId: string;
  /** The key of a durable run. */
  readonly key: string | undefined;
  /** The node that drives it. */
  readonly node: string;
  /** The number of its functions, before it adds any. */
  readonly total: number;
}

/** A run that is watched. */
export interface WatchedRun {
  /** Its place in a trace. With one, the node of each attempt watches it too. */
  readonly trace: TraceContext | undefined;
  /** Called once, when it is over. */
  ended(error: HandoffError | undefined): void;
}
