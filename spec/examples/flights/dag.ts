// Charts the delays of 200,000 real flights by hour of departure: loads the table in parts, as many as it takes, counts each part in parallel
// threads, joins the counts, draws them. Run it with `handoff run spec/examples/flights/dag.ts`; with `--data-dir data` too, and what did
// not change since the last time does not run. The file of the chart is not looked at then: if you delete it, `--no-cache` writes it again.
import { Dag, functionsIn } from 'handoff-dag';

// References: the functions are loaded by the threads that run them, not here.
const table = functionsIn<typeof import('./table.js')>(new URL('./table.js', import.meta.url));
const delays = functionsIn<typeof import('./delays.js')>(new URL('./delays.js', import.meta.url));
const output = functionsIn<typeof import('./output.js')>(new URL('./output.js', import.meta.url));

const FLIGHTS_IN_PART = 25_000;

/** The DAG: `load`, then `count` for each part that it has found, then `join`, then `chart` and `summary`. */
const flights = new Dag('flights')
  .add({ id: 'load', code: table.load, extraArgs: [FLIGHTS_IN_PART], cost: { cpu: 1, memory: 200 }, cache: true })
  .map({ id: 'count', over: 'load', code: delays.countByHour, cache: true })
  .add({ id: 'join', code: delays.join, args: ['count'], cache: true })
  .add({ id: 'chart', code: output.writeChart, args: ['join'], extraArgs: ['flights-out/delays-by-hour.svg'], cache: true })
  .add({ id: 'summary', code: output.summary, args: ['join', 'chart'], cache: true });

export default flights;
