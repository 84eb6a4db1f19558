import { expect } from 'chai';
import { Dag } from '../../lib/index.js';
import { simulate } from '../../lib/testing/index.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import { driverAndWorkers, event, inside, lapse, loop, preferring, tasks, toldAtMs, untilMembers } from './modules/watching.js';

const MINUTE_MS = 60_000;
const one = { cost: { cpu: 1 }, ...loop };
const names = ['n1', 'n2', 'n3'];

/** How often each node told that it lost, or found, each of the others. */
const changes = (trace: readonly string[], what: 'lost' | 'joined', fromMs: number, untilMs = Number.POSITIVE_INFINITY): object =>
  Object.fromEntries(
    names.flatMap((node) =>
      names
        .filter((other) => other !== node)
        .map((other) => [
          `${node} ${what} ${other}`,
          toldAtMs(trace, node, `node ${what}`, other).filter((atMs) => atMs >= fromMs && atMs < untilMs).length,
        ])
        .filter(([, times]) => times !== 0),
    ),
  );

describe('two nodes that do not hear each other, while a third hears both', () => {
  beforeEach(clearStage);

  it('give each other up once, and find each other once when they can: no flapping over ten minutes', async () => {
    const { result, trace } = await simulate({ seed: 61, nodes: driverAndWorkers(2) }, async (cluster) => {
      await lapse(1000);
      const cutMs = performance.now();
      await cluster.partition(['n1'], ['n2']);
      await lapse(10 * MINUTE_MS);
      expect((await cluster.node('n1').nodes()).map(({ name }) => name)).to.include('n3');
      const healMs = performance.now();
      await cluster.heal();
      for (const name of names) await untilMembers(cluster, name, ...names);
      const backMs = performance.now() - healMs;
      await lapse(MINUTE_MS);
      return { cutMs, healMs, backMs };
    });
    const { cutMs, healMs, backMs } = result;
    const [n1, n2] = [{ 'n1 lost n2': 1 }, { 'n2 lost n1': 1 }];
    expect(changes(trace, 'lost', cutMs, healMs)).to.deep.equal({ ...n1, ...n2 });
    expect(changes(trace, 'joined', cutMs, healMs)).to.deep.equal({});
    expect(changes(trace, 'lost', healMs)).to.deep.equal({});
    expect(changes(trace, 'joined', healMs)).to.deep.equal({ 'n1 joined n2': 1, 'n2 joined n1': 1 });
    expect(backMs).to.be.below(10_000);
  });

  it('do not flap either when the link between them works for a moment now and then', async () => {
    const { result: startMs, trace } = await simulate({ seed: 62, nodes: driverAndWorkers(2) }, async (cluster) => {
      await lapse(1000);
      const cutMs = performance.now();
      for (let minute = 0; minute < 10; minute += 1) {
        await cluster.link('n1', 'n2').set({ stall: true });
        await lapse(MINUTE_MS - 1000);
        await cluster.link('n1', 'n2').set({});
        await lapse(1000);
      }
      return cutMs;
    });
    // Each time that they are found they are lost again, and not more often than that.
    for (const [a, b] of [
      ['n1', 'n2'],
      ['n2', 'n1'],
    ] as const) {
      for (const what of ['lost', 'joined']) {
        const times = toldAtMs(trace, a, `node ${what}`, b).filter((atMs) => atMs >= startMs);
        expect(times.length, `${a} ${what} ${b}`).to.be.at.most(10);
      }
    }
    for (const name of ['n1', 'n2']) expect(toldAtMs(trace, name, 'node lost', 'n3')).to.deep.equal([]);
    expect(toldAtMs(trace, 'n3', 'node lost')).to.deep.equal([]);
  });

  it('do not hold up a run: what one of them ran for the other is run by the third', () =>
    simulate({ seed: 63, nodes: driverAndWorkers(2) }, async (cluster) => {
      const dag = Dag.dynamic('rerouted')
        .add({ id: 'made', code: tasks.large, ...one })
        .add({ id: 'far', code: tasks.held, ...one })
        .add({ id: 'end', code: tasks.weigh, args: ['made', 'far'], ...one });
      const run = cluster.node('n1').execute(dag, {
        collect: ['end'],
        allocationStrategy: preferring({ made: 'n2', far: 'n2', end: 'n3' }),
      });
      await event(run, 'function-succeeded', 'made');
      await event(run, 'function-started', 'far');
      await cluster.partition(['n1'], ['n2']);
      gateAt('far', 'n3').open();
      expect((await run).results).to.deep.equal({ end: LARGE_BYTES });
      expect(begunOn('far')).to.deep.equal(['n2', 'n3']);
      expect(inside(cluster, 'n2')).to.include({ running: 0, guestRuns: 0, heldBytes: 0 });
    }));
});
