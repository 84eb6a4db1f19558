import { Handoff } from 'handoff-dag';
import { type Bench, pairs, perSecond, type Row, timed } from './measure.js';
import { nactFloor } from './nact-floor.js';
import { chain, fanOut, layers, type Shape, timedRun } from './shapes.js';

interface Case {
  readonly shape: Shape;
  readonly count: number;
  readonly rounds: number;
  readonly target?: string;
}

const TARGETS: readonly (readonly [Shape, string?])[] = [
  [layers(10), 'at least 0.5'],
  [layers(1), 'at least 0.65'],
  [chain, 'at least 0.5'],
  [fanOut],
];

/** The more functions, the fewer rounds. A million has a question of its own. */
const SIZES: readonly (readonly [count: number, rounds: number])[] = [
  [1000, 25],
  [10_000, 9],
  [100_000, 2],
];

const allCases: readonly Case[] = TARGETS.flatMap(([shape, target]) =>
  SIZES.map(([count, rounds]) => ({ shape, count, rounds, ...(target && count === 10_000 && { target }) })),
);

const shortCases: readonly Case[] = TARGETS.flatMap(([shape, target]) =>
  shape === fanOut ? [] : [{ shape, count: 10_000, rounds: 5, ...(target && { target }) }],
);

async function measured(handoff: Handoff, { shape, count, rounds, target }: Case): Promise<Row> {
  const dag = shape.make(count);
  const { aMs, bMs, ratio, cold } = await pairs(
    rounds,
    () => timedRun(handoff, dag),
    () => timed(() => nactFloor(count, shape.inFlight)),
  );
  await handoff.clear(dag.id);
  return {
    what: `${count.toLocaleString('en-US')}: ${shape.name}`,
    figure: perSecond(count, aMs),
    floor: `bare nact, ${shape.inFlight} in flight ${perSecond(count, bMs)}`,
    ratio: 1 / ratio,
    cold: 1 / cold,
    ...(target && { target }),
  };
}

/** What a function costs that does nothing, on the loop of its driver. */
export const shapesBench: Bench = {
  name: 'shapes',
  question: 'What does supervising a function on the loop cost, beside the bare actors underneath?',
  isInShort: true,
  async run({ isShort }) {
    await using handoff = await Handoff.start({ capabilities: {} });
    const rows: Row[] = [];
    for (const one of isShort ? shortCases : allCases) rows.push(await measured(handoff, one));
    return rows;
  },
};
