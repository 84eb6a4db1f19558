import { setTimeout as rest } from 'node:timers/promises';
import { Dag } from 'handoff-dag';

export const held = () => {
  console.log(process.env.LINE);
  return rest(600_000);
};

/** A function that writes the line of its surroundings, and takes long. */
export default Dag.dynamic('held-line').add({ id: 'held', code: { module: import.meta.url, name: 'held' } });
