import { arg, Dag, functionsIn, type } from 'handoff-dag';
import { resultsOf } from '../support.js';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
const dag = new Dag('bad')
  .input('whatever')
  .input('text', type<string>())
  .input('nullable', type<number[] | null>())
  .input('set', type<Set<number>>())
  .input('bytes', type<Uint8Array>())
  .input('either', type<number[] | string>())
  .input('iterable', type<Iterable<number>>())
  .add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] })
  .add({ id: 'total', code: tasks.sum, args: ['xs'] })
  .add({ id: 'perhaps', code: tasks.sum, args: ['xs'], when: 'total' })
  .add({ id: 'untyped', code: { module: './elsewhere.js', name: 'f' } })
  .add({ id: 'mixed', code: () => [1, 'a'] })
  .map({ id: 'ys', over: 'xs', code: (x: number) => x })
  .map({ id: 'shaky', over: 'xs', code: (x: number) => x, optional: true })
  .map({ id: 'sometimes', over: 'xs', code: (x: number) => x, when: 'total' });

dag.map({ id: 'a', over: 'nothing', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'total', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'text', code: (x: string) => x }); // error
dag.map({ id: 'a', over: 'nullable', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'set', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'bytes', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'either', code: (x: number | string) => x }); // error
dag.map({ id: 'a', over: 'iterable', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'whatever', code: (x: unknown) => x }); // error
dag.map({ id: 'a', over: 'untyped', code: (x: unknown) => x }); // error
dag.map({ id: 'a', over: 'perhaps', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'total', code: () => 1 }); // error
dag.map({ id: 'a', over: 'total', code: { module: './elsewhere.js', name: 'f' } }); // error
dag.map({ id: 'a', over: 'a', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'xs' as string, code: (x: number) => x }); // error
dag.map({ id: 'a', over: arg('xs', {}), code: (x: number) => x }); // error
dag.map({ id: 'a', over: ['xs'], code: (x: number) => x }); // error
dag.map({ id: 'a', over: [1, 2], code: (x: number) => x }); // error
dag.map({ id: 'a', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'xs' }); // error
dag.map({ over: 'xs', code: (x: number) => x }); // error
dag.map({ id: 'total', over: 'xs', code: (x: number) => x }); // error
dag.map({ id: 'text', over: 'xs', code: (x: number) => x }); // error
dag.map({ id: `a${Math.random()}` as string, over: 'xs', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'xs', code: (x: string) => x }); // error
dag.map({ id: 'a', over: 'xs', code: (xs: number[]) => xs }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.sum }); // error
dag.map({ id: 'a', over: 'mixed', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'shaky', code: (x: number) => x }); // error
dag.map({ id: 'a', over: 'xs', code: () => 1 }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.report }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.report, args: ['total', 'total'] }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.report, args: ['xs'] }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.report, args: ['nothing'] }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.report, args: ['perhaps'] }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.report, args: ['total'], extraArgs: [1] }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.report, extraArgs: ['a'] }); // error
dag.map({ id: 'a', over: 'xs', code: (_x: number, y: string) => y, extraArgs: [1] }); // error
dag.map({ id: 'a', over: 'xs', code: (_x: number, y: string) => y }); // error
dag.map({ id: 'a', over: 'xs', code: (_x: number, text: number) => text, args: [arg('xs', { serialize: tasks.packed })] }); // error
dag.map({ id: 'a', over: 'xs', code: (x) => x }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => () => x }); // error
dag.map({ id: 'a', over: 'xs', code: tasks.counter }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, concurrency: '2' }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, concurency: 2 }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, type: 'inline' }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, type: 'map' }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, argumentInclusion: 'as-list' }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, when: 'nothing' }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, when: { id: 'total', is: 'a' } }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, optional: 'yes' }); // error
dag.map({ id: 'a', over: 'xs', code: (x: number) => x, timeoutMs: '1' }); // error
dag.map('a', 'xs', (x: number) => x); // error
dag.map((x: number) => x); // error

dag.add({ id: 'a', code: tasks.sum, args: ['shaky'] }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['sometimes'] }); // error
dag.add({ id: 'a', code: (x: number) => x, args: ['ys'] }); // error
dag.add({ id: 'a', code: (x: number) => x, args: ['ys[0]'] }); // error
dag.add({ id: 'a', code: () => 1, when: 'ys[0]' }); // error
dag.add({ id: 'a', code: () => 1, over: 'xs' }); // error
dag.add({ id: 'a', code: () => 1, concurrency: 1 }); // error
dag.add({ id: 'a', code: (x: number) => x, args: ['xs'], type: 'map' }); // error
dag.add({ id: 'ys', code: () => 1 }); // error
dag.input('ys'); // error
dag.functions.get('ys')!.over = 'total'; // error

resultsOf(dag)['ys[0]']; // error
resultsOf(dag).sometimes.length; // error
resultsOf(dag).shaky[0]!.length; // error
resultsOf(dag, 'sinks').xs; // error
resultsOf(dag, 'sinks').total; // error

new Dag().map({ id: 'a', over: 'b', code: (x: number) => x }).add({ id: 'b', code: () => [1] }); // error
Dag.of('bad', { xs: { code: () => [1] }, a: { code: (x: number) => x, over: 'xs' } }); // error
Dag.of('bad', { xs: { code: () => 1 } }).map({ id: 'a', over: 'xs', code: (x: number) => x }); // error
Dag.dynamic().map({ id: 'a', code: () => 1 }); // error
Dag.dynamic().map({ id: 'a', over: 'xs', code: () => 1, type: 'inline' }); // error
Dag.dynamic().map({ id: 'a', over: 'xs', code: () => 1, concurrency: '1' }); // error
Dag.dynamic().add({ id: 'a', code: () => 1, type: 'map' }); // error
