import { arg, type Condition, Dag, type DynamicDag, type FunctionSpec, functionsIn, type Handoff, type } from 'handoff-dag';
import { type Flat, holds, resultsOf, type Same } from '../support.js';

declare const handoff: Handoff;
const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
const kindOf = (): 'cat' | 'dog' | null => 'cat';

const dag = new Dag('branches')
  .input('verbose', type<boolean>())
  .input('whatever')
  .add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] })
  .add({ id: 'kind', code: kindOf })
  .add({ id: 'half', type: 'inline', code: () => 0.5 })
  .add({ id: 'truthy', code: tasks.sum, args: ['xs'], when: 'kind' })
  .add({ id: 'cat', code: tasks.sum, args: ['xs'], when: { id: 'kind', is: 'cat' } })
  .add({ id: 'no cat', code: tasks.sum, args: ['xs'], when: { id: 'kind', isNot: 'cat' } })
  .add({ id: 'nothing', code: () => 'none', when: { id: 'kind', is: null } })
  .add({ id: 'never true', code: () => 1, when: { id: 'kind', isNot: 'cow' } })
  .add({ id: 'told', code: async () => ({ told: true }), when: 'verbose' })
  .add({ id: 'quiet', code: () => 1, when: { id: 'verbose', is: false } })
  .add({ id: 'of anything', code: () => 1, when: { id: 'whatever', is: 3 } })
  .add({ id: 'untyped', code: { module: './elsewhere.js', name: 'anything' }, args: ['xs'], when: { id: 'whatever', isNot: true } })
  .add({ id: 'may fail', code: tasks.later, args: ['half'], optional: true })
  .add({ id: 'may not fail', code: tasks.later, args: ['half'], optional: false })
  .add({ id: 'either', code: (may?: { total: number }) => may?.total, args: ['may fail'], when: 'told', optional: true })
  .add({ id: 'of both', code: (a: number | undefined, b?: number) => a ?? b ?? 0, args: ['cat', 'no cat'] })
  .add({ id: 'list', code: (xs: readonly (number | undefined)[]) => xs.length, args: ['cat', 'no cat'], argumentInclusion: 'as-list' })
  .add({ id: 'edge', code: (n: number | undefined) => n ?? 0, args: [arg('cat', {})] })
  .add({ id: 'packed', code: (text: string) => text, args: [arg('cat', { serialize: (n: number | undefined) => String(n) })] })
  .add({ id: 'again', code: () => 1, when: { id: 'cat', is: 3 } })
  .add({ id: 'extra', code: tasks.report, args: ['may not fail number'].length > 0 ? [] : [], extraArgs: [1, 2], when: 'of both' });

const all = () => resultsOf(dag);
type All = ReturnType<typeof all>;
holds<Same<All['truthy'], number | undefined>>();
holds<Same<All['cat'], number | undefined>>();
holds<Same<All['nothing'], string | undefined>>();
holds<Same<All['told'], { told: boolean } | undefined>>();
holds<Same<All['untyped'], unknown>>();
holds<Same<All['may fail'], { total: number } | undefined>>();
holds<Same<All['may not fail'], { total: number }>>();
holds<Same<All['either'], number | undefined>>();
holds<Same<All['of both'], number>>();
holds<Same<All['extra'], string | undefined>>();

const sinks = () => resultsOf(dag, 'sinks');
type Unused = 'truthy' | 'nothing' | 'never true' | 'quiet' | 'of anything' | 'untyped' | 'may not fail';
holds<Same<keyof ReturnType<typeof sinks>, Unused | 'either' | 'list' | 'edge' | 'packed' | 'again' | 'extra'>>();

// What the program decides when it runs: it may be given, and may be true.
const given: 'kind' | undefined = Math.random() < 0.5 ? 'kind' : undefined;
const either: 'kind' | 'verbose' = Math.random() < 0.5 ? 'kind' : 'verbose';
const may = Math.random() < 0.5;
const decided = dag
  .add({ id: 'given', code: () => 1, when: given })
  .add({ id: 'one', code: () => 1, when: either })
  .add({ id: 'may', code: () => 1, optional: may })
  .add({ id: 'cow or cat', code: () => 1, when: { id: 'kind', is: may ? 'cow' : 'cat' } });
const decidedAll = () => resultsOf(decided, ['given', 'one', 'may', 'cow or cat']);
type Decided = ReturnType<typeof decidedAll>;
holds<Same<Decided['given'] | Decided['one'] | Decided['may'] | Decided['cow or cat'], number | undefined>>();

const condition: Condition<{ kind: string; verbose: boolean }> = { id: 'kind', is: 'cat' };
const conditions: Condition<{ kind: string; verbose: boolean }>[] = ['kind', 'verbose', { id: 'verbose', isNot: false }, condition];
dag.add({ id: 'later', code: () => conditions.length, when: condition });

const of = Dag.of('forward', {
  last: { code: (small: number | undefined, large?: string) => [small, large], args: ['small', 'large'] },
  small: { code: (size: number) => size, args: ['size'], when: { id: 'kind', is: 'small' } },
  large: { code: (size: number) => String(size), args: ['size'], when: { id: 'kind', isNot: 'small' }, optional: true },
  log: { code: () => 1, when: 'size' },
  kind: { code: (size: number) => (size > 5 ? 'large' : 'small'), args: ['size'] },
  size: { code: () => 3 },
  shaky: { code: () => 3, optional: true },
  firm: { code: () => 3, optional: false },
});
const ofAll = () => resultsOf(of);
type Last = (string | number | undefined)[];
holds<
  Same<
    ReturnType<typeof ofAll>,
    {
      last: Last;
      small: number | undefined;
      large: string | undefined;
      log: number | undefined;
      kind: 'large' | 'small';
      size: number;
      shaky: number | undefined;
      firm: number;
    }
  >
>();
const ofSinks = () => resultsOf(of, 'sinks');
holds<Same<ReturnType<typeof ofSinks>, { last: Last; log: number | undefined; shaky: number | undefined; firm: number }>>();

const dynamic: DynamicDag = Dag.dynamic()
  .add({ id: 'a', code: () => 1 })
  .add({ id: 'b', code: () => 1, when: 'a', optional: true })
  .add({ id: 'c', code: () => 1, when: { id: 'a', is: 1 } })
  .add({ id: 'd', code: () => 1, when: { id: 'a', isNot: null } });
for (const spec of dynamic.functions.values() as Iterable<FunctionSpec>) {
  const { when, optional } = spec;
  console.log(typeof when === 'object' ? when.id : when, optional === true);
}

const { results, failures } = await handoff.execute(dag, { inputs: { verbose: true }, collect: ['cat', 'kind'] });
holds<Same<Flat<typeof results>, { cat: number | undefined; kind: 'cat' | 'dog' | null }>>();
console.log(failures.cat?.code);
