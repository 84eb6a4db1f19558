import { Dag, type DynamicDag, functionsIn } from '../../lib/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import { stepped } from './driver-tasks.js';

const tasks = functionsIn<typeof import('./driver-tasks.js')>(new URL('./driver-tasks.ts', import.meta.url));

const FUNCTIONS = 40;
const LONGEST_MS = 60;

/** A DAG, and what its functions come to when they are evaluated one after the other. */
export interface DriverDag {
  readonly dag: DynamicDag;
  readonly expected: Readonly<Record<string, number>>;
}

/** The DAG of a seed, the same in each process: some chains that meet. `file`: where its functions say that they run. */
export function driverDag(seed: number, file: string): DriverDag {
  const random = seededRandom(seed);
  const dag = Dag.dynamic(`soak-${seed}`);
  const expected: Record<string, number> = {};
  for (let at = 0; at < FUNCTIONS; at += 1) {
    const known = Object.keys(expected).slice(-6);
    const args = known.filter(() => random() < 0.3);
    const salt = Math.floor(random() * 1e6);
    const sleepMs = Math.floor(random() * LONGEST_MS);
    const id = `f${at}`;
    dag.add({
      id,
      code: tasks.step as never,
      args: args as never,
      extraArgs: [salt, sleepMs, file],
      argumentInclusion: 'as-list',
      isolation: 'loop',
      // Else a change of any file of lib while the soak runs would make it another function.
      version: '1',
      cost: { cpu: 1 },
    });
    expected[id] = stepped(
      args.map((name) => expected[name]!),
      salt,
    );
  }
  return { dag, expected };
}
