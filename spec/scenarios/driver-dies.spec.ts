import { expect } from 'chai';
import { Dag, type DynamicDag } from '../../lib/index.js';
import { simulate, TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import { event, inside, lapse, leftOn, loop, tasks, untilSo } from './modules/watching.js';

const nodes = [2, 0, 2].map((cpu) => ({ capabilities: { cpu } }));
const others = ['n1', 'n3'];
const STOP_GRACE_MS = 500;

/** On each of the others a large value, of which the other has a copy, and a function that does not end. */
const everywhere = (held: 'held' | 'deaf'): DynamicDag => {
  const dag = Dag.dynamic('orphaned');
  for (const node of others) {
    const other = others.find((one) => one !== node)!;
    dag
      .add({ id: `made-${node}`, code: tasks.large, node, cost: {}, ...loop })
      .add({ id: `used-${node}`, code: tasks.weigh, args: [`made-${node}`], node: other, cost: {}, ...loop })
      .add({ id: `held-${node}`, code: tasks[held], args: [`used-n1`, 'used-n3'], node, cost: { cpu: 2 }, ...loop });
  }
  return dag;
};

/** Runs it from n2; everything is where it is to be when this resolves. */
async function spread(cluster: TestCluster, held: 'held' | 'deaf' = 'held'): Promise<{ readonly ended: Promise<Error> }> {
  const run = cluster.node('n2').execute(everywhere(held));
  const ended = caught(run);
  for (const node of others) await event(run, 'function-started', `held-${node}`);
  for (const node of others) {
    await untilSo(() => inside(cluster, node).running === 1);
    expect(inside(cluster, node), node).to.include({ isFree: false, running: 1, guestRuns: 1 });
    expect(inside(cluster, node).heldBytes, node).to.be.at.least(2 * LARGE_BYTES);
  }
  return { ended };
}

const areClean = (cluster: TestCluster): boolean => others.every((name) => Object.keys(leftOn(cluster, name)).length === 0);

describe('a driver that dies', () => {
  beforeEach(clearStage);

  it('leaves no claim, function or value anywhere after a second', () =>
    simulate({ seed: 71, nodes }, async (cluster) => {
      const { ended } = await spread(cluster);
      await cluster.kill('n2');
      expect(await untilSo(() => areClean(cluster))).to.be.below(1000);
      expect(await ended).to.include({ code: 'HANDOFF_RUN_ABORTED' });
      expect(await cluster.node('n1').resourcesAvailable('n3', { cpu: 2 })).to.equal(true);
    }));

  it('and is silent leaves nothing after 5.5 s', () =>
    simulate({ seed: 72, nodes }, async (cluster) => {
      await spread(cluster);
      await cluster.pause('n2');
      const cleanMs = await untilSo(() => areClean(cluster));
      expect(cleanMs).to.be.within(4000, 5500);
    }));

  it('leaves what it ran for others to them', () =>
    simulate({ seed: 73, nodes }, async (cluster) => {
      await spread(cluster);
      const dag = Dag.dynamic('other')
        .add({ id: 'there', code: tasks.held, node: 'n2', cost: {}, ...loop })
        .add({ id: 'here', code: tasks.held, node: 'n3', cost: {}, ...loop });
      const run = cluster.node('n1').execute(dag, { retainMs: 0 });
      for (const id of ['there', 'here']) await event(run, 'function-started', id);
      await cluster.kill('n2');
      await event(run, 'function-lost', 'there');
      await untilSo(() => inside(cluster, 'n3').guestRuns === 1 && inside(cluster, 'n3').heldBytes === 0);
      expect(run.progress).to.include({ running: 1, ready: 1 });
      await cluster.restart('n2');
      await untilSo(() => begunOn('there').length === 2);
      gateAt('there', 'n2').open();
      gateAt('here', 'n3').open();
      expect((await run).results).to.deep.equal({ there: 'there is done', here: 'here is done' });
      expect(begunOn('here')).to.deep.equal(['n3']);
    }));

  it('frees the claims of functions that hear of no end too, and what those come to goes nowhere', () =>
    simulate({ seed: 74, nodes }, async (cluster) => {
      await spread(cluster, 'deaf');
      await cluster.kill('n2');
      expect(await untilSo(() => areClean(cluster))).to.be.below(1000 + STOP_GRACE_MS);
      for (const node of others) gateAt(`held-${node}`, node).open();
      await lapse(100);
      expect(areClean(cluster)).to.equal(true);
    }));

  it('comes back under its name and finds nothing of the run; a new one has all the room', () =>
    simulate({ seed: 75, nodes }, async (cluster) => {
      await spread(cluster);
      await cluster.restart('n2');
      expect(areClean(cluster)).to.equal(true);
      const { ended } = await spread(cluster);
      expect(begunOn('held-n1')).to.deep.equal(['n1', 'n1']);
      await cluster.node('n2').stop({ graceMs: 0 });
      expect(await ended).to.include({ code: 'HANDOFF_RUN_ABORTED' });
      await untilSo(() => areClean(cluster));
    }));

  it('leaves no thread at work', async () => {
    await using cluster = await TestCluster.start({ nodes: nodes.map((one) => ({ ...one, threads: 1 })) });
    const run = cluster.node('n2').execute(
      Dag.dynamic('threads')
        .add({ id: 'spin-n1', code: tasks.spin, node: 'n1', cost: { cpu: 1 } })
        .add({ id: 'spin-n3', code: tasks.spin, node: 'n3', cost: { cpu: 1 } }),
    );
    const ended = caught(run);
    for (const node of others) await event(run, 'function-started', `spin-${node}`);
    await cluster.kill('n2');
    expect(await ended).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    while (!areClean(cluster)) await new Promise((resolve) => setImmediate(resolve));
    // The only thread of each is there for others.
    const dag = Dag.dynamic('after').add({ id: 'n1', code: tasks.weigh, node: 'n1' }).add({ id: 'n3', code: tasks.weigh, node: 'n3' });
    expect((await cluster.node('n1').execute(dag)).results).to.deep.equal({ n1: 0, n3: 0 });
  });
});
