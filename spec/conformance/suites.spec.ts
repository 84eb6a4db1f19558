import { expect } from 'chai';
import type { AllocationStrategy } from '../../lib/allocator/index.js';
import { systemClock } from '../../lib/base/index.js';
import { type SuiteOptions, storeBackendLaws, strategyLaws, type TestFramework, transportLaws } from '../../lib/conformance/index.js';
import { type Socket, type Transport, transports } from '../../lib/peer/index.js';
import { backends, type ValueShelf } from '../../lib/store/index.js';

interface Collected {
  readonly laws: Map<string, () => Promise<void>>;
  readonly skipped: string[];
  readonly options: SuiteOptions;
}

/** A framework that only collects what is declared in it. */
function collecting(skip: SuiteOptions['skip'] = []): Collected {
  const laws = new Map<string, () => Promise<void>>();
  const skipped: string[] = [];
  const it = Object.assign((law: string, body: () => Promise<void>) => laws.set(law, body), { skip: (law: string) => skipped.push(law) });
  const framework: TestFramework = { describe: (_title, body) => body(), it, before() {}, after() {} };
  return { laws, skipped, options: { ...framework, name: 'broken', skip } };
}

/** The laws that do not hold. */
async function broken({ laws }: Collected): Promise<string[]> {
  const failed: string[] = [];
  for (const [law, hold] of laws) {
    try {
      await hold();
    } catch {
      failed.push(law);
    }
  }
  return failed;
}

describe('the suites of laws', () => {
  it('skip a law with its reason, and refuse to skip one that there is not', () => {
    const law = 'keeps shelves apart';
    const collected = collecting([{ law, reason: 'there is only one' }]);
    storeBackendLaws({ ...collected.options, make: backends.memory });
    expect(collected.skipped).to.deep.equal([`${law} (does not hold: there is only one)`]);
    expect([...collected.laws.keys()]).to.not.include(law);
    const wrong = collecting([{ law: 'keeps shelves', reason: '' }]);
    expect(() => storeBackendLaws({ ...wrong.options, make: backends.memory })).to.throw(TypeError, '"keeps shelves", which is no law');
  });

  const shelves: readonly (readonly [string, string, (shelf: ValueShelf) => Partial<ValueShelf>])[] = [
    ['forgets what is put', 'keeps values by id, whatever the id', () => ({ put() {} })],
    ['keeps what is deleted', 'forgets what is deleted, once', () => ({ delete() {} })],
    ['counts nothing', 'keeps the latest of two', () => ({ sizeBytes: 0 })],
    ['gives a value once', 'gives a value as often as it is asked', (shelf) => ({ get: taking(shelf) })],
    ['knows no ids', 'keeps the latest of two', () => ({ ids: () => [] })],
  ];
  for (const [what, law, over] of shelves) {
    it(`find out a store backend that ${what}`, async () => {
      const collected = collecting();
      const open = (): ValueShelf => {
        const shelf = backends.memory().open();
        const right: ValueShelf = {
          get sizeBytes() {
            return shelf.sizeBytes;
          },
          put: (id, value) => shelf.put(id, value),
          get: (id) => shelf.get(id),
          delete: (id) => shelf.delete(id),
          ids: () => shelf.ids(),
        };
        return Object.defineProperties(right, Object.getOwnPropertyDescriptors(over(shelf)));
      };
      storeBackendLaws({ ...collected.options, make: () => ({ name: 'broken', open }) });
      expect(await broken(collected)).to.include(law);
    });
  }

  const strategies: readonly (readonly [string, string, Partial<AllocationStrategy>])[] = [
    ['has no name', 'has a name', { name: '' }],
    [
      'names nodes that there are not',
      'chooses one of the nodes that it is shown, or waits, and throws nothing',
      { place: () => 'nowhere' },
    ],
    ['throws', 'is asked any number of times in a run', { place: () => expect.fail() }],
    ['waits although it says that it does not', 'takes a node with room whenever there is one, if it says so', { takesAnyRoom: true }],
    [
      'sorts what it is shown',
      'changes nothing of what it is shown',
      { place: ({ nodes }) => (nodes as unknown as { name: string }[]).sort((a, b) => (a.name < b.name ? 1 : -1))[0]!.name },
    ],
  ];
  for (const [what, law, over] of strategies) {
    it(`find out a strategy that ${what}`, async () => {
      const collected = collecting();
      strategyLaws({ ...collected.options, make: () => ({ name: 'broken', place: () => undefined, ...over }) });
      expect(await broken(collected)).to.include(law);
    });
  }

  it('find out a transport that sends the parts of a frame alone, and gives URLs of another scheme', async () => {
    const wrapped = (socket: Socket): Socket =>
      new Proxy(socket, {
        get: (_target, key) => {
          if (key === 'send') return (parts: readonly Uint8Array[]) => void parts.map((part) => socket.send([part]));
          const value: unknown = Reflect.get(socket, key, socket);
          return typeof value === 'function' ? value.bind(socket) : value;
        },
      });
    const makeNetwork = () => {
      const network = transports.memory({ clock: systemClock });
      return (node: string): Transport => ({
        schemes: ['other'],
        listen: (address, options) => network(node).listen(address, { ...options, accept: (socket) => options.accept(wrapped(socket)) }),
        dial: (url) => wrapped(network(node).dial(url)),
      });
    };
    const collected = collecting();
    transportLaws({ ...collected.options, makeNetwork });
    // The others would wait for what never comes.
    for (const law of collected.laws.keys()) if (!BROKEN.has(law)) collected.laws.delete(law);
    expect(await broken(collected)).to.have.members([...BROKEN]);
  });
});

const BROKEN = new Set([
  'picks a port, and can be dialled at the URL that it gives, which is of a scheme of its own',
  'sends the parts of a frame as one frame',
]);

const taking = (shelf: ValueShelf): ValueShelf['get'] => {
  const gone = new Set<string>();
  return (id) => {
    if (gone.has(id)) return undefined;
    gone.add(id);
    return shelf.get(id);
  };
};
