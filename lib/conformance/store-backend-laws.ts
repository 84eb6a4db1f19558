import assert from 'node:assert/strict';
import type { StoreBackend, ValueShelf } from '../store/index.js';
import { StoredValue } from '../value/index.js';
import { declareLaws, type SuiteOptions } from './suite.js';

const IDS = ['a', '__proto__', 'constructor', '', 'ü/..\n', 'a'.repeat(10_000)];

/** The laws of a store backend. */
export function storeBackendLaws(suite: StoreBackendSuite): void {
  const { make, measuresItself = false } = suite;
  const value = (of: unknown, sizeBytes = 10): StoredValue => StoredValue.live(of, sizeBytes);
  const opened = (shelf: ValueShelf, id: string): unknown => {
    const found = shelf.get(id);
    assert.ok(found instanceof StoredValue, `there is no value under ${JSON.stringify(id.slice(0, 20))}`);
    return found.open(false);
  };
  const holds = (shelf: ValueShelf, sizeBytes: number): void => {
    if (!measuresItself) assert.equal(shelf.sizeBytes, sizeBytes);
    else if (sizeBytes === 0) assert.equal(shelf.sizeBytes, 0);
    else assert.ok(shelf.sizeBytes > 0);
  };

  declareLaws('a store backend', suite, {
    'has a name': () => assert.match(make().name, /./),

    'opens a shelf that is empty': () => {
      const shelf = make().open();
      assert.deepEqual([...shelf.ids()], []);
      assert.equal(shelf.sizeBytes, 0);
      assert.equal(shelf.get('a'), undefined);
    },

    'keeps values by id, whatever the id': () => {
      const shelf = make().open();
      for (const id of IDS) {
        assert.equal(shelf.get(id), undefined);
        shelf.put(id, value(id));
        assert.equal(opened(shelf, id), id);
      }
      assert.deepEqual([...shelf.ids()].sort(), [...IDS].sort());
    },

    'keeps any value as it was, where it came from included': () => {
      const shelf = make().open();
      const cyclic: { self?: unknown; date: Date; bytes: Uint8Array } = { date: new Date(0), bytes: Uint8Array.of(1, 2) };
      cyclic.self = cyclic;
      const values = [undefined, null, 0, '', [1, [2]], new Map([[1, new Set([2])]]), cyclic, new RangeError('no')];
      for (const [at, one] of values.entries()) shelf.put(String(at), StoredValue.live(one, 10, at % 2 === 0 ? 'result' : 'caller'));
      for (const [at, one] of values.entries()) {
        assert.deepEqual(opened(shelf, String(at)), one);
        assert.equal(shelf.get(String(at))!.origin, at % 2 === 0 ? 'result' : 'caller');
      }
    },

    'keeps a value of 8 MiB that came packed': () => {
      const shelf = make().open();
      const bytes = new Uint8Array(8 * 2 ** 20).fill(7);
      shelf.put('large', StoredValue.packed(value(bytes).pack('value')));
      assert.equal(Buffer.compare(opened(shelf, 'large') as Uint8Array, bytes), 0);
    },

    'gives a value as often as it is asked': () => {
      const shelf = make().open();
      shelf.put('a', value([1]));
      for (let times = 0; times < 3; times += 1) assert.deepEqual(opened(shelf, 'a'), [1]);
    },

    'keeps the latest of two': () => {
      const shelf = make().open();
      shelf.put('a', value(1, 10));
      shelf.put('a', value(2, 30));
      assert.equal(opened(shelf, 'a'), 2);
      assert.deepEqual([...shelf.ids()], ['a']);
      holds(shelf, 30);
      shelf.put('b', value(3, 5));
      shelf.put('a', value(4, 7));
      shelf.put('c', value(5, 1));
      shelf.delete('b');
      holds(shelf, 8);
      shelf.put('d', value(6, 2));
      shelf.delete('a');
      holds(shelf, 3);
    },

    'forgets what is deleted, once': () => {
      const shelf = make().open();
      shelf.put('a', value(1, 10));
      shelf.put('b', value(2, 5));
      shelf.delete('a');
      shelf.delete('a');
      shelf.delete('never there');
      assert.equal(shelf.get('a'), undefined);
      holds(shelf, 5);
      assert.deepEqual([...shelf.ids()], ['b']);
      shelf.put('a', value(3, 1));
      assert.equal(opened(shelf, 'a'), 3);
    },

    'keeps shelves apart': () => {
      const backend = make();
      const [one, other] = [backend.open(), backend.open()];
      one.put('a', value(1));
      assert.equal(other.get('a'), undefined);
      other.put('a', value(2));
      other.delete('a');
      assert.equal(opened(one, 'a'), 1);
    },

    'keeps 10,000 values, and gives each': () => {
      const shelf = make().open();
      for (let at = 0; at < 10_000; at += 1) shelf.put(`id ${at}`, value(at));
      for (let at = 0; at < 10_000; at += 1) assert.equal(opened(shelf, `id ${at}`), at);
      assert.equal(new Set(shelf.ids()).size, 10_000);
    },
  });
}

/** What `storeBackendLaws` takes. */
export interface StoreBackendSuite extends SuiteOptions {
  /** Makes a backend; called for each law. */
  make(): StoreBackend;
  /**
   * Whether `sizeBytes` is what the backend really takes, and not the sum of the values' own.
   * @default false
   */
  readonly measuresItself?: boolean;
}
