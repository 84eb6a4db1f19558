import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Dag, Handoff } from 'handoff-dag';
import { driver, FarNode, farTasks } from './far-node.js';
import type { Bench } from './measure.js';

const RESULTS = 1000;
const SHORT_RESULTS = 100;
const MIB = 2 ** 20;
const MOST_MIB = 5;

/** Counts what this process receives from now on, bytes. */
function receivedBytes(): () => number {
  const sockets = new Set<Socket>();
  for (const channel of ['net.client.socket', 'net.server.socket']) {
    subscribe(channel, (message) => void sockets.add((message as { readonly socket: Socket }).socket));
  }
  return () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0);
}

/** What reaches the driver of values that maps make and a function reduces on other nodes. */
export const gatheredBench: Bench = {
  name: 'gathered',
  question: 'How much of what maps make on two other nodes, and a function there reduces, reaches the driver?',
  isInShort: true,
  async run({ isShort }) {
    const results = isShort ? SHORT_RESULTS : RESULTS;
    const received = receivedBytes();
    await using first = await FarNode.start('first');
    await using _second = await FarNode.start('second', first.url);
    await using handoff = await Handoff.start(driver(first.url));
    while ((await handoff.nodes()).filter(({ capabilities }) => capabilities.cpu).length < 2)
      await new Promise((again) => setTimeout(again, 5));
    const one = { cost: { cpu: 1 }, isolation: 'loop' } as const;
    const dag = Dag.dynamic('gathered')
      .input('counts')
      .map({ id: 'made', over: 'counts', code: farTasks.mebibytes, ...one })
      .map({ id: 'changed', over: 'made', code: farTasks.inverted, ...one })
      .add({ id: 'reduced', code: farTasks.totalSize, args: ['changed'], ...one });
    const beforeBytes = received();
    const startMs = performance.now();
    const outcome = await handoff.execute(dag, { inputs: { counts: Array(results).fill(1) }, collect: ['reduced'] });
    const seconds = (performance.now() - startMs) / 1000;
    if (outcome.results.reduced !== results * MIB) throw new Error(`the reduction came to ${outcome.results.reduced}`);
    const nodes = new Set(Object.values(outcome.allocations)).size;
    const mebibytes = (received() - beforeBytes) / MIB;
    return [
      {
        what: `${results} results of 1 MiB, mapped twice and reduced on ${nodes} other nodes`,
        figure: `${mebibytes.toFixed(2)} MiB reached the driver, in ${seconds.toFixed(1)} s`,
        floor: `${MOST_MIB} MiB`,
        ratio: mebibytes / MOST_MIB,
        target: 'at most 1',
      },
    ];
  },
};
