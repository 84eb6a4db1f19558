import { expect } from 'chai';
import { Dag, type DynamicDag } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import { counted, driverAndWorkers, event, eventsOf, inside, loop, preferring, tasks, untilMembers, untilSo } from './modules/watching.js';

/** A large value, one that is held, and one that needs both. */
const made = (): DynamicDag =>
  Dag.dynamic('made')
    .add({ id: 'large', code: tasks.large, cost: { cpu: 1 }, ...loop })
    .add({ id: 'held', code: tasks.held, cost: {}, ...loop })
    .add({ id: 'end', code: tasks.weigh, args: ['large', 'held'], cost: { cpu: 1 }, ...loop });

describe('the functions of an expansion', () => {
  beforeEach(clearStage);

  const story = <T>(workers: number, body: (cluster: TestCluster) => Promise<T>): Promise<T> =>
    simulate({ seed: 43, nodes: driverAndWorkers(workers) }, body).then(({ result }) => result);

  it('go on when the DagRunner crashes, and are added once', () =>
    story(1, async (cluster) => {
      const places = { 'e/large': 'n2', 'e/held': 'n2', 'e/end': 'n2' };
      const run = cluster
        .node('n1')
        .execute(Dag.dynamic('outer').expand({ id: 'e', code: made }), { allocationStrategy: preferring(places) });
      await gateAt('e/held', 'n2').reached;
      await cluster.faults.crashActor('n1', 'DagRunner');
      gateAt('e/held', 'n2').open();
      expect((await run).results).to.deep.equal({ e: { end: LARGE_BYTES } });
      const events = await eventsOf(run);
      expect(events.filter(({ type }) => type === 'functions-added')).to.have.length(1);
      expect(begunOn('e/large')).to.deep.equal(['n2']);
    }));

  it('run again elsewhere when their node is lost, and the function that made their DAG does not', () =>
    story(2, async (cluster) => {
      await untilMembers(cluster, 'n1', 'n1', 'n2', 'n3');
      let calls = 0;
      const places = { 'e/large': 'n2', 'e/held': 'n1', 'e/end': 'n3' };
      const dag = Dag.dynamic('outer').expand({
        id: 'e',
        code: () => {
          calls += 1;
          return made();
        },
      });
      const run = cluster.node('n1').execute(dag, { allocationStrategy: preferring(places) });
      await event(run, 'function-succeeded', 'e/large');
      await gateAt('e/held', 'n1').reached;
      await cluster.kill('n2');
      await untilSo(() => begunOn('e/large').length === 2);
      gateAt('e/held', 'n1').open();
      expect((await run).results).to.deep.equal({ e: { end: LARGE_BYTES } });
      const events = await eventsOf(run);
      expect(counted(events, 'function-lost')).to.deep.equal({ 'e/large': 1 });
      expect([calls, begunOn('e/large').length]).to.deep.equal([1, 2]);
      await untilSo(() => inside(cluster, 'n1').isFree);
    }));
});
