import { expect } from 'chai';
import { Dag } from '../../lib/index.js';
import { type LinkFaults, simulate, type TestCluster } from '../../lib/testing/index.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import {
  counted,
  driverAndWorkers,
  event,
  eventsOf,
  inside,
  lapse,
  loop,
  preferring,
  tasks,
  toldAtMs,
  untilSo,
} from './modules/watching.js';

const one = { cost: { cpu: 1 }, ...loop };
/** Far less than the 5 s after which a silent node is given up. */
const AT_ONCE_MS = 500;

/** The next that goes over the link, once it is too much, is lost with it; those that follow are whole. */
async function resetOnce(cluster: TestCluster, a: string, b: string, { resetAfterBytes = 0 }: LinkFaults = {}): Promise<void> {
  await cluster.link(a, b).set({ resetAfterBytes });
  await untilSo(() => !inside(cluster, a).links.includes(b) && !inside(cluster, b).links.includes(a));
  await cluster.link(a, b).set({});
}

/** Runs a story, in which nobody is lost whatever else happens. */
async function story(seed: number, body: (cluster: TestCluster) => Promise<void>): Promise<void> {
  const { trace } = await simulate({ seed, nodes: driverAndWorkers(2) }, body);
  expect(trace.filter((line) => line.includes('link down')).length).to.be.at.least(2);
  for (const name of ['n1', 'n2', 'n3']) expect(toldAtMs(trace, name, 'node (lost|left|is silent)'), name).to.deep.equal([]);
}

describe('a link that is reset while both of its nodes live', () => {
  beforeEach(clearStage);

  it('is asked again at once for an attempt whose question was lost', () =>
    story(51, async (cluster) => {
      const resetting = resetOnce(cluster, 'n1', 'n2');
      const startMs = performance.now();
      const run = cluster.node('n1').execute(Dag.dynamic('asked').add({ id: 'f', code: tasks.small, node: 'n2', ...one }));
      expect((await run).results).to.deep.equal({ f: 'f is done' });
      expect(performance.now() - startMs).to.be.below(AT_ONCE_MS);
      await resetting;
      expect(begunOn('f')).to.deep.equal(['n2']);
      expect(counted(await eventsOf(run), 'function-started')).to.deep.equal({ f: 1 });
    }));

  it('is asked again at once for an attempt whose answer was lost, which is not made again', () =>
    story(52, async (cluster) => {
      const dag = Dag.dynamic('answered')
        .add({ id: 'f', code: tasks.held, node: 'n2', ...one })
        .add({ id: 'g', code: tasks.heldLarge, node: 'n2', ...one })
        .add({ id: 'end', code: tasks.weigh, args: ['f', 'g'], node: 'n2', ...one });
      const run = cluster.node('n1').execute(dag);
      await Promise.all([event(run, 'function-started', 'f'), event(run, 'function-started', 'g')]);
      const resetting = resetOnce(cluster, 'n1', 'n2');
      const startMs = performance.now();
      for (const id of ['f', 'g']) gateAt(id, 'n2').open();
      const { results } = await run;
      expect(performance.now() - startMs).to.be.below(AT_ONCE_MS);
      await resetting;
      expect(results).to.deep.include({ f: 'f is done', end: LARGE_BYTES });
      for (const id of ['f', 'g', 'end']) expect(begunOn(id), id).to.deep.equal(['n2']);
      const events = await eventsOf(run);
      for (const type of ['function-started', 'function-succeeded'] as const) {
        expect(counted(events, type), type).to.deep.equal({ f: 1, g: 1, end: 1 });
      }
    }));

  it('leaves what runs where it is', () =>
    story(53, async (cluster) => {
      const run = cluster.node('n1').execute(Dag.dynamic('running').add({ id: 'f', code: tasks.held, node: 'n2', ...one }));
      await event(run, 'function-started', 'f');
      await resetOnce(cluster, 'n1', 'n2');
      await untilSo(() => inside(cluster, 'n1').links.includes('n2'));
      await lapse(6000);
      expect(run.progress.running).to.equal(1);
      gateAt('f', 'n2').open();
      expect((await run).results).to.deep.equal({ f: 'f is done' });
      expect(begunOn('f')).to.deep.equal(['n2']);
      expect(counted(await eventsOf(run), 'function-started')).to.deep.equal({ f: 1 });
    }));

  for (const [who, a] of [
    ['the driver', 'n1'],
    ['another node', 'n3'],
  ] as const) {
    it(`is asked again at once for a value on its way to ${who}`, () =>
      story(54, async (cluster) => {
        const dag = Dag.dynamic('fetched')
          .add({ id: 'made', code: tasks.heldLarge, node: 'n2', ...one })
          .add({ id: 'used', code: tasks.weigh, args: ['made'], node: 'n3', ...one });
        const run = cluster.node('n1').execute(dag, { collect: a === 'n1' ? 'all' : ['used'] });
        await event(run, 'function-started', 'made');
        const resetting = resetOnce(cluster, a, 'n2', { resetAfterBytes: LARGE_BYTES / 2 });
        const startMs = performance.now();
        gateAt('made', 'n2').open();
        await run;
        expect(performance.now() - startMs).to.be.below(AT_ONCE_MS);
        await resetting;
        expect([begunOn('made'), begunOn('used')]).to.deep.equal([['n2'], ['n3']]);
        expect(counted(await eventsOf(run), 'function-lost')).to.deep.equal({});
      }));
  }

  it('again and again lets a run through all the same, each function once', () =>
    story(55, async (cluster) => {
      const dag = Dag.dynamic('often');
      for (let at = 0; at < 12; at += 1) {
        const args = at === 0 ? [] : [`f${at - 1}`];
        dag.add({ id: `f${at}`, code: tasks.large, args, ...one });
      }
      const places = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`f${at}`, at % 2 === 0 ? 'n2' : 'n3']));
      for (const [a, b] of [
        ['n1', 'n2'],
        ['n1', 'n3'],
        ['n2', 'n3'],
      ] as const) {
        await cluster.link(a, b).set({ resetAfterBytes: 1.5 * LARGE_BYTES });
      }
      const run = cluster.node('n1').execute(dag, { allocationStrategy: preferring(places) });
      const { results } = await run;
      expect(Object.values(results).map((one) => (one as Uint8Array).length)).to.deep.equal(new Array(12).fill(LARGE_BYTES));
      const events = await eventsOf(run);
      expect(Object.values(counted(events, 'function-succeeded'))).to.deep.equal(new Array(12).fill(1));
      for (let at = 0; at < 12; at += 1) expect(begunOn(`f${at}`), `f${at}`).to.have.lengthOf(1);
    }));
});
