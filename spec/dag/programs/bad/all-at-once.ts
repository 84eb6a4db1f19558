import { Dag, functionsIn, type Regular, type ResultsOf } from 'handoff-dag';
import { resultsOf } from '../support.js';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');

Dag.of('bad', {
  total: { code: tasks.sum, args: ['xs'] },
  xs: { code: tasks.load, extraArgs: ['xs.csv'] },
  unknown: { code: tasks.sum, args: ['nothing'] }, // error
  type: { code: tasks.sum, args: ['total'] }, // error
  short: { code: tasks.report, args: ['total'] }, // error
  extra: { code: tasks.load, extraArgs: [3] }, // error
});
const dag = Dag.of('good', { xs: { code: tasks.load, extraArgs: ['xs.csv'] }, half: { code: () => 1, type: 'inline' } });
resultsOf(dag).nothing; // error
resultsOf(dag).half; // error
resultsOf(dag).xs.total; // error
resultsOf(Dag.dynamic()).anything.length; // error

type R = Regular<{ a: number; b: string; c: null }, 'b', 'c'>;
const regular: R = 'b'; // error
const results: ResultsOf<{ a: number }, never, never, never, 'all'> = { a: 'text' }; // error
