import { expect } from 'chai';
import { currentFunction, Dag, type DynamicDag, type NodeOptions, type RunEvent } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import type { SimulatedJournals } from '../../lib/testing/simulation/simulated-journals.js';
import { journalsOf } from '../../lib/testing/test-cluster.js';
import { caught } from '../support/caught.js';

const lapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Two chains of three, whose functions say that they ran. */
function dagOf(ran: string[]): DynamicDag {
  const code = async (before = 0): Promise<number> => {
    ran.push(currentFunction()!.functionId);
    await lapse(20);
    return before + 1;
  };
  const dag = Dag.dynamic('two-chains');
  for (const chain of ['a', 'b']) {
    for (let at = 1; at <= 3; at += 1) dag.add({ id: `${chain}${at}`, code, args: at === 1 ? [] : [`${chain}${at - 1}`], version: '1' });
  }
  return dag.add({ id: 'end', code: (a: number, b: number) => a + b, args: ['a3', 'b3'], version: '1' });
}

const recordedIn = async (run: AsyncIterable<RunEvent>): Promise<string[]> => {
  const found: string[] = [];
  for await (const event of run) if (event.type === 'function-succeeded' && event.source === 'journal') found.push(event.functionId);
  return found;
};

/** Executes with a driver that dies at a step of its journal; then `again` does. Returns what ran before and after, and how many steps were left. */
async function withDeath(nodes: readonly NodeOptions[], step: number, durability: 'strict' | 'batched', again: string) {
  const scenario = async (cluster: TestCluster) => {
    const ran: string[] = [];
    const dag = dagOf(ran);
    const options = { key: 'k', durability, waitMs: 60_000 };
    const journals = cluster[journalsOf] as SimulatedJournals;
    let hasDied = false;
    journals.planDeath('n1', step, () => {
      hasDied = true;
      void cluster.kill('n1');
    });
    const first = cluster.node('n1').execute(dag, options);
    if (
      hasDied ||
      !(await first.then(
        () => false,
        () => true,
      ))
    )
      return { isOver: true, ran, before: [] as string[], recorded: [] as string[], end: 6 };
    const before = ran.splice(0);
    await cluster.restart('n1');
    const second = cluster.node(again).execute(dag, options);
    const recorded = recordedIn(second);
    const { results } = await second;
    return { isOver: false, ran, before, recorded: await recorded, end: results.end };
  };
  return (await simulate({ seed: step, nodes }, scenario)).result;
}

const common = (some: readonly string[], others: readonly string[]): string[] => some.filter((id) => others.includes(id));

describe('the journals of a simulation', () => {
  for (const durability of ['strict', 'batched'] as const) {
    it(`outlive a driver that dies between any two steps of its folder: right results, nothing recorded twice, ${durability}`, async () => {
      let step = 1;
      for (; ; step += 1) {
        const { isOver, ran, before, recorded, end } = await withDeath([{ dataDir: 'folder' }], step, durability, 'n1');
        expect(end, `${step}`).to.equal(6);
        if (isOver) break;
        expect(common(ran, recorded), `${step}`).to.deep.equal([]);
        for (const id of recorded) if (id !== 'end') expect(before, `${step}`).to.include(id);
      }
      // The opening of the journal and of the run, some groups, the end; two steps each.
      expect(step).to.be.above(6);
    });
  }

  it('outlive a driver whose run another node takes over when the lease has run out', async () => {
    const node: NodeOptions = { journal: 'postgres://somebody@somewhere/shared', leaseMs: 2000 };
    let step = 1;
    for (; ; step += 3) {
      const { isOver, ran, recorded, end } = await withDeath([node, node], step, 'strict', 'n2');
      expect(end, `${step}`).to.equal(6);
      if (isOver) break;
      expect(common(ran, recorded), `${step}`).to.deep.equal([]);
    }
    expect(step).to.be.above(8);
  });

  it('are of one node at a time where they are folders, and lock nobody out who comes after a death', async () => {
    await simulate({ seed: 1, nodes: [{ dataDir: 'one' }, { dataDir: 'two' }] }, async (cluster) => {
      const dag = dagOf([]);
      await cluster.node('n1').execute(dag, { key: 'k' });
      expect(await cluster.node('n2').runs()).to.deep.equal([]);
      await cluster.restart('n1');
      expect((await cluster.node('n1').runs()).map(({ key, state }) => [key, state])).to.deep.equal([['k', 'completed']]);
    });
  });

  it('fail as the kit says', async () => {
    await simulate({ seed: 1, nodes: [{ dataDir: 'one', journalWaitMs: 3000 }] }, async (cluster) => {
      const run = cluster.node('n1').execute(dagOf([]), { key: 'k', durability: 'strict' });
      await lapse(15);
      await cluster.faults.journal('n1', { failWrites: 'full' });
      expect(await caught(run)).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
    });
  });
});
