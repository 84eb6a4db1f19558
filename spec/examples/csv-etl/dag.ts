// Extract, transform, load: a CSV file is split into parts, which threads parse and sum side by side. `handoff run spec/examples/csv-etl/dag.ts`
import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));
const SHARES = 4;

const dag = Dag.dynamic('weather').add({ id: 'extract', code: tasks.extract, extraArgs: ['seattle-weather.csv'], maxRetries: 1 });
const parts = Array.from({ length: SHARES }, (_, share) => {
  dag.add({ id: `transform-${share}`, code: tasks.transform, args: ['extract'], extraArgs: [share, SHARES] });
  dag.add({ id: `by-month-${share}`, code: tasks.byMonth, args: [`transform-${share}`] });
  return `by-month-${share}`;
});
export default dag.add({ id: 'load', code: tasks.load, args: parts, argumentInclusion: 'as-list' });
