// Charts the delays of 200,000 real flights by hour of departure: loads the table, splits it, counts the parts in parallel threads, joins the
// counts, draws them. Run it with `handoff run spec/examples/flights/dag.ts`.
import { Dag, type DynamicDag, functionsIn } from 'handoff-dag';

// References: the functions are loaded by the threads that run them, not here.
const table = functionsIn<typeof import('./table.js')>(new URL('./table.js', import.meta.url));
const delays = functionsIn<typeof import('./delays.js')>(new URL('./delays.js', import.meta.url));
const output = functionsIn<typeof import('./output.js')>(new URL('./output.js', import.meta.url));

const PARTS = 8;

/** The DAG: `load`, then `part-0` … and `count-0` … in parallel, then `join`, then `chart` and `summary`. */
export default function flights(): DynamicDag {
  const dag = Dag.dynamic('flights').add({ id: 'load', code: table.load, cost: { cpu: 1, memory: 200 } });
  const parts = Array.from({ length: PARTS }, (_, index) => index);
  for (const index of parts) {
    dag.add({ id: `part-${index}`, code: table.part, args: ['load'], extraArgs: [index, PARTS] });
    dag.add({ id: `count-${index}`, code: delays.countByHour, args: [`part-${index}`] });
  }
  return dag
    .add({ id: 'join', code: delays.join, args: parts.map((index) => `count-${index}`), argumentInclusion: 'as-list' })
    .add({ id: 'chart', code: output.writeChart, args: ['join'], extraArgs: ['flights-out/delays-by-hour.svg'] })
    .add({ id: 'summary', code: output.summary, args: ['join', 'chart'] });
}
