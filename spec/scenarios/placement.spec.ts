import { expect } from 'chai';
import { arg, collocatedWith, Dag, functionsIn } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const loop = { isolation: 'loop' } as const;
const large = 1_000_000;

describe('where functions are placed in a cluster', () => {
  let cluster: SpecCluster;
  afterEach(() => cluster.stop());

  it('a collocated chain runs on one node: where its first was pinned, or where all of it could run', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: { cpu: 1 } }, b: { capabilities: { cpu: 1 } }, c: { capabilities: { cpu: 2 } } });
    const dag = new Dag('chains')
      .add({ id: 'pinned', code: tasks.where, node: 'b', ...loop })
      .add({ id: 'second', code: tasks.whereAfter, args: ['pinned'], node: collocatedWith('pinned'), ...loop })
      .add({ id: 'third', code: tasks.whereAfter, args: ['second'], node: collocatedWith('second'), ...loop })
      .add({ id: 'first', code: tasks.where, cost: { cpu: 1 }, ...loop })
      .add({ id: 'middle', code: tasks.whereAfter, args: ['first'], node: collocatedWith('first'), ...loop })
      .add({ id: 'large', code: tasks.whereAfter, args: ['middle'], node: collocatedWith('middle'), cost: { cpu: 2 }, ...loop });
    const { results, allocations } = await cluster.node('a').execute(dag);
    expect(results).to.deep.equal({ pinned: 'b', second: 'b', third: 'b', first: 'c', middle: 'c', large: 'c' });
    expect(allocations).to.deep.equal(results);
  });

  it('a collocated group runs on one node, though others are free', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: {} }, b: { capabilities: { cpu: 1 } }, c: { capabilities: { cpu: 1 } } });
    const dag = new Dag('group')
      .add({ id: 'one', code: tasks.where, cost: { cpu: 1 }, ...loop })
      .add({ id: 'two', code: tasks.where, node: collocatedWith('one'), cost: { cpu: 1 }, ...loop })
      .add({ id: 'three', code: tasks.where, node: collocatedWith('one'), cost: { cpu: 1 }, ...loop });
    const { results } = await cluster.node('a').execute(dag, { allocationStrategy: 'load-balanced' });
    expect(new Set(Object.values(results)).size, JSON.stringify(results)).to.equal(1);
  });

  it('near-data brings functions to the large values, and small ones to them', async () => {
    cluster = await SpecCluster.of({ a: {}, b: {}, c: { capabilities: { cpu: 8 } } });
    const dag = new Dag('near')
      .input<Uint8Array>()('given')
      .add({ id: 'large', code: tasks.bytes, extraArgs: [large], node: 'b', ...loop })
      .add({ id: 'small', code: tasks.bytes, extraArgs: [1000], node: 'c', ...loop })
      .add({ id: 'atLarge', code: tasks.whereAfter, args: ['large', 'small'], cost: { cpu: 1 }, ...loop })
      .add({ id: 'atInput', code: tasks.whereAfter, args: ['given', 'small'], cost: { cpu: 1 }, ...loop })
      .add({ id: 'atSmall', code: tasks.whereAfter, args: ['small'], cost: { cpu: 1 }, ...loop });
    const inputs = { given: new Uint8Array(large) };
    const { allocations } = await cluster.node('a').execute(dag, { allocationStrategy: 'near-data', inputs, collect: [] });
    expect(allocations).to.include({ atLarge: 'b', atInput: 'a', atSmall: 'c' });
  });

  it('first-available takes the own node, then the others by name; load-balanced the least loaded', async () => {
    cluster = await SpecCluster.of({ b: { capabilities: { cpu: 1 } }, c: { capabilities: { cpu: 1 } }, a: { capabilities: { cpu: 1 } } });
    const three = (id: string) => {
      const dag = Dag.dynamic(id);
      for (let at = 0; at < 3; at += 1) dag.add({ id: `f${at}`, code: tasks.where, cost: { cpu: 1 }, ...loop });
      return dag;
    };
    expect((await cluster.node('b').execute(three('first'))).results).to.deep.equal({ f0: 'b', f1: 'a', f2: 'c' });
    await cluster.node('b').registerNode('c', { cpu: 9 });
    const balanced = await cluster.node('b').execute(three('balanced'), { allocationStrategy: 'load-balanced' });
    expect(balanced.results).to.deep.equal({ f0: 'c', f1: 'c', f2: 'c' });
  });

  it('registerNode takes effect for every driver: what it adds can be used, what it takes away cannot', async () => {
    cluster = await SpecCluster.of({ a: {}, b: {}, c: {} });
    const licensed = (id: string) => new Dag(id).add({ id: 'f', code: tasks.where, cost: { licence: 1 }, ...loop });
    const run = (driver: string, id: string) => cluster.node(driver).execute(licensed(id));
    expect(await caught(run('c', 'before'))).to.include({ code: 'HANDOFF_ALLOCATION_FAILED' });
    await cluster.node('a').registerNode('b', { cpu: 2, licence: 1 });
    expect((await run('a', 'by who registered it')).results).to.deep.equal({ f: 'b' });
    expect((await run('b', 'by itself')).results).to.deep.equal({ f: 'b' });
    await cluster.until('c', (nodes) => nodes.some(({ name, capabilities }) => name === 'b' && capabilities.licence === 1));
    expect((await run('c', 'by another')).results).to.deep.equal({ f: 'b' });
    await cluster.node('c').registerNode('b', { cpu: 2 });
    expect(await caught(run('c', 'after'))).to.include({ code: 'HANDOFF_ALLOCATION_FAILED' });
    await cluster.until('a', (nodes) => nodes.some(({ name, capabilities }) => name === 'b' && capabilities.licence === undefined));
    expect(await caught(run('a', 'after'))).to.include({ code: 'HANDOFF_ALLOCATION_FAILED' });
  });
});

describe('nodes that do not listen', () => {
  let cluster: SpecCluster;
  afterEach(() => cluster.stop());
  const silent = { listen: undefined };

  it('drive runs on those that do', async () => {
    cluster = await SpecCluster.of({ b: {}, c: {}, a: { ...silent, capabilities: {} } });
    const a = cluster.node('a');
    expect(a.address).to.equal(undefined);
    const dag = new Dag('driven')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [large], node: 'b', ...loop })
      .add({ id: 'counted', code: tasks.lengths, args: ['made'], extraArgs: [new Uint8Array(large).fill(7)], node: 'c', ...loop })
      .add({ id: 'placed', code: tasks.where, cost: { cpu: 1 }, ...loop });
    const { results, allocations } = await a.execute(dag, { collect: ['counted', 'placed'] });
    expect(results).to.deep.equal({ counted: [large, large], placed: 'b' });
    expect(allocations).to.include({ made: 'b', counted: 'c' });
  });

  it('give each other values through the driver, which keeps none of them', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: {} }, x: silent, y: silent });
    const seen = (await cluster.node('x').nodes()).map(({ name }) => name);
    expect(seen).to.include('a');
    const dag = new Dag('relayed')
      .add({ id: 'made', code: tasks.bytes, extraArgs: [large], node: 'x', ...loop })
      .add({ id: 'counted', code: tasks.lengths, args: ['made', 'made'], node: 'y', ...loop })
      .add({ id: 'back', code: tasks.whereAfter, args: ['counted'], node: 'x', ...loop });
    const { results } = await cluster.node('a').execute(dag, { collect: ['counted', 'back'] });
    expect(results).to.deep.equal({ counted: [large, large], back: 'x' });
    const [self] = (await cluster.node('a').status()).nodes;
    expect(self!.heldBytes).to.be.below(1000);
  });

  it('have their edges serialized where the value lies, on the other side of the driver', async () => {
    cluster = await SpecCluster.of({ a: { capabilities: {} }, x: silent, y: silent });
    const edge = arg('made', { serialize: tasks.mark, deserialize: tasks.mark });
    const dag = new Dag('edges')
      .add({ id: 'made', code: tasks.list, node: 'x', ...loop })
      .add({ id: 'used', code: tasks.same, args: [edge], node: 'y', ...loop });
    expect((await cluster.node('a').execute(dag)).results.used).to.deep.equal(['x: x to y', 'y: x to y']);
  });

  it('share a listening node as drivers', async () => {
    cluster = await SpecCluster.of({
      c: { capabilities: { cpu: 1 } },
      x: { ...silent, capabilities: {} },
      y: { ...silent, capabilities: {} },
    });
    const dag = (id: string) => {
      const made = Dag.dynamic(id);
      for (let at = 0; at < 50; at += 1) made.add({ id: `f${at}`, code: tasks.where, cost: { cpu: 1 }, ...loop });
      return made;
    };
    const runs = ['x', 'y'].map((driver) => cluster.node(driver).execute(dag(driver), { collect: [] }));
    for (const { allocations } of await Promise.all(runs)) expect(new Set(Object.values(allocations))).to.deep.equal(new Set(['c']));
  });
});
