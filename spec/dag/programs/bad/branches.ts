import { arg, type Condition, Dag, functionsIn, type Handoff, type } from 'handoff-dag';
import { resultsOf } from '../support.js';

declare const handoff: Handoff;
const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
const kindOf = (): 'cat' | 'dog' => 'cat';
const dag = new Dag('bad')
  .input('verbose', type<boolean>())
  .add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] })
  .add({ id: 'kind', code: kindOf })
  .add({ id: 'total', code: tasks.sum, args: ['xs'] })
  .add({ id: 'perhaps', code: tasks.sum, args: ['xs'], when: 'kind' })
  .add({ id: 'may fail', code: tasks.sum, args: ['xs'], optional: true });

dag.add({ id: 'a', code: () => 1, when: 'nothing' }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'nothing', is: 1 } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'nothing', isNot: 1 } }); // error
dag.add({ id: 'a', code: () => 1, when: 'a' }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'kind', is: 'cow' } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'kind', is: null } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'total', is: '3' } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'perhaps', is: false } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'verbose', is: 1 } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'kind', is: undefined } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'xs', is: [] } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'kind' } }); // error
dag.add({ id: 'a', code: () => 1, when: { is: 'cat' } }); // error
dag.add({ id: 'a', code: () => 1, when: { id: 'kind', not: 'cat' } }); // error
dag.add({ id: 'a', code: () => 1, when: true }); // error
dag.add({ id: 'a', code: () => 1, when: ['kind'] }); // error
dag.add({ id: 'a', code: () => 1, when: () => true }); // error
dag.add({ id: 'a', code: () => 1, when: 'kind' as string }); // error
dag.add({ id: 'a', code: () => 1, if: 'kind' }); // error
dag.add({ id: 'a', code: () => 1, optional: 'yes' }); // error
dag.add({ id: 'a', code: () => 1, optional: 1 }); // error
dag.add({ id: 'a', code: (total: number) => total, args: ['perhaps'] }); // error
dag.add({ id: 'a', code: (total: number) => total, args: ['may fail'] }); // error
dag.add({ id: 'a', code: tasks.report, args: ['total', 'perhaps'] }); // error
dag.add({ id: 'a', code: (xs: number[]) => xs, args: ['total', 'may fail'], argumentInclusion: 'as-list' }); // error
dag.add({ id: 'a', code: (total: number) => total, args: [arg('perhaps', {})] }); // error
dag.add({ id: 'a', code: (total: string) => total, args: [arg('perhaps', { serialize: (n: number) => String(n) })] }); // error
dag.add({ id: 'a', code: () => 1, when: 'kind' }).add({ id: 'b', code: (a: number) => a, args: ['a'] }); // error
dag.add({ id: 'a', code: tasks.report, args: ['total'], when: 'kind' }); // error

new Dag().add({ id: 'a', code: () => 1, when: 'b' }).add({ id: 'b', code: () => 1 }); // error

resultsOf(dag).perhaps.toFixed(); // error
resultsOf(dag)['may fail'].toFixed(); // error
resultsOf(dag, 'sinks').kind; // error
export const kinds: Condition<{ kind: string }>[] = ['kind', { id: 'kind', is: 'cat' }, 'other']; // error
export const tests: Condition<{ kind: string }> = { id: 'kind', is: {} }; // error
const { results } = await handoff.execute(dag, { collect: ['may fail', 'total'] });
export const text: number = results['may fail']; // error

Dag.of('bad', {
  size: { code: () => 3 },
  perhaps: { code: (size: number) => size, args: ['size'], when: 'size' },
  'may fail': { code: (size: number) => size, args: ['size'], optional: true },
  unknown: { code: () => 1, when: 'nothing' }, // error
  'unknown of is': { code: () => 1, when: { id: 'nothing', is: 1 } }, // error
  'unknown of isNot': { code: () => 1, when: { id: 'nothing', isNot: 1 } }, // error
  takes: { code: (size: number) => size, args: ['perhaps'] }, // error
  'takes too': { code: (size: number) => size, args: ['may fail'] }, // error
});
Dag.of('bad', { size: { code: () => 3 }, a: { code: () => 1, when: { id: 'size' } } }); // error
Dag.of('bad', { size: { code: () => 3 }, a: { code: () => 1, when: true } }); // error
Dag.of('bad', { size: { code: () => 3 }, a: { code: () => 1, optional: 'yes' } }); // error
resultsOf(Dag.of('good', { size: { code: () => 3 }, a: { code: () => 1, when: 'size' } })).a.toFixed(); // error
resultsOf(Dag.of('good', { size: { code: () => 3 }, a: { code: () => 1, when: 'size' } }), 'sinks').size; // error

Dag.dynamic().add({ id: 'a', code: () => 1, when: { id: 'b' } }); // error
Dag.dynamic().add({ id: 'a', code: () => 1, when: 3 }); // error
Dag.dynamic().add({ id: 'a', code: () => 1, optional: 'yes' }); // error
