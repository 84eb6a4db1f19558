import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type AllocationStrategy,
  ClusterObserver,
  Dag,
  functionsIn,
  Handoff,
  type NodeOptions,
  type StoreBackend,
  type StoredValue,
  type Transport,
} from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { pigeons } from '../support/pigeons.js';
import { spyLogger } from '../support/spy-logger.js';

declare module '../../lib/allocator/strategies/named.js' {
  interface Strategies {
    last: true;
    wrong: true;
  }
}

const root = fileURLToPath(new URL('../support/modules/', import.meta.url));
const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.ts', import.meta.url));
/** Of functions of a module: plain ones go nowhere else, and no strategy is asked for them. */
const two = () =>
  new Dag('two')
    .add({ id: 'one', code: tasks.range, extraArgs: [2], isolation: 'loop', cost: { cpu: 1 } })
    .add({ id: 'sum', code: tasks.sum, args: ['one'], isolation: 'loop' });
const fail = (): never => {
  throw new Error('no');
};

describe('variants of a user, given to a node', () => {
  const nodes: Handoff[] = [];
  const start = async (options: NodeOptions): Promise<Handoff> => {
    const node = await Handoff.start({ root, capabilities: { cpu: 1 }, logger: spyLogger(), ...options });
    nodes.push(node);
    return node;
  };
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop({ graceMs: 0 });
  });

  describe('strategies', () => {
    it('are named by a run, and made anew for each', async () => {
      let made = 0;
      const asked: string[] = [];
      const last = (): AllocationStrategy => {
        made += 1;
        return {
          name: 'last',
          place({ functionId, nodes: [first] }) {
            asked.push(functionId);
            return first!.name;
          },
        };
      };
      const node = await start({ strategies: { last } });
      for (const runs of [1, 2]) {
        expect((await node.execute(two(), { allocationStrategy: 'last' })).results.sum).to.equal(1);
        expect(made).to.equal(runs);
        expect(asked.splice(0)).to.deep.equal(['one', 'sum']);
      }
    });

    it('are refused where they are none, with what is wrong', async () => {
      for (const [strategies, why] of [
        [7, 'strategies must be an object of functions by name'],
        [[], 'strategies must be an object of functions by name'],
        [new Map([['last', () => ({})]]), 'strategies must be an object of functions by name'],
        [
          {
            get last(): never {
              throw new Error('not now');
            },
          },
          'strategies cannot be read: not now',
        ],
        [{ last: {} }, 'strategies must be functions that make a strategy: "last" is not one'],
        [{ 'near-data': () => ({}) }, 'strategies cannot have "near-data": that is built in'],
      ] as const) {
        expect(await caught(start({ strategies } as object)))
          .to.be.instanceOf(TypeError)
          .with.property('message', why);
      }
    });

    it('fail a run that names one that makes none, or that throws; a name that nobody gave too', async () => {
      const node = await start({ strategies: { last: fail, wrong: () => ({ name: 'wrong' }) as AllocationStrategy } });
      expect((await caught(node.execute(two(), { allocationStrategy: 'last' }))).message).to.equal('no');
      const wrong = await caught(node.execute(two(), { allocationStrategy: 'wrong' }));
      expect(wrong).to.be.instanceOf(TypeError).with.property('message').that.contains('must have a name and a place function');
      const unknown = await caught(node.execute(two(), { allocationStrategy: 'nobody' as 'last' }));
      const names = 'first-available, load-balanced, near-data, last, wrong';
      expect(unknown.message).to.equal(`allocationStrategy must be one of ${names}, or a strategy, not nobody`);
    });

    it('end their run, and nothing else, when they throw or name a node that there is not', async () => {
      const node = await start({ name: 'here' });
      for (const [place, why] of [
        [fail, 'no'],
        [() => 'nowhere', 'it chose "nowhere", which is not among "here"'],
      ] as const) {
        const error = await caught(node.execute(two(), { allocationStrategy: { name: 'bad', place } }));
        expect(error).to.include({ code: 'HANDOFF_ALLOCATION_FAILED' });
        expect(error.message).to.contain(why);
      }
      expect((await node.execute(two())).results.sum).to.equal(1);
    });

    it('are read once: a name that throws later is nobody’s trouble', async () => {
      let reads = 0;
      const strategy = {
        get name(): string {
          reads += 1;
          return reads > 1 ? fail() : 'once';
        },
        place: fail,
      };
      const node = await start({});
      expect((await caught(node.execute(two(), { allocationStrategy: strategy }))).message).to.contain('strategy "once" failed: no');
    });
  });

  describe('a store backend', () => {
    const mapBackend = (kept: Map<string, StoredValue>): StoreBackend => ({
      name: 'map',
      open: () => {
        const here = new Map<string, StoredValue>();
        return {
          get sizeBytes() {
            return [...here.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
          },
          put: (id, value) => {
            here.set(id, value);
            kept.set(id, value);
          },
          get: (id) => here.get(id),
          delete: (id) => void here.delete(id),
          ids: () => here.keys(),
        };
      },
    });

    it('gets the values of runs', async () => {
      const kept = new Map<string, StoredValue>();
      const node = await start({ storeBackend: mapBackend(kept) });
      await node.execute(two());
      expect([...kept.keys()]).to.include.members(['one', 'sum']);
      expect(await node.getResult('two', 'one')).to.deep.equal([0, 1]);
    });

    it('that has lost a result is no reason to wait for it', async () => {
      const [kept, gone] = [new Map<string, StoredValue>(), new Set<string>()];
      const backend = mapBackend(kept);
      const storeBackend: StoreBackend = {
        name: 'lossy',
        open() {
          const shelf = backend.open();
          return { ...shelf, sizeBytes: 0, get: (id) => (gone.has(id) ? undefined : shelf.get(id)) };
        },
      };
      const node = await start({ storeBackend });
      await node.execute(two());
      gone.add('one');
      for (const asked of [node.getResult('two', 'one', { timeoutMs: 1e9 }), node.getValue('two', 'one')]) {
        expect(await caught(asked)).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'one' });
      }
    });

    it('that throws costs no result: values are kept in memory, and the log says so', async () => {
      const logger = spyLogger();
      const put = (): never => fail();
      const storeBackend: StoreBackend = {
        name: 'full',
        open: () => ({ sizeBytes: 0, put, get: () => undefined, delete() {}, ids: () => [] }),
      };
      const node = await start({ storeBackend, logger });
      expect((await node.execute(two())).results).to.deep.equal({ one: [0, 1], sum: 1 });
      expect(await node.getResult('two', 'one')).to.deep.equal([0, 1]);
      await node.storeValue('d', 'v', 7);
      expect(await node.getLocalValue('d', 'v')).to.equal(7);
      const errors = logger.lines.filter(({ level }) => level === 'error');
      expect(errors.map(({ fields }) => fields)).to.deep.equal([{ backend: 'full', fault: 'its put threw: no' }]);
    });

    it('is refused where it is none', async () => {
      expect(await caught(start({ storeBackend: {} as StoreBackend })))
        .to.be.instanceOf(TypeError)
        .with.property('message', 'storeBackend must have a name and an open function');
    });
  });

  describe('a transport', () => {
    const onB = new Dag('far').add({ id: 'far', code: tasks.range, extraArgs: [2], node: 'b' });

    it('connects nodes at URLs of its own scheme; an observer uses the same', async () => {
      const network = pigeons();
      const a = await start({ name: 'a', transport: network('a'), listen: 'home:0' });
      expect(a.address).to.match(/^pigeon:\/\/home:\d+$/);
      const b = await start({ name: 'b', transport: network('b'), listen: 'loft:0', join: [a.address!] });
      expect((await b.nodes()).map(({ name, address }) => [name, address])).to.deep.equal([
        ['b', b.address],
        ['a', a.address],
      ]);
      await b.storeValue('d', 'v', [1, 2]);
      expect(await a.getValue('d', 'v', 'b')).to.deep.equal([1, 2]);
      await using observer = await ClusterObserver.start({ join: [a.address!], transport: network('o') });
      expect((await observer.status()).nodes.map(({ name }) => name).sort()).to.deep.equal(['a', 'b']);
    });

    it('knows which URLs are its own', async () => {
      const transport = pigeons()('a');
      for (const [options, why] of [
        [{ join: ['ws://h:1'] }, 'join must be a list of pigeon:// URLs: "ws://h:1" is not one'],
        [{ join: ['pigeon://'] }, 'join must be a list of pigeon:// URLs: "pigeon://" is not one'],
        [{ listen: 'h:0', advertise: 'wss://h:1' }, 'advertise must be a pigeon:// URL, not "wss://h:1"'],
        [{ tls: { cert: '', key: '' } }, 'tls is for WebSockets: a transport of your own sees to its own protection'],
      ] as const) {
        const error = await caught(start({ ...options, transport }));
        expect(error).to.be.instanceOf(TypeError).with.property('message', why);
      }
      expect((await caught(start({ join: ['pigeon://h:1'] }))).message).to.equal(
        'join must be a list of ws:// or wss:// URLs: "pigeon://h:1" is not one',
      );
      expect((await caught(start({ transport: {} as Transport }))).message).to.contain('transport.schemes must be a list of schemes');
    });

    it('whose dial throws finds nobody: joining is refused in its time', async () => {
      const transport = { ...pigeons()('a'), dial: fail };
      const error = await caught(start({ transport, join: ['pigeon://h:1'], joinTimeoutMs: 1 }));
      expect(error).to.include({ code: 'HANDOFF_JOIN_REFUSED' });
      expect(error.message).to.contain('no');
    });

    it('that gives broken sockets loses nodes, but no run and no process', async () => {
      let isBroken = false;
      const network = pigeons(() => {
        if (isBroken) fail();
      });
      const heartbeat = { intervalMs: 20, timeoutMs: 100 };
      const a = await start({ name: 'a', transport: network('a'), listen: 'home:0', heartbeat });
      await start({ name: 'b', transport: network('b'), join: [a.address!], heartbeat });
      isBroken = true;
      const error = await caught(a.execute(onB, { lostNodeWaitMs: 1 }));
      expect(error.code).to.be.oneOf(['HANDOFF_FUNCTION_FAILED', 'HANDOFF_NODE_UNKNOWN']);
      expect((await a.execute(two())).results.sum).to.equal(1);
    });
  });
});
