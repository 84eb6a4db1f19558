// Ordinary exported functions, as a user of the package would write them.
import { readFileSync } from 'node:fs';
import { NonRetryableError } from '../../../lib/base/index.js';
import { currentFunction } from '../../../lib/executor/attempts/current-function.js';
import type { Handoff } from '../../../lib/index.js';

export const add = (a: number, b: number): number => a + b;
export const double = (n: number): number => 2 * n;
export const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
export const fail = (message: string): never => {
  throw new RangeError(message);
};
export const failForGood = (): never => {
  throw new NonRetryableError('never again');
};
export const failUntil = (attempt: number): number => {
  if (currentFunction().attempt < attempt) throw new Error(`attempt ${currentFunction().attempt} is not ${attempt}`);
  return currentFunction().attempt;
};
export const context = (): Record<string, unknown> => {
  const { dagId, runId, functionId, attempt, node } = currentFunction();
  return { dagId, runId, functionId, attempt, node };
};
export const spin = (): never => {
  for (;;) Math.random();
};
export const untilAborted = (): Promise<string> =>
  new Promise((_resolve, reject) => {
    const { signal } = currentFunction();
    signal.addEventListener('abort', () => reject(signal.reason));
  });
export const exit = (code: number): never => process.exit(code);
export const say = (text: string): string => {
  console.log(text);
  return text;
};
export const pick = (
  value: { readonly rows: readonly number[] },
  source: string,
  target: string,
): { first: number; source: string; target: string } => ({
  first: value.rows[0]!,
  source,
  target,
});
export const pushTo = (list: number[]): number => list.push(1);
export const makeRows = (count: number): { delay: number; distance: number; hour: number }[] =>
  Array.from({ length: count }, (_, at) => ({ delay: at % 60, distance: at, hour: (at % 240) / 10 }));
export const countRows = (rows: readonly unknown[]): number => rows.length;
export const notAValue = (): unknown => ({ inner: [1, () => 1] });
/** Blocks its thread in a system call until somebody opens the FIFO at `path` to write. */
export const readFifo = (path: string): string => readFileSync(path, 'utf8');
/** The same at the first attempt alone. */
export const readFifoFirst = (path: string): string => (currentFunction().attempt === 1 ? readFileSync(path, 'utf8') : 'again');
/** A function that runs a DAG on its own node, which a spec has put where it is found. */
export const nest = async (value: number): Promise<number> => {
  const node = (globalThis as { [key: symbol]: unknown })[Symbol.for('spec.node')] as Handoff;
  // Not by all who use this module: a thread loads it from sources each time.
  const { Dag } = await import('../../../lib/index.js');
  const { results } = await node.execute(
    new Dag().add({ id: 'inner', code: double, extraArgs: [value], isolation: 'loop', cost: { cpu: 1 } }),
  );
  return results.inner;
};
/** A function that starts on its own node a DAG that does not end by itself. */
export const nestForever = async (): Promise<unknown> => {
  const node = (globalThis as { [key: symbol]: unknown })[Symbol.for('spec.node')] as Handoff;
  const { Dag } = await import('../../../lib/index.js');
  return node.execute(new Dag('forever').add({ id: 'f', code: () => new Promise<void>(() => {}) }), { stopGraceMs: 0 });
};
