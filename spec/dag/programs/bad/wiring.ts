import { Dag, functionsIn, type } from 'handoff-dag';

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
dag.add({ id: 'a', code: (x, y) => [x, y], args: ['xs', 'total'] }); // error
dag.add({ id: 'a', code: (x) => x }); // error
dag.add({ id: 'text', code: () => 1 }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['a'] }); // error
dag.add({ id: 'a', code: tasks.sum, args: 'xs' }); // error
dag.add({ id: 'a', code: tasks.load, extraArgs: 'xs.csv' }); // error
dag.add({ id: 'a', code: tasks.later, args: ['total'] }).add({ id: 'b', code: tasks.optional, args: ['a'] }); // error
dag.add({ id: 'a', code: tasks.identity, args: ['total'] }).add({ id: 'b', code: tasks.optional, args: ['a'] }); // error
dag.add({ id: 'total', code: tasks.sum, args: ['xs'] }); // error
dag.add({ id: `a${Math.random()}` as string, code: tasks.sum, args: ['xs'] }); // error
dag.add({ id: 'a', code: tasks.join, args: ['total'], argumentInclusion: 'as-list' }); // error
dag.add({ id: 'a', code: tasks.join, args: ['text', 'text'] }); // error
dag.add({ id: 'a', code: tasks.report, args: ['total', 'total'], argumentInclusion: 'as-list' }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['total'], argumentInclusion: 'list' }); // error
dag.add({ id: 'a', code: tasks.sum, args: ['xs'], type: 'lazy' }); // error
dag.add({ id: 'a', code: () => Symbol('a') }); // error
dag.add({ id: 'a', code: async () => () => 1 }); // error
dag.add({ id: 'a', code: function* () {} }); // error
dag.add({ id: 'a', code: tasks.counter }); // error
dag.add({ id: 'a', code: tasks.maker }); // error
dag.add({ id: 'a', code: () => new WeakMap() }); // error
dag.add({ id: 'a', code: () => 1, timeout: 5 }); // error
dag.add({ id: 'a', code: () => 1, isolation: 'nowhere' }); // error
dag.add({ id: 'a', code: () => 1, cost: { cpu: '1' } }); // error
dag.add({ id: 'a', code: () => 1, retry: { delayMs: 1 } }); // error
dag.add({ id: 'a', code: () => 1, node: { onDriver: false } }); // error
dag.add({ id: 'a', code: tasks.missing }); // error
dag.add({ id: 'a', code: tasks.Table }); // error
dag.add({ id: 'a', code: tasks.VERSION }); // error
dag.add({ id: 'a', code: 3 }); // error
dag.functions.set('a', dag.functions.get('xs')!); // error
dag.functions.get('xs')!.cost = {}; // error
dag.id = 'other'; // error
dag.functions.get('xs')!.args.push('total'); // error

new Dag()
  .add({ id: 'consumer', code: tasks.sum, args: ['producer'] }) // error
  .add({ id: 'producer', code: () => [1] });
new Dag(3); // error
