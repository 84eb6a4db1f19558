import { expect } from 'chai';
import { Dag, functionsIn, Handoff } from '../../lib/index.js';
import { TestCluster } from '../../lib/testing/index.js';
import { spyLogger } from '../support/spy-logger.js';

const root = new URL('../executor/modules/', import.meta.url).pathname;
const tasks = functionsIn(new URL('../executor/modules/tasks.ts', import.meta.url));
const logger = spyLogger();

describe('a function that does not say what it costs', () => {
  for (const capabilities of [{ gpu: 1 }, {}, { cpu: 0 }, { cpu: 0.5 }] as Record<string, number>[]) {
    it(`costs nothing, in a thread or on the loop, where no member has 1 cpu: ${JSON.stringify(capabilities)}`, async () => {
      await using handoff = await Handoff.start({ name: 'here', root, capabilities, threads: 1, logger });
      let used: unknown;
      const look = async (): Promise<number> => {
        used = (await handoff.nodes())[0]!.used;
        return 2;
      };
      const dag = Dag.dynamic()
        .add({ id: 'thread', code: tasks.add!, extraArgs: [1, 2] })
        .add({ id: 'loop', code: look });
      expect((await handoff.execute(dag)).results).to.deep.equal({ thread: 3, loop: 2 });
      expect(Object.values(used as object).every((amount) => amount === 0)).to.equal(true);
    });
  }

  it('costs 1 cpu in a thread where a member has 1, which others then cannot give; nothing on the loop', async () => {
    const cluster = await TestCluster.start({
      transport: 'memory',
      nodes: [
        { name: 'small', root, capabilities: { cpu: 0.5 }, threads: 4, logger },
        { name: 'large', root, capabilities: { cpu: 1 }, threads: 4, logger },
      ],
    });
    try {
      const dag = Dag.dynamic();
      for (let index = 0; index < 4; index += 1) dag.add({ id: `thread ${index}`, code: tasks.add!, extraArgs: [1, index] });
      dag.add({ id: 'loop', code: () => 1, node: 'small' });
      const { allocations } = await cluster.node('small').execute(dag);
      expect(new Set(Object.values(allocations).slice(0, 4))).to.deep.equal(new Set(['large']));
      expect(allocations.loop).to.equal('small');
    } finally {
      await cluster.stop();
    }
  });

  it('costs nothing in executeLocal', async () => {
    await using handoff = await Handoff.start({ name: 'here', root, capabilities: { cpu: 0 }, threads: 1, logger });
    expect(
      (await handoff.executeLocal(Dag.dynamic().add({ id: 'f', code: tasks.add!, extraArgs: [1, 2], cost: { cpu: 9 } }))).results,
    ).to.deep.equal({ f: 3 });
  });
});

describe('functions of equal rank', () => {
  it('start in the order in which they were added', async () => {
    await using handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 1 }, loopConcurrency: 1, logger });
    const ids = [...Array.from({ length: 25 }, (_, index) => `part-${25 - index}`), 'z', 'a', 'É', '10', '2'];
    let dag = Dag.dynamic('ordered');
    for (const id of ids) dag = dag.add({ id, code: () => id });
    const started: string[] = [];
    for await (const event of handoff.execute(dag)) if (event.type === 'function-started') started.push(event.functionId);
    expect(started).to.deep.equal(ids);
  });

  it('start so too when many become ready at once, later', async () => {
    await using handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 1 }, logger });
    const ids = Array.from({ length: 12 }, (_, index) => `part-${12 - index}`);
    let dag = Dag.dynamic('ordered later').add({ id: 'source', code: () => 1 });
    for (const id of ids) dag = dag.add({ id, code: () => id, args: ['source'], cost: { cpu: 1 } });
    const started: string[] = [];
    for await (const event of handoff.execute(dag)) if (event.type === 'function-started') started.push(event.functionId);
    expect(started.slice(1)).to.deep.equal(ids);
  });
});
