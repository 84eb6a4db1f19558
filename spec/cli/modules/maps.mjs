// A DAG whose functions are found as it runs: a map over numbers, another over its values, and one over what is no array.
import { Dag, functionsIn } from 'handoff-dag';

const { double, sum } = functionsIn(new URL('./tasks.mjs', import.meta.url));

const dag = (count) =>
  new Dag('maps')
    .add({ id: 'numbers', code: () => Array.from({ length: count }, (_, at) => at) })
    .map({ id: 'doubled', over: 'numbers', code: double })
    .map({ id: 'told', over: 'doubled', code: (n) => `n ${n}` })
    .add({ id: 'total', code: sum, args: ['doubled'] });

export default dag(3);
export const many = dag(50);
export const wrong = Dag.dynamic('wrong').map({ id: 'm', over: 'nobody', code: double }).add({ id: 'm[0]', code: double });
export const text = Dag.dynamic('text')
  .add({ id: 'word', code: () => 'word' })
  .map({ id: 'letters', over: 'word', code: double });
