import { Dag, type DagLike, type DynamicDag, type FunctionSpec, functionsIn, type Handoff } from 'handoff-dag';
import { type Flat, holds, resultsOf, type Same } from '../support.js';

declare const handoff: Handoff;
const makers = functionsIn<typeof import('../makers.js')>('./makers.js');
const small = () => new Dag('small').add({ id: 'a', code: () => 1 });

/** A DAG of a size that is known when it is made. */
function wide(n: number): DynamicDag {
  const made = Dag.dynamic();
  for (let i = 0; i < n; i++) made.add({ id: `f${i}`, code: () => i });
  return made;
}

const dag = new Dag('expanding')
  .add({ id: 'n', code: () => 3 })
  .add({ id: 'deep', code: () => true })
  .expand({ id: 'closed', code: small })
  .expand({
    id: 'chain',
    code: (n: number) =>
      new Dag()
        .add({ id: 'a', code: () => n })
        .add({ id: 'half', type: 'inline', code: (a: number) => a / 2, args: ['a'] })
        .add({ id: 'b', code: (half: number) => String(half), args: ['half'] })
        .add({ id: 'c', code: () => [n] }),
    args: ['n'],
  })
  .expand({ id: 'wide', code: wide, args: ['n'] })
  .expand({ id: 'wide of constant', code: wide, extraArgs: [4] })
  .expand({
    id: 'later',
    code: async (n: number, digits: number) => small().add({ id: 'b', code: () => n.toFixed(digits) }),
    args: ['n'],
    extraArgs: [2],
  })
  .expand({ id: 'either', code: (is: boolean) => (is ? small() : Dag.of('other', { b: { code: () => 'b' } })), args: ['deep'] })
  .expand({ id: 'of', code: () => Dag.of('of', { last: { code: (x: number) => [x], args: ['first'] }, first: { code: () => 1 } }) })
  .expand({ id: 'typed', code: makers.chainOf, args: ['n'], maxRetries: 1, timeoutMs: 10, cost: { cpu: 1 } })
  .expand({ id: 'typed later', code: makers.laterOf, args: ['n', 'deep'] })
  .expand({ id: 'untyped', code: { module: './elsewhere.js', name: 'anything' }, args: ['n'], extraArgs: [1] })
  .expand({ id: 'sometimes', code: small, when: 'deep' })
  .expand({ id: 'may fail', code: small, optional: true })
  .expand({
    id: 'grows again',
    code: () =>
      small()
        .add({ id: 'xs', code: () => [1] })
        .expand({ id: 'inner', code: small, when: 'a' })
        .map({ id: 'ys', over: 'xs', code: (x: number) => x, optional: true }),
  })
  .expand({ id: 'nested', code: () => new Dag().expand({ id: 'inner', code: () => small().include('s', small()) }) })
  .add({ id: 'last', code: ({ b, c }: { b: string; c: number[] }) => b + c.length, args: ['chain'] })
  .add({ id: 'perhaps', code: (record?: { a: number }) => record?.a, args: ['sometimes'] })
  .add({ id: 'of wide', code: (record: Record<string, unknown>) => Object.keys(record).length, args: ['wide'] })
  .add({ id: 'after', code: () => 1, when: 'closed' })
  .validate();

const all = () => resultsOf(dag);
type All = ReturnType<typeof all>;
holds<Same<Flat<All['closed']>, { a: number }>>();
holds<Same<Flat<All['chain']>, { b: string; c: number[] }>>();
holds<Same<All['wide']['f1'], unknown>>();
holds<Same<Flat<All['later']>, { a: number; b: string }>>();
holds<Same<Flat<All['of']>, { last: number[] }>>();
holds<Same<Flat<All['typed']>, { last: string }>>();
holds<Same<Flat<All['typed later']>, { a: number }>>();
holds<Same<All['untyped'], Record<string, unknown>>>();
holds<Same<All['grows again']['ys'], (number | undefined)[]>>();
holds<Same<'a' extends keyof All['grows again'] ? true : false, false>>();
holds<Same<Flat<NonNullable<All['grows again']['inner']>>, { a: number }>>();
holds<Same<Flat<NonNullable<All['sometimes']>>, { a: number }>>();
holds<Same<undefined extends All['sometimes'] ? true : false, true>>();
holds<Same<undefined extends All['may fail'] ? true : false, true>>();
holds<Same<Flat<All['nested']['inner']>, { a: number; 's/a': number }>>();
const either = (record: All['either']): number | string => ('a' in record ? record.a : record.b);

const sinks = () => resultsOf(dag, 'sinks');
type Sinks = keyof ReturnType<typeof sinks>;
holds<Same<Extract<Sinks, 'n' | 'deep' | 'chain' | 'closed' | 'sometimes' | 'wide'>, never>>();
holds<Same<Extract<Sinks, 'last' | 'of' | 'may fail' | 'after'>, 'last' | 'of' | 'may fail' | 'after'>>();

const { results } = await handoff.execute(dag, { collect: ['closed', 'n'] });
holds<Same<Flat<typeof results>['n'], number>>();
console.log(either(results.closed));

/** An expansion of itself needs a type for its result, as any function that calls itself does. */
function countdown(n: number): DagLike<{ n: number }, never, never, never> {
  const step = new Dag().add({ id: 'n', code: () => n });
  return n === 0 ? step : step.expand({ id: 'rest', code: countdown, extraArgs: [n - 1] });
}
const down = () => resultsOf(new Dag().expand({ id: 'down', code: countdown, extraArgs: [3] }));
holds<Same<Flat<ReturnType<typeof down>['down']>, { n: number }>>();

const dynamic = Dag.dynamic()
  .add({ id: 'a', code: () => 1 })
  .expand({ id: 'b', code: (n: number) => wide(n), args: ['a'], extraArgs: [1], when: 'a', optional: true })
  .expand({ id: 'c', code: { module: './elsewhere.js', name: 'f' }, when: { id: 'a', isNot: 2 } });
for (const { type: kind, id } of dynamic.functions.values() as Iterable<FunctionSpec>) if (kind === 'expand') console.log(id);
