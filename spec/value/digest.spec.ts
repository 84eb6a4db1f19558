import { types } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { doInTurns, HandoffError, NonRetryableError } from '../../lib/base/index.js';
import { digestOf, pack, unpack, valueDigest } from '../../lib/value/index.js';
import { TYPED_ARRAYS } from '../support/typed-arrays.js';

const digest = (value: unknown): string => digestOf(value, { where: 'value' });
const passed = (value: unknown): unknown => unpack(pack(value, { where: 'value' }), { freeze: false });

/** Whether two values are one and the same to whoever looks at them: each thing in one has its counterpart in the other. */
function isSame(one: unknown, other: unknown): boolean {
  const there = new Map<object, object>();
  const back = new Map<object, object>();
  const same = (a: unknown, b: unknown): boolean => {
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b);
    if (there.has(a) || back.has(b)) return there.get(a) === b && back.get(b) === a;
    there.set(a, b);
    back.set(b, a);
    const kinds = [a, b].map((x) => Object.prototype.toString.call(x) + Buffer.isBuffer(x));
    if (kinds[0] !== kinds[1]) return false;
    if (types.isDate(a)) return Object.is(a.getTime(), (b as Date).getTime());
    if (types.isRegExp(a)) return String(a) === String(b);
    if (types.isArrayBuffer(a)) return Buffer.compare(new Uint8Array(a), new Uint8Array(b as ArrayBuffer)) === 0;
    if (Buffer.isBuffer(a)) return a.equals(b as Buffer);
    if (types.isArrayBufferView(a)) {
      const view = b as ArrayBufferView;
      return a.byteOffset === view.byteOffset && a.byteLength === view.byteLength && same(a.buffer, view.buffer);
    }
    if (types.isMap(a)) return same([...a], [...(b as typeof a)]);
    if (types.isSet(a)) return same([...a], [...(b as typeof a)]);
    if (types.isNativeError(a)) {
      const e = b as Error;
      if (a.name !== e.name || a.message !== e.message || !same(a.cause, e.cause)) return false;
    }
    if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    return keys.sort().every((key) => Object.hasOwn(b, key) && same((a as Loose)[key], (b as Loose)[key]));
  };
  return same(one, other);
}
type Loose = Record<string, unknown>;

/** Any value: a tree, in which some parts then are others. */
const tree = fc.anything({
  maxDepth: 4,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: false,
  key: fc.constantFrom('a', 'b', 'c', '__proto__', 'length', '0', '1', '\ud800', 'é'),
});
const value = fc.tuple(tree, fc.array(fc.nat(), { maxLength: 3 })).map(([root, picks]) => {
  const objects: object[] = [];
  const visit = (x: unknown): void => {
    if (typeof x !== 'object' || x === null || objects.includes(x)) return;
    if (Array.isArray(x) || Object.getPrototypeOf(x) === Object.prototype) objects.push(x);
    for (const inside of Object.values(x)) visit(inside);
  };
  visit(root);
  // Shared, or a circle.
  for (const pick of picks) {
    const from = objects[pick % objects.length];
    const to = objects[(pick * 7 + 3) % objects.length];
    if (from && to) (from as Loose).a = to;
  }
  return root;
});

/** Values of which no two are the same, though they may look so. */
const DIFFERENT: readonly (readonly [name: string, make: () => unknown])[] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['false', () => false],
  ['true', () => true],
  ['0', () => 0],
  ['-0', () => -0],
  ['1', () => 1],
  ['1n', () => 1n],
  ['-1n', () => -1n],
  ['NaN', () => Number.NaN],
  ['Infinity', () => Number.POSITIVE_INFINITY],
  ["''", () => ''],
  ["'1'", () => '1'],
  ["'é'", () => 'é'],
  ['é composed', () => 'e\u0301'],
  ['a lone high surrogate', () => '\ud800'],
  ['another one', () => '\ud801'],
  ['a replacement character', () => '\ufffd'],
  ['a long text', () => 'x'.repeat(5000)],
  ['a longer text', () => 'x'.repeat(5001)],
  ['a long broken text', () => `${'x'.repeat(5000)}\ud800`],
  ['a long text of pairs', () => '😀'.repeat(5000)],
  ['a long text of pairs, shifted', () => `x${'😀'.repeat(5000)}`],
  ['{}', () => ({})],
  ['{ a: undefined }', () => ({ a: undefined })],
  ['{ b: undefined }', () => ({ b: undefined })],
  ['{ a: 1, b: 2 }', () => ({ a: 1, b: 2 })],
  ['{ a: 2, b: 1 }', () => ({ a: 2, b: 1 })],
  ['an own __proto__', () => JSON.parse('{ "__proto__": 1 }')],
  ['[]', () => []],
  ['a hole', () => new Array(1)],
  ['[undefined]', () => [undefined]],
  ['a hole first', () => Object.assign(new Array(2), { 1: 1 })],
  ['a hole last', () => Object.assign(new Array(2), { 0: 1 })],
  ['a named element', () => Object.assign([1, 2], { a: 3 })],
  ['a hole and a name', () => Object.assign(new Array(3), { 0: 1, 1: 2, a: 3 })],
  ['a long list of one', () => Object.assign([], { length: 2 ** 32 - 1, 7: 1 })],
  ['[1, [2]]', () => [1, [2]]],
  ['[[1], 2]', () => [[1], 2]],
  ['two lists', () => [[], []]],
  ['one list twice', () => Array(2).fill([])],
  ['a list in itself', () => circle()],
  ['a list in a list in itself', () => [circle()]],
  ['a longer circle', () => Object.assign([] as unknown[], [[]]).map((_, __, all) => [all])],
  ['an empty Map', () => new Map()],
  [
    'a Map',
    () =>
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
  ],
  [
    'a Map in another order',
    () =>
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
  ],
  ['a Map by number', () => new Map([[1, 1]])],
  ['an empty Set', () => new Set()],
  ['a Set', () => new Set([1, 2])],
  ['a Set in another order', () => new Set([2, 1])],
  ['a Set of lists', () => new Set([[1, 2]])],
  ['a Date', () => new Date(0)],
  ['another Date', () => new Date(1)],
  ['no Date', () => new Date(Number.NaN)],
  ['a RegExp', () => /a/],
  ['its flags', () => /a/g],
  ['its source', () => /g/],
  ['an ArrayBuffer', () => new ArrayBuffer(8)],
  ['a longer ArrayBuffer', () => new ArrayBuffer(16)],
  ['a DataView', () => new DataView(new ArrayBuffer(8))],
  ['a Buffer', () => Buffer.alloc(8)],
  ...TYPED_ARRAYS.map((Kind) => [Kind.name, () => new Kind(8 / Kind.BYTES_PER_ELEMENT)] as const),
  ['a Uint8Array of one', () => Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)],
  ['two views of two memories', () => [new Uint8Array(8), new Uint8Array(8)]],
  ['two views of one memory', () => viewsOf(new ArrayBuffer(8), [0, 8], [0, 8])],
  ['two halves of one memory', () => viewsOf(new ArrayBuffer(8), [0, 4], [4, 4])],
  ['its halves the other way round', () => viewsOf(new ArrayBuffer(8), [4, 4], [0, 4])],
  ['a part of a longer memory', () => viewsOf(new ArrayBuffer(9), [0, 8], [0, 8])],
  ['an Error', () => new Error('a')],
  ['its message', () => new Error('b')],
  ['its class', () => new TypeError('a')],
  ['its name', () => Object.assign(new Error('a'), { name: 'OtherError' })],
  ['its fields', () => Object.assign(new Error('a'), { code: 1 })],
  ['its cause', () => new Error('a', { cause: new Error('b') })],
  ['no cause', () => new Error('a', { cause: undefined })],
  ['many errors', () => new AggregateError([new Error('b')], 'a')],
  ['a HandoffError', () => new HandoffError('HANDOFF_TIMEOUT', 'a')],
  ['a NonRetryableError', () => new NonRetryableError('a')],
  ['a DOMException', () => new DOMException('a', 'AbortError')],
  ['an object like an error', () => ({ name: 'Error', message: 'a' })],
];

function circle(): unknown[] {
  const list: unknown[] = [];
  list.push(list);
  return list;
}

const viewsOf = (memory: ArrayBuffer, ...parts: readonly (readonly [from: number, length: number])[]): Uint8Array[] =>
  parts.map(([from, length]) => new Uint8Array(memory, from, length));

describe('the digest of a value', () => {
  it('is 43 characters, of any value', () => {
    for (const [name, make] of DIFFERENT) expect(digest(make()), name).to.match(/^[\w-]{43}$/);
  });

  it('differs for all that a function could tell apart, whole or as a part of something', () => {
    for (const around of [(x: unknown) => x, (x: unknown) => ({ a: [x], b: x }), (x: unknown) => new Map([[1, x]])]) {
      const names = new Map<string, string>();
      for (const [name, make] of DIFFERENT) {
        const found = digest(around(make()));
        expect(names.get(found), `${name} has the digest of`).to.equal(undefined);
        names.set(found, name);
        expect(digest(around(make())), name).to.equal(found);
      }
    }
  });

  it('is the same for objects whose keys stand in another order, also among thousands', () => {
    expect(digest({ a: 1, b: { c: 2, d: 3 } })).to.equal(digest({ b: { d: 3, c: 2 }, a: 1 }));
    const keys = [...Array(10_000).keys()].map((k) => `key ${(k * 7919) % 10_000}`);
    const of = (all: readonly string[]): object => Object.fromEntries(all.map((key) => [key, key.length]));
    expect(digest(of(keys))).to.equal(digest(of(keys.toReversed())));
    expect(digest(of(keys))).to.not.equal(digest(of(keys.slice(1))));
  });

  it('does not count what packing loses: the stack of an error, lastIndex, the pool of a Buffer, the memory around a whole view', () => {
    const made = (): Error => new Error('a');
    expect(digest(made())).to.equal(digest(Object.assign(made(), { stack: 'elsewhere' })));
    expect(digest(/a/g)).to.equal(digest(Object.assign(/a/g, { lastIndex: 3 })));
    expect(digest({ a: Buffer.from('abc') })).to.equal(digest({ a: Buffer.concat([Buffer.from('abc')]).subarray() }));
    expect(digest(new Uint16Array(new ArrayBuffer(8), 2, 1))).to.equal(digest(new Uint16Array(1)));
    expect(digest(Object.create(null))).to.equal(digest({}));
  });

  it('is that of the value that arrives', () => {
    for (const [name, make] of DIFFERENT) {
      if (name === 'a long list of one') continue;
      const given = { a: [make()] };
      expect(digest(passed(given)), name).to.equal(digest(given));
      expect(digest(passed(make())), name).to.equal(digest(make()));
    }
    fc.assert(fc.property(value, (given) => digest(passed(given)) === digest(given)));
  });

  it('is equal if and only if the values are, by a comparison of each part', () => {
    fc.assert(
      fc.property(value, value, (one, other) => (digest(one) === digest(other)) === isSame(passed(one), passed(other))),
      {
        numRuns: 300,
      },
    );
    // Two values of few parts are often the same.
    const few = fc.letrec((tie) => ({
      part: fc.oneof({ depthSize: 'small' }, fc.constantFrom(0, -0, undefined, 'a', '0'), tie('list'), tie('object'), tie('map')),
      list: fc.array(tie('part'), { maxLength: 2 }),
      object: fc.dictionary(fc.constantFrom('a', 'b'), tie('part'), { maxKeys: 2 }),
      map: fc.array(fc.tuple(tie('part'), tie('part')), { maxLength: 2 }).map((entries) => new Map(entries)),
    })).part;
    let same = 0;
    const check = (one: unknown, other: unknown): boolean => {
      if (isSame(one, other)) same += 1;
      return (digest(one) === digest(other)) === isSame(one, other);
    };
    fc.assert(fc.property(few, few, check), { numRuns: 2000 });
    expect(same).to.be.above(50);
  });

  it('changes with any one leaf', () => {
    const changed = (root: unknown, pick: number): unknown => {
      const copy = passed(root);
      const leaves: (() => void)[] = [];
      const seen = new Set<unknown>();
      const visit = (x: unknown): void => {
        if (typeof x !== 'object' || x === null || seen.has(x)) return;
        seen.add(x);
        if (!Array.isArray(x) && Object.getPrototypeOf(x) !== Object.prototype) return;
        for (const [key, inside] of Object.entries(x)) {
          leaves.push(() =>
            Object.defineProperty(x, key, { value: { was: inside }, enumerable: true, writable: true, configurable: true }),
          );
          visit(inside);
        }
      };
      visit(copy);
      leaves[pick % leaves.length]?.();
      return leaves.length > 0 ? copy : { was: copy };
    };
    fc.assert(fc.property(value, fc.nat(), (given, pick) => digest(changed(given, pick)) !== digest(given)));
  });

  it('is the same taken at once and in turns, which let the event loop turn', async () => {
    const rows = [...Array(20_000).keys()].map((k) => ({ id: k, name: `row ${k}`, tags: ['a', 'b'], at: new Date(k) }));
    const large = {
      rows,
      bytes: new Uint8Array(8 * 1024 * 1024),
      text: 'é'.repeat(500_000),
      index: new Map(rows.map((row) => [row.id, row])),
    };
    let turns = 0;
    const count = (): void => {
      turns += 1;
      turning = setImmediate(count);
    };
    let turning = setImmediate(count);
    const found = await doInTurns(valueDigest(large, { where: 'value' }));
    clearImmediate(turning);
    expect(found).to.equal(digest(large));
    expect(turns).to.be.above(5);
  });

  it('is taken of values as deep as a value may be, and of wide ones', () => {
    let deep: unknown = [];
    for (let k = 1; k < 1000; k += 1) deep = k % 2 ? { deep } : [deep];
    expect(digest(deep)).to.match(/^[\w-]{43}$/);
    expect(digest(Array(200_000).fill({}))).to.match(/^[\w-]{43}$/);
  });

  it('refuses what is no value, with its path', () => {
    const path = (given: unknown): unknown => {
      try {
        return digest(given);
      } catch (error) {
        return HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE') ? error.path : error;
      }
    };
    const refused: readonly unknown[] = [
      () => 1,
      Symbol('a'),
      new (class A {})(),
      new SharedArrayBuffer(8),
      new Uint8Array(new SharedArrayBuffer(8)),
      Object(1),
      Promise.resolve(),
      new Proxy({}, {}),
      { get: 1, ...{ [Symbol('b')]: 1 } },
      new WeakMap(),
    ];
    for (const given of refused) expect(path({ a: [given] })).to.match(/^value\.a\[0\]/);
    let deep: unknown = [];
    for (let k = 0; k < 1000; k += 1) deep = [deep];
    expect(path(deep)).to.match(/^value\[0\]/);
  });

  it('of a value that has not been checked meets what is none, and says so', () => {
    expect(() => digestOf({ a: () => 1 }, { where: 'value', isChecked: true })).to.throw(HandoffError, 'a function is not a value');
    expect(() => digestOf([new (class A {})()], { where: 'value', isChecked: true })).to.throw(HandoffError, 'an instance of A');
  });

  it('is the same whatever is known of the value, though that saves time', () => {
    const known = (given: unknown): string => digestOf(given, { where: 'value', isChecked: true });
    for (const [name, make] of DIFFERENT) {
      expect(known(make()), name).to.equal(digest(make()));
      expect(known([make(), { a: make() }]), name).to.equal(digest([make(), { a: make() }]));
    }
    fc.assert(fc.property(value, (given) => known(given) === digest(given)));
  });

  it('is that of what long arrays hold, and differs with each hole, name and long text in them', () => {
    const long = (change: (list: unknown[]) => unknown): unknown[] => {
      const list: unknown[] = Array.from({ length: 1000 }, (_, k) => k);
      change(list);
      return list;
    };
    const lists = [
      long(() => {}),
      long((list) => delete list[0]),
      long((list) => delete list[999]),
      long((list) => [delete list[3], delete list[500]]),
      long((list) => Object.assign(list, { a: 1 })),
      long((list) => Object.assign(list, { a: 1, b: 2 })),
      long((list) => [delete list[3], Object.assign(list, { a: 1 })]),
      long((list) => Object.assign(list, { 3: undefined })),
      long((list) => Object.assign(list, { 3: 'x'.repeat(5000) })),
      long((list) => [delete list[2], Object.assign(list, { 3: 'x'.repeat(5000), a: 'y'.repeat(5000) })]),
    ];
    const all = new Set<string>();
    for (const list of lists) {
      const found = digest(list);
      expect(found).to.equal(digest(passed(list)));
      for (const given of [list, list.slice(0, 100)]) {
        expect(digestOf(given, { where: 'value', isChecked: true })).to.equal(digest(given));
      }
      all.add(found);
    }
    expect(all.size).to.equal(lists.length);
  });

  it('does not mix up objects of other keys that come between', () => {
    const rows = Array.from({ length: 300 }, (_, k) =>
      Object.fromEntries(Array.from({ length: 1 + (k % 7) }, (_, at) => [`k${(at * 5 + (k % 80)) % 80}`, at])),
    );
    const one = digest(rows);
    expect(one).to.equal(digest(rows.map((row) => Object.fromEntries(Object.entries(row).reverse()))));
    for (const [at, row] of rows.entries()) expect(digest(row)).to.equal(digest(passed(row)), String(at));
  });

  it('is what it has always been, in each process and each Node: what is on disk names it', () => {
    const all = DIFFERENT.map(([, make]) => make());
    expect(digest(undefined)).to.equal('nc-XoYTzJiPRGnMSTOuZpXCbCDch6HihbXj1lnGLp7I');
    expect(digest({ b: [1, 'é', null, 2n], a: new Map([['x', new Date(0)]]) })).to.equal('yUPkyvtB8y6XrmMazSzPSVJ_PKTkO6A008YoQogxF7U');
    expect(digest(all)).to.equal('A0JM0g3RXpE374PewceXe3FmxiDswogcOwQPDh56BaU');
  });
});
