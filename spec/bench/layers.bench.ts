import { Dag, type DynamicDag, Handoff } from 'handoff-dag';
import { type Bench, heapUsed, median, paired, perSecond, type Row, timed } from './measure.js';
import { nactFloor } from './nact-floor.js';

const nothing = (): number => 1;

/** Layers of ten functions; each takes the results of all ten of the layer before. */
export function layers(count: number, inputs = 10): DynamicDag {
  const dag = Dag.dynamic(`layers of ${count}`);
  for (let index = 0; index < count; index += 1) {
    const layer = Math.floor(index / 10);
    const args = layer === 0 ? [] : Array.from({ length: inputs }, (_, at) => `f${(layer - 1) * 10 + at}`);
    dag.add({ id: `f${index}`, code: nothing, args });
  }
  return dag;
}

async function retained(handoff: Handoff, count: number): Promise<number> {
  const dag = layers(count);
  await handoff.execute(dag);
  await handoff.clear(dag.id);
  const before = await heapUsed();
  const outcome = await handoff.execute(dag);
  const after = await heapUsed();
  if (Object.keys(outcome.results).length !== count) throw new Error('results are missing');
  return (after - before) / count;
}

/** What a function costs that does nothing: no-op functions of ten inputs each, on the loop. */
export const layersBench: Bench = {
  name: 'layers',
  question: 'What does supervising a function on the loop cost, beside the bare actors underneath?',
  async run() {
    await using handoff = await Handoff.start({ capabilities: {} });
    const rows: Row[] = [];
    const run = (dag: DynamicDag) => () => handoff.execute(dag);
    for (const [inputs, target] of [
      [10, 'at least 0.35'],
      [1, ''],
    ] as const) {
      const dag = layers(10_000, inputs);
      const { aMs, bMs, ratio } = await paired(9, run(dag), () => nactFloor(10_000));
      const what = `10,000 functions of ${inputs} input${inputs === 1 ? '' : 's'}`;
      rows.push({ what, figure: perSecond(10_000, aMs), floor: `bare nact ${perSecond(10_000, bMs)}`, ratio: 1 / ratio, target });
    }
    const small = layers(1000);
    const large = layers(100_000);
    await timed(run(large));
    const ratios: number[] = [];
    let smallMs = 0;
    let largeMs = 0;
    for (let round = 0; round < 3; round += 1) {
      const smalls: number[] = [];
      for (let again = 0; again < 20; again += 1) smalls.push(await timed(run(small)));
      smallMs = median(smalls);
      largeMs = await timed(run(large));
      ratios.push(largeMs / 100 / smallMs);
    }
    const figure = `${((largeMs / 100_000) * 1000).toFixed(2)} µs each`;
    const floor = `at 1,000: ${((smallMs / 1000) * 1000).toFixed(2)} µs each`;
    rows.push({ what: 'time per function at 100,000', figure, floor, ratio: median(ratios), target: 'at most 1.3' });
    const bytes = await retained(handoff, 100_000);
    rows.push({
      what: 'heap retained per function',
      figure: `${Math.round(bytes)} bytes`,
      floor: '2048 bytes',
      ratio: bytes / 2048,
      target: 'at most 1',
    });
    return rows;
  },
};
