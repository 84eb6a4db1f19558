import { expect } from 'chai';
import { Dag } from '../../lib/index.js';
import { simulate, TestCluster } from '../../lib/testing/index.js';
import { begunOn, clearStage, gateAt } from './modules/stage.js';
import { driverAndWorkers, event, lapse, loop, tasks, toldAtMs, untilMembers } from './modules/watching.js';

const one = { cost: { cpu: 1 }, ...loop };
const BEAT_MS = 500;
const others = ['n1', 'n3'];

describe('a silent node', () => {
  beforeEach(clearStage);

  for (const seed of [81, 82, 83]) {
    it(`is suspect after 2.5 s, and lost after 5.5 s at most: seed ${seed}`, async () => {
      const { result: pausedMs, trace } = await simulate({ seed, nodes: 3 }, async (cluster) => {
        await lapse(seed * 37);
        const startMs = performance.now();
        await cluster.pause('n2');
        await lapse(2750);
        for (const name of others) {
          const node = (await cluster.node(name).nodes()).find((member) => member.name === 'n2');
          expect(node, name).to.include({ status: 'suspect' });
        }
        await lapse(10_000);
        await cluster.resume('n2');
        return startMs;
      });
      for (const name of others) {
        const [suspectMs, lostMs] = ['node is silent', 'node lost'].map((what) => toldAtMs(trace, name, what, 'n2')[0]! - pausedMs);
        // It was last heard up to a beat before.
        expect(suspectMs, `${name} suspects`).to.be.within(2500 - BEAT_MS, 2750);
        expect(lostMs, `${name} loses`).to.be.within(5000 - BEAT_MS, 5500);
        expect(toldAtMs(trace, name, 'node lost')).to.have.lengthOf(1);
      }
    });
  }

  it('that goes on in time was never lost, and what it ran is not run again', async () => {
    const { trace } = await simulate({ seed: 84, nodes: driverAndWorkers(2) }, async (cluster) => {
      const run = cluster.node('n1').execute(Dag.dynamic('paused').add({ id: 'f', code: tasks.held, node: 'n2', ...one }));
      await event(run, 'function-started', 'f');
      await cluster.pause('n2');
      await lapse(4000);
      gateAt('f', 'n2').open();
      await cluster.resume('n2');
      expect((await run).results).to.deep.equal({ f: 'f is done' });
      expect(begunOn('f')).to.deep.equal(['n2']);
      await lapse(BEAT_MS);
      expect((await cluster.node('n1').nodes()).map(({ status }) => status)).to.deep.equal(['up', 'up', 'up']);
    });
    expect(trace.filter((line) => line.includes('node lost'))).to.deep.equal([]);
  });

  it('that was given up is taken back when it goes on, as the same incarnation', async () => {
    const { trace } = await simulate({ seed: 85, nodes: 3 }, async (cluster) => {
      await cluster.pause('n2');
      for (const name of others) await untilMembers(cluster, name, ...others);
      await cluster.resume('n2');
      for (const name of cluster.names) await untilMembers(cluster, name, ...cluster.names);
    });
    for (const name of others) expect(toldAtMs(trace, name, 'node joined', 'n2'), name).to.have.lengthOf(2);
  });

  it('whose process dies is lost within a second', async () => {
    for (const seed of [86, 87, 88]) {
      const { result: killedMs, trace } = await simulate({ seed, nodes: 3 }, async (cluster) => {
        await lapse(seed * 41);
        const startMs = performance.now();
        await cluster.kill('n2');
        await lapse(8000);
        return startMs;
      });
      for (const name of others) {
        const lostMs = toldAtMs(trace, name, 'node lost', 'n2').map((atMs) => atMs - killedMs);
        expect(lostMs, name).to.have.lengthOf(1);
        expect(lostMs[0], name).to.be.at.most(1000);
      }
    }
  });

  it('is not whoever an observer did not hear while it was late itself', async () => {
    const { trace } = await simulate({ seed: 89, nodes: driverAndWorkers(3) }, async (cluster) => {
      const run = cluster.node('n1').execute(Dag.dynamic('observed').add({ id: 'f', code: tasks.held, node: 'n2', ...one }));
      await event(run, 'function-started', 'f');
      for (let n = 0; n < 5; n += 1) {
        await cluster.pause('n1');
        await lapse(4000);
        await cluster.resume('n1');
        await lapse(1100);
      }
      gateAt('f', 'n2').open();
      expect((await run).results).to.deep.equal({ f: 'f is done' });
      expect(begunOn('f')).to.deep.equal(['n2']);
    });
    expect(toldAtMs(trace, 'n1', 'node (is silent|lost)')).to.deep.equal([]);
    expect(trace.filter((line) => line.includes('node lost'))).to.deep.equal([]);
  });

  it('is lost for good although the observer was late meanwhile, its own lag added', async () => {
    const { result: pausedMs, trace } = await simulate({ seed: 90, nodes: 3 }, async (cluster) => {
      const startMs = performance.now();
      await cluster.pause('n2');
      await lapse(1000);
      await cluster.pause('n1');
      await lapse(3000);
      await cluster.resume('n1');
      await lapse(8000);
      await cluster.resume('n2');
      return startMs;
    });
    const lostMs = toldAtMs(trace, 'n1', 'node lost', 'n2')[0]! - pausedMs;
    expect(lostMs).to.be.within(5000 + 3000 - 2 * BEAT_MS, 5500 + 3000);
    expect(toldAtMs(trace, 'n1', 'node (is silent|lost)', 'n3')).to.deep.equal([]);
  });

  it('in a process of its own is one that is stopped', async function () {
    this.timeout(480_000);
    const heartbeat = { intervalMs: 200, timeoutMs: 2000 };
    await using cluster = await TestCluster.start({
      nodes: [
        { capabilities: {}, heartbeat },
        { capabilities: { cpu: 1 }, heartbeat },
      ],
      transport: 'processes',
    });
    const n1 = cluster.node('n1');
    const status = async (): Promise<string | undefined> => (await n1.nodes()).find(({ name }) => name === 'n2')?.status;
    const until = async (wanted: string | undefined): Promise<void> => {
      while ((await status()) !== wanted) await new Promise((resolve) => setImmediate(resolve));
    };
    await cluster.pause('n2');
    await until('suspect');
    await cluster.resume('n2');
    await until('up');
    await cluster.pause('n2');
    await until(undefined);
    await cluster.resume('n2');
    await until('up');
    await cluster.kill('n2');
    await until(undefined);
  });
});
