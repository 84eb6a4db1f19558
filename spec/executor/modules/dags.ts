import { arg, collocatedWith, Dag } from '../../../lib/index.js';

const here = new URL('./tasks.ts', import.meta.url).href;
const code = { module: here, name: 'double' };

/** A DAG with all that one may hold. */
export const everything = (): Dag =>
  Dag.dynamic('everything')
    .add({ id: 'one', code, extraArgs: [1], cost: { cpu: 0.5 }, maxRetries: 2 })
    .add({ id: 'big', code, extraArgs: [{ nested: [new Map([['a', 1]])] }, undefined, 2n], args: ['one'] })
    .add({ id: 'inl', code, type: 'inline', args: ['one', 'big'], argumentInclusion: 'as-list' })
    .add({ id: 'edge', code, args: ['inl', arg('big', { serialize: code, extra: [{ table: true }] })] } as never)
    .add({ id: 'beside', code, args: ['one'], node: collocatedWith('one'), when: { id: 'one', is: 2 }, optional: true, version: '2' })
    .map({ id: 'each', over: 'edge', code, concurrency: 3, extraArgs: ['x'] })
    .expand({ id: 'more', code, args: ['each'] }) as never;

/** Many functions in chains. */
export const chains = (count: number, length: number): Dag => {
  const dag = Dag.dynamic('chains');
  for (let chain = 0; chain < count; chain += 1) {
    for (let at = 0; at < length; at += 1)
      dag.add({ id: `f${chain}-${at}`, code, extraArgs: [at], ...(at > 0 && { args: [`f${chain}-${at - 1}`] }) });
  }
  return dag as never;
};

export const empty = (): Dag => Dag.dynamic('empty') as never;
export const withInput = (): Dag =>
  Dag.dynamic('needs')
    .input('x')
    .add({ id: 'f', code, args: ['x'] }) as never;
export const noDag = (): unknown => ({ id: 'd' });
export const plain = (): Dag => Dag.dynamic('plain').add({ id: 'f', code: () => 1 }) as never;
export const faulty = (): Dag => Dag.dynamic('faulty').add({ id: 'f', code, cost: 'much' as never, timeoutMs: -1 }) as never;
export const badConstant = (): Dag => Dag.dynamic('bad').add({ id: 'f', code, extraArgs: [1, { no: () => 1 }] }) as never;
export const deepConstant = (depth: number): Dag => {
  let value: unknown = [];
  for (let at = 1; at < depth; at += 1) value = [value];
  return Dag.dynamic('deep').add({ id: 'f', code, extraArgs: [value] }) as never;
};
