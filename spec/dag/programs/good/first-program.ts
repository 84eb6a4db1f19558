import { Dag, functionsIn } from 'handoff-dag';
import { holds, resultsOf, type Same } from '../support.js';

const tasks = functionsIn<typeof import('../tasks.js')>(new URL('../tasks.js', import.meta.url));

const dag = new Dag('report')
  .add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] })
  .add({ id: 'total', code: tasks.sum, args: ['xs'], cost: { cpu: 1 } })
  .add({ id: 'mean', code: (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length, args: ['xs'] })
  .add({ id: 'report', code: tasks.report, args: ['total', 'mean'] });

holds<Same<ReturnType<typeof all>, { xs: number[]; total: number; mean: number; report: string }>>();
holds<Same<ReturnType<typeof sinks>, { report: string }>>();
const all = () => resultsOf(dag);
const sinks = () => resultsOf(dag, 'sinks');
const some = () => resultsOf(dag, ['total', 'xs']);
holds<Same<ReturnType<typeof some>, { total: number; xs: number[] }>>();
