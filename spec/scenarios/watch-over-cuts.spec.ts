import { expect } from 'chai';
import { Dag, HandoffError, type RunEvent } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { clearStage, gateAt } from './modules/stage.js';
import { event, inside, lapse, loop, tasks, untilSo } from './modules/watching.js';

const nodes = [{ capabilities: { cpu: 2 } }, { capabilities: { cpu: 2 } }];
const one = { cost: { cpu: 1 }, node: 'n1', ...loop };
const ids = ['a', 'b', 'c', 'd', 'e'];

/** A chain, driven and run by n1. */
const chain = () =>
  ids.reduce((dag, id, at) => dag.add({ id, code: tasks.held, args: ids.slice(at - 1, at), ...one }), Dag.dynamic('chain'));

const named = (seen: RunEvent): string => `${seen.type} ${'functionId' in seen ? seen.functionId : ''}`;

async function all(events: AsyncIterable<RunEvent>, seen: string[] = []): Promise<string[]> {
  for await (const one of events) seen.push(named(one));
  return seen;
}

/** The link is reset after that many bytes, and comes up again. */
async function reset(cluster: TestCluster, resetAfterBytes: number): Promise<void> {
  await untilSo(() => inside(cluster, 'n1').links.includes('n2') && inside(cluster, 'n2').links.includes('n1'));
  await cluster.link('n1', 'n2').set({ resetAfterBytes });
  await untilSo(() => !inside(cluster, 'n1').links.includes('n2') && !inside(cluster, 'n2').links.includes('n1'));
  await cluster.link('n1', 'n2').set({});
}

describe('a run that is watched over a link that breaks', () => {
  beforeEach(clearStage);

  for (const [at, bytes] of [0, 40, 150, 400, 1000].entries()) {
    it(`is seen whole and once, when the link is reset after ${bytes} bytes before each function ends`, async () => {
      const { trace } = await simulate({ seed: 70 + at, nodes }, async (cluster) => {
        const run = cluster.node('n1').execute(chain());
        const seen: string[] = [];
        const watching = all(cluster.node('n2').watch(run.id), seen);
        for (const id of ids) {
          await untilSo(() => seen.includes(`function-started ${id}`));
          const resetting = reset(cluster, bytes);
          gateAt(id, 'n1').open();
          await resetting;
        }
        await run;
        expect(await watching).to.deep.equal(await all(run));
        await untilSo(() => inside(cluster, 'n1').watchers === 0 && inside(cluster, 'n2').requests === 0);
      });
      expect(trace.filter((line) => line.includes('link down')).length).to.be.at.least(2 * ids.length);
    });
  }

  it('is lost when its driver is silent for too long, and seen whole by one that asks again', () =>
    simulate({ seed: 77, nodes }, async (cluster) => {
      const run = cluster.node('n1').execute(chain());
      await event(run, 'function-started', 'a');
      const watching = caught(all(cluster.node('n2').watch(run.id)));
      await lapse(100);
      await cluster.partition(['n1'], ['n2']);
      const error = await watching;
      expect(HandoffError.is(error, 'HANDOFF_NODE_LOST'), String(error)).to.equal(true);
      await cluster.heal();
      await untilSo(() => inside(cluster, 'n2').links.includes('n1'));
      const again = all(cluster.node('n2').watch(run.id));
      for (const id of ids) gateAt(id, 'n1').open();
      await run;
      expect(await again).to.deep.equal(await all(run));
    }));
});
