import { expect } from 'chai';
import { Dag, type DynamicDag } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import { counted, event, eventsOf, lapse, leftOn, loop, preferring, tasks, untilMembers, untilSo } from './modules/watching.js';

const all = ['n1', 'n2', 'n3'];
const nodes = [2, 2, 2].map((cpu) => ({ capabilities: { cpu }, journal: 'postgres://shared/runs' }));
// With a version nothing is read from the disk, which a simulation does not have.
const one = { cost: { cpu: 1 }, version: '1', ...loop };
/** An heir waits for the lease of the driver. */
const options = { key: 'k', collect: ['end'], waitMs: 60_000, retainMs: 0 } as const;

/** n2 makes a large value, n2 and n1, which drives, hold a function; then one needs all of it. */
const spread = (): DynamicDag =>
  Dag.dynamic('spread')
    .add({ id: 'made', code: tasks.large, node: 'n2', ...one })
    .add({ id: 'held-n1', code: tasks.heldLarge, ...one })
    .add({ id: 'held-n2', code: tasks.heldLarge, args: ['made'], node: 'n2', ...one })
    .add({ id: 'end', code: tasks.weigh, args: ['made', 'held-n1', 'held-n2'], ...one });

/** n1 begins the run; then it reaches neither the others nor the database. n3 goes on with the run. */
async function cutOff(cluster: TestCluster) {
  const former = cluster.node('n1').execute(spread(), { ...options, allocationStrategy: preferring({ 'held-n1': 'n1' }) });
  const ended = caught(former);
  for (const node of ['n1', 'n2']) await event(former, 'function-started', `held-${node}`);
  await lapse(100);
  await cluster.partition(['n1'], ['n2', 'n3']);
  await cluster.faults.journal('n1', { failWrites: 'unreachable' });
  for (const name of ['n2', 'n3']) await untilMembers(cluster, name, 'n2', 'n3');
  const heir = cluster.node('n3').execute(spread(), options);
  await event(heir, 'function-started', 'held-n2');
  return { former, ended, heir };
}

async function expectRight(cluster: TestCluster, heir: Awaited<ReturnType<typeof cutOff>>['heir']): Promise<void> {
  expect((await heir).results).to.deep.equal({ end: 3 * LARGE_BYTES });
  expect(counted(await eventsOf(heir), 'function-succeeded')).to.include({ 'held-n1': 1, 'held-n2': 1, end: 1 });
  expect(begunOn('made')).to.deep.equal(['n2']);
  expect(begunOn('held-n2')).to.deep.equal(['n2']);
  await untilSo(() => all.every((name) => Object.keys(leftOn(cluster, name)).length === 0));
  expect((await cluster.node('n2').runs()).map(({ key, state, driver }) => ({ key, state, driver }))).to.deep.equal([
    { key: 'k', state: 'completed', driver: 'n3' },
  ]);
}

/** The attempt of the heir takes the place of the one on n1. */
function openAll(): void {
  for (const node of ['n2', 'n3']) for (const id of ['held-n1', 'held-n2']) gateAt(id, node).open();
}

describe('the driver of a durable run that is cut off, and has an heir', () => {
  beforeEach(clearStage);

  for (const [first, mend] of [
    ['the others', (cluster: TestCluster) => cluster.heal()],
    ['the journal', (cluster: TestCluster) => cluster.faults.journal('n1', {})],
  ] as const) {
    it(`is told so by ${first}, as soon as it reaches them: its run is taken over, and nothing of it is left`, () =>
      simulate({ seed: 81, nodes }, async (cluster) => {
        const { former, ended, heir } = await cutOff(cluster);
        expect(former.progress.running).to.equal(1);
        await mend(cluster);
        expect(await ended).to.include({ code: 'HANDOFF_RUN_TAKEN_OVER', runId: heir.id });
        await untilSo(() => Object.keys(leftOn(cluster, 'n1')).length === 0);
        await cluster.heal();
        for (const name of all) await untilMembers(cluster, name, ...all);
        openAll();
        await expectRight(cluster, heir);
      }));
  }

  it('ends nothing of a run that its heir has ended meanwhile', () =>
    simulate({ seed: 82, nodes }, async (cluster) => {
      const { ended, heir } = await cutOff(cluster);
      openAll();
      await heir;
      await cluster.heal();
      expect(await ended).to.include({ code: 'HANDOFF_RUN_TAKEN_OVER', runId: heir.id });
      await expectRight(cluster, heir);
    }));
});
