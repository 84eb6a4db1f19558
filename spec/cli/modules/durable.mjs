import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn(new URL('./durable-tasks.mjs', import.meta.url));
const named = (id, ...args) => ({ id, code: tasks.noted, args: [], extraArgs: [id, ...args] });

export default Dag.dynamic('durable')
  .add(named('a'))
  .add(named('b', 10))
  // It needs both, so that both are recorded, under --strict, before it kills the process.
  .add({ id: 'killed', code: tasks.deadly, args: ['a', 'b'] })
  .add({ id: 'sum', code: tasks.added, args: ['killed', 'b'] });
