import { expect } from 'chai';
import { Dag } from '../../../lib/index.js';
import { type ClusterUnderTest, event, loop, pidOn, quick, tasks, untilUp } from './cluster-under-test.js';

/** What a cluster does to the links between its nodes: it cuts them, and gives them faults. */
export function linkLaws({ start, share }: ClusterUnderTest): void {
  it('cuts the sides of a partition off from each other until it is healed', async () => {
    const { cluster, n1, door, on } = await share();
    await cluster.partition(['n1'], ['n2']);
    const run = n1.execute(Dag.dynamic('cut').add(on('n2', 'beyond')).add(on('n3', 'between')));
    (await door.knock('between')).open();
    await event(run, 'function-succeeded', 'between');
    expect(door.waiting).to.equal(0);
    await cluster.heal();
    (await door.knock('beyond')).open();
    expect((await run).results).to.deep.equal({ beyond: 'beyond is done', between: 'between is done' });
  });

  it('lets both sides of a long partition lose each other, and find each other when it is healed', async () => {
    const impatient = { ...quick, heartbeat: { intervalMs: 50, timeoutMs: 1000 } };
    const { cluster, n1 } = await start([impatient, impatient, impatient]);
    await cluster.partition(['n1', 'n3'], ['n2']);
    await untilUp(n1, 'n1', 'n3');
    await cluster.heal();
    await untilUp(n1, 'n1', 'n2', 'n3');
  });

  it('keeps the faults of a link through a partition, and the partition through a change of faults', async () => {
    const { cluster, n1, door, on } = await share();
    await cluster.link('n1', 'n2').set({ stall: true });
    await cluster.partition(['n1'], ['n2']);
    await cluster.heal();
    const run = n1.execute(Dag.dynamic('both').add(on('n2', 'beyond')).add(on('n3', 'between')));
    (await door.knock('between')).open();
    await event(run, 'function-succeeded', 'between');
    await cluster.partition(['n1'], ['n2']);
    await cluster.link('n2', 'n1').set({});
    const other = n1.execute(Dag.dynamic('other').add(on('n3', 'again')));
    (await door.knock('again')).open();
    await other;
    expect(door.waiting).to.equal(0);
    await cluster.heal();
    (await door.knock('beyond')).open();
    await run;
  });

  it('delays what goes over a link', async () => {
    const { cluster, n1 } = await share();
    await pidOn(n1, 'n2');
    await cluster.link('n1', 'n2').set({ delayMs: 150 });
    const startedMs = performance.now();
    await pidOn(n1, 'n2');
    // There and back; timers may fire a millisecond early.
    expect(performance.now() - startedMs).to.be.at.least(298);
    await cluster.link('n1', 'n2').set({});
    await pidOn(n1, 'n2');
  });

  it('narrows a link', async () => {
    const { cluster, n1 } = await share();
    await pidOn(n1, 'n2');
    await cluster.link('n1', 'n2').set({ bytesPerSecond: 1_000_000 });
    const startedMs = performance.now();
    const dag = Dag.dynamic('narrow').add({ id: 'made', code: tasks.bytes, extraArgs: [300_000], node: 'n2', ...loop });
    const { results } = await n1.execute(dag);
    expect(results.made).to.have.lengthOf(300_000);
    expect(performance.now() - startedMs).to.be.at.least(298);
    await cluster.link('n1', 'n2').set({});
  });

  it('resets a link that has carried enough, and the run goes on over the next', async () => {
    const { cluster, n1 } = await share();
    await pidOn(n1, 'n2');
    await cluster.link('n1', 'n2').set({ resetAfterBytes: 200_000 });
    for (let n = 0; n < 3; n += 1) {
      const dag = Dag.dynamic('reset').add({ id: 'made', code: tasks.bytes, extraArgs: [150_000], node: 'n2', ...loop });
      expect((await n1.execute(dag)).results.made).to.have.lengthOf(150_000);
    }
    await cluster.link('n1', 'n2').set({});
  });
}
