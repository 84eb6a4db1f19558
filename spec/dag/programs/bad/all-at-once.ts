import { arg, Dag, functionsIn, type ResultsOf } from 'handoff-dag';
import { resultsOf } from '../support.js';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');

Dag.of('bad', {
  xs: { code: tasks.load, extraArgs: ['xs.csv'] },
  total: { code: tasks.sum, args: ['xs'] },
  whatever: { code: (): unknown => 3 },
  unknown: { code: tasks.sum, args: ['nothing'] }, // error
  'one unknown': { code: tasks.report, args: ['total', 'nothing'] }, // error
  type: { code: tasks.sum, args: ['total'] }, // error
  'unknown type': { code: tasks.sum, args: ['whatever'] }, // error
  short: { code: tasks.report, args: ['total'] }, // error
  none: { code: tasks.sum }, // error
  surplus: { code: tasks.sum, args: ['xs', 'xs'] }, // error
  extra: { code: tasks.load, extraArgs: [3] }, // error
  unannotated: { code: (xs) => String(xs), args: ['xs'] }, // error
  'unannotated constant': { code: (x) => String(x), extraArgs: [3] }, // error
  iterator: { code: tasks.counter }, // error
  list: { code: tasks.join, args: ['total'], argumentInclusion: 'as-list' }, // error
  field: { code: () => 1, timeout: 5 }, // error
  edge: { code: tasks.sum, args: [arg('xs', { serialize: (xs: number[]) => xs.join() })] }, // error
  'edge type': { code: tasks.sum, args: [arg('xs', { serialize: (text: string) => [text.length] })] }, // error
  'edge unknown': { code: (value: unknown) => value, args: [arg('nothing', {})] }, // error
});
// By itself: the compiler says nothing more of a DAG with such a function.
Dag.of('bad', { option: { code: () => 1, timeoutMs: '5' } }); // error
Dag.of('bad', { nothing: { args: [] } }); // error
const dag = Dag.of('good', { xs: { code: tasks.load, extraArgs: ['xs.csv'] }, half: { code: () => 1, type: 'inline' } });
resultsOf(dag).nothing; // error
resultsOf(dag).half; // error
resultsOf(dag).xs.total; // error
resultsOf(Dag.dynamic()).anything.length; // error
dag.add({ id: 'half', code: () => 2 }); // error
dag.add({ id: 'consumer', code: tasks.sum, args: ['half'] }); // error
Dag.of({ a: { code: () => 1 } }); // error
Dag.dynamic().add({ id: 'a', code: () => 1, timeout: 5 }); // error
Dag.dynamic().add({ id: 'a' }); // error
Dag.fromJSON('{}').nothing; // error

export const results: ResultsOf<{ a: number }, never, never, never, 'all'> = { a: 'text' }; // error
