import { currentFunction, Dag, functionsIn } from '../../../lib/index.js';

const here = functionsIn<typeof import('./expanding.js')>(import.meta.url);

export const one = (): number => 1;
export const add = (...values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
export const whereAmI = (): string => `${currentFunction().functionId} on ${currentFunction().node}`;
export const fail = (): never => {
  throw new Error('broken');
};
export const large = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(7);
export const lengthOf = (value: Uint8Array): number => value.length;

/** `count` functions that return their number, and their sum. */
export const sum = (count: number, isolation: 'loop' | 'thread' | 'process' = 'loop'): Dag => {
  const dag = Dag.dynamic('sum');
  const ids = Array.from({ length: count }, (_, at) => `f${at}`);
  for (const [at, id] of ids.entries()) dag.add({ id, code: here.add, extraArgs: [at], isolation });
  return dag.add({ id: 'sum', code: here.add, args: ids, isolation }) as never;
};

/** Says where it runs. */
export const places = (node?: string): Dag =>
  Dag.dynamic('places')
    .add({ id: 'a', code: here.whereAmI, isolation: 'loop', ...(node !== undefined && { node }) })
    .add({ id: 'b', code: here.whereAmI, isolation: 'loop' }) as never;

/** A large value within, and one that only counts its bytes. */
export const withLarge = (sizeBytes: number, node: string): Dag =>
  Dag.dynamic('large')
    .add({ id: 'big', code: here.large, extraArgs: [sizeBytes], isolation: 'loop', node })
    .add({ id: 'size', code: here.lengthOf, args: ['big'], isolation: 'loop' }) as never;

export const failing = (): Dag =>
  Dag.dynamic('failing').add({ id: 'ok', code: here.one, isolation: 'loop' }).add({ id: 'a', code: here.fail, isolation: 'loop' }) as never;

/** Expands again, `depth` times. */
export const deeper = (depth: number): Dag =>
  (depth === 0
    ? Dag.dynamic('bottom').add({ id: 'v', code: here.one, isolation: 'loop' })
    : Dag.dynamic('deeper').expand({ id: 'e', code: here.deeper, extraArgs: [depth - 1], isolation: 'loop' })) as never;

export const noDag = (): string => 'no DAG';
export const plain = (): Dag => Dag.dynamic('plain').add({ id: 'f', code: () => 1 }) as never;
export const cyclic = (): Dag =>
  Dag.dynamic('cyclic')
    .add({ id: 'a', code: here.one, args: ['b'] })
    .add({ id: 'b', code: here.one, args: ['a', 'c'] }) as never;
export const withInput = (): Dag =>
  Dag.dynamic('needs')
    .input('x')
    .add({ id: 'f', code: here.add, args: ['x'] }) as never;
export const greedy = (): Dag => Dag.dynamic('greedy').add({ id: 'a', code: here.one, cost: { gpu: 4 }, isolation: 'loop' }) as never;
export const empty = (): Dag => Dag.dynamic('empty') as never;
