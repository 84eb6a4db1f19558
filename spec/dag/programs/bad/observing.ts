import type { Handoff, NodeOptions, Run, RunEvent, RunSummary } from 'handoff-dag';

export const port: NodeOptions = { dashboard: 8787 }; // error
export const token: NodeOptions = { dashboardToken: true }; // error
export const metrics: NodeOptions = { metrics: true }; // error
export const setup: NodeOptions = { threadSetup: ['a.mjs'] }; // error

export async function seen(handoff: Handoff, run: Run<{ a: number }>, summary: RunSummary, event: RunEvent): Promise<void> {
  handoff.watch(); // error
  handoff.watch('r', { output: 'yes' }); // error
  handoff.watch('r', { lines: true }); // error
  handoff.dashboardUrl = 'http://localhost'; // error
  await run.report('out.html'); // error
  const trace: string = await run.trace(); // error
  const text: Buffer = await handoff.metrics(); // error
  if (summary.state === 'interrupted') console.log(trace, text); // error
  summary.progress.running = 1; // error
  if (event.type === 'function-started') console.log(event.phases); // error
  if (event.type === 'function-output') console.log(event.text); // error
  if (event.type === 'function-succeeded') console.log(event.phases.runMs); // error
  for (const one of await handoff.nodes()) one.held.diskBytes = 0; // error
}
