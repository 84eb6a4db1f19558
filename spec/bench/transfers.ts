import { Dag, type DynamicDag } from 'handoff-dag';
import { farTasks } from './far-node.js';

/** Values that are made on one node and taken on another, on the loops of both; what is left at the end is next to nothing: their sizes. */
export function transfers(from: string, to: string, { count, sizeBytes }: { count: number; sizeBytes: number }): DynamicDag {
  const dag = Dag.dynamic(`from ${from} to ${to}`);
  for (let index = 0; index < count; index += 1) {
    dag.add({ id: `made-${index}`, code: farTasks.sameBytes, extraArgs: [sizeBytes], node: from, isolation: 'loop' });
    dag.add({ id: `taken-${index}`, code: farTasks.sizeOf, args: [`made-${index}`], node: to, isolation: 'loop', priority: 1 });
  }
  return dag;
}
