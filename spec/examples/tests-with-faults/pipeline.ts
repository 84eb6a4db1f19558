import { Dag, type DynamicDag, functionsIn } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));

/** The pipeline under test: orders are priced, one function each, then added up. */
export function pipeline(orders: readonly number[]): DynamicDag {
  const dag = Dag.dynamic('orders');
  const ids = orders.map((pieces, at) => {
    dag.add({ id: `price-${at}`, code: tasks.price, extraArgs: [pieces], isolation: 'loop', cost: { cpu: 1 } });
    return `price-${at}`;
  });
  return dag.add({ id: 'total', code: tasks.total, args: ids, argumentInclusion: 'as-list', isolation: 'loop' });
}
