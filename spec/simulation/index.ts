import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Simulation } from '../../lib/testing/index.js';
import { runTool, UsageError } from '../support/tool.js';
import { withTraces } from './run-traces.js';
import { type SimulatedDurableRun, simulateDriver } from './simulate-driver.js';
import { type SimulatedRun, simulateRun } from './simulate-run.js';

interface Tally {
  seeds: number;
  right: number;
  'gave-up': number;
  ended: number;
  functions: number;
  again: number;
  lines: number;
  durable: number;
  deaths: number;
  recalled: number;
}

const newTally = (): Tally => ({
  seeds: 0,
  right: 0,
  'gave-up': 0,
  ended: 0,
  functions: 0,
  again: 0,
  lines: 0,
  durable: 0,
  deaths: 0,
  recalled: 0,
});

/** In every so many seeds the run is durable, and its drivers die. */
const DURABLE_EACH = 5;

/**
 * `npm run simulate -- [--seeds 1000] [--from 1] [--jobs n] [--seed n]`: random DAGs under random faults, each seed twice: the second must say the same to the
 * byte. In every fifth seed, and with `--drivers` in all, the run is durable and its drivers die. Odd seeds of liveness, even ones of safety, every tenth without faults. As many processes as there are cores, unless `--jobs` says otherwise. Stops at the
 * first seed that fails, and says where the traces of its runs are; `--seed` runs one here, and prints its trace.
 */
async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { seeds: text, from: text, seed: text, jobs: text, step: text, drivers: { type: 'boolean' } } });
  const number = (name: Exclude<keyof typeof values, 'drivers'>, or: number): number => {
    const value = values[name] === undefined ? or : Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 0) throw new UsageError(`--${name} must be a whole number, and is "${values[name]}"`);
    return value;
  };
  const allDurable = values.drivers ?? false;
  if (values.seed !== undefined) return single(number('seed', 0), allDurable);
  const from = number('from', 1);
  const to = from + number('seeds', 1000);
  if (process.send) return job(from, to, number('step', 1), allDurable);
  const jobs = Math.min(number('jobs', availableParallelism()), to - from);
  const startMs = performance.now();
  const tally = await together(from, to, { jobs, startMs, allDurable });
  const seconds = (performance.now() - startMs) / 1000;
  const speed = `${seconds.toFixed(1)} s: ${(tally.seeds / seconds).toFixed(1)} seeds/s in ${jobs} processes, Node ${process.version}`;
  console.log(`${tally.seeds} seeds from ${from}, each twice, 0 failed, in ${speed}`);
  console.log(
    `${tally.right} right, ${tally['gave-up']} gave up after losses, ${tally.ended} ended early as asked; ${tally.functions} functions, ${tally.again} attempts again`,
  );
  console.log(
    `${tally.durable} of the runs were durable: ${tally.deaths} times a driver died or was harmed, ${tally.recalled} successes were taken from the record`,
  );
}

async function single(seed: number, allDurable: boolean): Promise<void> {
  const { result, trace } = await twice(seed, allDurable);
  console.log(trace.join('\n'));
  console.log(JSON.stringify(result));
}

/** Every `step`th seed; tells the parent of each. */
async function job(from: number, to: number, step: number, allDurable: boolean): Promise<void> {
  for (let seed = from; seed < to; seed += step) {
    const { result, trace } = await twice(seed, allDurable);
    process.send!({ ...result, lines: trace.length });
  }
  process.disconnect();
}

/** What a process tells of a seed. */
type Told = SimulatedRun & Partial<SimulatedDurableRun> & { readonly lines: number };

/** Shares the seeds out to processes; rejects with the first failure, and ends the others. */
async function together(
  from: number,
  to: number,
  { jobs, startMs, allDurable }: { jobs: number; startMs: number; allDurable: boolean },
): Promise<Tally> {
  const tally = newTally();
  const children = Array.from({ length: jobs }, (_, at) => {
    const flags = [
      '--from',
      String(from + at),
      '--seeds',
      String(to - from - at),
      '--step',
      String(jobs),
      ...(allDurable ? ['--drivers'] : []),
    ];
    return fork(fileURLToPath(import.meta.url), flags);
  });
  try {
    await Promise.all(
      children.map(async (child) => {
        child.on('message', ({ end, functions, again, lines, deaths, recalled }: Told) => {
          tally.seeds += 1;
          tally[end] += 1;
          tally.functions += functions;
          tally.again += again;
          tally.lines += lines;
          if (deaths !== undefined) tally.durable += 1;
          tally.deaths += deaths ?? 0;
          tally.recalled += recalled ?? 0;
          if (tally.seeds % 250 === 0) console.error(`${tally.seeds} seeds: ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
        });
        const code = await new Promise((resolve) => child.once('exit', resolve));
        if (code !== 0) throw new Error('a seed has failed: see above');
      }),
    );
  } finally {
    for (const child of children) child.kill();
  }
  return tally;
}

async function twice(seed: number, allDurable: boolean): Promise<Simulation<SimulatedRun & Partial<SimulatedDurableRun>>> {
  const faults = seed % 10 === 0 ? 'none' : 'random';
  const mode = seed % 2 === 0 ? 'safety' : 'liveness';
  const isDurable = allDurable || seed % DURABLE_EACH === 3;
  const once = (): Promise<Simulation<SimulatedRun & Partial<SimulatedDurableRun>>> =>
    withTraces(seed, () => (isDurable ? simulateDriver(seed, { faults }) : simulateRun(seed, { faults, mode })));
  const first = await once();
  const second = await once();
  compare(seed, first.trace, second.trace);
  return first;
}

function compare(seed: number, first: readonly string[], second: readonly string[]): void {
  const at = first.findIndex((line, index) => line !== second[index]);
  if (at < 0 && first.length === second.length) return;
  const around = (trace: readonly string[]): string => trace.slice(Math.max(0, at - 5), at + 3).join('\n    ');
  throw new Error(
    `seed ${seed} is not the same twice, Node ${process.version}:\n  first\n    ${around(first)}\n  second\n    ${around(second)}`,
  );
}

await runTool(
  `npm run simulate -- [--seeds 1000] [--from 1] [--jobs n] [--drivers]   random DAGs under random faults, each seed twice, against the oracle
npm run simulate -- --seed n [--drivers]                               one seed, with its trace
In every fifth seed, with --drivers in all, the run is durable and its drivers die.`,
  main,
);
