// Branches and a function that may fail; and a DAG that fails.
import { Dag } from 'handoff-dag';

const fail = () => {
  throw new RangeError('oh');
};

export default Dag.dynamic('branches')
  .add({ id: 'kind', code: () => 'b' })
  .add({ id: 'a', code: () => 'A', when: { id: 'kind', is: 'a' } })
  .add({ id: 'b', code: () => 'B', when: { id: 'kind', is: 'b' } })
  .add({ id: 'may', code: fail, optional: true, maxRetries: 0 })
  .add({ id: 'end', code: (...all) => all, args: ['a', 'b', 'may'] });

export const broken = Dag.dynamic('broken')
  .add({ id: 'bad', code: fail, maxRetries: 0 })
  .add({ id: 'below', code: (one) => one, args: ['bad'] });
