import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { auto } from 'async';
import { type DynamicDag, Handoff } from 'handoff-dag';
import { PGraph } from 'p-graph';
import { type Bench, paired, perSecond, type Row } from './measure.js';
import { chain, checkResults, fanOut, layers, type Shape } from './shapes.js';

/** By id, the ids whose results it takes: what everybody makes a graph of. */
type Edges = ReadonlyMap<string, readonly string[]>;

/** Builds the graph and runs it. Everybody's function gives 1, without a promise where it may. */
interface Peer {
  readonly name: string;
  run(edges: Edges): Promise<void>;
}

const pGraph: Peer = {
  name: 'p-graph',
  async run(edges) {
    let ran = 0;
    const run = (): number => {
      ran += 1;
      return 1;
    };
    const nodes = new Map([...edges.keys()].map((id) => [id, { run }]));
    const dependencies = [...edges].flatMap(([id, args]) => args.map((arg): [string, string] => [arg, id]));
    await new PGraph(nodes, dependencies).run();
    if (ran !== edges.size) throw new Error(`p-graph ran ${ran} of ${edges.size}`);
  },
};

const asyncAuto: Peer = {
  name: 'async.auto',
  async run(edges) {
    // With callbacks that are called at once, a chain would be as deep as it is long.
    const code = async (): Promise<number> => 1;
    const tasks = Object.fromEntries([...edges].map(([id, args]) => [id, args.length === 0 ? code : [...args, code]]));
    checkResults(await auto<Record<string, number>>(tasks as never), edges.size);
  },
};

interface Comparison {
  readonly peer: Peer;
  readonly shape: Shape;
  readonly count: number;
  readonly rounds: number;
  readonly target?: string;
}

const withPGraph: readonly Comparison[] = [
  { peer: pGraph, shape: layers(10), count: 10_000, rounds: 9, target: 'at least 1' },
  { peer: pGraph, shape: chain, count: 10_000, rounds: 7 },
  { peer: pGraph, shape: fanOut, count: 10_000, rounds: 7 },
];

/** Fewer of them: each of its functions costs in proportion to how many there are, 10,000 take half a minute. */
const withAuto = [layers(10), chain, fanOut].map((shape): Comparison => ({ peer: asyncAuto, shape, count: 1000, rounds: 5 }));

function edgesOf(dag: DynamicDag): Edges {
  return new Map([...dag.functions.values()].map(({ id, args }) => [id, args.map((arg) => (typeof arg === 'string' ? arg : arg.id))]));
}

/** Each of them in turn, after one run of each that does not count. */
/** A peer in turn with us, after one run of each that does not count. */
async function compared(handoff: Handoff, { shape, peer, count, rounds, target }: Comparison): Promise<Row> {
  const edges = edgesOf(shape.make(count));
  const { aMs, bMs, ratio } = await paired(
    rounds,
    async () => checkResults((await handoff.execute(shape.make(count))).results, count),
    () => peer.run(edges),
  );
  return {
    what: `${count.toLocaleString('en-US')}: ${shape.name}`,
    figure: perSecond(count, aMs),
    floor: `${peer.name} ${perSecond(count, bMs)}`,
    ratio: 1 / ratio,
    ...(target && { target }),
  };
}

/** Flows need a Redis server, which is not ours to start from nothing. */
function bullMqRow(): Row {
  const hasRedis = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'redis-server')));
  const why = hasRedis ? 'bullmq is no dependency of this package' : 'there is no redis-server on the PATH';
  return { what: 'BullMQ flows', figure: 'skipped', floor: `nothing: ${why}` };
}

/** Others who run graphs of functions in one process. They pass no results on, or keep nothing, restart nothing and know no resources. */
export const peersBench: Bench = {
  name: 'peers',
  question: 'How many functions a second, the graph built within the time, beside those who run graphs in one process?',
  isInShort: true,
  async run({ isShort }) {
    await using handoff = await Handoff.start({ capabilities: {} });
    if (isShort) return [await compared(handoff, { ...withPGraph[0]!, rounds: 5 })];
    const rows: Row[] = [];
    for (const one of [...withPGraph, ...withAuto]) rows.push(await compared(handoff, one));
    return [...rows, bullMqRow()];
  },
};
