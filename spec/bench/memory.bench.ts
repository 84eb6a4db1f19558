import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Handoff } from 'handoff-dag';
import { TestCluster } from 'handoff-dag/testing';
import { gate } from '../support/gate.js';
import { alone } from './alone.js';
import { ObservedNode } from './far-node.js';
import { type Bench, heapUsed, median, type Row } from './measure.js';
import type { Occupied } from './process-watch.mjs';
import { checkResults, layers } from './shapes.js';

const FUNCTIONS = 100_000;
const PROCESSES = 3;
const IDLE_MS = 1500;
const MIB = 2 ** 20;

interface PerFunction {
  readonly runningBytes: number;
  readonly retainedBytes: number;
}

/** Of heap: while a run is half done, and once it is over. The DAG was there before, and is not counted. */
export async function heapPerFunction(): Promise<PerFunction> {
  await using handoff = await Handoff.start({ capabilities: {} });
  const half = gate<number>();
  const shape = layers(10);
  // Whatever is made once.
  await handoff.execute(shape.make(1000));
  const dag = shape.make(FUNCTIONS, new Map([[FUNCTIONS / 2, half.pass]]));
  const before = await heapUsed();
  const run = handoff.execute(dag).then(({ results }) => checkResults(results, FUNCTIONS));
  await half.reached;
  const running = await heapUsed();
  half.open(1);
  await run;
  const retained = await heapUsed();
  return { runningBytes: (running - before) / FUNCTIONS, retainedBytes: (retained - before) / FUNCTIONS };
}

/** Of heap, for each of so many idle nodes of this process that all know each other. */
export async function heapPerNode(nodes: number): Promise<number> {
  const options = Array.from({ length: nodes }, () => ({ capabilities: { cpu: 1 } }));
  const idle = async (): Promise<number> => {
    await using _cluster = await TestCluster.start({ nodes: options, transport: 'memory' });
    await sleep(IDLE_MS);
    return await heapUsed();
  };
  // Whatever is made once.
  await using _first = await TestCluster.start({ nodes: 2, transport: 'memory' });
  const before = await heapUsed();
  return ((await idle()) - before) / nodes;
}

async function bareProcess(): Promise<Occupied> {
  const child = fork(fileURLToPath(new URL('./bare-process.mjs', import.meta.url)), { execArgv: ['--expose-gc'] });
  await sleep(IDLE_MS);
  child.send('occupied');
  const [occupied] = (await once(child, 'message')) as [Occupied];
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
  return occupied;
}

async function idleNode(): Promise<Occupied> {
  await using node = await ObservedNode.startObserved('idle');
  await sleep(IDLE_MS);
  return await node.occupied();
}

async function processRow(): Promise<Row> {
  const nodes: Occupied[] = [];
  const bare: Occupied[] = [];
  for (let round = 0; round < PROCESSES; round += 1) {
    nodes.push(await idleNode());
    bare.push(await bareProcess());
  }
  const text = (all: readonly Occupied[]): string => `${(median(all.map(({ rss }) => rss)) / MIB).toFixed(1)} MiB`;
  return {
    what: 'an idle `handoff node`, resident',
    figure: text(nodes),
    floor: `a bare process with the same imports ${text(bare)}`,
    ratio: median(nodes.map(({ rss }, at) => rss / bare[at]!.rss)),
  };
}

/** What functions and nodes occupy. */
export const memoryBench: Bench = {
  name: 'memory',
  question: 'How much memory does a function occupy in a run and after it, and a node that has nothing to do?',
  async run() {
    const { runningBytes, retainedBytes } = await alone<PerFunction>('./memory.bench.ts', 'heapPerFunction');
    const few = await alone<number>('./memory.bench.ts', 'heapPerNode', 10);
    const many = await alone<number>('./memory.bench.ts', 'heapPerNode', 50);
    const kibibytes = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
    return [
      { what: 'heap per function while 100,000 run', figure: `${Math.round(runningBytes)} bytes` },
      {
        what: 'heap per function that is retained',
        figure: `${Math.round(retainedBytes)} bytes`,
        floor: '1024 bytes',
        ratio: retainedBytes / 1024,
        target: 'at most 1',
      },
      await processRow(),
      { what: 'heap per idle node of 50 in one process', figure: kibibytes(many), floor: `of 10 ${kibibytes(few)}`, ratio: many / few },
    ];
  },
};
