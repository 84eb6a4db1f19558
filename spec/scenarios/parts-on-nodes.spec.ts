import { expect } from 'chai';
import { arg, Dag, type DynamicDag, type ExecuteOptions, type Run } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import {
  counted,
  driverAndWorkers,
  event,
  eventsOf,
  inside,
  lapse,
  leftOn,
  loop,
  preferring,
  tasks,
  toldAtMs,
  untilSo,
} from './modules/watching.js';

const one = { cost: { cpu: 1 }, ...loop };
/** Holds up whatever needs it, on the driver. */
const hold = { id: 'hold', code: tasks.held, node: 'n1', cost: {}, ...loop };
const PARTS = 4;

/** A map with four large values, of which every other is made on `n2` and the rest on `n3`. */
const mapped = (): DynamicDag => {
  const dag = Dag.dynamic('parts').add({ id: 'xs', code: tasks.numbers, extraArgs: [PARTS], ...one });
  dag.map({ id: 'm', over: 'xs', code: tasks.large, ...one });
  return dag;
};
const places = { 'm[0]': 'n2', 'm[1]': 'n3', 'm[2]': 'n2', 'm[3]': 'n3' };

type Options = ExecuteOptions<Record<string, unknown>, never, never>;
const execute = (cluster: TestCluster, dag: DynamicDag, options: Options, end: Readonly<Record<string, string>> = {}) =>
  cluster.node('n1').execute(dag, { ...options, allocationStrategy: preferring({ ...places, ...end }) }) as Run<Record<string, unknown>>;

describe('parts on other nodes', () => {
  beforeEach(clearStage);

  const story = <T>(workers: number, body: (cluster: TestCluster) => Promise<T>): Promise<T> =>
    simulate({ seed: 43, nodes: driverAndWorkers(workers) }, body).then(({ result }) => result);

  it('go past the driver to the function that needs them all', async () => {
    const { result, trace } = await simulate({ seed: 43, nodes: driverAndWorkers(2) }, async (cluster) => {
      const dag = mapped().add({ id: 'end', code: tasks.weighAll, args: ['m'], ...one });
      const { results, allocations } = await execute(cluster, dag, { collect: ['end'], retainMs: 60_000 }, { end: 'n3' });
      await untilSo(() => cluster.names.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
      return { results, allocations };
    });
    expect(result.results).to.deep.equal({ end: PARTS * LARGE_BYTES });
    expect(Object.keys(result.allocations).sort()).to.deep.equal(['end', 'm[0]', 'm[1]', 'm[2]', 'm[3]', 'xs']);
    const moved = (to: string): number => trace.filter((line) => line.includes(`> ${to}: chunk of value`)).length;
    expect(moved('n1')).to.equal(0);
    expect(moved('n3')).to.be.above(1);
  });

  it('come to the driver for its own function, and for a caller who wants them', () =>
    story(2, async (cluster) => {
      const dag = mapped().add({ id: 'end', code: tasks.weighAll, args: ['m'], node: 'n1', cost: {}, ...loop });
      expect((await execute(cluster, dag, { collect: ['end'] })).results).to.deep.equal({ end: PARTS * LARGE_BYTES });
      const run = execute(cluster, mapped(), { collect: ['m'], retainMs: 60_000 });
      const { results } = await run;
      expect((results.m as Uint8Array[]).map(({ byteLength }) => byteLength)).to.deep.equal(Array(PARTS).fill(LARGE_BYTES));
      expect(await cluster.node('n2').lookupDataLocation('parts', 'm')).to.equal('n1');
      expect(await cluster.node('n3').getResult('parts', 'm')).to.have.length(PARTS);
    }));

  it('are dropped everywhere, and what was put together of them, as soon as nothing needs them', () =>
    story(2, async (cluster) => {
      const dag = mapped()
        .add({ id: 'end', code: tasks.weighAll, args: ['m'], ...one })
        .add(hold as never)
        .add({ id: 'last', code: tasks.small, args: ['end', 'hold'], ...one });
      const run = execute(cluster, dag, { collect: ['last'] }, { end: 'n3' });
      await event(run, 'function-succeeded', 'end');
      const held = (name: string): number => inside(cluster, name).heldBytes;
      expect(await untilSo(() => held('n2') === 0 && held('n3') < 100), 'but for a number').to.be.below(100);
      expect(held('n1')).to.be.below(100);
      gateAt('hold', 'n1').open();
      await run;
    }));

  it('are serialized as a whole where they are needed, once', () =>
    story(2, async (cluster) => {
      const edge = arg('m', { serialize: tasks.weighAll as never });
      const dag = mapped().add({ id: 'end', code: tasks.held, args: [edge], ...one });
      const run = execute(cluster, dag, { collect: ['end'] }, { end: 'n3' });
      await untilSo(() => begunOn('end').length === 2);
      gateAt('end', 'n3').open();
      await run;
      expect(begunOn('end'), 'its serializer, and itself').to.deep.equal(['n3', 'n3']);
    }));

  it('are made again if they are lost with their node, and no others are', () =>
    story(2, async (cluster) => {
      const dag = mapped()
        .add(hold as never)
        .add({ id: 'end', code: tasks.weighAll, args: ['m', 'hold'], ...one });
      const run = execute(cluster, dag, { collect: ['end'] }, { end: 'n3', xs: 'n3' });
      await event(run, 'function-succeeded', 'm');
      await cluster.kill('n2');
      await untilSo(() => begunOn('m[2]').length === 2);
      gateAt('hold', 'n1').open();
      expect((await run).results).to.deep.equal({ end: PARTS * LARGE_BYTES });
      const { 'm[0]': zero, 'm[1]': first, 'm[2]': second, 'm[3]': third } = counted(await eventsOf(run), 'function-started');
      expect([zero, first, second, third]).to.deep.equal([2, 1, 2, 1]);
    }));

  it('are made again if they are lost while they are on their way to the function that needs them all', () =>
    story(2, async (cluster) => {
      const dag = mapped().add({ id: 'end', code: tasks.weighAll, args: ['m'], ...one });
      await cluster.link('n2', 'n3').set({ bytesPerSecond: 20_000 });
      const run = execute(cluster, dag, { collect: ['end'] }, { end: 'n3', xs: 'n3' });
      await event(run, 'function-started', 'end');
      await untilSo(() => inside(cluster, 'n3').fetches > 0);
      await lapse(500);
      await cluster.kill('n2');
      expect((await run).results).to.deep.equal({ end: PARTS * LARGE_BYTES });
      const started = counted(await eventsOf(run), 'function-started');
      expect(['m[0]', 'm[1]', 'm[2]', 'm[3]', 'end'].map((id) => started[id])).to.deep.equal([2, 1, 2, 1, 2]);
    }));

  it('keep no node waiting for signs of life on links that carry little', async () => {
    const { result, trace } = await simulate({ seed: 43, nodes: driverAndWorkers(2) }, async (cluster) => {
      for (const [a, b] of [
        ['n1', 'n2'],
        ['n1', 'n3'],
        ['n2', 'n3'],
      ] as const)
        await cluster.link(a, b).set({ bytesPerSecond: 30_000, delayMs: 20 });
      const dag = Dag.dynamic('many').add({ id: 'xs', code: tasks.numbers, extraArgs: [12], ...one });
      dag.map({ id: 'm', over: 'xs', code: tasks.large, ...one });
      dag
        .add({ id: 'end', code: tasks.weighAll, args: ['m'], ...one })
        .add({ id: 'own', code: tasks.weighAll, args: ['m'], node: 'n1', cost: {}, ...loop });
      return (await execute(cluster, dag, { collect: ['end', 'own'] }, { end: 'n3' })).results;
    });
    expect(result).to.deep.equal({ end: 12 * LARGE_BYTES, own: 12 * LARGE_BYTES });
    expect(toldAtMs(trace, 'n1', 'node is silent')).to.deep.equal([]);
  });

  it('of one map go to the elements of the next one, wherever those run', () =>
    story(2, async (cluster) => {
      const dag = Dag.dynamic('parts').add({ id: 'x', code: tasks.numbers, extraArgs: [PARTS], ...one });
      dag.map({ id: 'm', over: 'x', code: tasks.large, ...one });
      dag.map({ id: 'n', over: 'm', code: tasks.large, ...one });
      dag.add({ id: 'end', code: tasks.weighAll, args: ['n'], ...one });
      const run = execute(cluster, dag, { collect: ['end'] }, { end: 'n2', 'n[0]': 'n2', 'n[1]': 'n3' });
      expect((await run).results).to.deep.equal({ end: PARTS * LARGE_BYTES });
    }));
});
