import { Handoff } from 'handoff-dag';
import { alone } from './alone.js';
import { LoopWatch, type Stretch } from './loop-watch.js';
import { type Bench, heapUsed, median, type Row } from './measure.js';
import { chain, fanOut, layers, type Shape, timedRun } from './shapes.js';

const MANY = 1_000_000;
const FEW = 10_000;
const ROUNDS = 9;

const shapes = [layers(10), chain, fanOut];

interface Cost {
  readonly fewMs: number;
  readonly manyMs: number;
  /** Of heap, for each function of the large run, once it is over and its results are kept; the DAG, which was there before, not counted. */
  readonly retainedBytes: number;
  readonly mostHeapBytes: number;
}

/** What a shape costs, in a process that has done nothing else. */
export async function costOf(at: number): Promise<Cost> {
  const shape = shapes[at]!;
  await using handoff = await Handoff.start({ capabilities: {} });
  const few = shape.make(FEW);
  const fewMs: number[] = [];
  const measureFew = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) fewMs.push(await timedRun(handoff, few));
  };
  await timedRun(handoff, few);
  await measureFew();
  const many = shape.make(MANY);
  const before = await heapUsed();
  let mostHeapBytes = 0;
  const look = setInterval(() => {
    mostHeapBytes = Math.max(mostHeapBytes, process.memoryUsage().heapUsed);
  }, 20);
  const manyMs = await timedRun(handoff, many);
  clearInterval(look);
  const retainedBytes = ((await heapUsed()) - before) / MANY;
  await handoff.clear(many.id);
  await measureFew();
  return { fewMs: median(fewMs), manyMs, retainedBytes, mostHeapBytes };
}

/** The longest turns of the event loop: until the run has started, once it has, and while another one is cancelled. */
interface Stretches {
  readonly started: Stretch;
  readonly ended: Stretch;
  readonly cancelled: Stretch;
}

/** Functions that need no other. */
const independent: Shape = { ...fanOut, name: 'independent', make: (count, codeAt) => layers(0).make(count, codeAt) };

const watched = [chain, layers(2), independent];

/** The longest turns of the event loop in runs of a shape, in a process that has done nothing else. */
export async function stretchesOf(at: number): Promise<Stretches> {
  await using handoff = await Handoff.start({ capabilities: {} });
  const dag = watched[at]!.make(MANY);
  await heapUsed();
  const watch = new LoopWatch();
  const run = handoff.execute(dag);
  for await (const { type } of run) if (type === 'run-started') break;
  const started = watch.take();
  await run;
  const ended = watch.take();
  await handoff.clear(dag.id);
  const other = handoff.execute(dag);
  other.catch(() => {});
  for await (const { type } of other) if (type === 'function-succeeded') break;
  watch.take();
  await other.cancel();
  const cancelled = watch.take();
  watch.stop();
  return { started, ended, cancelled };
}

const micro = (ms: number, count: number): string => `${((ms / count) * 1000).toFixed(2)} µs each`;

/** Whether the cost of a function depends on how many there are. */
export const millionBench: Bench = {
  name: 'million',
  question: 'Does a function on the loop cost the same in a run of a million as in one of ten thousand?',
  async run() {
    const rows: Row[] = [];
    for (const [at, { name }] of shapes.entries()) {
      const { fewMs, manyMs, retainedBytes, mostHeapBytes } = await alone<Cost>('./million.bench.ts', 'costOf', at);
      rows.push({
        what: `1,000,000: ${name}`,
        figure: micro(manyMs, MANY),
        floor: `at 10,000 ${micro(fewMs, FEW)}`,
        ratio: manyMs / MANY / (fewMs / FEW),
        target: 'at most 1.3',
      });
      rows.push({
        what: 'heap that each retains afterwards',
        figure: `${Math.round(retainedBytes)} bytes`,
        floor: `1024 bytes (in use at most ${Math.round(mostHeapBytes / 2 ** 20)} MiB in all)`,
        ratio: retainedBytes / 1024,
        target: 'at most 1',
      });
    }
    for (const [at, { name }] of watched.entries()) {
      const stretches = await alone<Stretches>('./million.bench.ts', 'stretchesOf', at);
      for (const [what, { ranMs, tookMs, collectedMs, lateMs }] of [
        ['until it has started', stretches.started],
        ['from then to its end', stretches.ended],
        ['while it is cancelled', stretches.cancelled],
      ] as const) {
        rows.push({
          what: `1,000,000: ${name}: longest turn ${what}`,
          figure: `${Math.round(ranMs)} ms`,
          floor: `50 ms (${Math.round(tookMs)} ms by the clock, longest collection ${Math.round(collectedMs)} ms)`,
          ratio: ranMs / 50,
          target: 'at most 1',
        });
        rows.push({
          what: `1,000,000: ${name}: a beat of 20 ms is late ${what}, at most`,
          figure: `${Math.round(lateMs)} ms`,
          floor: '100 ms',
          ratio: lateMs / 100,
          target: 'at most 1',
        });
      }
    }
    return rows;
  },
};
