import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn(new URL('./tasks.mjs', import.meta.url));

export default new Dag('sum')
  .add({ id: 'numbers', code: tasks.range, extraArgs: [5], cache: true })
  .add({ id: 'total', code: tasks.sum, args: ['numbers'], cache: true });

/** One function of it runs each time. */
export const partly = new Dag('partly')
  .add({ id: 'numbers', code: tasks.range, extraArgs: [5], cache: true })
  .add({ id: 'total', code: tasks.sum, args: ['numbers'] });
