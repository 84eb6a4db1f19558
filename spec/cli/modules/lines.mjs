import { setTimeout as rest } from 'node:timers/promises';
import { Dag } from 'handoff-dag';

const here = (name) => ({ module: import.meta.url, name });

export const first = () => console.log('one \u001b[31mred\u001b[0m \u202eback');
export const second = () => console.error('two');
export const held = () => rest(600_000);

/** Two functions that write a line each, and one that takes long. */
export default Dag.dynamic('lines')
  .add({ id: 'first', code: here('first') })
  .add({ id: 'second', code: here('second'), args: ['first'] })
  .add({ id: 'held', code: here('held'), args: ['second'] });
