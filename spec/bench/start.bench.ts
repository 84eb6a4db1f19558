import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bench, paired, pairs } from './measure.js';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

const THREE = `
import { Dag } from 'handoff-dag';
export default new Dag('three')
  .add({ id: 'a', code: () => 1 })
  .add({ id: 'b', code: (a) => a + 1, args: ['a'] })
  .add({ id: 'c', code: (b) => b + 1, args: ['b'] });
`;
/** Of all threads, from the start of the process. */
const TELLS_CPU = `
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1000);
});
`;
const PROGRAM = `
import { Handoff } from 'handoff-dag';
import dag from './three.mjs';
const handoff = await Handoff.start();
await handoff.execute(dag);
await handoff.stop();
`;
const FLOOR = `
import 'nact'; import 'commander'; import 'pino'; import 'uuid'; import 'tinyqueue'; import 'denque'; import 'import-meta-resolve';
import { Worker } from 'node:worker_threads';
const worker = new Worker('', { eval: true });
worker.once('exit', () => {});
`;

/** What starting costs: a node for three functions, and the command for the same. */
export const startBench: Bench = {
  name: 'start',
  question: 'What does it cost to start, run three functions and stop?',
  async run() {
    // Within the project, so that the packages are found as a user's program finds them.
    const folder = await mkdtemp(join(project, '.bench-'));
    try {
      const file = async (name: string, text: string): Promise<string> => {
        await writeFile(join(folder, name), text);
        return join(folder, name);
      };
      const dag = await file('three.mjs', THREE);
      const program = await file('program.mjs', TELLS_CPU + PROGRAM);
      const floor = await file('floor.mjs', FLOOR);
      const floorCpu = await file('floor-cpu.mjs', TELLS_CPU + FLOOR);
      const cpuOf = async (path: string): Promise<number> => Number((await run(process.execPath, [path])).stdout);
      const cpu = await pairs(
        9,
        () => cpuOf(program),
        () => cpuOf(floorCpu),
      );
      const command = join(project, 'dist', 'bin', 'handoff.js');
      const pair = await paired(
        9,
        () => run(process.execPath, [command, 'run', dag, '-q']),
        () => run(process.execPath, [floor]),
      );
      return [
        {
          what: 'CPU of a program: start, three functions, stop',
          figure: `${cpu.aMs.toFixed(0)} ms`,
          floor: `imports of its packages, one thread ${cpu.bMs.toFixed(0)} ms`,
          ratio: cpu.ratio,
          cold: cpu.cold,
          target: 'at most 1.3',
        },
        {
          what: '`handoff run` of three functions',
          figure: `${pair.aMs.toFixed(0)} ms`,
          floor: `imports of its packages, one thread ${pair.bMs.toFixed(0)} ms`,
          ratio: pair.ratio,
          cold: pair.cold,
          target: 'at most 1.3',
        },
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
