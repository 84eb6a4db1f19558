import { arg, collocatedWith, Dag, functionsIn, onDriver, type } from 'handoff-dag';
import { holds, resultsOf, type Same } from '../support.js';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');

const dag = new Dag('arguments')
  .input('given', type<number>())
  .input<string[]>()('parts')
  .input('whatever')
  .add({ id: 'xs', code: tasks.load, extraArgs: ['1,2'], node: 'n1' })
  .add({ id: 'digits optional', code: tasks.optional, args: ['given'], node: onDriver() })
  .add({ id: 'digits given', code: tasks.optional, args: ['given'], extraArgs: [2], node: collocatedWith('xs') })
  .add({ id: 'joined', code: tasks.join, args: ['parts'] })
  .add({ id: 'list', code: tasks.join, args: ['digits optional', 'digits given'], argumentInclusion: 'as-list' })
  .add({ id: 'rest', code: tasks.rest, args: ['given', 'given'], extraArgs: [1, 2, 3] })
  .add({ id: 'unknown', code: (value: unknown) => String(value), args: ['whatever'] })
  .add({
    id: 'edge',
    code: (xs: number[]) => xs.length,
    args: [arg('xs', { serialize: tasks.packed, deserialize: tasks.unpacked })],
  })
  .add({ id: 'serialized', code: (text: string) => text, args: [arg('xs', { serialize: (xs: number[]) => xs.join() })] })
  .add({ id: 'plain edge', code: tasks.sum, args: [arg('xs', {})] })
  .add({
    id: 'options',
    code: () => null,
    cost: { cpu: 0.5, licence: 1 },
    maxRetries: 2,
    retry: { initialDelayMs: 1, factor: 1, maxDelayMs: 5, jitter: 0 },
    timeoutMs: 100,
    isolation: 'loop',
    priority: -1,
    estimateMs: 3,
    version: '3',
  })
  .validate();

const all = () => resultsOf(dag);
type All = ReturnType<typeof all>;
holds<Same<All['edge'], number>>();
holds<Same<All['list'], string>>();
holds<Same<'given' extends keyof All ? true : false, false>>();
