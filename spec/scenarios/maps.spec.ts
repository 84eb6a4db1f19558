import { expect } from 'chai';
import { Dag, type DynamicDag, type ExecuteOptions, type Run } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import {
  counted,
  driverAndWorkers,
  event,
  eventsOf,
  inside,
  leftOn,
  loop,
  preferring,
  tasks,
  untilMembers,
  untilSo,
} from './modules/watching.js';

const one = { cost: { cpu: 1 }, ...loop };
/** Holds up whatever needs it, on the driver. */
const hold = { id: 'hold', code: tasks.held, node: 'n1', cost: {}, ...loop };
const ids = (map: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${map}[${at}]`);
const each = (map: string, nodes: readonly string[]): Record<string, string> =>
  Object.fromEntries(nodes.map((node, at) => [`${map}[${at}]`, node]));

/** Where eight elements run. */
const FAR = ['n2', 'n3', 'n2', 'n3', 'n2', 'n3', 'n2', 'n3'];

type Options = ExecuteOptions<Record<string, unknown>, never, never>;
type Spec = Parameters<DynamicDag['add']>[0];
type MapSpec = Parameters<DynamicDag['map']>[0];

/** Executes a DAG of functions, and of maps: specs with an `over`. */
function execute(cluster: TestCluster, specs: readonly object[], options: Options = {}): Run<Record<string, unknown>> {
  const dag = Dag.dynamic('maps');
  for (const spec of specs) {
    if ('over' in spec) dag.map(spec as MapSpec);
    else dag.add(spec as Spec);
  }
  return cluster.node('n1').execute(dag, options);
}

/** Bytes of values that went over links to a node. */
const CHUNK = /(?<from>\S+) > (?<to>\S+): chunk of value (?<transfer>\d+), (?<bytes>\d+) bytes$/;
function bytesTo(trace: readonly string[], node: string): number {
  const moved = new Map<string, number>();
  for (const line of trace) {
    const { from, to, transfer, bytes } = CHUNK.exec(line)?.groups ?? {};
    if (to === node) moved.set(`${from} ${transfer}`, Number(bytes));
  }
  return [...moved.values()].reduce((sum, bytes) => sum + bytes, 0);
}

describe('maps in a cluster', () => {
  beforeEach(clearStage);

  const story = <T>(workers: number, body: (cluster: TestCluster) => Promise<T>): ReturnType<typeof simulate<T>> =>
    simulate({ seed: 51, nodes: driverAndWorkers(workers) }, body);

  it('have their elements on all nodes that have room, and the whole where it is consumed', async () => {
    await story(3, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.numbers, extraArgs: [30], ...one },
          { id: 'ys', over: 'xs', code: tasks.slow, ...one },
          { id: 'end', code: tasks.weighAll, args: ['ys'], ...one },
        ],
        { allocationStrategy: 'load-balanced' },
      );
      const { results, allocations } = await run;
      expect(results.ys).to.deep.equal(ids('ys', 30).map((id) => `${id} is done`));
      const nodes = new Set(ids('ys', 30).map((id) => allocations[id]));
      expect([...nodes].sort()).to.deep.equal(['n2', 'n3', 'n4']);
      for (const id of ids('ys', 30)) expect(begunOn(id), id).to.deep.equal([allocations[id]]);
      await untilSo(() => ['n2', 'n3', 'n4'].every((name) => inside(cluster, name).isFree));
    });
  });

  it('leave large elements where they are: each goes to the node that takes it, and the driver gets none that is not collected', async () => {
    const { trace } = await story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.larges, extraArgs: [8], ...one },
          { id: 'ys', over: 'xs', code: tasks.large, ...one },
          { id: 'zs', over: 'ys', code: tasks.large, ...one },
          { id: 'end', code: tasks.weighAll, args: ['zs'], ...one },
        ],
        {
          collect: ['end'],
          allocationStrategy: preferring({ xs: 'n2', end: 'n3', ...each('ys', ['n2', 'n3', 'n2', 'n3', 'n2', 'n3', 'n2', 'n3']) }),
        },
      );
      expect((await run).results).to.deep.equal({ end: 8 * LARGE_BYTES });
    });
    expect(bytesTo(trace, 'n1')).to.be.below(LARGE_BYTES);
  });

  it('are put together on the driver if they are collected', () =>
    story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.numbers, extraArgs: [5], ...one },
          { id: 'ys', over: 'xs', code: tasks.large, ...one },
        ],
        { collect: ['ys'], allocationStrategy: preferring(each('ys', ['n2', 'n3', 'n3', 'n2', 'n2'])), retainMs: 10_000 },
      );
      const { results } = await run;
      expect(results.ys).to.deep.equal(Array.from({ length: 5 }, () => new Uint8Array(LARGE_BYTES).fill(7)));
      expect(await cluster.node('n1').lookupDataLocation('maps', 'ys')).to.equal('n1');
      expect(await cluster.node('n2').getResult('maps', 'ys')).to.deep.equal(results.ys);
    }));

  it('go where their elements are, with near-data', () =>
    story(3, async (cluster) => {
      const nodes = ['n2', 'n3', 'n4', 'n4', 'n3', 'n2'];
      const pinned = nodes.map((node, at) => ({ id: `made${at}`, code: tasks.large, node, ...one }));
      const run = execute(
        cluster,
        [
          ...pinned,
          hold,
          { id: 'xs', code: (...all: unknown[]) => all.slice(1).map((_, at) => at), args: ['hold', ...pinned.map(({ id }) => id)] },
          { id: 'ys', over: 'xs', code: tasks.large, ...one },
          { id: 'zs', over: 'ys', code: tasks.large, ...one },
        ],
        { collect: [], allocationStrategy: 'near-data' },
      );
      gateAt('hold', 'n1').open();
      const { allocations } = await run;
      for (const at of nodes.keys()) expect(allocations[`zs[${at}]`]).to.equal(allocations[`ys[${at}]`]);
    }));

  it('make again those elements alone whose values are lost with their node, and take the others as they are', () =>
    story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.numbers, extraArgs: [4], node: 'n1', cost: {}, ...loop },
          { id: 'ys', over: 'xs', code: tasks.large, ...one },
          hold,
          { id: 'end', code: tasks.weighAll, args: ['ys', 'hold'], ...one },
        ],
        { collect: ['xs', 'end'], allocationStrategy: preferring({ ...each('ys', ['n2', 'n3', 'n3', 'n2']), end: 'n3' }) },
      );
      await event(run, 'function-succeeded', 'ys');
      await cluster.kill('n2');
      await untilMembers(cluster, 'n1', 'n1', 'n3');
      gateAt('hold', 'n1').open();
      expect((await run).results).to.deep.equal({ xs: [0, 1, 2, 3], end: 4 * LARGE_BYTES });
      const events = await eventsOf(run);
      expect(counted(events, 'function-lost')).to.deep.equal({ 'ys[0]': 1, 'ys[3]': 1, ys: 1 });
      expect(counted(events, 'function-started')).to.deep.equal({
        xs: 1,
        'ys[0]': 2,
        'ys[1]': 1,
        'ys[2]': 1,
        'ys[3]': 2,
        hold: 1,
        end: 1,
      });
    }));

  it('compute again the array that they go over, if it is lost before its elements have been used', () =>
    story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.larges, extraArgs: [4], ...one },
          { id: 'ys', over: 'xs', code: tasks.held, concurrency: 1, ...one },
        ],
        { collect: ['ys'], allocationStrategy: preferring({ xs: 'n2', ...each('ys', ['n3', 'n3', 'n3', 'n3']) }) },
      );
      await gateAt('ys[0]', 'n3').reached;
      await cluster.kill('n2');
      for (const id of ids('ys', 4)) gateAt(id, 'n3').open();
      expect((await run).results.ys).to.deep.equal(ids('ys', 4).map((id) => `${id} is done`));
      expect(begunOn('xs')).to.deep.equal(['n2', 'n3']);
      expect(begunOn('ys[0]')).to.deep.equal(['n3']);
    }));

  it('go on elsewhere with the elements that ran on a lost node', () =>
    story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.numbers, extraArgs: [3], node: 'n1', cost: {}, ...loop },
          { id: 'ys', over: 'xs', code: tasks.held, ...one },
        ],
        { allocationStrategy: preferring(each('ys', ['n2', 'n3', 'n2'])) },
      );
      await Promise.all([gateAt('ys[0]', 'n2').reached, gateAt('ys[1]', 'n3').reached, gateAt('ys[2]', 'n2').reached]);
      await cluster.kill('n2');
      for (const id of ids('ys', 3)) gateAt(id, 'n3').open();
      const { results, allocations } = await run;
      expect(results.ys).to.deep.equal(ids('ys', 3).map((id) => `${id} is done`));
      expect(allocations).to.include(each('ys', ['n3', 'n3', 'n3']));
      expect(counted(await eventsOf(run), 'function-lost')).to.deep.equal({ 'ys[0]': 1, 'ys[2]': 1 });
    }));

  it('fail an element that no node runs any more, and name it', () =>
    story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.numbers, extraArgs: [2], node: 'n1', cost: {}, ...loop },
          { id: 'ys', over: 'xs', code: tasks.held, node: 'n2', ...one },
        ],
        { lostNodeWaitMs: 1000 },
      );
      const failure = caught(run);
      await Promise.all(ids('ys', 2).map((id) => gateAt(id, 'n2').reached));
      await cluster.kill('n2');
      const error = await failure;
      expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'ys[0]', node: 'n2' });
      expect(error.cause).to.include({ code: 'HANDOFF_NODE_LOST' });
    }));

  it('lose nothing when the DagRunner crashes: while they are added, while their elements run', () =>
    story(2, async (cluster) => {
      const COUNT = 3000;
      const n1 = cluster.node('n1');
      const run = execute(
        cluster,
        [
          { id: 'xs', code: () => Array.from({ length: COUNT }, (_, at) => at) },
          { id: 'ys', over: 'xs', code: (x: number) => 2 * x },
          { id: 'some', code: () => [1, 2, 3, 4, 5, 6, 7, 8] },
          { id: 'far', over: 'some', code: tasks.held, ...one },
          { id: 'end', code: (ys: readonly number[]) => ys.length, args: ['ys', 'far'] },
        ],
        { maxRetries: 0, retainMs: 0, collect: ['end', 'far'], allocationStrategy: preferring(each('far', FAR)) },
      );
      const crash = async (): Promise<void> => {
        const before = n1.whereis('DagRunner');
        await cluster.faults.crashActor('n1', 'DagRunner');
        await untilSo(() => ![undefined, before].includes(n1.whereis('DagRunner')));
      };
      for await (const { type } of run) {
        if (type !== 'functions-added') continue;
        await crash();
        break;
      }
      await Promise.all(FAR.map((node, at) => gateAt(`far[${at}]`, node).reached));
      await crash();
      for (const [at, node] of FAR.entries()) gateAt(`far[${at}]`, node).open();
      const { results } = await run;
      expect(results).to.deep.equal({ end: COUNT, far: ids('far', 8).map((id) => `${id} is done`) });
      for (const id of ids('far', 8)) expect(begunOn(id), id).to.have.lengthOf(1);
      expect((await eventsOf(run)).filter(({ type }) => type === 'functions-added')).to.have.length(2);
      await untilSo(() => cluster.names.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
    }));

  it('leave nothing behind on any node', () =>
    story(2, async (cluster) => {
      const specs = [
        { id: 'xs', code: tasks.larges, extraArgs: [6], ...one },
        { id: 'ys', over: 'xs', code: tasks.large, ...one },
        { id: 'zs', over: 'ys', code: tasks.small, ...one },
        { id: 'end', code: tasks.weighAll, args: ['ys'], ...one },
      ];
      for (const collect of [['end'], ['xs', 'ys', 'zs']]) {
        const { results } = await execute(cluster, specs, { collect, retainMs: 0, allocationStrategy: 'load-balanced' });
        // Those that were not looked at are kept for whoever has the object.
        expect(Object.values(results)).to.have.length(collect.length);
        await untilSo(() => cluster.names.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
      }
    }));

  it('do not hold all their values when a pipeline consumes them', async () => {
    const COUNT = 200;
    await simulate({ seed: 52, nodes: [{ capabilities: {} }, { capabilities: { cpu: 2 } }] }, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'xs', code: tasks.numbers, extraArgs: [COUNT], ...one },
          { id: 'ys', over: 'xs', code: tasks.large, ...one },
          { id: 'zs', over: 'ys', code: tasks.weigh, ...one },
        ],
        { collect: ['zs'] },
      );
      let most = 0;
      for await (const { type } of run) if (type === 'function-succeeded') most = Math.max(most, inside(cluster, 'n2').heldBytes);
      expect((await run).results.zs).to.deep.equal(Array.from({ length: COUNT }, () => LARGE_BYTES));
      expect(most).to.be.below((COUNT / 4) * LARGE_BYTES);
    });
  });
});
