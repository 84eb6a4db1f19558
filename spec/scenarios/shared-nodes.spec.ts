import { expect } from 'chai';
import { Dag, functionsIn, type NodeOptions, type Run } from '../../lib/index.js';
import { simulate } from '../../lib/testing/index.js';
import { gateOf } from '../support/modules/cluster-tasks.js';
import { countOf, resetCounts } from '../support/modules/counted-tasks.js';

const modules = new URL('../support/modules/', import.meta.url);
const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(new URL('cluster-tasks.js', modules));
const { counted } = functionsIn<typeof import('../support/modules/counted-tasks.js')>(new URL('counted-tasks.js', modules));
const { lasting } = functionsIn<typeof import('./modules/short.mjs')>(new URL('./modules/short.mjs', import.meta.url));
const loop = { isolation: 'loop' } as const;

const nodesOf = (given: Readonly<Record<string, Readonly<Record<string, number>>>>): NodeOptions[] =>
  Object.entries(given).map(([name, capabilities]) => ({ name, capabilities }));

/** So many functions that each take a cpu for a while: in virtual time, or it would be the machine's speed that decides who asks when. */
const many = (id: string, count: number): Dag<Record<string, unknown>> => {
  const dag = Dag.dynamic(id);
  for (let at = 0; at < count; at += 1)
    dag.add({ id: `f${at}`, code: counted, extraArgs: [80 + 10 * (at % 4)], cost: { cpu: 1 }, ...loop });
  return dag as Dag<Record<string, unknown>>;
};
/** Resolves when something of the run waits for room. */
const waits = async (run: Run<unknown>): Promise<void> => {
  for await (const { type } of run) if (type === 'function-waiting') return;
};

describe('nodes that several drivers share', () => {
  beforeEach(resetCounts);

  for (const seed of [61, 62, 63]) {
    it(`are never over-committed, and serve both: neither waits for the other to be done: seed ${seed}`, async () => {
      const nodes = nodesOf({ c: { cpu: 2 }, a: {}, b: {} });
      await simulate({ seed, nodes }, async (cluster) => {
        const hold = { code: tasks.held, extraArgs: [`full ${seed}`], cost: { cpu: 1 }, ...loop } as const;
        const full = cluster.node('c').execute(new Dag('full').add({ id: 'one', ...hold }).add({ id: 'two', ...hold }));
        await gateOf(`full ${seed}`).reached;
        const runs = ['a', 'b'].map((driver) => cluster.node(driver).execute(many(driver, 200), { collect: [] }));
        await Promise.all(runs.map(waits));
        gateOf(`full ${seed}`).open();
        await full;
        for (const { allocations } of await Promise.all(runs)) expect(new Set(Object.values(allocations))).to.deep.equal(new Set(['c']));
      });
      const { peak, began } = countOf('c');
      expect(peak).to.equal(2);
      expect(began).to.have.length(400);
      const together = began.slice(0, Math.min(began.lastIndexOf('a'), began.lastIndexOf('b')));
      const shares = ['a', 'b'].map((driver) => together.filter((one) => one === driver).length);
      expect(Math.min(...shares), `a and b had ${shares.join(' and ')} while both ran`).to.be.at.least(150);
    });
  }

  it('are shared with their own runs as well', async () => {
    const nodes = nodesOf({ c: { cpu: 1 }, a: {} });
    await simulate({ seed: 64, nodes }, async (cluster) => {
      const hold = { code: tasks.held, extraArgs: ['busy'], cost: { cpu: 1 }, ...loop } as const;
      const full = cluster.node('c').execute(new Dag('busy').add({ id: 'one', ...hold }));
      await gateOf('busy').reached;
      const runs = ['c', 'a'].map((driver) => cluster.node(driver).execute(many(driver, 100), { collect: [] }));
      await Promise.all(runs.map(waits));
      gateOf('busy').open();
      await Promise.all([full, ...runs]);
    });
    const { peak, began } = countOf('c');
    expect(peak).to.equal(1);
    expect(began.slice(0, 100), 'the guest did not wait for the host to be done').to.include('a');
    expect(began.slice(0, 100), 'nor the other way round').to.include('c');
  });

  it('take no more of a run at a time than its maxConcurrency, over all of them', async () => {
    const nodes = nodesOf({ a: { cpu: 2 }, b: { cpu: 2 }, c: { cpu: 2 } });
    await simulate({ seed: 65, nodes }, async (cluster) => {
      const options = { collect: [], maxConcurrency: 3, allocationStrategy: 'load-balanced' } as const;
      const { allocations } = await cluster.node('a').execute(many('bounded', 60), options);
      expect(new Set(Object.values(allocations)).size).to.equal(3);
    });
    expect(countOf('everywhere').peak).to.equal(3);
  });

  it('say so when a function that was sent ahead of room waits for another driver, however long', async () => {
    const nodes = [...nodesOf({ c: { cpu: 1 } }), ...nodesOf({ a: {}, b: {} })];
    await simulate({ seed: 67, nodes }, async (cluster) => {
      const inThread = { code: lasting, cost: { cpu: 1 }, isolation: 'thread' } as const;
      const dag = Dag.dynamic('short');
      for (let at = 0; at < 400; at += 1) dag.add({ id: `f${at}`, extraArgs: [1], ...inThread });
      const short = cluster.node('a').execute(dag, { collect: [] });
      const lost: string[] = [];
      const seen = (async () => {
        for await (const event of short) if (event.type === 'function-lost') lost.push(event.functionId);
      })();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const long = cluster.node('b').execute(Dag.dynamic('long').add({ id: 'long', extraArgs: [90_000], ...inThread }));
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      const { nodes: members } = await cluster.node('a').status();
      expect(members.find(({ name }) => name === 'c')!.queued).to.equal(1);
      await Promise.all([long, short, seen]);
      expect(lost).to.deep.equal([]);
    });
  });

  it('keep their large claims from being starved by the small ones of another driver', async () => {
    const nodes = nodesOf({ c: { cpu: 2 }, a: {}, b: {} });
    await simulate({ seed: 66, nodes }, async (cluster) => {
      const endless = new AbortController();
      const small = cluster.node('a').execute(many('small', 2000), { collect: [], signal: endless.signal });
      small.catch(() => {});
      for await (const { type } of small) if (type === 'function-succeeded') break;
      const large = new Dag('large').add({ id: 'large', code: tasks.where, cost: { cpu: 2 }, ...loop });
      expect((await cluster.node('b').execute(large)).results).to.deep.equal({ large: 'c' });
      // At 20 a second, and after a second nothing passes by.
      expect(small.progress.succeeded).to.be.below(60);
      endless.abort();
      await small.catch(() => {});
    });
  });
});
