import { arg, collocatedWith, Dag, type FunctionSpec, functionsIn, type Handoff, type } from 'handoff-dag';
import { type Flat, holds, resultsOf, type Same } from '../support.js';

declare const handoff: Handoff;
const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
type Pair = readonly [string, number];

const dag = new Dag('maps')
  .input('given', type<readonly string[]>())
  .input('digits', type<number>())
  .input('perhaps given', type<number[] | undefined>())
  .add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] })
  .add({ id: 'pairs', code: (): Pair[] => [['a', 1]] })
  .add({ id: 'tuple', code: (): [number, string] => [1, 'a'] })
  .add({ id: 'either', code: (): number[] | string[] => [] })
  .add({ id: 'always throws', code: (): number[] => expectNothing() })
  .add({ id: 'branch', code: tasks.load, extraArgs: ['ys.csv'], when: 'digits' })
  .add({ id: 'inline', type: 'inline', code: () => [true] })
  .map({ id: 'plain', over: 'xs', code: (x: number) => x * 2 })
  .map({ id: 'module', over: 'xs', code: tasks.optional })
  .map({ id: 'extra', over: 'xs', code: tasks.optional, extraArgs: [2] })
  .map({
    id: 'args',
    over: 'xs',
    code: (x: number, digits: number, y: string) => x.toFixed(digits) + y,
    args: ['digits'],
    extraArgs: ['!'],
  })
  .map({ id: 'does not use its element', over: 'xs', code: (_x: number) => 1 })
  .map({ id: 'of input', over: 'given', code: (text: string) => text.length })
  .map({ id: 'of pairs', over: 'pairs', code: ([name, n]: Pair) => ({ name, n }) })
  .map({ id: 'of tuple', over: 'tuple', code: (part: number | string) => part })
  .map({ id: 'of either', over: 'either', code: (part: number | string) => part })
  .map({ id: 'of inline', over: 'inline', code: (is: boolean) => is })
  .map({ id: 'of perhaps given', over: 'perhaps given', code: (x: number) => x })
  .map({ id: 'of branch', over: 'branch', code: (x: number) => x })
  .map({ id: 'later', over: 'xs', code: async (x: number) => [x], concurrency: 4, maxRetries: 2, timeoutMs: 100, cost: { cpu: 1 } })
  .map({ id: 'second', over: 'later', code: (xs: number[]) => xs.length })
  .map({ id: 'third', over: 'second', code: (n: number) => String(n), node: collocatedWith('xs') })
  .map({ id: 'shaky', over: 'xs', code: (x: number) => x, optional: true })
  .map({ id: 'of shaky', over: 'shaky', code: (x?: number) => x ?? 0 })
  .map({ id: 'sometimes', over: 'xs', code: (x: number) => x, when: { id: 'digits', is: 2 } })
  .map({ id: 'sometimes shaky', over: 'branch', code: (x: number) => x, when: 'digits', optional: true })
  .map({ id: 'untyped', over: 'xs', code: { module: './elsewhere.js', name: 'anything' }, args: ['digits'], extraArgs: [1, 'two'] })
  .map({
    id: 'whole',
    over: 'xs',
    code: (x: number, all: readonly number[], text: string) => [x, all.length, text],
    args: ['plain', arg('plain', { serialize: (xs: number[]) => xs.join() })],
  })
  .add({ id: 'sum', code: tasks.sum, args: ['plain'] })
  .add({ id: 'sum perhaps', code: (xs: number[] | undefined) => xs?.length, args: ['sometimes'] })
  .add({ id: 'joined', code: tasks.join, args: ['third'] })
  .add({ id: 'by edge', code: (text: string) => text, args: [arg('plain', { serialize: tasks.packed })] })
  .add({ id: 'after', code: () => 1, when: 'plain' })
  .validate();

declare function expectNothing(): never;

const all = () => resultsOf(dag);
type All = ReturnType<typeof all>;
holds<Same<All['plain'], number[]>>();
holds<Same<All['module'], string[]>>();
holds<Same<All['extra'], string[]>>();
holds<Same<All['args'], string[]>>();
holds<Same<All['of input'], number[]>>();
holds<Same<All['of pairs'], { name: string; n: number }[]>>();
holds<Same<All['of tuple'], (string | number)[]>>();
holds<Same<All['of either'], (string | number)[]>>();
holds<Same<All['of inline'], boolean[]>>();
holds<Same<All['of perhaps given'], number[] | undefined>>();
holds<Same<All['of branch'], number[] | undefined>>();
holds<Same<All['later'], number[][]>>();
holds<Same<All['second'], number[]>>();
holds<Same<All['third'], string[]>>();
holds<Same<All['shaky'], (number | undefined)[]>>();
holds<Same<All['of shaky'], number[]>>();
holds<Same<All['sometimes'], number[] | undefined>>();
holds<Same<All['sometimes shaky'], (number | undefined)[] | undefined>>();
holds<Same<All['untyped'], unknown[]>>();
holds<Same<All['whole'], (string | number)[][]>>();
holds<Same<All['sum'], number>>();

const sinks = () => resultsOf(dag, 'sinks');
type Sinks = keyof ReturnType<typeof sinks>;
holds<Same<Extract<Sinks, 'xs' | 'pairs' | 'tuple' | 'branch' | 'later' | 'second' | 'shaky' | 'plain'>, never>>();
holds<Same<Extract<Sinks, 'of shaky' | 'sum' | 'after' | 'third'>, 'of shaky' | 'sum' | 'after'>>();

const of = Dag.of('all', { xs: { code: () => [1, 2] }, ys: { code: () => ['a'], when: 'xs', optional: true } })
  .map({ id: 'each', over: 'xs', code: (x: number) => x + 1 })
  .map({ id: 'each perhaps', over: 'ys', code: (y: string) => y, concurrency: 1 });
const ofSinks = () => resultsOf(of, 'sinks');
holds<Same<ReturnType<typeof ofSinks>, { each: number[]; 'each perhaps': string[] | undefined }>>();

const { results } = await handoff.execute(dag, { collect: ['plain', 'of branch'], inputs: { given: ['a'], digits: 1 } });
holds<Same<Flat<typeof results>, { plain: number[]; 'of branch': number[] | undefined }>>();

/** A part of a DAG that is added to any other that has what it needs. */
function doubled(part: Dag<{ xs: number[] }>): Dag<{ xs: number[]; doubles: number[] }, never, never, 'xs'> {
  return part.map({ id: 'doubles', over: 'xs', code: (x: number) => x * 2 });
}
const whole = doubled(new Dag().add({ id: 'xs', code: () => [1] })).map({ id: 'halves', over: 'doubles', code: (x: number) => x / 2 });
const wholeAll = () => resultsOf(whole);
holds<Same<ReturnType<typeof wholeAll>, { xs: number[]; doubles: number[]; halves: number[] }>>();

const dynamic = Dag.dynamic()
  .add({ id: 'xs', code: () => [1] })
  .map({
    id: 'ys',
    over: 'xs',
    code: (x: number) => x,
    args: ['xs', arg('xs', {})],
    extraArgs: [1],
    concurrency: 2,
    when: 'xs',
    optional: true,
  });
for (const { type: kind, over, concurrency } of dynamic.functions.values() as Iterable<FunctionSpec>) {
  if (kind === 'map') console.log(over?.length, concurrency?.toFixed());
}
