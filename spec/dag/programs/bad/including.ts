import { Dag, type DagLike, type } from 'handoff-dag';
import { resultsOf } from '../support.js';

const stats = new Dag('stats')
  .input('xs', type<number[]>())
  .input('digits', type<number>())
  .add({ id: 'total', code: (xs: number[]) => xs.length, args: ['xs'] })
  .add({ id: 'half', type: 'inline', code: (total: number, digits: number) => total / digits, args: ['total', 'digits'] })
  .add({ id: 'text', code: (half: number) => String(half), args: ['half'] });
const closed = new Dag().add({ id: 'a', code: () => 1 }).add({ id: 'b', code: (a: number) => [a], args: ['a'] });
const dynamic = Dag.dynamic().add({ id: 'a', code: () => 1 });
declare const anyDag: DagLike;

const dag = new Dag('bad')
  .input('whatever')
  .add({ id: 'xs', code: () => [1] })
  .add({ id: 'digits', code: () => 2 })
  .add({ id: 'texts', code: () => ['a'] })
  .add({ id: 'perhaps', code: () => 2, when: 'digits' })
  .add({ id: 'taken/a', code: () => 2 })
  .include('there', closed);

dag.include('a', stats); // error
dag.include('a', stats, {}); // error
dag.include('a', stats, { xs: 'xs' }); // error
dag.include('a', stats, { digits: 'digits' }); // error
dag.include('a', stats, { xs: 'xs', digits: 'digits', more: 'xs' }); // error
dag.include('a', stats, { xs: 'xs', digits: 'digits', total: 'digits' }); // error
dag.include('a', stats, { xs: 'digits', digits: 'digits' }); // error
dag.include('a', stats, { xs: 'texts', digits: 'digits' }); // error
dag.include('a', stats, { xs: 'xs', digits: 'perhaps' }); // error
dag.include('a', stats, { xs: 'whatever', digits: 'digits' }); // error
dag.include('a', stats, { xs: 'nothing', digits: 'digits' }); // error
dag.include('a', stats, { xs: 'xs', digits: 'a/total' }); // error
dag.include('a', stats, { xs: 'xs' as string, digits: 'digits' }); // error
dag.include('a', stats, { xs: [1], digits: 2 }); // error
dag.include('a', stats, ['xs', 'digits']); // error
dag.include('a', stats, 'xs'); // error
dag.include('a', closed, {}); // error
dag.include('a', closed, { a: 'xs' }); // error
dag.include('taken', closed); // error
dag.include('there', closed); // error
dag.include(`a${Math.random()}` as string, closed); // error
dag.include(3, closed); // error
dag.include(closed); // error
dag.include('a'); // error
dag.include('a', { id: 'b', functions: {} }); // error
dag.include('a', () => closed); // error
dag.include('a', anyDag); // error
dag.include('a', dynamic, { x: 'nothing' }); // error

const whole = dag.include('s', stats, { xs: 'xs', digits: 'digits' });
whole.add({ id: 'c', code: (total: string) => total, args: ['s/total'] }); // error
whole.add({ id: 'c', code: (total: number) => total, args: ['total'] }); // error
whole.add({ id: 'c', code: (xs: number[]) => xs, args: ['s/xs'] }); // error
whole.add({ id: 's/total', code: () => 1 }); // error
whole.add({ id: 'c', code: () => 1, when: 's/nothing' }); // error
whole.add({ id: 'c', code: () => 1, when: { id: 's/total', is: 'a' } }); // error
whole.map({ id: 'c', over: 's/total', code: (x: number) => x }); // error
whole.map({ id: 'c', over: 's/xs', code: (x: number) => x }); // error
whole.input('s/text'); // error
resultsOf(whole)['s/half']; // error
resultsOf(whole)['s/xs']; // error
resultsOf(whole)['s/total'].length; // error
resultsOf(whole).total; // error
resultsOf(whole, 'sinks').xs; // error
resultsOf(whole, 'sinks').digits; // error
resultsOf(whole, 'sinks')['s/total']; // error

const open = new Dag().add({ id: 'a', code: () => 1 }).include('d', dynamic);
open.add({ id: 'c', code: (a: number) => a, args: ['d/a'] }); // error
open.add({ id: 'd/a', code: () => 1 }); // error
open.add({ id: 'c', code: (a: unknown) => a, args: ['e/a'] }); // error

new Dag().include('s', stats, { xs: 'xs', digits: 'xs' }).add({ id: 'xs', code: () => 1 }); // error
Dag.dynamic().include(3, closed); // error
Dag.dynamic().include('a', {}); // error
Dag.dynamic().include('a', closed, { a: 3 }); // error
Dag.dynamic().include('a'); // error
