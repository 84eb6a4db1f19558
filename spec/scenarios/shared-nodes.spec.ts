import { expect } from 'chai';
import { Dag, functionsIn, type Run } from '../../lib/index.js';
import { SpecCluster } from '../support/cluster.js';
import { gateOf } from '../support/modules/cluster-tasks.js';
import { countOf, resetCounts } from '../support/modules/counted-tasks.js';

const modules = new URL('../support/modules/', import.meta.url);
const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(new URL('cluster-tasks.js', modules));
const { counted } = functionsIn<typeof import('../support/modules/counted-tasks.js')>(new URL('counted-tasks.js', modules));
const loop = { isolation: 'loop' } as const;

/** So many functions that each take a cpu for a few turns of the event loop. */
const many = (id: string, count: number): Dag<Record<string, unknown>> => {
  const dag = Dag.dynamic(id);
  for (let at = 0; at < count; at += 1) dag.add({ id: `f${at}`, code: counted, extraArgs: [8 + (at % 4)], cost: { cpu: 1 }, ...loop });
  return dag as Dag<Record<string, unknown>>;
};
/** Resolves when something of the run waits for room. */
const waits = async (run: Run<unknown>): Promise<void> => {
  for await (const { type } of run) if (type === 'function-waiting') return;
};

describe('nodes that several drivers share', () => {
  let cluster: SpecCluster;
  beforeEach(resetCounts);
  afterEach(() => cluster.stop());

  it('are never over-committed, and serve both: neither waits for the other to be done', async () => {
    cluster = await SpecCluster.of({ c: { capabilities: { cpu: 2 } }, a: { capabilities: {} }, b: { capabilities: {} } });
    const full = cluster
      .node('c')
      .execute(
        new Dag('full')
          .add({ id: 'one', code: tasks.held, extraArgs: ['full'], cost: { cpu: 1 }, ...loop })
          .add({ id: 'two', code: tasks.held, extraArgs: ['full'], cost: { cpu: 1 }, ...loop }),
      );
    await gateOf('full').reached;
    const runs = ['a', 'b'].map((driver) => cluster.node(driver).execute(many(driver, 200), { collect: [] }));
    await Promise.all(runs.map(waits));
    gateOf('full').open();
    await full;
    for (const { allocations } of await Promise.all(runs)) expect(new Set(Object.values(allocations))).to.deep.equal(new Set(['c']));
    const { peak, began } = countOf('c');
    expect(peak).to.equal(2);
    expect(began).to.have.length(400);
    const together = began.slice(0, Math.min(began.lastIndexOf('a'), began.lastIndexOf('b')));
    const shares = ['a', 'b'].map((driver) => together.filter((one) => one === driver).length);
    expect(Math.min(...shares), `a and b had ${shares.join(' and ')} while both ran`).to.be.at.least(150);
  });

  it('are shared with their own runs as well', async () => {
    cluster = await SpecCluster.of({ c: { capabilities: { cpu: 1 } }, a: { capabilities: {} } });
    const full = cluster
      .node('c')
      .execute(new Dag('busy').add({ id: 'one', code: tasks.held, extraArgs: ['busy'], cost: { cpu: 1 }, ...loop }));
    await gateOf('busy').reached;
    const runs = ['c', 'a'].map((driver) => cluster.node(driver).execute(many(driver, 100), { collect: [] }));
    await Promise.all(runs.map(waits));
    gateOf('busy').open();
    await Promise.all([full, ...runs]);
    const { peak, began } = countOf('c');
    expect(peak).to.equal(1);
    expect(began.slice(0, 100), 'the guest did not wait for the host to be done').to.include('a');
    expect(began.slice(0, 100), 'nor the other way round').to.include('c');
  });

  it('take no more of a run at a time than its maxConcurrency, over all of them', async () => {
    cluster = await SpecCluster.of({ a: {}, b: {}, c: {} });
    const run = cluster.node('a').execute(many('bounded', 60), { collect: [], maxConcurrency: 3, allocationStrategy: 'load-balanced' });
    const { allocations } = await run;
    expect(new Set(Object.values(allocations)).size).to.equal(3);
    expect(countOf('everywhere').peak).to.equal(3);
  });

  it('keep their large claims from being starved by the small ones of another driver', async () => {
    cluster = await SpecCluster.of({ c: { capabilities: { cpu: 2 } }, a: { capabilities: {} }, b: { capabilities: {} } });
    const endless = new AbortController();
    const dag = Dag.dynamic('small');
    for (let at = 0; at < 20_000; at += 1) dag.add({ id: `f${at}`, code: counted, extraArgs: [1 + (at % 3)], cost: { cpu: 1 }, ...loop });
    const small = cluster.node('a').execute(dag, { collect: [], signal: endless.signal });
    small.catch(() => {});
    for await (const { type } of small) if (type === 'function-succeeded') break;
    const large = new Dag('large').add({ id: 'large', code: tasks.where, cost: { cpu: 2 }, ...loop });
    expect((await cluster.node('b').execute(large)).results).to.deep.equal({ large: 'c' });
    expect(small.progress.succeeded, 'the small ones are not done').to.be.below(20_000);
    endless.abort();
    await small.catch(() => {});
  });
});
