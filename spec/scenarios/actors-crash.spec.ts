import { expect } from 'chai';
import { Dag, type DynamicDag } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
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
  tasks,
  toldAtMs,
  untilMembers,
  untilSo,
} from './modules/watching.js';

const STATIONS = ['LocalStore', 'Allocator', 'NodeRegistry', 'PeerHub', 'Executor'] as const;
/** The supervisor lets its actors crash three times within this, all together; beyond, it gives up. */
const WINDOW_MS = 5000;

/** On every node something that has finished, something that runs, something that waits; small and large values, fetched across. */
function busy(): DynamicDag {
  const dag = Dag.dynamic('busy');
  for (const [node, next] of [
    ['n1', 'n2'],
    ['n2', 'n3'],
    ['n3', 'n1'],
  ] as const) {
    const there = { node, cost: {}, ...loop };
    dag
      .add({ id: `small-${node}`, code: tasks.small, ...there })
      .add({ id: `large-${node}`, code: tasks.large, ...there })
      .add({ id: `held-${node}`, code: tasks.held, args: [`small-${node}`, `large-${node}`], ...there })
      .add({ id: `after-${node}`, code: tasks.weigh, args: [`large-${node}`, `large-${next}`, `held-${node}`], ...there });
  }
  return dag.add({ id: 'end', code: tasks.weigh, args: ['after-n1', 'after-n2', 'after-n3', 'large-n2'], ...loop });
}

async function expectUndisturbed(cluster: TestCluster, harm: () => Promise<void>): Promise<void> {
  const run = cluster.node('n1').execute(busy(), { maxRetries: 0, retainMs: 0 });
  await Promise.all(cluster.names.map((name) => event(run, 'function-started', `held-${name}`)));
  await harm();
  for (const name of cluster.names) gateAt(`held-${name}`, name).open();
  const { results } = await run;
  for (const name of cluster.names) {
    expect(results[`held-${name}`]).to.equal(`held-${name} is done`);
    expect(results[`after-${name}`]).to.equal(2 * LARGE_BYTES);
  }
  expect(results.end).to.equal(LARGE_BYTES);
  for (const id of Object.keys(results)) expect(begunOn(id), id).to.have.lengthOf(1);
  // Those that were not looked at are kept for whoever has the object.
  expect(Object.values(results)).to.have.length(13);
  const events = await eventsOf(run);
  expect(Object.values(counted(events, 'function-started'))).to.deep.equal(new Array(13).fill(1));
  expect(counted(events, 'function-lost')).to.deep.equal({});
  await untilSo(() => cluster.names.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
}

/** Crashes an actor, and waits until there is another in its place. */
async function crash(cluster: TestCluster, node: string, actor: string): Promise<void> {
  const handoff = cluster.node(node);
  const before = handoff.whereis(actor);
  await cluster.faults.crashActor(node, actor);
  await untilSo(() => ![undefined, before].includes(handoff.whereis(actor)));
}

describe('actors that crash in the middle of a run', () => {
  beforeEach(clearStage);

  for (const [who, node] of [
    ['the driver', 'n1'],
    ['another node', 'n2'],
  ] as const) {
    for (const actor of [...STATIONS, ...(node === 'n1' ? ['DagRunner'] : [])]) {
      it(`cost nothing: ${actor} of ${who}`, async () => {
        const { trace } = await simulate({ seed: 91, nodes: driverAndWorkers(2) }, (cluster) =>
          expectUndisturbed(cluster, async () => {
            await crash(cluster, node, actor);
            const [crashed] = find(await cluster.node(node).supervisionTree(), actor);
            if (actor !== 'DagRunner') expect(crashed).to.include({ restarts: 1 });
          }),
        );
        expect(trace.filter((line) => /node (lost|left)/.test(line))).to.deep.equal([]);
      });

      it(`cost nothing: ${actor} of ${who}, again and again`, async () => {
        // A DagRunner that crashes for the third time in so long ends its run.
        const restMs = actor === 'DagRunner' ? WINDOW_MS / 2 + 100 : WINDOW_MS / 3 + 100;
        const { trace } = await simulate({ seed: 92, nodes: driverAndWorkers(2) }, (cluster) =>
          expectUndisturbed(cluster, async () => {
            for (let n = 0; n < 10; n += 1) {
              await crash(cluster, node, actor);
              await lapse(restMs);
            }
          }),
        );
        expect(trace.filter((line) => /node (lost|left)/.test(line))).to.deep.equal([]);
      });
    }
  }

  it('cost nothing, all of them on every node, whatever the run is doing', async () => {
    for (const seed of [93, 94, 95]) {
      clearStage();
      await simulate({ seed, nodes: driverAndWorkers(2) }, async (cluster) => {
        const dag = Dag.dynamic('moving');
        for (let at = 0; at < 60; at += 1) {
          const args = [at - 1, at - 4].filter((before) => before >= 0).map((before) => `f${before}`);
          dag.add({ id: `f${at}`, code: at % 3 === 0 ? tasks.large : tasks.slow, args, cost: { cpu: 1 }, ...loop });
        }
        const run = cluster.node('n1').execute(dag, { maxRetries: 0 });
        let isOver = false;
        const over = run.then(() => {
          isOver = true;
        });
        for (let n = 0; !isOver; n += 1) {
          for (const [at, name] of cluster.names.entries()) {
            await cluster.faults.crashActor(name, STATIONS[(n + at) % STATIONS.length]!);
            await lapse(13);
          }
          await lapse(WINDOW_MS / 3);
        }
        await over;
        const ids = Array.from({ length: 60 }, (_, at) => `f${at}`);
        for (const id of ids) expect(begunOn(id), id).to.have.lengthOf(1);
      });
    }
  });
});

describe('an actor that crashes more often than it may', () => {
  beforeEach(clearStage);

  for (const actor of STATIONS) {
    it(`ends its node cleanly, and the others see it leave: ${actor}`, async () => {
      const { trace } = await simulate({ seed: 96, nodes: driverAndWorkers(2) }, async (cluster) => {
        const run = cluster.node('n1').execute(Dag.dynamic('moved').add({ id: 'f', code: tasks.held, cost: { cpu: 4 }, ...loop }));
        const { node } = await event(run, 'function-started', 'f');
        const other = node === 'n2' ? 'n3' : 'n2';
        const own = caught(
          cluster.node(node).execute(Dag.dynamic('own').add({ id: 'g', code: tasks.held, node: 'n1', cost: {}, ...loop })),
        );
        await untilSo(() => begunOn('g').length === 1);
        const { stopped } = cluster.node(node);
        for (let n = 0; n < 3; n += 1) await crash(cluster, node, actor);
        await cluster.faults.crashActor(node, actor);
        const crashedMs = performance.now();
        expect(await stopped).to.include({ code: 'HANDOFF_RESTARTS_EXCEEDED', node, childId: actor });
        expect(await own).to.include({ code: 'HANDOFF_RUN_ABORTED' });
        expect(await caught(cluster.node(node).nodes())).to.include({ code: 'HANDOFF_STOPPED' });
        await untilMembers(cluster, 'n1', 'n1', other);
        await untilMembers(cluster, other, 'n1', other);
        expect(performance.now() - crashedMs).to.be.below(1000);
        await untilSo(() => begunOn('f').length === 2);
        gateAt('f', other).open();
        expect((await run).allocations).to.deep.equal({ f: other });
        expect(counted(await eventsOf(run), 'function-failed')).to.deep.equal({});
        await untilSo(() => inside(cluster, 'n1').guestRuns === 0 && inside(cluster, 'n1').running === 0);
      });
      const left = trace.filter((line) => /info: node left/.test(line)).length;
      expect(left, 'nodes that saw it leave').to.equal(2);
      for (const name of ['n1', 'n2', 'n3']) expect(toldAtMs(trace, name, 'node lost'), name).to.deep.equal([]);
    });
  }

  it('hold up nothing that rests, waits for room or is being stopped, when a DagRunner crashes', () =>
    simulate({ seed: 98, nodes: driverAndWorkers(1) }, async (cluster) => {
      const REST_MS = 20_000;
      const full = { cost: { cpu: 4 }, ...loop };
      const dag = Dag.dynamic('all at once')
        .add({ id: 'runs', code: tasks.held, ...full })
        .add({ id: 'waits', code: tasks.deaf, args: ['first'], ...full })
        .add({ id: 'first', code: tasks.small, priority: 1, ...loop })
        .add({ id: 'rests', code: tasks.small, retry: { initialDelayMs: REST_MS, jitter: 0 }, priority: 1, ...loop });
      await cluster.faults.failFunction('rests', { times: 1 });
      const run = cluster.node('n1').execute(dag, { retainMs: 0, stopGraceMs: 1000 });
      await event(run, 'function-resting', 'rests');
      await event(run, 'function-started', 'runs');
      await event(run, 'function-waiting', 'waits');
      const startMs = performance.now();
      await lapse(REST_MS / 2);
      await crash(cluster, 'n1', 'DagRunner');
      gateAt('runs', 'n2').open();
      await event(run, 'function-started', 'waits');
      await untilSo(() => begunOn('rests').length === 2);
      expect(performance.now() - startMs, 'it rests no longer than it was to').to.be.within(REST_MS - 1000, REST_MS + 1000);
      const failure = caught(run);
      void run.cancel('enough');
      await crash(cluster, 'n1', 'DagRunner');
      gateAt('waits', 'n2').open();
      expect(await failure).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
      expect(run.progress).to.include({ succeeded: 3, cancelled: 1, running: 0 });
      expect(counted(await eventsOf(run), 'function-started')).to.deep.equal({ runs: 1, waits: 1, first: 1, rests: 2 });
      await untilSo(() => cluster.names.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
    }));

  it('ends its own run only, when it is a DagRunner: the third time within 5 s', () =>
    simulate({ seed: 97, nodes: driverAndWorkers(2) }, async (cluster) => {
      const one = (id: string): DynamicDag =>
        Dag.dynamic(id)
          .add({ id: `${id}-f`, code: tasks.held, node: 'n2', cost: { cpu: 1 }, ...loop })
          .add({ id: `${id}-g`, code: tasks.small, args: [`${id}-f`], node: 'n3', cost: { cpu: 1 }, ...loop });
      const poor = cluster.node('n1').execute(one('poor'), { stopGraceMs: 0 });
      const fine = cluster.node('n1').execute(one('fine'), { retainMs: 0 });
      const failure = caught(poor);
      await event(poor, 'function-started', 'poor-f');
      await event(fine, 'function-started', 'fine-f');
      for (let n = 0; n < 2; n += 1) await crash(cluster, 'n1', `DagRunner ${poor.id}`);
      expect(inside(cluster, 'n2').running).to.equal(2);
      await cluster.faults.crashActor('n1', `DagRunner ${poor.id}`);
      expect(await failure).to.include({ code: 'HANDOFF_RUN_ABORTED', dagId: 'poor' });
      expect(poor.progress).to.include({ total: 2, running: 0, waiting: 0, cancelled: 2 });
      expect(counted(await eventsOf(poor), 'function-cancelled')).to.deep.equal({ 'poor-f': 1, 'poor-g': 1 });
      expect(cluster.node('n1').whereis(`DagRunner ${poor.id}`)).to.equal(undefined);
      await untilSo(() => inside(cluster, 'n2').running === 1);
      expect(inside(cluster, 'n2').used).to.deep.equal({ cpu: 1 });
      gateAt('fine-f', 'n2').open();
      expect((await fine).results).to.deep.equal({ 'fine-f': 'fine-f is done', 'fine-g': 'fine-g is done' });
      expect([begunOn('fine-f'), begunOn('poor-g')]).to.deep.equal([['n2'], []]);
      await untilSo(() => cluster.names.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
    }));
});

interface Branch {
  readonly name: string;
  readonly restarts: number;
  readonly children: readonly Branch[];
}

const find = (tree: Branch, name: string): Branch[] => [
  ...(tree.name === name ? [tree] : []),
  ...tree.children.flatMap((child) => find(child, name)),
];
