import type { RunHappening } from '../brain/messages.js';
import type { Moment, RunState } from '../brain/run-state.js';
import { traceHeader, traceLine } from './trace-lines.js';

/** Is told of each run that is prepared in this process, with the first line of its trace. Returns what takes the further lines, if any. */
export type RunTracer = (runId: string, header: string) => ((line: string) => void) | undefined;

let tracers: readonly RunTracer[] = [];

/**
 * Traces the runs that this process drives: all that happens to each, in lines that `TraceReplay` understands, so that what a run went
 * through can be looked at afterwards. For the command line and for simulations. Returns how to end it.
 */
export function traceRuns(tracer: RunTracer): () => void {
  tracers = [...tracers, tracer];
  return () => {
    tracers = tracers.filter((other) => other !== tracer);
  };
}

/** What is told of each happening of a run before it is applied; `undefined` where nobody traces it. */
export function tracerOf(state: RunState): ((happening: RunHappening, at: Moment) => void) | undefined {
  if (tracers.length === 0) return undefined;
  const header = traceHeader(state);
  const takers = tracers.flatMap((tracer) => tracer(state.runId, header) ?? []);
  if (takers.length === 0) return undefined;
  return (happening, at) => {
    const line = traceLine(happening, at);
    for (const take of takers) take(line);
  };
}
