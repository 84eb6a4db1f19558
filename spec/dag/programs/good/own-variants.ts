import { type AllocationStrategy, Dag, type ExecuteOptions, type NodeOptions } from 'handoff-dag';
import { holds, type Same } from '../support.js';

declare module 'handoff-dag' {
  interface Strategies {
    roomiest: true;
  }
  interface Isolations {
    sandbox: true;
  }
}

type Named = Exclude<ExecuteOptions['allocationStrategy'], AllocationStrategy | undefined>;
holds<Same<Named, 'first-available' | 'load-balanced' | 'near-data' | 'roomiest'>>();

export const execution: ExecuteOptions = { allocationStrategy: 'roomiest' };
export const own: ExecuteOptions = { allocationStrategy: { name: 'own', place: ({ nodes }) => nodes[0]?.name } };
export const node: NodeOptions = {
  strategies: { roomiest: () => ({ name: 'roomiest', askAgainMs: 100, place: ({ nodes }) => nodes.find(({ fits }) => fits)?.name }) },
  isolation: 'sandbox',
};
export const dag = new Dag().add({ id: 'a', code: { module: './a.js', name: 'a' }, isolation: 'sandbox' });
