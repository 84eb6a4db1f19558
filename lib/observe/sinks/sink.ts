import type { Logger, StepwiseWork } from '../../base/index.js';
import type { WatchAttempt } from '../../executor/index.js';
import type { ObservedRun, WatchRun } from '../../runner/index.js';
import type { NodeMeasures } from './node-measures.js';

/**
 * Where a node's doings go for the eyes of another tool. There are three ways, and a sink has those that it needs. It is pushed to: as runs
 * and attempts begin and end. It is asked: for what is to be said of the node now. It writes one run, when a caller wants that.
 *
 * Whatever is not there costs nothing: a node has no list of sinks to go through for each function. A sink must not throw.
 */
export interface NodeSink {
  /** Called for each run that this node drives. If it returns a `trace`, the attempts of the run are watched, on whichever node. */
  readonly watchRun?: WatchRun | undefined;
  /** Called for each attempt on this node whose run has a `trace`. */
  readonly watchAttempt?: WatchAttempt | undefined;
  /** Returns what there is to say of the node now, in the format that an `Accept` header of HTTP asks for. */
  scrape?(accept: string): Promise<ScrapedText>;
  /** Returns one run as JSON for another tool, in steps; pure. */
  write?(run: ObservedRun): StepwiseWork<object>;
  close?(): void;
}

/** A text with its content type. */
export interface ScrapedText {
  readonly type: string;
  readonly text: string;
}

/** Makes a sink when its node starts. */
export type MakeSink = (node: SinkNode) => NodeSink;

/** A node, as its sinks see it. */
export interface SinkNode {
  readonly name: string;
  readonly logger: Logger;
  measures(): NodeMeasures;
}
