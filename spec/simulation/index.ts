import { parseArgs } from 'node:util';
import { type SimulatedRun, simulateRun } from './simulate-run.js';

/**
 * `npm run simulate -- [--seeds 1000] [--from 1] [--seed n]`: random DAGs under random faults, each seed twice: the second must say the same to the byte. Odd
 * seeds of liveness, even ones of safety, every tenth without faults. Stops at the first that fails; `--seed` runs one, and prints its trace.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seeds: { type: 'string' }, from: { type: 'string' }, seed: { type: 'string' } } });
  const number = (name: 'seeds' | 'from' | 'seed', or: number): number => {
    const value = values[name] === undefined ? or : Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} must be a whole number`);
    return value;
  };
  const single = values.seed === undefined ? undefined : number('seed', 0);
  const from = single ?? number('from', 1);
  const count = single === undefined ? number('seeds', 1000) : 1;
  const startMs = performance.now();
  const tally = { right: 0, 'gave-up': 0, functions: 0, again: 0, lines: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const options = { faults: seed % 10 === 0 ? 'none' : 'random', mode: seed % 2 === 0 ? 'safety' : 'liveness' } as const;
    const first = await simulateRun(seed, options);
    const second = await simulateRun(seed, options);
    compare(seed, first.trace, second.trace);
    if (single !== undefined) console.log(first.trace.join('\n'));
    add(tally, first.result);
    tally.lines += first.trace.length;
    if (seed % 25 === 0) console.error(`seed ${seed}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  }
  const seconds = (performance.now() - startMs) / 1000;
  console.log(
    `${count} seeds from ${from}, each twice, 0 failed, in ${seconds.toFixed(1)} s: ${(count / seconds).toFixed(1)} seeds/s, Node ${process.version}`,
  );
  console.log(
    `${tally.right} right, ${tally['gave-up']} gave up after losses; ${tally.functions} functions, ${tally.again} attempts again, ${tally.lines} lines of trace`,
  );
}

function compare(seed: number, first: readonly string[], second: readonly string[]): void {
  const at = first.findIndex((line, index) => line !== second[index]);
  if (at < 0 && first.length === second.length) return;
  const around = (trace: readonly string[]): string => trace.slice(Math.max(0, at - 5), at + 3).join('\n    ');
  throw new Error(
    `seed ${seed} is not the same twice, Node ${process.version}:\n  first\n    ${around(first)}\n  second\n    ${around(second)}`,
  );
}

function add(tally: { right: number; 'gave-up': number; functions: number; again: number }, { end, functions, again }: SimulatedRun): void {
  tally[end] += 1;
  tally.functions += functions;
  tally.again += again;
}

await main();
