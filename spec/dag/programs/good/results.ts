import { arg, Dag, type FunctionRef, functionsIn, type UntypedFunctionRef } from 'handoff-dag';
import { holds, resultsOf, type Same } from '../support.js';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
const untyped = functionsIn('./elsewhere.js');
const byHand: UntypedFunctionRef = { module: './elsewhere.js', name: 'anything' };

const dag = new Dag()
  .add({ id: 'total', code: () => 3 })
  .add({ id: 'awaited', code: tasks.later, args: ['total'] })
  .add({ id: 'generic', code: tasks.identity, args: ['total'] })
  .add({ id: 'overloaded', code: tasks.overloaded, args: ['total'] })
  .add({ id: 'untyped', code: untyped.anything!, args: ['total', arg('awaited', { serialize: untyped.pack! })], extraArgs: [3] })
  .add({ id: 'takes unknown', code: (value: unknown) => [value], args: ['untyped'] })
  .add({
    id: 'throws',
    code: (): never => {
      throw new Error('always');
    },
  })
  .add({ id: 'literal', code: { module: './elsewhere.js', name: 'f' }, args: ['total', 'awaited'], extraArgs: [1, 'two'] })
  .add({ id: 'by hand', code: byHand, args: ['literal'] })
  .add({ id: 'missing parameters', code: () => 'ignores what it is given', args: ['total', 'awaited'].length > 0 ? [] : [] })
  .add({ id: 'inline', type: 'inline', code: (total: number) => [total], args: ['total'] })
  .add({ id: 'uses inline', code: (xs: number[]) => xs.length, args: ['inline'] });

const all = () => resultsOf(dag);
type All = ReturnType<typeof all>;
holds<Same<All['awaited'], { total: number }>>();
holds<Same<All['generic'], unknown>>();
holds<Same<All['overloaded'], number>>();
holds<Same<All['untyped'], unknown>>();
holds<Same<All['literal'], unknown>>();
holds<Same<All['by hand'], unknown>>();
holds<Same<'inline' extends keyof All ? true : false, false>>();
holds<Same<All['throws'], never>>();
const anyReference: FunctionRef = untyped.anything!;
export const references = [anyReference, tasks.sum] satisfies FunctionRef[];
