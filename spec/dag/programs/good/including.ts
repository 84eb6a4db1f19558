import { Dag, type DagLike, functionsIn, type Handoff, type } from 'handoff-dag';
import { type Flat, holds, resultsOf, type Same } from '../support.js';

declare const handoff: Handoff;
const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');

const stats = new Dag('stats')
  .input('xs', type<readonly number[]>())
  .input('digits', type<number | undefined>())
  .input('whatever')
  .add({ id: 'total', code: (xs: readonly number[]) => xs.length, args: ['xs'] })
  .add({ id: 'half', type: 'inline', code: (total: number) => total / 2, args: ['total'] })
  .add({ id: 'text', code: (half: number, digits?: number) => half.toFixed(digits), args: ['half', 'digits'] })
  .map({ id: 'each', over: 'xs', code: (x: number) => [x] })
  .add({ id: 'sometimes', code: () => new Date(), when: 'whatever' });
const closed = new Dag().add({ id: 'a', code: () => 1 }).add({ id: 'b', code: (a: number) => [a], args: ['a'] });

const dag = new Dag('whole')
  .input('given', type<number[]>())
  .add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] })
  .add({ id: 'tuple', code: (): [1, 2] => [1, 2] })
  .add({ id: 'digits', code: () => 2 })
  .include('first', stats, { xs: 'xs', digits: 'digits', whatever: 'tuple' })
  .include('second', stats, { xs: 'tuple', digits: 'first/total', whatever: 'first/text' })
  .include('third', stats, { whatever: 'given', xs: 'given', digits: 'digits' })
  .include('closed', closed)
  .include('a/b', closed)
  .include('on inline', stats, { xs: 'closed/b', digits: 'first/half', whatever: 'closed/a' })
  .add({ id: 'first', code: (text: string, half: number) => text + half, args: ['first/text', 'first/half'] })
  .add({ id: 'first/xs', code: () => 'no input is left of an included DAG' })
  .map({ id: 'each', over: 'first/each', code: (xs: number[]) => xs.length })
  .add({ id: 'perhaps', code: (at: Date | undefined) => at?.getTime(), args: ['second/sometimes'], when: { id: 'a/b/a', is: 1 } })
  .validate();

const all = () => resultsOf(dag);
type All = ReturnType<typeof all>;
holds<Same<All['first/total'], number>>();
holds<Same<All['second/text'], string>>();
holds<Same<All['third/each'], number[][]>>();
holds<Same<All['closed/b'], number[]>>();
holds<Same<All['a/b/b'], number[]>>();
holds<Same<All['second/sometimes'], Date | undefined>>();
holds<Same<All['first/xs'], string>>();
holds<Same<Extract<keyof All, 'first/half' | 'first/digits' | 'third/whatever' | 'given' | 'total'>, never>>();

const sinks = () => resultsOf(dag, 'sinks');
type Sinks = keyof ReturnType<typeof sinks>;
holds<
  Same<Extract<Sinks, 'xs' | 'tuple' | 'digits' | 'first/total' | 'first/text' | 'closed/a' | 'closed/b' | 'a/b/a' | 'first/each'>, never>
>();
type Left = 'second/text' | 'third/text' | 'second/each' | 'third/each' | 'first/sometimes' | 'third/sometimes' | 'a/b/b';
holds<Same<Sinks, Left | 'on inline/text' | 'on inline/each' | 'on inline/sometimes' | 'first' | 'first/xs' | 'each' | 'perhaps'>>();

const { results } = await handoff.execute(dag, { collect: ['first/text', 'closed/b'], inputs: { given: [1] } });
holds<Same<Flat<typeof results>, { 'first/text': string; 'closed/b': number[] }>>();

// Within each other, and twice.
const pair = new Dag().include('one', closed).include('two', closed);
const four = new Dag().include('x', pair).include('y', pair);
const fourAll = () => resultsOf(four, ['x/one/a', 'y/two/b']);
holds<Same<ReturnType<typeof fourAll>, { 'x/one/a': number; 'y/two/b': number[] }>>();
const fourSinks = () => resultsOf(four, 'sinks');
holds<Same<keyof ReturnType<typeof fourSinks>, 'x/one/b' | 'x/two/b' | 'y/one/b' | 'y/two/b'>>();

// Of `Dag.of`, into `Dag.of`, and into a DAG of which only the values are known.
const of = Dag.of('of', { n: { code: (x: number) => x, args: ['m'] }, m: { code: () => 1, optional: false } });
const ofAll = () => resultsOf(Dag.of('into', { a: { code: () => 1 } }).include('of', of));
holds<Same<ReturnType<typeof ofAll>, { a: number; 'of/n': number; 'of/m': number }>>();
function withStats(part: Dag<{ xs: number[]; digits: number }>) {
  return part.include('stats', stats, { xs: 'xs', digits: 'digits', whatever: 'xs' });
}
const withAll = () => resultsOf(withStats(new Dag().add({ id: 'xs', code: () => [1] }).add({ id: 'digits', code: () => 1 })));
holds<Same<ReturnType<typeof withAll>['stats/text'], string>>();
function withClosed(part: Dag<{ xs: number[] }>): Dag<{ xs: number[]; 'c/a': number; 'c/b': number[] }, never, never, 'c/a'> {
  return part.include('c', closed);
}
withClosed(new Dag().add({ id: 'xs', code: () => [1] })).add({ id: 'last', code: (b: number[]) => b, args: ['c/b'] });

// Wires that the program decides when it runs.
const wire: 'xs' | 'tuple' = Math.random() < 0.5 ? 'xs' : 'tuple';
dag.include('decided', stats, { xs: wire, digits: 'digits', whatever: 'xs' });

// DAGs whose ids the compiler does not know.
const dynamic = Dag.dynamic()
  .input('x')
  .add({ id: 'y', code: () => 1, args: ['x'] });
const wired = new Dag()
  .add({ id: 'xs', code: () => [1] })
  .include('d', dynamic, { x: 'xs' })
  .include('e', dynamic)
  .add({ id: 'of any', code: (y: unknown) => String(y), args: ['d/y'] })
  .add({ id: 'last', code: (text: string) => text, args: ['of any'] });
const wiredAll = () => resultsOf(wired);
holds<Same<ReturnType<typeof wiredAll>['last'], string>>();
holds<Same<ReturnType<typeof wiredAll>['xs'], number[]>>();
holds<Same<ReturnType<typeof wiredAll>['d/anything'], unknown>>();

Dag.dynamic()
  .add({ id: 'xs', code: () => [1] })
  .include('d', dynamic, { x: 'xs' })
  .include('s', stats, { xs: 'xs', digits: 'xs', whatever: 'd/y' });
declare const anyDag: DagLike;
Dag.dynamic().include('any', anyDag).include(`any${Math.random()}`, closed).validate();
