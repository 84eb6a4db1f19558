import { expect } from 'chai';
import { Dag, functionsIn } from '../../lib/index.js';
import { TestCluster } from '../../lib/testing/index.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.ts', import.meta.url),
);

describe('a node in a process of its own', () => {
  it('runs functions in worker threads', async () => {
    await using cluster = await TestCluster.start({ nodes: 2, transport: 'processes' });
    const dag = new Dag('threads').add({ id: 'where', code: tasks.where, node: 'n2' });
    expect((await cluster.node('n1').execute(dag, { maxRetries: 0 })).results).to.deep.equal({ where: 'n2' });
  });
});
