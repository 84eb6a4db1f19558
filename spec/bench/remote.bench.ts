import { Dag, type DynamicDag, Handoff } from 'handoff-dag';
import { driver, FarNode, farTasks, ObservedNode } from './far-node.js';
import { FloorPair } from './floor-pair.js';
import { type Bench, pairs, perSecond, type Row, timed, warmUp } from './measure.js';
import { stationRows } from './remote-stations.js';

const FUNCTIONS = 10_000;
const IN_FLIGHT = 256;
const LINKS = 200;
const ROUNDS = 7;
const SHORT_ROUNDS = 3;

/** No-op functions, all at once. */
function fan(node: string): DynamicDag {
  const dag = Dag.dynamic('fan');
  for (let index = 0; index < FUNCTIONS; index += 1) dag.add({ id: `f${index}`, code: farTasks.nothing, node, isolation: 'loop' });
  return dag;
}

/** One after the other: nothing else runs while one does. */
function chain(node: string, links: number): DynamicDag {
  const dag = Dag.dynamic('chain').add({ id: 'f0', code: farTasks.nothing, node, isolation: 'loop' });
  for (let index = 1; index < links; index += 1) {
    dag.add({ id: `f${index}`, code: farTasks.next, args: [`f${index - 1}`], node, isolation: 'loop' });
  }
  return dag;
}

const micro = (ms: number): string => `${(ms * 1000).toFixed(0)} µs`;

/** What a function in another process costs, over the loopback. */
export const remoteBench: Bench = {
  name: 'remote',
  question: 'What does a function on another node cost, beside a bare request over ws and msgpackr?',
  isInShort: true,
  async run({ isShort }) {
    const rounds = isShort ? SHORT_ROUNDS : ROUNDS;
    await using far = await FarNode.start('far');
    await using floor = await FloorPair.start();
    await using handoff = await Handoff.start(driver(far.url));
    const rows: Row[] = [];

    const all = fan(far.name);
    const runAll = (): Promise<number> => timed(() => handoff.execute(all));
    const askAll = (): Promise<number> => floor.diallerAsks({ count: FUNCTIONS, inFlight: IN_FLIGHT });
    const cold = (await runAll()) / (await askAll());
    await warmUp(isShort, runAll, askAll);
    const many = await pairs(rounds, runAll, askAll);
    rows.push({
      what: `no-op functions, ${IN_FLIGHT} in flight`,
      figure: perSecond(FUNCTIONS, many.aMs),
      floor: `bare requests ${perSecond(FUNCTIONS, many.bMs)}`,
      ratio: 1 / many.ratio,
      cold: 1 / cold,
      target: 'at least 0.5',
    });

    for (const [what, links, repeats] of [
      ['one function after another, in one run', LINKS, 1],
      ['a run of one function', 1, LINKS],
    ] as const) {
      const dag = chain(far.name, links);
      const again = async (): Promise<void> => {
        for (let repeat = 0; repeat < repeats; repeat += 1) await handoff.execute(dag);
      };
      const runs = (): Promise<number> => timed(again);
      const asks = (): Promise<number> => floor.diallerAsks({ count: LINKS, inFlight: 1 });
      const first = (await runs()) / (await asks());
      await warmUp(isShort, runs, asks);
      const one = await pairs(rounds, runs, asks);
      const floorText = `bare request ${micro(one.bMs / LINKS)}`;
      rows.push({ what, figure: micro(one.aMs / LINKS), floor: floorText, ratio: one.ratio, cold: first, target: 'at most 4' });
    }
    return isShort ? rows : [...rows, ...(await stations())];
  },
};

/** With a node of its own, as one that is looked at is slower. */
async function stations(): Promise<readonly Row[]> {
  await using far = await ObservedNode.startObserved('far');
  await using handoff = await Handoff.start(driver(far.url));
  return await stationRows(handoff, far, {
    'at once': { dag: fan(far.name), functionsOfRun: FUNCTIONS, functions: 10 * FUNCTIONS },
    'one after another': { dag: chain(far.name, LINKS), functionsOfRun: LINKS, functions: FUNCTIONS },
    'a run of one': { dag: chain(far.name, 1), functionsOfRun: 1, functions: FUNCTIONS },
  });
}
