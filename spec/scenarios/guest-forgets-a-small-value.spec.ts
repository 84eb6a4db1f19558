import { expect } from 'chai';
import { Dag, functionsIn, type RunEvent } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';

const tasks = functionsIn<typeof import('../simulation/tasks.js')>(new URL('../simulation/tasks.ts', import.meta.url));
const lapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('A guest that has dropped the values of a driver that stood still', () => {
  it('gets a small value from the driver again, and the function that made it does not run again', async () => {
    const nodes = [{ dataDir: 'folder' }, { orphanMs: 0 }];
    const scenario = async (cluster: TestCluster): Promise<readonly string[]> => {
      const dag = Dag.dynamic('forgotten')
        .add({ id: 'made', code: tasks.small as never, extraArgs: [1], args: [], argumentInclusion: 'as-list', node: 'n2' })
        .add({ id: 'late', code: tasks.slow as never, extraArgs: [2900], args: [], argumentInclusion: 'as-list', node: 'n1' })
        .add({ id: 'used', code: tasks.small as never, extraArgs: [2], args: ['made', 'late'], argumentInclusion: 'as-list', node: 'n2' });
      const run = cluster.node('n1').execute(dag, { key: 'k', durability: 'strict' });
      const started: string[] = [];
      const watched = (async () => {
        for await (const event of run as AsyncIterable<RunEvent>) if (event.type === 'function-started') started.push(event.functionId);
      })();
      await lapse(1000);
      await cluster.pause('n1');
      await lapse(15_000);
      await cluster.resume('n1');
      await run;
      await watched;
      return started;
    };
    // Whether it notices the loss before it asks depends on the seed.
    for (let seed = 1; seed <= 6; seed += 1) {
      const { result } = await simulate({ seed, nodes }, scenario);
      expect(result, `seed ${seed}`).to.include.members(['made', 'late', 'used']);
      expect(
        result.filter((id) => id === 'made'),
        `seed ${seed}`,
      ).to.have.length(1);
    }
  });
});
