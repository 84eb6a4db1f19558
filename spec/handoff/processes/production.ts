// What differs in production: nothing is frozen, and results of loop functions are not walked through.
import { Dag, Handoff } from '../../../lib/index.js';

const handoff = await Handoff.start({ name: 'production' });
const dag = Dag.dynamic('d')
  .add({ id: 'list', code: () => [1] })
  .add({ id: 'pushed', code: (list: number[]) => list.push(2), args: ['list'] })
  .add({ id: 'callback', code: () => () => 1 });
const { results } = await handoff.execute(dag);
console.log(JSON.stringify(results.list), results.pushed, typeof results.callback);
