import type { StepwiseWork } from '../../base/index.js';
import type { WatchAttempt } from '../../executor/index.js';
import type { BeginRun, ObservedRun, WatchedRun, WatchRun } from '../../runner/index.js';
import type { ChromeTrace } from './chrome-trace-event.js';
import { sinks } from './index.js';
import type { NodeSink, SinkNode } from './sink.js';

/** The sinks of one node, as the node calls them. A call that no sink wants is `undefined`, and costs nothing. */
export class NodeSinks {
  readonly metrics: ReturnType<typeof sinks.metrics>;
  readonly watchRun: WatchRun | undefined;
  readonly watchAttempt: WatchAttempt | undefined;
  readonly #all: readonly NodeSink[];

  constructor(node: SinkNode) {
    const { metrics, ...others } = sinks;
    this.metrics = metrics(node);
    this.#all = [this.metrics, ...Object.values(others).map((make) => make(node))];
    const runs = this.#all.flatMap(({ watchRun }) => watchRun ?? []);
    this.watchRun = runs.length > 1 ? (asks) => beginAll(runs.flatMap((watch) => watch(asks) ?? [])) : runs[0];
    // Only one of them can say where an attempt is in a trace.
    this.watchAttempt = this.#all.find(({ watchAttempt }) => watchAttempt)?.watchAttempt;
  }

  close(): void {
    for (const sink of this.#all) sink.close?.();
  }
}

function beginAll(begins: readonly BeginRun[]): BeginRun | undefined {
  if (begins.length <= 1) return begins[0];
  return (run) => {
    const watched = begins.flatMap((begin) => begin(run) ?? []);
    return watched.length <= 1 ? watched[0] : together(watched);
  };
}

const together = (watched: readonly WatchedRun[]): WatchedRun => ({
  trace: watched.find(({ trace }) => trace)?.trace,
  ended: (error) => {
    for (const one of watched) one.ended(error);
  },
});

/** Returns one run as a Chrome trace, in steps. */
export const traceRun = (run: ObservedRun): StepwiseWork<ChromeTrace> => sinks['chrome-trace']().write(run);
