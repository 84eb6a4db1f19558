import { expect } from 'chai';
import { Dag, functionsIn } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';

const root = new URL('../executor/modules/', import.meta.url).pathname;
const tasks = functionsIn(new URL('../executor/modules/tasks.ts', import.meta.url));

describe('results by DAG id, asked for from a node that neither drives nor runs the DAG', () => {
  let cluster: SpecCluster;
  const options = { root, capabilities: { cpu: 2 } };
  beforeEach(async () => {
    cluster = await SpecCluster.of({ driver: options, a: options, b: options, other: options });
  });
  afterEach(() => cluster.stop());

  const execute = (node: string, value: number, more: object = {}): PromiseLike<unknown> =>
    cluster
      .node('driver')
      .execute(Dag.dynamic('s').add({ id: 'f', code: tasks.add!, extraArgs: [value, 0], isolation: 'loop', node }), more);
  /** What was sent before on any link has come. */
  const settled = async (): Promise<void> => {
    for (const from of ['driver', 'a', 'b', 'other'])
      for (const to of ['driver', 'a', 'b', 'other']) if (from !== to) await cluster.node(from).resourcesAvailable(to, {});
  };

  it('are those of the run that started last, wherever it ran', async () => {
    for (const [round, node] of ['a', 'b', 'a', 'driver', 'b', 'other', 'a'].entries()) {
      await execute(node, round);
      await settled();
      for (const name of ['other', 'a', 'b', 'driver']) {
        expect(await cluster.node(name).getResult('s', 'f'), `round ${round} on ${name}`).to.equal(round);
        expect(await cluster.node(name).getValue('s', 'f'), `round ${round} on ${name}`).to.equal(round);
        expect(await cluster.node(name).lookupDataLocation('s', 'f'), `round ${round} on ${name}`).to.equal(node);
      }
    }
  });

  it('are copied, and the copies go with what they are copies of', async () => {
    const other = cluster.node('other');
    await execute('a', 1);
    expect(await other.getValue('s', 'f')).to.equal(1);
    expect(await other.getLocalValue('s', 'f'), 'a copy').to.equal(1);
    // The next run keeps nothing, anywhere.
    await execute('b', 2, { retainMs: 0 });
    await settled();
    expect(await caught(other.getLocalValue('s', 'f'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    await cluster.node('a').storeResult('s', 'g', [1]);
    expect(await other.getValue('s', 'g')).to.deep.equal([1]);
    await cluster.node('driver').clear('s');
    await settled();
    expect(await caught(other.getLocalValue('s', 'g'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('go when they are kept no longer, with their copies', async () => {
    const other = cluster.node('other');
    await execute('a', 1, { retainMs: 400 });
    expect(await other.getResult('s', 'f')).to.equal(1);
    const error = await untilMissing(() => other.getLocalValue('s', 'f'));
    expect(error).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('are found with who has a copy when the node that made them is gone', async () => {
    await execute('a', 1);
    await cluster.kill('a');
    await cluster.until('other', (nodes) => nodes.every(({ name }) => name !== 'a'));
    expect(await cluster.node('other').getValue('s', 'f')).to.equal(1);
  });

  it('do not go when another DAG starts, and stored values never do', async () => {
    const other = cluster.node('other');
    await execute('a', 1);
    await cluster.node('b').storeValue('s', 'input', 7);
    expect(await other.getResult('s', 'f')).to.equal(1);
    await cluster.node('driver').execute(Dag.dynamic('t').add({ id: 'f', code: () => 1 }));
    await settled();
    expect(await other.getLocalValue('s', 'f')).to.equal(1);
    await execute('a', 2);
    expect(await other.getValue('s', 'input')).to.equal(7);
    expect(await other.lookupDataLocation('s', 'input')).to.equal('b');
  });
});

/** Asks again and again, without a limit of its own, until it is refused. */
async function untilMissing(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      await ask();
    } catch (error) {
      return error;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
