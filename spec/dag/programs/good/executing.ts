import { Dag, functionsIn, type Handoff, HandoffError, type Run, type } from 'handoff-dag';
import { type Flat, holds, type Same } from '../support.js';

declare const handoff: Handoff;
const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
const dag = new Dag('executing')
  .input('xs', type<number[]>())
  .input<string>()('text')
  .input('whatever')
  .add({ id: 'total', code: tasks.sum, args: ['xs'] })
  .add({ id: 'half', type: 'inline', code: (total: number) => total / 2, args: ['total'] })
  .add({ id: 'later', code: tasks.later, args: ['half'] });

const run = handoff.execute(dag, { inputs: { xs: [1, 2], text: 'a', whatever: new Map() } });
const { results, allocations } = await run;
holds<Same<Flat<typeof results>, { total: number; later: { total: number } }>>();
const node: string | undefined = allocations.total;

const { results: sinks } = await handoff.executeLocal(dag, { collect: 'sinks', inputs: { xs: [] } });
holds<Same<Flat<typeof sinks>, { later: { total: number } }>>();
const { results: some } = await handoff.executeDistributed(dag, { collect: ['total'] });
holds<Same<Flat<typeof some>, { total: number }>>();
const { results: dynamic } = await handoff.execute(Dag.dynamic(), { inputs: { anything: 1 }, collect: 'all' });
const unknown: unknown = dynamic.anything;

const asRun: Run<{ total: number }> = run;
for await (const event of asRun) console.log(event.type, event.runId, node, unknown);
try {
  await run;
} catch (error) {
  if (HandoffError.is(error, 'HANDOFF_INVALID_DAG'))
    for (const fault of error.faults ?? []) if (fault.kind === 'cycle') console.log(fault.path);
}
