import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { currentFunction, Dag, type DynamicDag, functionsIn } from '../../../lib/index.js';

/** Writes down that it has begun, then waits until there is a file `open`. */
export async function held(folder: string): Promise<number> {
  const { functionId, node } = currentFunction();
  appendFileSync(join(folder, 'begun'), `${functionId} on ${node}\n`);
  while (!existsSync(join(folder, 'open'))) await setTimeout(20);
  return functionId.length;
}

export const sum = (...all: readonly number[]): number => all.reduce((one, other) => one + other, 0);

/** One held function on each of `b` and `c`, and what needs both. */
export function heldDag(folder: string): DynamicDag {
  const code = functionsIn<typeof import('./held-functions.js')>(new URL('./held-functions.ts', import.meta.url));
  return Dag.dynamic('held')
    .add({ id: 'on-b', code: code.held, extraArgs: [folder], node: 'b', cost: { cpu: 1 } })
    .add({ id: 'on-c', code: code.held, extraArgs: [folder], node: 'c', cost: { cpu: 1 } })
    .add({ id: 'sum', code: code.sum, args: ['on-b', 'on-c'], cost: {} });
}
