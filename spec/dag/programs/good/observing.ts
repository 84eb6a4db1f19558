import type {
  ChromeTrace,
  Handoff,
  HeldValues,
  NodeInfo,
  NodeOptions,
  Phases,
  Progress,
  Run,
  RunEvent,
  RunSummary,
  WatchOptions,
} from 'handoff-dag';

export const options: NodeOptions = {
  dashboard: '127.0.0.1:0',
  dashboardToken: 'a token that is long enough',
  metrics: '127.0.0.1:0',
  threadSetup: './setup.mjs',
};

export async function seen(handoff: Handoff, run: Run<{ a: number }>): Promise<void> {
  const report: string = await run.report();
  const trace: ChromeTrace = await run.trace();
  const traced: { readonly traceEvents: readonly object[] } = trace;
  const metrics: string = await handoff.metrics();
  const url: string | undefined = handoff.dashboardUrl;
  const runs: readonly RunSummary[] = await handoff.allRuns();
  for (const { runId, dagId, key, driver, state, progress, startedAtMs, endedAtMs } of runs) {
    const states: 'running' | 'completed' | 'failed' | 'cancelled' = state;
    const perhaps: [string | undefined, number | undefined] = [key, endedAtMs];
    const counts: Progress = progress;
    console.log(runId, dagId, driver, states, perhaps, counts.resting, startedAtMs);
  }
  const nodes: readonly NodeInfo[] = await handoff.nodes();
  const held: HeldValues | undefined = nodes[0]?.held;
  console.log(report, traced, metrics, url, (held?.memoryBytes ?? 0) + (held?.diskBytes ?? 0));
}

export async function watched(handoff: Handoff, how: WatchOptions): Promise<void> {
  const events: AsyncIterable<RunEvent> = handoff.watch('a run', how);
  for await (const event of handoff.watch('a run', { output: true })) {
    if (event.type === 'function-succeeded' || event.type === 'function-failed' || event.type === 'function-resting') {
      const phases: Phases | undefined = event.phases;
      if (!phases) continue;
      const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
      const all: number = waitMs + fetchMs + loadMs + runMs + packMs + handOverMs;
      console.log(all);
    }
    if (event.type === 'function-succeeded') {
      const source: 'run' | 'journal' | 'cache' = event.source;
      console.log(source, event.sizeBytes);
    }
    if (event.type === 'function-output') {
      const stream: 'stdout' | 'stderr' = event.stream;
      const text: string = event.line;
      console.log(event.functionId, event.attempt, event.node, stream, text);
    }
    if (event.type === 'events-missed') {
      const count: number = event.count;
      console.log(count);
    }
  }
  console.log(events);
}
