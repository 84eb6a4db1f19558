import { expect } from 'chai';
import { Dag } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import {
  counted,
  event,
  eventsOf,
  inside,
  lapse,
  leftOn,
  loop,
  preferring,
  tasks,
  toldAtMs,
  untilMembers,
  untilSo,
} from './modules/watching.js';

/** Two that drive, two that work. */
const nodes = [0, 2, 2, 0].map((cpu) => ({ capabilities: { cpu } }));
const all = ['n1', 'n2', 'n3', 'n4'];
const one = { cost: { cpu: 1 }, ...loop };
const once = { retainMs: 0 };

const cut = async (cluster: TestCluster): Promise<void> => {
  await cluster.partition(['n1', 'n2'], ['n3', 'n4']);
};
/** Until each side has given the other up. */
const givenUp = async (cluster: TestCluster): Promise<void> => {
  for (const name of ['n1', 'n2']) await untilMembers(cluster, name, 'n1', 'n2');
  for (const name of ['n3', 'n4']) await untilMembers(cluster, name, 'n3', 'n4');
};
const healed = async (cluster: TestCluster): Promise<void> => {
  await cluster.heal();
  for (const name of all) await untilMembers(cluster, name, ...all);
};
const expectNothingLeft = (cluster: TestCluster): void => {
  for (const name of all) expect(leftOn(cluster, name), name).to.deep.equal({});
};

describe('a partition', () => {
  beforeEach(clearStage);

  it('lets both sides go on, and is over when it is healed: without a restart, and nothing is left of it', async () => {
    const { trace } = await simulate({ seed: 42, nodes }, async (cluster) => {
      const dag = Dag.dynamic('ours')
        .add({ id: 'far', code: tasks.held, ...one })
        .add({ id: 'after', code: tasks.small, args: ['far'], ...one });
      const run = cluster.node('n1').execute(dag, { ...once, allocationStrategy: preferring({ far: 'n3' }) });
      await event(run, 'function-started', 'far');
      await cut(cluster);
      await givenUp(cluster);
      const theirs = cluster.node('n4').execute(Dag.dynamic('theirs').add({ id: 'there', code: tasks.small, ...one }), once);
      expect((await theirs).allocations).to.deep.equal({ there: 'n3' });
      gateAt('far', 'n2').open();
      expect((await run).allocations).to.deep.equal({ far: 'n2', after: 'n2' });
      expect(begunOn('far')).to.deep.equal(['n3', 'n2']);
      await healed(cluster);
      expectNothingLeft(cluster);
      const across = Dag.dynamic('across').add({ id: 'over', code: tasks.small, node: 'n3', ...one });
      expect((await cluster.node('n1').execute(across, once)).allocations).to.deep.equal({ over: 'n3' });
    });
    expect(trace.filter((line) => / (re)?(start|kill)/.test(line))).to.deep.equal([]);
    for (const [a, b] of [
      ['n1', 'n3'],
      ['n3', 'n1'],
      ['n2', 'n4'],
    ] as const) {
      expect(toldAtMs(trace, a, 'node lost', b), `${a} loses ${b}`).to.have.lengthOf(1);
      expect(toldAtMs(trace, a, 'node joined', b), `${a} finds ${b}`).to.have.lengthOf(2);
    }
    for (const [a, b] of [
      ['n1', 'n2'],
      ['n3', 'n4'],
    ] as const)
      expect(toldAtMs(trace, a, 'node lost', b)).to.deep.equal([]);
  });

  it('that ends before the other side is given up delays what was under way, and nothing else', () =>
    simulate({ seed: 43, nodes }, async (cluster) => {
      const dag = Dag.dynamic('short')
        .add({ id: 'made', code: tasks.large, ...one })
        .add({ id: 'far', code: tasks.held, ...one })
        .add({ id: 'end', code: tasks.weigh, args: ['made', 'far'], ...one });
      const run = cluster.node('n1').execute(dag, {
        ...once,
        collect: ['end'],
        allocationStrategy: preferring({ made: 'n3', far: 'n3', end: 'n2' }),
      });
      await event(run, 'function-succeeded', 'made');
      await cut(cluster);
      gateAt('far', 'n3').open();
      await lapse(4000);
      expect(run.progress).to.include({ succeeded: 1, running: 1 });
      await cluster.heal();
      expect((await run).results).to.deep.equal({ end: LARGE_BYTES });
      const events = await eventsOf(run);
      expect(counted(events, 'function-lost')).to.deep.equal({});
      expect(counted(events, 'function-started')).to.deep.equal({ made: 1, far: 1, end: 1 });
      await untilSo(() => all.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
    }));

  it('in which both sides finish a function accepts it once', () =>
    simulate({ seed: 44, nodes }, async (cluster) => {
      const dag = Dag.dynamic('twice')
        .add({ id: 'both', code: tasks.deaf, ...one })
        .add({ id: 'after', code: tasks.held, args: ['both'], ...one });
      const run = cluster.node('n1').execute(dag, { ...once, allocationStrategy: preferring({ both: 'n3', after: 'n2' }) });
      await event(run, 'function-started', 'both');
      await cut(cluster);
      // Its answer is under way when it is given up, and is never to be heard of again.
      gateAt('both', 'n3').open();
      await untilSo(() => begunOn('both').length === 2);
      gateAt('both', 'n2').open();
      await event(run, 'function-started', 'after');
      await healed(cluster);
      gateAt('after', 'n2').open();
      expect(await run).to.deep.include({
        results: { both: 'both is done', after: 'after is done' },
        allocations: { both: 'n2', after: 'n2' },
      });
      const events = await eventsOf(run);
      expect(counted(events, 'function-succeeded')).to.deep.equal({ both: 1, after: 1 });
      expect(counted(events, 'function-started')).to.deep.equal({ both: 2, after: 1 });
      expect(begunOn('after')).to.deep.equal(['n2']);
    }));

  it('that heals while a function which was given up still runs accepts only the attempt that replaced it', () =>
    simulate({ seed: 45, nodes }, async (cluster) => {
      const dag = Dag.dynamic('late').add({ id: 'both', code: tasks.deaf, ...one });
      const run = cluster.node('n1').execute(dag, { ...once, allocationStrategy: preferring({ both: 'n3' }) });
      await event(run, 'function-started', 'both');
      await cut(cluster);
      await untilSo(() => begunOn('both').length === 2);
      await healed(cluster);
      gateAt('both', 'n3').open();
      await lapse(1000);
      expect(run.progress.running).to.equal(1);
      gateAt('both', 'n2').open();
      expect((await run).allocations).to.deep.equal({ both: 'n2' });
      expect(counted(await eventsOf(run), 'function-succeeded')).to.deep.equal({ both: 1 });
    }));

  it('releases what a lost driver had claimed, for good', () =>
    simulate({ seed: 46, nodes }, async (cluster) => {
      const dag = Dag.dynamic('claims').add({ id: 'wide', code: tasks.held, cost: { cpu: 2 }, ...loop });
      const run = cluster.node('n1').execute(dag, { ...once, allocationStrategy: preferring({ wide: 'n3' }) });
      await event(run, 'function-started', 'wide');
      expect(inside(cluster, 'n3').used).to.deep.equal({ cpu: 2 });
      await cut(cluster);
      await untilSo(() => inside(cluster, 'n3').isFree);
      const theirs = cluster
        .node('n4')
        .execute(Dag.dynamic('theirs').add({ id: 'there', code: tasks.held, cost: { cpu: 2 }, ...loop }), once);
      await event(theirs, 'function-started', 'there');
      await untilSo(() => begunOn('wide').length === 2);
      await healed(cluster);
      // One driver has each of them, as it had before they met again.
      for (const name of ['n2', 'n3']) expect(await cluster.node('n1').resourcesAvailable(name, { cpu: 1 }), name).to.equal(false);
      gateAt('there', 'n3').open();
      await theirs;
      expect(await cluster.node('n1').resourcesAvailable('n3', { cpu: 2 })).to.equal(true);
      gateAt('wide', 'n2').open();
      await run;
      for (const name of ['n2', 'n3']) expect(await cluster.node('n4').resourcesAvailable(name, { cpu: 2 }), name).to.equal(true);
      await untilSo(() => all.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
    }));

  it('loses no value that a node on the side of the driver has', () =>
    simulate({ seed: 47, nodes }, async (cluster) => {
      const dag = Dag.dynamic('copies')
        .add({ id: 'made', code: tasks.large, ...one })
        .add({ id: 'used', code: tasks.weigh, args: ['made'], ...one })
        .add({ id: 'hold', code: tasks.held, node: 'n1', cost: {}, ...loop })
        .add({ id: 'end', code: tasks.weigh, args: ['made', 'hold'], ...one });
      const run = cluster.node('n1').execute(dag, {
        ...once,
        collect: ['used', 'end'],
        allocationStrategy: preferring({ made: 'n3', used: 'n2', end: 'n2' }),
      });
      await event(run, 'function-succeeded', 'used');
      await cut(cluster);
      await givenUp(cluster);
      gateAt('hold', 'n1').open();
      expect((await run).results).to.deep.equal({ used: LARGE_BYTES, end: LARGE_BYTES });
      expect(begunOn('made')).to.deep.equal(['n3']);
      await healed(cluster);
      await untilSo(() => all.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
    }));

  it('in which only the other side gave up costs what that has dropped, which is made again there', () => {
    const [n1, n2, n3, n4] = nodes;
    const patient = { heartbeat: { timeoutMs: 30_000 } };
    const several = [{ ...n1!, ...patient }, { ...n2!, ...patient }, { ...n3!, heartbeat: { timeoutMs: 2000 } }, n4!];
    return simulate({ seed: 48, nodes: several }, async (cluster) => {
      const dag = Dag.dynamic('dropped')
        .add({ id: 'made', code: tasks.heldLarge, node: 'n3', ...one })
        .add({ id: 'held', code: tasks.held, node: 'n3', ...one });
      const run = cluster.node('n1').execute(dag, once);
      await event(run, 'function-started', 'held');
      await cluster.link('n1', 'n3').set({ bytesPerSecond: LARGE_BYTES });
      gateAt('made', 'n3').open();
      await event(run, 'function-succeeded', 'made');
      expect(inside(cluster, 'n1').fetches).to.equal(1);
      await cluster.partition(['n1'], ['n3']);
      await untilSo(() => inside(cluster, 'n3').guestRuns === 0);
      await cluster.link('n1', 'n3').set({});
      await cluster.heal();
      gateAt('held', 'n3').open();
      expect((await run).results).to.deep.equal({ made: new Uint8Array(LARGE_BYTES).fill(7), held: 'held is done' });
      const events = await eventsOf(run);
      expect(counted(events, 'function-lost')).to.deep.equal({ made: 1 });
      expect([begunOn('made'), begunOn('held')]).to.deep.equal([
        ['n3', 'n3'],
        ['n3', 'n3'],
      ]);
      expect(counted(events, 'function-succeeded')).to.deep.equal({ made: 2, held: 1 });
    });
  });
});
