import { expect } from 'chai';
import { arg, Dag, type ExecuteOptions, type Run } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import { counted, driverAndWorkers, event, eventsOf, inside, loop, preferring, tasks, untilMembers, untilSo } from './modules/watching.js';

const one = { cost: { cpu: 1 }, ...loop };
/** Holds up whatever needs it, on the driver. */
const hold = { id: 'hold', code: tasks.held, node: 'n1', cost: {}, ...loop };

type Options = ExecuteOptions<Record<string, unknown>, never, never>;

function execute(cluster: TestCluster, specs: readonly object[], options: Options): Run<Record<string, unknown>> {
  const dag = Dag.dynamic('values');
  for (const spec of specs) dag.add(spec as Parameters<typeof dag.add>[0]);
  return cluster.node('n1').execute(dag, options);
}

describe('values that are lost with their node', () => {
  beforeEach(clearStage);

  const story = <T>(workers: number, body: (cluster: TestCluster) => Promise<T>): Promise<T> =>
    simulate({ seed: 41, nodes: driverAndWorkers(workers) }, body).then(({ result }) => result);

  it('are computed again, with whatever of their ancestors was dropped, and only those', () =>
    story(2, async (cluster) => {
      const places = { a: 'n2', b: 'n2', c: 'n2', x: 'n3', y: 'n2', z: 'n2', idle: 'n2', used: 'n2', end: 'n3' };
      const run = execute(
        cluster,
        [
          { id: 'a', code: tasks.large, ...one },
          { id: 'b', code: tasks.large, args: ['a'], ...one },
          { id: 'c', code: tasks.large, args: ['b'], ...one },
          { id: 'x', code: tasks.large, ...one },
          { id: 'y', code: tasks.large, ...one },
          { id: 'z', code: tasks.small, args: ['y'], ...one },
          { id: 'idle', code: tasks.large, ...one },
          { id: 'used', code: tasks.small, args: ['idle', 'c'], ...one },
          hold,
          { id: 'end', code: tasks.weigh, args: ['c', 'x', 'z', 'hold'], ...one },
        ],
        { collect: ['end'], allocationStrategy: preferring(places) },
      );
      await untilSo(() => run.progress.succeeded === 8);
      await cluster.kill('n2');
      await event(run, 'function-succeeded', 'c');
      gateAt('hold', 'n1').open();
      expect((await run).results).to.deep.equal({ end: 2 * LARGE_BYTES });
      const events = await eventsOf(run);
      expect(counted(events, 'function-lost')).to.deep.equal({ a: 1, b: 1, c: 1 });
      const once = { x: 1, y: 1, z: 1, idle: 1, used: 1, hold: 1, end: 1 };
      expect(counted(events, 'function-started')).to.deep.equal({ a: 2, b: 2, c: 2, ...once });
      for (const id of ['a', 'b', 'c']) expect(begunOn(id), id).to.deep.equal(['n2', 'n3']);
    }));

  it('are not computed again when nobody needs them any more', () =>
    story(2, async (cluster) => {
      const run = execute(cluster, [{ id: 'a', code: tasks.large, ...one }, { id: 'b', code: tasks.small, args: ['a'], ...one }, hold], {
        collect: ['b', 'hold'],
        allocationStrategy: preferring({ a: 'n2', b: 'n2' }),
      });
      await untilSo(() => run.progress.succeeded === 2);
      await cluster.kill('n2');
      await untilMembers(cluster, 'n1', 'n1', 'n3');
      gateAt('hold', 'n1').open();
      expect((await run).results).to.deep.equal({ b: 'b is done', hold: 'hold is done' });
      expect(counted(await eventsOf(run), 'function-lost')).to.deep.equal({});
      expect([begunOn('a'), begunOn('b')]).to.deep.equal([['n2'], ['n2']]);
    }));

  it('are not computed again when the driver has them, though they were being serialized on the node that is gone', () =>
    story(2, async (cluster) => {
      const edge = arg('a', { serialize: tasks.held as never });
      const run = execute(
        cluster,
        [
          { id: 'a', code: tasks.small, ...one },
          { id: 'b', code: tasks.small, args: [edge], ...one },
        ],
        {
          allocationStrategy: preferring({ a: 'n2', b: 'n3' }),
        },
      );
      await gateAt('b', 'n2').reached;
      gateAt('b', 'n1').open();
      await cluster.kill('n2');
      expect((await run).results).to.deep.equal({ a: 'a is done', b: 'b is done' });
      expect(counted(await eventsOf(run), 'function-lost')).to.deep.equal({});
      expect(begunOn('a')).to.deep.equal(['n2']);
    }));

  for (const [who, user] of [
    ['another node', 'n3'],
    ['the driver', 'n1'],
  ] as const) {
    it(`are taken from ${who}, which has used them, and not computed again`, () =>
      story(3, async (cluster) => {
        const used = { id: 'used', code: tasks.weigh, args: ['a'], node: user, cost: {}, ...loop };
        const run = execute(
          cluster,
          [{ id: 'a', code: tasks.large, ...one }, used, hold, { id: 'end', code: tasks.weigh, args: ['a', 'hold'], ...one }],
          { collect: ['used', 'end'], allocationStrategy: preferring({ a: 'n2', end: 'n4' }) },
        );
        await event(run, 'function-succeeded', 'used');
        await cluster.kill('n2');
        await untilMembers(cluster, 'n1', 'n1', 'n3', 'n4');
        gateAt('hold', 'n1').open();
        expect((await run).results).to.deep.equal({ used: LARGE_BYTES, end: LARGE_BYTES });
        expect(counted(await eventsOf(run), 'function-lost')).to.deep.equal({});
        expect([begunOn('a'), begunOn('end')]).to.deep.equal([['n2'], ['n4']]);
      }));
  }

  it('are computed again when whoever had a copy is lost too', () =>
    story(3, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'a', code: tasks.large, ...one },
          { id: 'used', code: tasks.weigh, args: ['a'], ...one },
          hold,
          { id: 'end', code: tasks.weigh, args: ['a', 'hold'], ...one },
        ],
        { collect: ['used', 'end'], allocationStrategy: preferring({ a: 'n2', used: 'n3', end: 'n4' }) },
      );
      await event(run, 'function-succeeded', 'used');
      await cluster.kill('n2');
      await untilMembers(cluster, 'n1', 'n1', 'n3', 'n4');
      await cluster.kill('n3');
      await untilSo(() => begunOn('a').length === 2);
      gateAt('hold', 'n1').open();
      expect((await run).results).to.deep.equal({ used: LARGE_BYTES, end: LARGE_BYTES });
      expect(counted(await eventsOf(run), 'function-started')).to.deep.equal({ a: 2, used: 1, hold: 1, end: 1 });
    }));

  it('are computed again when they are collected and were lost before they were fetched', () =>
    story(2, async (cluster) => {
      await cluster.link('n1', 'n2').set({ bytesPerSecond: LARGE_BYTES / 20 });
      const run = execute(cluster, [{ id: 'a', code: tasks.large, ...one }], {
        allocationStrategy: preferring({ a: 'n2' }),
      });
      await event(run, 'function-succeeded', 'a');
      await untilSo(() => inside(cluster, 'n1').fetches === 1);
      await cluster.kill('n2');
      const { results, allocations } = await run;
      expect(results.a).to.deep.equal(new Uint8Array(LARGE_BYTES).fill(7));
      expect(allocations).to.deep.equal({ a: 'n3' });
      const events = await eventsOf(run);
      expect(counted(events, 'function-lost')).to.deep.equal({ a: 1 });
      expect(counted(events, 'function-started')).to.deep.equal({ a: 2 });
      expect(counted(events, 'function-succeeded')).to.deep.equal({ a: 2 });
    }));

  it('are not computed again when they rode along in their receipts, or were fetched', () =>
    story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'rode', code: tasks.small, ...one },
          { id: 'fetched', code: tasks.large, ...one },
          hold,
          { id: 'end', code: tasks.weigh, args: ['rode', 'fetched', 'hold'], ...one },
        ],
        { allocationStrategy: preferring({ rode: 'n2', fetched: 'n2' }) },
      );
      await untilSo(
        () => run.progress.succeeded === 2 && inside(cluster, 'n1').fetches === 0 && inside(cluster, 'n1').heldBytes > LARGE_BYTES,
      );
      await cluster.kill('n2');
      await untilMembers(cluster, 'n1', 'n1', 'n3');
      gateAt('hold', 'n1').open();
      expect((await run).results.end).to.equal(LARGE_BYTES);
      const events = await eventsOf(run);
      expect(counted(events, 'function-lost')).to.deep.equal({});
      expect(counted(events, 'function-started')).to.deep.equal({ rode: 1, fetched: 1, hold: 1, end: 1 });
    }));

  describe('and were pinned to it', () => {
    const pinned = [
      { id: 'a', code: tasks.large, node: 'n2', ...one },
      hold,
      { id: 'end', code: tasks.weigh, args: ['a', 'hold'], node: 'n3', ...one },
    ];

    it('are computed again there, when it comes back within lostNodeWaitMs', () =>
      story(2, async (cluster) => {
        const run = execute(cluster, pinned, { collect: ['end'], lostNodeWaitMs: 4000 });
        await event(run, 'function-succeeded', 'a');
        await cluster.kill('n2');
        await event(run, 'function-lost', 'a');
        await new Promise((resolve) => setTimeout(resolve, 3000));
        expect(begunOn('a')).to.deep.equal(['n2']);
        gateAt('hold', 'n1').open();
        await cluster.restart('n2');
        expect((await run).results).to.deep.equal({ end: LARGE_BYTES });
        expect(begunOn('a')).to.deep.equal(['n2', 'n2']);
        expect(begunOn('end')).to.deep.equal(['n3']);
      }));

    it('fail their function and name the node, when it does not', () =>
      story(2, async (cluster) => {
        const run = execute(cluster, pinned, { collect: ['end'], lostNodeWaitMs: 4000 });
        const failure = caught(run);
        await event(run, 'function-succeeded', 'a');
        await cluster.kill('n2');
        const lost = await event(run, 'function-lost', 'a');
        const error = await failure;
        expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'a', node: 'n2', attempts: 0 });
        expect(error.cause).to.include({ code: 'HANDOFF_NODE_LOST', node: 'n2' });
        const failed = (await eventsOf(run)).find(({ type }) => type === 'function-failed')!;
        expect(failed.atMs - lost.atMs).to.be.within(4000, 4100);
      }));
  });
});
