import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

describe('values of a node', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2, memory: 1000 }, logger: spyLogger() });
  });
  after(() => handoff.stop());

  it('are stored, found and located by DAG id and id', async () => {
    await handoff.storeResult('d', 'f', { a: [1] });
    expect(await handoff.getResult('d', 'f')).to.deep.equal({ a: [1] });
    expect(await handoff.getLocalValue('d', 'f')).to.deep.equal({ a: [1] });
    expect(await handoff.getValue('d', 'f')).to.deep.equal({ a: [1] });
    expect(await handoff.getValue('d', 'f', 'here')).to.deep.equal({ a: [1] });
    expect(await handoff.lookupDataLocation('d', 'f')).to.equal('here');
  });

  it('may be undefined, null or false', async () => {
    for (const value of [undefined, null, false, 0, '']) {
      await handoff.storeValue('empty', 'v', value);
      expect(await handoff.getLocalValue('empty', 'v')).to.equal(value);
    }
  });

  it('are not found where they are not', async () => {
    for (const call of [handoff.getLocalValue('d', 'other'), handoff.getValue('other', 'f'), handoff.lookupDataLocation('d', 'other')])
      expect(await caught(call)).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('are awaited until they appear, also of a DAG that nobody has started', async () => {
    const waiting = handoff.getResult('future', 'total');
    await handoff.execute(new Dag('future').add({ id: 'total', code: () => 42 }));
    expect(await waiting).to.equal(42);
  });

  it('are awaited for as long as is said', async () => {
    expect(await caught(handoff.getResult('never', 'f', { timeoutMs: 5 }))).to.include({
      code: 'HANDOFF_TIMEOUT',
      dagId: 'never',
      functionId: 'f',
    });
    expect(await caught(handoff.getResult('never', 'f', { timeoutMs: -1 }))).to.be.instanceOf(RangeError);
  });

  it('are those of the run that started last', async () => {
    let round = 0;
    const dag = new Dag('rounds').add({ id: 'round', code: () => (round += 1) });
    await handoff.execute(dag);
    await handoff.execute(dag);
    expect(await handoff.getResult('rounds', 'round')).to.equal(2);
  });

  it('stay when stored as values, and go with the next run when stored as results', async () => {
    await handoff.storeValue('mixed', 'kept', 1);
    await handoff.storeResult('mixed', 'gone', 2);
    await handoff.execute(new Dag('mixed').add({ id: 'f', code: () => 3 }));
    expect(await handoff.getLocalValue('mixed', 'kept')).to.equal(1);
    expect(await caught(handoff.getLocalValue('mixed', 'gone'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('are cleared together, but not while the DAG runs', async () => {
    await handoff.storeValue('cleared', 'v', 1);
    await handoff.registerDataLocation('cleared', 'elsewhere', 'nobody');
    let cleared: unknown;
    await handoff.execute(
      new Dag('cleared').add({
        id: 'f',
        code: async () => {
          cleared = await caught(handoff.clear('cleared'));
          return 1;
        },
      }),
    );
    expect(cleared).to.include({ code: 'HANDOFF_DAG_RUNNING', dagId: 'cleared' });
    await handoff.clear('cleared');
    for (const id of ['v', 'f']) expect(await caught(handoff.getLocalValue('cleared', id))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    expect(await caught(handoff.lookupDataLocation('cleared', 'elsewhere'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('have a location that is taken as it is told', async () => {
    await handoff.registerDataLocation('told', 'x', 'far-away');
    expect(await handoff.lookupDataLocation('told', 'x')).to.equal('far-away');
  });

  it('are gone with a run that fails or is cancelled', async () => {
    const dag = Dag.dynamic('failing')
      .add({ id: 'good', code: () => 1 })
      .add({ id: 'bad', code: () => Promise.reject(new Error('no')), args: ['good'], maxRetries: 0 });
    await caught(handoff.execute(dag));
    expect(await caught(handoff.getLocalValue('failing', 'good'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('are kept for retainMs after the run, those alone that were collected', async () => {
    const dag = Dag.dynamic('retained')
      .add({ id: 'a', code: () => 1 })
      .add({ id: 'b', code: (a: number) => a + 1, args: ['a'] });
    await handoff.execute(dag, { collect: 'sinks' });
    expect(await handoff.getLocalValue('retained', 'b')).to.equal(2);
    expect(await caught(handoff.getLocalValue('retained', 'a'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    await handoff.execute(dag, { retainMs: 0 });
    expect(await caught(handoff.getLocalValue('retained', 'b'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });

  it('are refused when they are none, with the path', async () => {
    expect(await caught(handoff.storeValue('d', 'v', { f: () => 1 }))).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'value.f' });
    expect(await caught(handoff.storeResult('d', 'v', Symbol('s')))).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'value' });
  });

  it('of nodes that are no members are refused, and wrong ids are TypeErrors', async () => {
    for (const call of [
      handoff.storeResult('d', 'f', 1, 'nobody'),
      handoff.getValue('d', 'f', 'nobody'),
      handoff.registerNode('nobody', {}),
    ])
      expect(await caught(call)).to.include({ code: 'HANDOFF_NODE_UNKNOWN', node: 'nobody' });
    for (const call of [handoff.storeValue('', 'v', 1), handoff.getLocalValue('d', 1 as never), handoff.clear(undefined as never)])
      expect(await caught(call)).to.be.instanceOf(TypeError);
  });

  it('keep ids such as __proto__ apart from everything else', async () => {
    await handoff.storeValue('__proto__', '__proto__', 1);
    expect(await handoff.getLocalValue('__proto__', '__proto__')).to.equal(1);
    expect(await caught(handoff.getLocalValue('constructor', '__proto__'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
  });
});

describe('resources of a node', () => {
  it('are what was registered, exactly', async () => {
    await using handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger: spyLogger() });
    expect(await handoff.discoverNodes()).to.deep.equal({ here: { cpu: 2 } });
    await handoff.registerLocalNode({ cpu: 1.5, gpu: 1 });
    await handoff.registerNode('here', { cpu: 1.5, licence: 3 });
    expect(await handoff.discoverNodes()).to.deep.equal({ here: { cpu: 1.5, licence: 3 } });
    expect(await handoff.resourcesAvailable('here', { cpu: 1.5, licence: 3 })).to.equal(true);
    expect(await handoff.resourcesAvailable('here', { gpu: 1 })).to.equal(false);
    expect(await caught(handoff.registerLocalNode({ cpu: -1 }))).to.be.instanceOf(RangeError);
    expect(await caught(handoff.registerLocalNode({ cpu: '1' } as never))).to.be.instanceOf(TypeError);
    const [node] = await handoff.nodes();
    expect(node).to.deep.equal({
      name: 'here',
      status: 'up',
      capabilities: { cpu: 1.5, licence: 3 },
      used: { cpu: 0, licence: 0 },
      running: 0,
      blocked: 0,
      held: { memoryBytes: 0, diskBytes: 0 },
    });
  });

  it('are counted while functions run, and a smaller registration only delays', async () => {
    await using handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger: spyLogger() });
    const seen: unknown[] = [];
    const dag = Dag.dynamic()
      .add({
        id: 'a',
        cost: { cpu: 2 },
        code: async () => {
          seen.push((await handoff.nodes())[0]);
          await handoff.registerLocalNode({ cpu: 1 });
          seen.push(await handoff.resourcesAvailable('here', { cpu: 0.1 }));
        },
      })
      .add({ id: 'b', cost: { cpu: 1 }, code: () => 1, args: ['a'] });
    await handoff.execute(dag);
    const held = { memoryBytes: 0, diskBytes: 0 };
    expect(seen).to.deep.equal([
      { name: 'here', status: 'up', capabilities: { cpu: 2 }, used: { cpu: 2 }, running: 1, blocked: 0, held },
      false,
    ]);
    expect(await handoff.resourcesAvailable('here', { cpu: 1 })).to.equal(true);
  });
});
