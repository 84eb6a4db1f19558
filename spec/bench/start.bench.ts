import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bench, median, paired } from './measure.js';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url));

const THREE = `
import { Dag } from 'handoff-dag';
export default new Dag('three')
  .add({ id: 'a', code: () => 1 })
  .add({ id: 'b', code: (a) => a + 1, args: ['a'] })
  .add({ id: 'c', code: (b) => b + 1, args: ['b'] });
`;
const CPU = `
import { Handoff } from 'handoff-dag';
import dag from './three.mjs';
const before = process.cpuUsage();
const handoff = await Handoff.start();
await handoff.execute(dag);
await handoff.stop();
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000);
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
      const cpu = await file('cpu.mjs', CPU);
      const floor = await file('floor.mjs', FLOOR);
      const cpuMs: number[] = [];
      for (let round = 0; round < 5; round += 1) cpuMs.push(Number((await run(process.execPath, [cpu])).stdout));
      const command = join(project, 'dist', 'bin', 'handoff.js');
      const pair = await paired(
        5,
        () => run(process.execPath, [command, 'run', dag, '-q']),
        () => run(process.execPath, [floor]),
      );
      return [
        {
          what: 'CPU of start, three functions, stop',
          figure: `${median(cpuMs).toFixed(0)} ms`,
          floor: '100 ms',
          ratio: median(cpuMs) / 100,
          target: 'at most 1',
        },
        {
          what: '`handoff run` of three functions',
          figure: `${pair.aMs.toFixed(0)} ms`,
          floor: `same imports, one thread ${pair.bMs.toFixed(0)} ms`,
          ratio: pair.ratio,
          target: 'at most 3',
        },
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
