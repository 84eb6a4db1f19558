import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn(new URL('./tasks.mjs', import.meta.url));

export default new Dag('sums')
  .add({ id: 'numbers', code: tasks.range, extraArgs: [5] })
  .add({ id: 'total', code: tasks.sum, args: ['numbers'] })
  .add({ id: 'report', code: (total) => `total ${total}\nof five`, args: ['total'] })
  .add({ id: 'count', code: (numbers) => ({ count: numbers.length }), args: ['numbers'] });
