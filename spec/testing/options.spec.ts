import { expect } from 'chai';
import { type ClusterOptions, type LinkFaults, simulate, TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';

describe('What the testing kit refuses', () => {
  const start = (options: unknown): Promise<Error> => caught(TestCluster.start(options as ClusterOptions));

  it('is what are no options of a cluster, and it says what is wrong', async () => {
    const wrong: [unknown, typeof TypeError | typeof RangeError, RegExp][] = [
      [undefined, TypeError, /options/],
      [3, TypeError, /options/],
      [{}, TypeError, /nodes/],
      [{ nodes: '3' }, TypeError, /nodes/],
      [{ nodes: 0 }, RangeError, /nodes/],
      [{ nodes: 1.5 }, RangeError, /nodes/],
      [{ nodes: Number.NaN }, RangeError, /nodes/],
      [{ nodes: [] }, RangeError, /nodes/],
      [{ nodes: [null] }, TypeError, /nodes\[0\]/],
      [{ nodes: 1, size: 3 }, TypeError, /size/],
      [{ nodes: 1, transport: 'pigeon' }, TypeError, /transport.*'memory'.*pigeon/],
      [{ nodes: 1, transport: 'toString' }, TypeError, /transport/],
      [{ nodes: 1, seed: '1' }, TypeError, /seed/],
      [{ nodes: 1, seed: 1.5 }, RangeError, /seed/],
    ];
    for (const [options, Class, message] of wrong) {
      const error = await start(options);
      expect(error, JSON.stringify(options)).to.be.instanceOf(Class);
      expect(error.message).to.match(message);
    }
  });

  it('is what are no options of a node, before anything starts, on every transport', async () => {
    const wrong: [object, typeof TypeError | typeof RangeError, RegExp][] = [
      [{ cpus: 2 }, TypeError, /nodes\[1\].*cpus/],
      [{ threads: -1 }, RangeError, /nodes\[1\].*threads/],
      [{ capabilities: { cpu: 'two' } }, TypeError, /nodes\[1\].*cpu/],
      [{ name: '' }, TypeError, /nodes\[1\].*name/],
      [{ name: 'n1' }, TypeError, /nodes\[1\]\.name is taken: "n1"/],
      [{ join: ['ws://127.0.0.1:1'] }, TypeError, /nodes\[1\]\.join/],
      [{ advertise: 'ws://127.0.0.1:1' }, TypeError, /nodes\[1\]\.advertise/],
      [{ tls: {} }, TypeError, /nodes\[1\]\.tls/],
      [{ root: '/not/there' }, TypeError, /nodes\[1\].*root/],
    ];
    for (const transport of ['memory', 'websocket', 'processes']) {
      for (const [node, Class, message] of wrong) {
        const error = await start({ nodes: [{}, node], transport });
        expect(error, JSON.stringify(node)).to.be.instanceOf(Class);
        expect(error.message).to.match(message);
      }
    }
  });

  it('is a cluster one of whose nodes cannot start, and nothing is left of the others', async () => {
    const listen = '127.0.0.1:7';
    const cookies = [{ cookie: 'one that is long enough' }, { cookie: 'another that is as long' }];
    for (const transport of ['memory', 'websocket'] as const) {
      const error = await start({ nodes: [{}, ...cookies], transport });
      expect(error).to.have.property('code', 'HANDOFF_JOIN_REFUSED');
    }
    expect(await start({ nodes: [{ listen }, { listen }], transport: 'memory' }))
      .to.have.property('message')
      .that.includes('taken');
    const failed = await start({ nodes: [{}, cookies[0]], transport: 'processes' });
    expect(failed).to.include({ code: 'HANDOFF_START_FAILED', node: 'n2' });
    expect(failed.message).to.include('cookie');
  }).timeout(60_000);

  it('is a transport of its own, and variants of its own for a node in another process', async () => {
    const transport = { schemes: ['own'], listen: () => {}, dial: () => {} } as never;
    expect((await start({ nodes: [{ transport }] })).message).to.equal(
      'nodes[0].transport cannot be given: the faults of a link are those of a transport of the kit',
    );
    const strategies = { last: () => ({ name: 'last', place: () => undefined }) } as never;
    expect((await start({ nodes: [{}, { strategies }], transport: 'processes' })).message).to.equal(
      'nodes[1].strategies cannot be given: it does not get into the process of the node',
    );
  });

  it('is whatever names no node', async () => {
    await using cluster = await TestCluster.start({ nodes: 2 });
    for (const name of ['n3', '', undefined, 'toString'] as string[]) {
      expect(() => cluster.node(name)).to.throw(TypeError);
      expect(() => cluster.link('n1', name)).to.throw(TypeError);
      for (const call of [
        cluster.kill(name),
        cluster.restart(name),
        cluster.pause(name),
        cluster.resume(name),
        cluster.partition([name], ['n1']),
        cluster.faults.crashActor(name, 'Allocator'),
      ]) {
        expect(await caught(call)).to.be.instanceOf(TypeError);
      }
    }
    expect(() => cluster.link('n1', 'n1')).to.throw(TypeError);
  });

  it('is a partition that is none', async () => {
    await using cluster = await TestCluster.start({ nodes: 3 });
    expect(await caught(cluster.partition(['n1']))).to.be.instanceOf(RangeError);
    expect(await caught(cluster.partition(['n1', 'n2'], ['n2', 'n3']))).to.be.instanceOf(TypeError);
    expect(await caught(cluster.partition('n1' as never, ['n2']))).to.be.instanceOf(TypeError);
  });

  it('is what are no faults', async () => {
    await using cluster = await TestCluster.start({ nodes: 2 });
    const set = (faults: unknown): Promise<Error> => caught(cluster.link('n1', 'n2').set(faults as LinkFaults));
    expect(await set(undefined)).to.be.instanceOf(TypeError);
    expect(await set({ drop: 0.5 }))
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .that.includes('drop');
    expect(await set({ delayMs: -1 })).to.be.instanceOf(RangeError);
    expect(await set({ delayMs: '5' })).to.be.instanceOf(TypeError);
    expect(await set({ bytesPerSecond: 0 })).to.be.instanceOf(RangeError);
    expect(await set({ resetAfterBytes: Number.NaN })).to.be.instanceOf(RangeError);
    expect(await set({ stall: 1 })).to.be.instanceOf(TypeError);
    const fail = (id: unknown, options: unknown): Promise<Error> => caught(cluster.faults.failFunction(id as string, options as object));
    expect(await fail('', {})).to.be.instanceOf(TypeError);
    expect(await fail('f', { times: -1 })).to.be.instanceOf(RangeError);
    expect(await fail('f', { beforeMs: 'x' })).to.be.instanceOf(TypeError);
    expect(await fail('f', { error: 'text' })).to.be.instanceOf(TypeError);
    expect(await fail('f', { after: 1 })).to.be.instanceOf(TypeError);
    expect(await fail('f', null)).to.be.instanceOf(TypeError);
    await cluster.faults.failFunction('f');
    expect(await caught(cluster.faults.crashActor('n1', ''))).to.be.instanceOf(TypeError);
  });

  it('is to do anything to the dead but to kill and to restart them', async () => {
    await using cluster = await TestCluster.start({ nodes: 2 });
    await cluster.kill('n2');
    await cluster.kill('n2');
    for (const call of [cluster.pause('n2'), cluster.resume('n2'), cluster.faults.crashActor('n2', 'Allocator')]) {
      expect(await caught(call))
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.includes('dead');
    }
    expect(await caught(cluster.node('n2').nodes())).to.have.property('code', 'HANDOFF_STOPPED');
    await cluster.restart('n2');
    await cluster.pause('n2');
    await cluster.pause('n2');
    await cluster.resume('n2');
    await cluster.resume('n2');
  });
});

describe('a node that is restarted', () => {
  for (const seed of [1, 2, 3, 4]) {
    it(`joins through one with which its link does not stall: seed ${seed}`, () =>
      simulate({ seed, nodes: [1, 2, 3].map(() => ({ joinTimeoutMs: 3000 })) }, async (cluster) => {
        await cluster.link('n1', 'n2').set({ stall: true });
        await cluster.restart('n2');
        expect((await cluster.node('n2').nodes()).map(({ name }) => name)).to.include('n3');
      }));
  }
});
