import { expect } from 'chai';
import { Dag, functionsIn, type Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);

describe('the calls of a node, with two nodes', () => {
  let cluster: SpecCluster;
  let a: Handoff;
  let b: Handoff;
  beforeEach(async () => {
    cluster = await SpecCluster.of({ a: { capabilities: { cpu: 2 } }, b: { capabilities: { cpu: 1, gpu: 1 } } });
    [a, b] = [cluster.node('a'), cluster.node('b')];
  });
  afterEach(() => cluster.stop());

  it('discoverNodes and nodes: everybody, oneself first', async () => {
    expect(await a.discoverNodes()).to.deep.equal({ a: { cpu: 2 }, b: { cpu: 1, gpu: 1 } });
    expect((await b.nodes()).map(({ name, address, status }) => ({ name, address, status }))).to.deep.equal([
      { name: 'b', address: b.address, status: 'up' },
      { name: 'a', address: a.address, status: 'up' },
    ]);
  });

  it('registerNode: writes into the ledger of the other, and everybody knows', async () => {
    await a.registerNode('b', { cpu: 4, licence: 2 });
    expect(await a.discoverNodes()).to.deep.equal({ a: { cpu: 2 }, b: { cpu: 4, licence: 2 } });
    expect(await b.resourcesAvailable('b', { licence: 2 })).to.equal(true);
    await b.registerLocalNode({ cpu: 1 });
    await cluster.until('a', (nodes) => nodes.find(({ name }) => name === 'b')?.capabilities.licence === undefined);
    expect(await caught(a.registerNode('c', {}))).to.include({ code: 'HANDOFF_NODE_UNKNOWN', node: 'c' });
  });

  it('resourcesAvailable: asks the ledger of the other', async () => {
    expect(await a.resourcesAvailable('b', { gpu: 1 })).to.equal(true);
    expect(await a.resourcesAvailable('b', { gpu: 2 })).to.equal(false);
    expect(await caught(a.resourcesAvailable('c', {}))).to.include({ code: 'HANDOFF_NODE_UNKNOWN', node: 'c' });
  });

  it('storeResult: on the origin only, whose name is known; getResult fetches it', async () => {
    const value = { rows: [1, 2, 3], large: new Uint8Array(200_000).fill(1) };
    await a.storeResult('dag', 'made', value, 'b');
    expect(await a.lookupDataLocation('dag', 'made')).to.equal('b');
    expect(await caught(a.getLocalValue('dag', 'made'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    expect(await b.getLocalValue('dag', 'made')).to.deep.equal(value);
    expect(await a.getResult('dag', 'made')).to.deep.equal(value);
    expect(await caught(a.storeResult('dag', 'made', 1, 'c'))).to.include({ code: 'HANDOFF_NODE_UNKNOWN', node: 'c' });
  });

  it('getResult: waits for what appears on the other node, else times out', async () => {
    const waiting = a.getResult('later', 'made');
    await b.storeResult('later', 'made', 5);
    expect(await waiting).to.equal(5);
    expect(await caught(a.getResult('never', 'made', { timeoutMs: 20 }))).to.include({ code: 'HANDOFF_TIMEOUT' });
  });

  it('getValue: from the other, by name or by location, and kept from then on', async () => {
    await b.storeValue('dag', 'x', [1]);
    await b.storeValue('dag', 'y', [2]);
    expect(await a.getValue('dag', 'x', 'b')).to.deep.equal([1]);
    expect(await a.getLocalValue('dag', 'x')).to.deep.equal([1]);
    expect(await a.getValue('dag', 'y')).to.deep.equal([2]);
    expect(await a.lookupDataLocation('dag', 'y')).to.equal('b');
    expect(await caught(a.getValue('dag', 'z'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    expect(await caught(a.getValue('dag', 'x2', 'c'))).to.include({ code: 'HANDOFF_NODE_UNKNOWN' });
  });

  it('getValue: what a node had that is gone is lost', async () => {
    await a.storeResult('gone', 'x', 7, 'b');
    await cluster.kill('b');
    await cluster.until('a', (nodes) => nodes.length === 1);
    expect(await caught(a.getValue('gone', 'x'))).to.include({ code: 'HANDOFF_RESULT_LOST', node: 'b', functionId: 'x' });
    await a.registerDataLocation('gone', 'y', 'nobody');
    expect(await caught(a.getValue('gone', 'y'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('getResult: what a node had that is gone is lost, unless it appears again in time', async () => {
    await a.storeResult('gone', 'x', 7, 'b');
    await cluster.kill('b');
    await cluster.until('a', (nodes) => nodes.length === 1);
    const waiting = a.getResult('gone', 'x');
    expect(await caught(a.getResult('gone', 'x', { timeoutMs: 20 }))).to.include({
      code: 'HANDOFF_RESULT_LOST',
      node: 'b',
      functionId: 'x',
    });
    await a.storeResult('gone', 'x', 8);
    expect(await waiting).to.equal(8);
  });

  it('registerDataLocation: is told to everybody, and does not check the node', async () => {
    await a.registerDataLocation('dag', 'somewhere', 'nobody');
    expect(await b.lookupDataLocation('dag', 'somewhere')).to.equal('nobody');
    expect(await caught(b.lookupDataLocation('dag', 'elsewhere'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('clear: forgets everywhere; not while the other runs the DAG', async () => {
    await b.storeValue('dag', 'x', 1);
    await a.clear('dag');
    expect(await caught(b.getLocalValue('dag', 'x'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    const run = b.execute(new Dag('dag').add({ id: 'wait', code: () => new Promise<void>(() => {}) }));
    for await (const { type } of run) if (type === 'function-started') break;
    expect(await caught(a.clear('dag'))).to.include({ code: 'HANDOFF_DAG_RUNNING' });
    await run.cancel();
  });

  it('clear: also right after a run, whose end another node has not heard of yet', async () => {
    const c = await cluster.start('c');
    await cluster.until('a', (nodes) => nodes.length === 3);
    await cluster.until('b', (nodes) => nodes.length === 3);
    const held = gate();
    const dag = new Dag('dag')
      .add({ id: 'made', code: tasks.where, node: 'c', isolation: 'loop' })
      .add({ id: 'last', code: () => held.pass() });
    const run = a.execute(dag);
    for await (const event of run) if (event.type === 'function-succeeded') break;
    cluster.network.set('a', 'c', { stall: true });
    held.open();
    await run;
    const cleared = b.clear('dag');
    // The question after it, on the same link, is answered after it has arrived.
    await b.resourcesAvailable('c', {});
    cluster.network.set('a', 'c', {});
    await cleared;
    expect(await caught(c.getLocalValue('dag', 'made'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('after a run, results are found from either node', async () => {
    await a.execute(new Dag('done').add({ id: 'made', code: () => [1, 2] }));
    expect(await b.getResult('done', 'made')).to.deep.equal([1, 2]);
    expect(await b.lookupDataLocation('done', 'made')).to.equal('a');
  });
});
