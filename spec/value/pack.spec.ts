import { deepStrictEqual } from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { HandoffError, NonRetryableError } from '../../lib/base/index.js';
import { pack, packThrown, StoredValue, soleArrivalMemory, unpack, unpackThrown } from '../../lib/value/index.js';
import { TYPED_ARRAYS } from '../support/typed-arrays.js';

const roundTrip = (value: unknown, freeze = false): unknown => unpack(pack(value, { where: 'value' }), { freeze });

describe('packing', () => {
  it('gives back every value that structured clone carries', () => {
    const sparse = [1];
    sparse[2] = 3;
    const values: unknown[] = [
      null,
      undefined,
      true,
      -0,
      Number.NaN,
      2n ** 70n,
      'text \ud800 lone',
      sparse,
      { ['__proto__']: 1, nested: { deep: [] } },
      new Date(5),
      /a+/gi,
      new Map<unknown, unknown>([[{ key: 1 }, new Set([1, 'two'])]]),
      { buffer: new ArrayBuffer(3), view: new Float64Array([1, 2]), data: new DataView(new ArrayBuffer(2)) },
    ];
    for (const value of values) expect(roundTrip(value)).to.deep.equal(value);
    expect(Object.is(roundTrip(-0), -0)).to.equal(true);
    expect((roundTrip(new Date(Number.NaN)) as Date).getTime()).to.be.NaN;
    expect(1 in (roundTrip(sparse) as object)).to.equal(false);
    expect(Object.hasOwn(roundTrip({ ['__proto__']: 1 }) as object, '__proto__')).to.equal(true);
  });

  it('packs what is no object in a few bytes, exactly', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double(), fc.boolean(), fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom(null, undefined)),
        (value) => {
          const packed = pack(value, { where: 'value' });
          expect(Object.is(unpack(packed, { freeze: true }), value)).to.equal(true);
          expect(packed.byteLength).to.be.at.most(typeof value === 'string' ? 2 * value.length + 8 : 9);
        },
      ),
    );
    for (const value of [-0, Number.NaN, Number.NEGATIVE_INFINITY, '', 'x'.repeat(64), '\u00ff', '\u0100', 'x'.repeat(65)]) {
      expect(Object.is(roundTrip(value), value)).to.equal(true);
    }
  });

  it('packs a short array of such in a few bytes more, exactly', () => {
    const element = fc.oneof(fc.double(), fc.boolean(), fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom(null, undefined));
    fc.assert(
      fc.property(fc.array(element, { maxLength: 24 }), fc.boolean(), (list, freeze) => {
        const packed = pack(list, { where: 'value' });
        const back = unpack(packed, { freeze }) as readonly unknown[];
        expect(back.length).to.equal(list.length);
        for (const [at, one] of list.entries()) expect(Object.is(back[at], one), `${at}`).to.equal(true);
        expect(Object.getPrototypeOf(back)).to.equal(Array.prototype);
        expect(Object.isFrozen(back)).to.equal(freeze);
        expect(unpack(packed, { freeze })).to.not.equal(back);
      }),
    );
    const sizes = [[], [250], ['in', 'out.csv', true, null]].map((list) => pack(list, { where: 'value' }).byteLength);
    expect(sizes).to.deep.equal([1, 11, 1 + 4 + 9 + 2 + 2]);
  });

  it('keeps what else an array has, and holes', () => {
    expect(roundTrip(Object.assign([1], { more: 2 }))).to.deep.equal(Object.assign([1], { more: 2 }));
    const hole = [1];
    hole.length = 2;
    expect(Object.keys(roundTrip(hole) as object)).to.deep.equal(['0']);
  });

  it('refuses bytes that are no packed number, or no packed array', () => {
    const damaged = [
      [0x16, 9],
      [0x16, 0],
      [0x16, 1, 0x14],
      [0x16, 1, 0x77],
      [0x16, 3, 0x11, 0, 0],
    ].map((bytes) => Uint8Array.from(bytes));
    for (const bytes of [Uint8Array.of(0x14, 1), Uint8Array.of(0x11, 1), ...damaged]) {
      expect(() => unpack(bytes, { freeze: false }))
        .to.throw(HandoffError)
        .with.property('code', 'HANDOFF_NOT_SERIALIZABLE');
    }
  });

  it('keeps what is shared shared, and what is cyclic cyclic', () => {
    const shared = { a: 1 };
    const value: Record<string, unknown> = { one: shared, two: shared };
    value.self = value;
    const back = roundTrip(value) as Record<string, unknown>;
    expect(back.one).to.equal(back.two);
    expect(back.self).to.equal(back);
  });

  it('gives back arbitrary values', () => {
    // Not invalid dates: Node 20's strict equality says that they differ from themselves.
    const date = fc.date({ noInvalidDate: true });
    const values = fc.anything({
      values: [fc.boolean(), fc.maxSafeInteger(), fc.double(), fc.bigInt(), fc.string(), date, fc.constantFrom(null, undefined)],
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(values, (value) => deepStrictEqual(roundTrip(value), structuredClone(value))),
      { numRuns: 300 },
    );
  });

  it('gives back arbitrary values with errors among them', () => {
    const values = fc.letrec<{ any: unknown; error: Error }>((tie) => ({
      any: fc.oneof(fc.integer(), fc.string(), tie('error'), fc.array(tie('any')), fc.dictionary(fc.string(), tie('any'))),
      error: fc
        .tuple(fc.string(), fc.dictionary(fc.constantFrom('a', 'b', 'cause'), tie('any')))
        .map(([message, fields]) => Object.assign(new Error(message), fields)),
    })).any;
    const plain = (value: unknown): unknown => {
      if (value instanceof Error) {
        const own = Object.fromEntries(Object.getOwnPropertyNames(value).map((key) => [key, plain(Reflect.get(value, key))]));
        return { error: value.name, ...own };
      }
      if (Array.isArray(value)) return value.map(plain);
      if (typeof value === 'object' && value !== null) return Object.entries(value).map(([key, entry]) => [key, plain(entry)]);
      return value;
    };
    fc.assert(
      fc.property(values, (value) => void expect(plain(roundTrip(value))).to.deep.equal(plain(value))),
      { numRuns: 200 },
    );
  });

  it('carries every kind of binary data by its own bytes alone', () => {
    const large = new ArrayBuffer(1000);
    // From Node 24 on.
    const { Float16Array: Half } = globalThis as { readonly Float16Array?: typeof Float32Array };
    for (const Kind of [...TYPED_ARRAYS, ...(Half ? [Half] : [])]) {
      const view = new Kind(large, 16, 3);
      const packed = pack(view, { where: 'value' });
      expect(packed.byteLength).to.be.below(16 + view.byteLength + 1);
      const back = unpack(packed, { freeze: true });
      expect(back).to.be.instanceOf(Kind).and.deep.equal(view);
    }
    expect(roundTrip(large)).to.be.instanceOf(ArrayBuffer).with.property('byteLength', 1000);
    expect(roundTrip(new DataView(large, 1, 5)))
      .to.be.instanceOf(DataView)
      .with.property('byteLength', 5);
  });

  it('lays large values in shared memory where that is asked for, and reads them from there', () => {
    for (const value of [new Float64Array(10_000).fill(2), { many: 'x'.repeat(100_000) }]) {
      const packed = pack(value, { where: 'value', shared: true });
      expect(packed.buffer).to.be.instanceOf(SharedArrayBuffer);
      expect(unpack(packed, { freeze: false })).to.deep.equal(value);
    }
    expect(pack({ small: 1 }, { where: 'value', shared: true }).buffer).to.be.instanceOf(ArrayBuffer);
  });

  it('gives each reader a copy of its own', () => {
    const packed = pack(new Uint8Array([1, 2]), { where: 'value' });
    (unpack(packed, { freeze: false }) as Uint8Array)[0] = 9;
    expect(unpack(packed, { freeze: false })).to.deep.equal(new Uint8Array([1, 2]));
  });

  it('freezes plain objects and arrays where that is asked for', () => {
    const back = roundTrip({ list: [{ a: 1 }], map: new Map([['k', { b: 2 }]]) }, true) as { list: object[]; map: Map<string, object> };
    expect(back).to.be.frozen;
    expect(back.list).to.be.frozen;
    expect(back.list[0]).to.be.frozen;
    expect(back.map.get('k')).to.be.frozen;
  });
});

describe('an error that is packed', () => {
  it('keeps class, message, stack, cause and own fields', () => {
    const error = Object.assign(new RangeError('oh', { cause: new TypeError('deeper') }), { code: 'E', detail: { n: [1] } });
    const back = roundTrip(error) as typeof error;
    expect(back).to.be.instanceOf(RangeError).and.include({ message: 'oh', code: 'E', stack: error.stack });
    expect(back.detail).to.deep.equal({ n: [1] });
    expect(back.cause).to.be.instanceOf(TypeError).with.property('message', 'deeper');
    expect(Object.keys(back)).to.deep.equal(['code', 'detail']);
  });

  it('is an Error with that name where the class is not a standard one', () => {
    class QuotaError extends Error {
      override name = 'QuotaError';
    }
    const back = roundTrip(new QuotaError('full')) as Error;
    expect(back).to.be.instanceOf(Error).and.include({ name: 'QuotaError', message: 'full' });
  });

  it('stays ours where it is ours', () => {
    const back = roundTrip(new HandoffError('HANDOFF_TIMEOUT', 'late', { dagId: 'd' }));
    expect(HandoffError.is(back, 'HANDOFF_TIMEOUT')).to.equal(true);
    expect(back).to.include({ dagId: 'd', name: 'HandoffError' });
    expect(NonRetryableError.is(roundTrip(new NonRetryableError('no')))).to.equal(true);
  });

  it('keeps the errors of an AggregateError, and cycles', () => {
    const error = new AggregateError([new TypeError('one')], 'all');
    error.cause = error;
    const back = roundTrip(error) as AggregateError;
    expect(back).to.be.instanceOf(AggregateError);
    expect(back.errors[0]).to.be.instanceOf(TypeError);
    expect(back.cause).to.equal(back);
  });

  it('is the same one in every place where it stands', () => {
    const error = new Error('one');
    const back = roundTrip({ list: [error, error], map: new Map([[error, new Set([error])]]) }) as {
      list: Error[];
      map: Map<Error, Set<Error>>;
    };
    expect(back.list[0]).to.equal(back.list[1]);
    expect(back.map.get(back.list[0]!)!.has(back.list[0]!)).to.equal(true);
  });
});

describe('what was thrown', () => {
  const across = (thrown: unknown): unknown => unpackThrown(packThrown(thrown));

  it('crosses as it is when it is a value', () => {
    for (const thrown of ['text', 0, null, undefined, { code: 1 }]) expect(across(thrown)).to.deep.equal(thrown);
  });

  it('is an Error with its text when it is not', () => {
    expect(across(() => 1)).to.be.instanceOf(Error);
    expect(across(Symbol('s')))
      .to.be.instanceOf(Error)
      .with.property('message', 'Symbol(s)');
  });

  it('loses the fields that are no values, and only those', () => {
    const error = Object.assign(new Error('request failed', { cause: Object.assign(new Error('deeper'), { f: () => 1, ok: 2 }) }), {
      config: { adapter: () => 1 },
      status: 500,
    });
    const back = across(error) as typeof error;
    expect(back).to.include({ message: 'request failed', status: 500 });
    expect(back).not.to.have.property('config');
    expect(back.cause).to.include({ message: 'deeper', ok: 2 }).and.not.have.property('f');
  });

  it('never throws itself', () => {
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get() {
        throw new Error('no message for you');
      },
    });
    expect(across(hostile)).to.be.instanceOf(Error);
    const endless = new Error('cyclic');
    endless.cause = endless;
    expect(across(endless)).to.be.instanceOf(Error).with.property('message', 'cyclic');
    let long = new Error('0');
    for (let depth = 1; depth < 1000; depth += 1) long = new Error(`${depth}`, { cause: long });
    expect(across(long)).to.be.instanceOf(Error).with.property('message', '999');
  });
});

describe('a held value', () => {
  it('that came in pieces is opened from them, and put together once for threads, in shared memory if it is large', () => {
    for (const value of [
      Uint8Array.from({ length: 100_000 }, (_, at) => at),
      new Float64Array([1.5, 2]),
      { text: 'x'.repeat(50_000) },
      7,
    ]) {
      const packed = pack(value, { where: 'value' });
      for (const cuts of [[], [1], [5, 9, 12], [16], [17, 1000]]) {
        const ends = [...cuts.filter((at) => at < packed.byteLength), packed.byteLength];
        const held = StoredValue.arrived(ends.map((end, at) => packed.subarray(at === 0 ? 0 : ends[at - 1], end)));
        expect(held.sizeBytes).to.equal(packed.byteLength);
        expect(isDeepStrictEqual(held.open(false), value), 'before').to.equal(true);
        const joined = held.pack('value');
        expect(Buffer.compare(joined, packed)).to.equal(0);
        expect(joined.buffer instanceof SharedArrayBuffer).to.equal(packed.byteLength >= 16 * 1024);
        expect(isDeepStrictEqual(held.open(false), value), 'after').to.equal(true);
      }
    }
  });

  it('that is large and binary is sent from where it lies', () => {
    const value = new Uint16Array(50_000).fill(7);
    const parts = StoredValue.live(value, 100_016).toParts('value');
    expect(parts).to.have.length(2);
    expect(parts[1]!.buffer).to.equal(value.buffer);
    expect(StoredValue.arrived(parts).open(false)).to.deep.equal(value);
    expect(StoredValue.live([1], 10).toParts('value')).to.have.length(1);
  });

  it('that came for one opener is given without a copy where its memory holds nothing else, and is gone then', () => {
    const value = Float64Array.from({ length: 10_000 }, (_, at) => at);
    const [header, data] = StoredValue.live(value, 80_016).toParts('value') as [Uint8Array, Uint8Array];
    const own = new Uint8Array(data);
    const held = StoredValue.sole([header, own]);
    const opened = held.open(true) as Float64Array;
    expect(isDeepStrictEqual(opened, value)).to.equal(true);
    expect(opened.buffer).to.equal(own.buffer);
    for (const again of [() => held.open(true), () => held.pack('value'), () => held.toParts('value')])
      expect(again).to.throw(/a sole user/);

    const beside = new Uint8Array(80_001).subarray(1);
    beside.set(data);
    const shared = new Uint8Array(new SharedArrayBuffer(80_000));
    shared.set(data);
    for (const parts of [
      [header, beside],
      [header, shared],
      [header, data.subarray(0, 8), data.subarray(8)],
    ]) {
      const copied = StoredValue.sole(parts).open(true) as Float64Array;
      expect(isDeepStrictEqual(copied, value)).to.equal(true);
      expect(copied.buffer.byteLength).to.equal(80_000);
      expect(parts.some(({ buffer }) => buffer === copied.buffer)).to.equal(false);
    }
    const memory = soleArrivalMemory(80_016, header)!;
    memory[0]!.set(header);
    memory[1]!.set(data);
    expect((StoredValue.sole(memory).open(true) as Float64Array).buffer).to.equal(memory[1]!.buffer);
    expect(StoredValue.arrived([header, own]).open(true), 'others may open it too').not.to.have.property('buffer', own.buffer);
  });

  it('is handed on as it is while it lives, and packed once for all', () => {
    const value = { a: 1 };
    const held = StoredValue.live(value, 8);
    expect(held.open(true)).to.equal(value);
    expect(held.isPacked).to.equal(false);
    expect(held.pack('result')).to.equal(held.pack('result'));
  });

  it('is opened frozen if it is a result, and not if it is the caller’s', () => {
    const packed = pack([1], { where: 'value' });
    expect(StoredValue.packed(packed).open(true)).to.be.frozen;
    expect(StoredValue.packed(packed, 'caller').open(true)).not.to.be.frozen;
    expect(StoredValue.packed(packed).open(false)).not.to.be.frozen;
  });
});
