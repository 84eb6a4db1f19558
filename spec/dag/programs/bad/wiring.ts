import { arg, Dag, functionsIn, type } from 'handoff-dag';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
const dag = new Dag('bad')
  .input('text', type<string>())
  .input('whatever')
  .add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] })
  .add({ id: 'total', code: tasks.sum, args: ['xs'] });

dag.add({ id: 'a', code: tasks.sum, args: ['nothing'] }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['total'] }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['text'] }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['whatever'] }); // error
dag.add({ id: 'a', code: tasks.sum }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['xs', 'total'] }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['xs'], extraArgs: [1] }); // error
dag.add({ id: 'a', code: tasks.report, args: ['total'] }); // error
dag.add({ id: 'a', code: tasks.report, args: ['total'], extraArgs: ['no number'] }); // error
dag.add({ id: 'a', code: (xs: string[]) => xs.length, args: ['xs'] }); // error
dag.add({ id: 'a', code: (xs) => String(xs), args: ['xs'] }); // error
dag.add({ id: 'total', code: tasks.sum, args: ['xs'] }); // error
dag.add({ id: `a${Math.random()}` as string, code: tasks.sum, args: ['xs'] }); // error
dag.add({ id: 'a', code: tasks.join, args: ['total'], argumentInclusion: 'as-list' }); // error
dag.add({ id: 'a', code: tasks.counter }); // error
dag.add({ id: 'a', code: tasks.maker }); // error
dag.add({ id: 'a', code: () => new WeakMap() }); // error
dag.add({ id: 'a', code: () => 1, timeout: 5 }); // error
dag.add({ id: 'a', code: () => 1, isolation: 'process' }); // error
dag.add({ id: 'a', code: () => 1, cost: { cpu: '1' } }); // error
dag.add({ id: 'a', code: () => 1, retry: { delayMs: 1 } }); // error
dag.add({ id: 'a', code: () => 1, node: { onDriver: false } }); // error
dag.add({ id: 'a', code: tasks.missing }); // error
dag.add({ id: 'a', code: tasks.Table }); // error
dag.add({ id: 'a', code: tasks.VERSION }); // error
dag.add({ id: 'a', code: 3 }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('xs', { serialize: (text: string) => text })] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('xs', { deserialize: (xs: number[]) => xs.join() })] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('nothing', {})] }); // error
dag.functions.set('a', dag.functions.get('xs')!); // error
dag.functions.get('xs')!.cost = {}; // error
dag.id = 'other'; // error

new Dag()
  .add({ id: 'consumer', code: tasks.sum, args: ['producer'] }) // error
  .add({ id: 'producer', code: () => [1] });
new Dag(3); // error
