import { Dag, type DynamicDag, functionsIn } from '../../../lib/index.js';

const code = functionsIn<typeof import('../../support/modules/expanding.js')>(
  new URL('../../support/modules/expanding.ts', import.meta.url),
);

/** A map of large values, one over it, and expansions. With `waits`, the last element and a function of an expansion never end. */
export const growingDag = (waits: boolean): DynamicDag =>
  Dag.dynamic('growing')
    .add({ id: 'ns', code: () => [1, 2, 3] })
    .map({ id: 'large', over: 'ns', code: (n: number) => new Uint8Array(100_000).fill(n) })
    .map({
      id: 'first',
      over: 'large',
      code: (bytes: Uint8Array): Promise<number> | number => (waits && bytes[0] === 3 ? new Promise(() => {}) : bytes[0]!),
      version: '1',
    })
    .expand({ id: 'sum', code: code.sum, extraArgs: [3], isolation: 'loop' })
    .expand({ id: 'deep', code: code.deeper, extraArgs: [2], isolation: 'loop' })
    .add({ id: 'end', code: (...all: unknown[]) => all, args: ['first', 'sum', 'deep'] });
