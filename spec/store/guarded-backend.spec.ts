import { expect } from 'chai';
import { guardedBackend, type StoreBackend, type ValueShelf } from '../../lib/store/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { spyLogger } from '../support/spy-logger.js';

/** A backend whose shelves are maps, but for what is said. */
const backendWith = (shelf: Partial<ValueShelf> | undefined, over: object = {}): StoreBackend => ({
  name: 'own',
  open: () => {
    const values = new Map<string, StoredValue>();
    const right: ValueShelf = {
      sizeBytes: 1,
      put: (id, value) => void values.set(id, value as StoredValue),
      get: (id) => values.get(id),
      delete: (id) => void values.delete(id),
      ids: () => values.keys(),
    };
    return Object.defineProperties(right, Object.getOwnPropertyDescriptors(shelf ?? {}));
  },
  ...over,
});
const value = (of: unknown): StoredValue => StoredValue.live(of, 10);
const opened = (shelf: ValueShelf, id: string): unknown => (shelf.get(id) as StoredValue | undefined)?.open(false);
const fail = (): never => {
  throw new Error('no');
};

describe('a store backend of a user', () => {
  it('is refused when it is none, with what it must have', () => {
    for (const none of [undefined, null, 'memory', {}, { name: 'x' }, { open: () => {} }, { name: 1, open: () => {} }]) {
      expect(() => guardedBackend(none, spyLogger())).to.throw(TypeError, 'storeBackend must have a name and an open function');
    }
  });

  it('keeps what is put, as long as it keeps to its contract', () => {
    const logger = spyLogger();
    const shelf = guardedBackend(backendWith({}), logger).open();
    shelf.put('a', value(1));
    expect(opened(shelf, 'a')).to.equal(1);
    expect(shelf.sizeBytes).to.equal(1);
    shelf.delete('a');
    expect(shelf.get('a')).to.equal(undefined);
    expect(shelf.sizeBytes).to.equal(0);
    expect(logger.lines).to.deep.equal([]);
  });

  it('may keep bytes, and make the value of them again', () => {
    const kept = new Map<string, { bytes: Uint8Array; origin: 'result' | 'caller' }>();
    const own = backendWith({
      put: (id, one) => void kept.set(id, { bytes: one.pack('value').slice(), origin: one.origin }),
      get: (id) => StoredValue.packed(kept.get(id)!.bytes, kept.get(id)!.origin),
    });
    const shelf = guardedBackend(own, spyLogger()).open();
    shelf.put('a', StoredValue.live({ deep: [new Date(0), new Map([[1, 2]])] }, 10, 'caller'));
    expect(opened(shelf, 'a')).to.deep.equal({ deep: [new Date(0), new Map([[1, 2]])] });
    expect(shelf.get('a')!.origin).to.equal('caller');
  });

  const broken: Readonly<Record<string, StoreBackend>> = {
    'throws when it is opened': backendWith({}, { open: fail }),
    'opens nothing': backendWith({}, { open: () => undefined }),
    'opens a promise': backendWith({}, { open: () => Promise.reject(new Error('later')) }),
    'opens a shelf without methods': backendWith({}, { open: () => ({}) }),
    'throws when a value is put': backendWith({ put: fail }),
    'puts a value later': backendWith({ put: () => Promise.reject(new Error('later')) as unknown as undefined }),
  };
  for (const [what, backend] of Object.entries(broken)) {
    it(`loses no value when it ${what}: it is given up once, aloud, and values lie in memory`, async () => {
      const logger = spyLogger();
      const guarded = guardedBackend(backend, logger);
      const shelf = guarded.open();
      shelf.put('a', value(1));
      shelf.put('b', value(2));
      guarded.open().put('c', value(3));
      expect([opened(shelf, 'a'), opened(shelf, 'b')]).to.deep.equal([1, 2]);
      expect([...shelf.ids()]).to.deep.equal(['a', 'b']);
      expect(shelf.sizeBytes).to.equal(20);
      shelf.delete('a');
      expect([...shelf.ids()]).to.deep.equal(['b']);
      await Promise.resolve();
      expect(logger.lines.map(({ level, message }) => [level, message])).to.deep.equal([
        ['error', 'values are kept in memory from now on: the store backend that was given does not keep to its contract'],
      ]);
    });
  }

  const forgetful: Readonly<Record<string, Partial<ValueShelf>>> = {
    throws: { get: fail },
    'gives nothing': { get: () => undefined },
    'gives what is no value': { get: () => ({ sizeBytes: 1 }) as StoredValue },
    'gives a promise': { get: () => Promise.reject(new Error('later')) as never },
  };
  for (const [what, shelfWith] of Object.entries(forgetful)) {
    it(`is asked no more for a value that it ${what} for, and is given up; what is put again is kept`, () => {
      const logger = spyLogger();
      const shelf = guardedBackend(backendWith(shelfWith), logger).open();
      shelf.put('a', value(1));
      expect(shelf.get('a')).to.equal(undefined);
      expect([...shelf.ids()]).to.deep.equal([]);
      shelf.put('a', value(2));
      expect(opened(shelf, 'a')).to.equal(2);
      expect(logger.lines).to.have.length(1);
    });
  }

  it('still gives what it has after it was given up', () => {
    let isBroken = false;
    const values = new Map<string, unknown>();
    const put = (id: string, one: unknown): void => {
      if (isBroken) throw new Error('full');
      values.set(id, one);
    };
    const shelf = guardedBackend(backendWith({ put, get: (id) => values.get(id) as StoredValue }), spyLogger()).open();
    shelf.put('a', value(1));
    isBroken = true;
    shelf.put('a2', value(2));
    expect([opened(shelf, 'a'), opened(shelf, 'a2')]).to.deep.equal([1, 2]);
    shelf.put('a', value(3));
    expect(opened(shelf, 'a')).to.equal(3);
  });

  it('counts for nothing when it does not know how much it holds', () => {
    for (const sizeBytes of [Number.NaN, -1, '7', undefined, Number.POSITIVE_INFINITY]) {
      const shelf = guardedBackend(backendWith({ sizeBytes: sizeBytes as number }), spyLogger()).open();
      shelf.put('a', value(1));
      expect(shelf.sizeBytes).to.equal(0);
    }
    const throwing = Object.defineProperty({}, 'sizeBytes', { get: fail, enumerable: true }) as Partial<ValueShelf>;
    const shelf = guardedBackend(backendWith(throwing), spyLogger()).open();
    shelf.put('a', value(1));
    expect(shelf.sizeBytes).to.equal(0);
  });
});
