import type { RunHappening } from '../brain/messages.js';
import type { Moment, RunState } from '../brain/run-state.js';
import { traceHeader, traceLine } from './trace-lines.js';

/** Called for each run that is prepared in this process, with the first line of its trace. Returns a function for further lines, if any. */
export type RunTracer = (runId: string, header: string) => ((line: string) => void) | undefined;

let tracers: readonly RunTracer[] = [];

/**
 * Traces the runs that this process drives: every happening of each, in lines that `TraceReplay` reads, so that the course of a run can be
 * examined afterwards. For the command line and for simulations. Returns a function that ends it.
 */
export function traceRuns(tracer: RunTracer): () => void {
  tracers = [...tracers, tracer];
  return () => {
    tracers = tracers.filter((other) => other !== tracer);
  };
}

/** Returns a function to call with each happening of a run before it is applied; `undefined` if the run is not traced. */
export function tracerOf(state: RunState): ((happening: RunHappening, at: Moment) => void) | undefined {
  if (tracers.length === 0) return undefined;
  const header = traceHeader(state);
  const takers = tracers.flatMap((tracer) => tracer(state.runId, header) ?? []);
  if (takers.length === 0) return undefined;
  let number = 1;
  return (happening, at) => {
    number += 1;
    const line = traceLine(number, happening, at);
    for (const take of takers) take(line);
  };
}
