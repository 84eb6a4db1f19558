import { Dag } from 'handoff-dag';

const dag = new Dag('unchained');
dag.add({ id: 'a', code: () => 1 });
dag.add({ id: 'b', code: (a: number) => a + 1, args: ['a'] }); // error
dag.add({
  id: 'c',
  code: (a: number, b: number) => a + b,
  args: ['a', 'b'], // error
});
const chained = new Dag('chained').add({ id: 'a', code: () => 1 });
chained.add({ id: 'b', code: (a: number) => a + 1, args: ['a'] });
chained.add({ id: 'c', code: (b: number) => b, args: ['b'] }); // error
