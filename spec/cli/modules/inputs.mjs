import { Dag } from 'handoff-dag';

export default new Dag('inputs')
  .input('rate')
  .input('name')
  .add({ id: 'price', code: (rate, name) => `${name}: ${rate * 100}`, args: ['rate', 'name'] });
