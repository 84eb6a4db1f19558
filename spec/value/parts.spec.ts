import { expect } from 'chai';
import fc from 'fast-check';
import { HandoffError } from '../../lib/base/index.js';
import {
  digestOf,
  gistOf,
  pack,
  packElements,
  StoredValue,
  splitLive,
  splitOf,
  survey,
  unpack,
  withFactsOf,
} from '../../lib/value/index.js';
import { snapshot } from '../../lib/value/snapshot.js';

const live = (value: unknown): StoredValue => StoredValue.live(value, 8);
const inParts = (list: readonly unknown[]): StoredValue =>
  StoredValue.packed(packElements(list, survey(list, { where: 'result', freeze: false }), 'result', true));
const digest = (value: unknown): string => digestOf(value, { where: 'value' });
const arrived = (held: StoredValue): StoredValue => StoredValue.arrived(held.toParts('result').map((bytes) => bytes.slice()));
const splitHeld = (held: StoredValue, freeze: boolean): StoredValue => withFactsOf(held, { gist: undefined, isSplit: true }, freeze).held;
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return HandoffError.is(error) ? error.code : `no HandoffError: ${String(error)}`;
  }
  return 'nothing';
};
const values = fc.anything({ withDate: true, withMap: true, withSet: true, withTypedArray: true, withBigInt: true });

describe('a value of parts', () => {
  it('opens as the array that it was made of, packed, in pieces and live', () => {
    const law = fc.property(fc.array(values, { maxLength: 12 }), (given) => {
      const list = unpack(pack(given, { where: 'given' }), { freeze: false }) as unknown[];
      const found = survey(list, { where: 'result', freeze: true });
      for (const held of [inParts(list), arrived(inParts(list)), splitLive(list, found), arrived(splitLive(list, found))]) {
        expect(held.partCount).to.equal(list.length);
        expect(held.open(true)).to.have.length(list.length);
        for (const [at, element] of (held.open(true) as unknown[]).entries()) expect(digest(element)).to.equal(digest(list[at]));
        for (const [at, element] of list.entries()) expect(digest(held.partAt(at).open(true))).to.equal(digest(element));
      }
    });
    fc.assert(law, { numRuns: 200 });
  });

  it('keeps numbers, texts and undefined exactly', () => {
    const list = [-0, Number.NaN, 1e308, 10n, undefined, null, '', 'ü', '\ud800', '本', 'x'.repeat(100_000), true];
    for (const held of [inParts(list), arrived(inParts(list)), StoredValue.ofParts(list.map(live))]) {
      const opened = held.open(true) as unknown[];
      for (const [at, one] of list.entries()) {
        expect(Object.is(opened[at], one)).to.equal(true);
        expect(Object.is(held.partAt(at).open(true), one)).to.equal(true);
      }
    }
  });

  it('is a record with keys, odd ones among them, and nests', () => {
    const keys = ['__proto__', 'constructor', '', '7', 'a b', '\ud800', 'inner'];
    const inner = StoredValue.ofParts([live(1), StoredValue.ofParts([]), StoredValue.nothing]);
    const parts = [...keys.slice(1).map((key) => live({ key })), inner];
    for (const held of [StoredValue.ofParts(parts, keys), arrived(StoredValue.ofParts(parts, keys))]) {
      const opened = held.open(true) as Record<string, unknown> & { inner?: unknown };
      expect(Reflect.ownKeys(opened)).to.have.members(keys);
      expect(Object.getPrototypeOf(opened)).to.equal(Object.prototype);
      expect(Object.getOwnPropertyDescriptor(opened, '__proto__')?.value).to.deep.equal({ key: 'constructor' });
      expect(opened.inner).to.deep.equal([1, [], undefined]);
      expect(Object.isFrozen(opened) && Object.isFrozen(opened.inner)).to.equal(true);
      expect(held.partAt(6).partAt(0).open(true)).to.equal(1);
      expect(held.partAt(6).partAt(1).partCount).to.equal(0);
    }
  });

  it('makes elements of holes, and keeps what an array has besides its elements', () => {
    const holes = new Array<unknown>(3);
    holes[1] = 1;
    const match = /b(?<c>.)/.exec('abc')!;
    const found = { ...match.groups };
    const plain = Object.assign([...match], { index: match.index, groups: found, when: new Date(3) });
    for (const freeze of [false, true]) {
      const survivors = (list: unknown[]): readonly StoredValue[] => [
        inParts(list),
        arrived(inParts(list)),
        splitLive(list, survey(list, { where: 'result', freeze })),
        splitLive(list, undefined),
      ];
      for (const held of survivors(holes)) {
        expect(Object.keys(held.open(freeze) as object)).to.have.length(3);
        expect(held.partAt(0).open(freeze)).to.equal(undefined);
      }
      for (const held of survivors(plain)) {
        expect(held.partCount).to.equal(2);
        expect(held.open(freeze)).to.deep.equal(plain);
        expect((held.open(freeze) as typeof plain).groups).to.deep.equal({ c: 'c' });
      }
    }
  });

  it('has elements that share nothing with each other, however it is held', () => {
    const shared = { n: 1 };
    const circle: unknown[] = [shared, shared, { shared }];
    circle.push({ me: [1, 2], at: new Date(0), shared });
    const held = [
      inParts(circle),
      splitLive(circle, undefined),
      splitLive(circle, survey(circle, { where: 'r', freeze: true })),
      splitLive([shared, shared, shared, { shared }], survey([shared, shared, shared, { shared }], { where: 'r', freeze: true })),
      splitHeld(StoredValue.packed(pack(circle, { where: 'r' })), true),
      splitHeld(snapshot(circle, { where: 'r', freeze: true }), true),
      splitHeld(snapshot(circle, { where: 'r', freeze: false }), false),
    ];
    for (const one of held) {
      const opened = one.open(true) as { n: number; shared: object }[];
      expect(opened[0]).to.deep.equal({ n: 1 });
      expect(opened[0]).not.to.equal(opened[1]);
      expect(opened[3]!.shared).not.to.equal(opened[0]);
      expect(one.partAt(0).open(true)).not.to.equal(one.partAt(1).open(true));
      expect(one.partAt(3).open(true)).to.have.deep.property('shared', { n: 1 });
    }
  });

  it('is given out as it is, without a copy, where its elements share nothing and are frozen', () => {
    const list = [{ a: 1 }, 'x', [2]];
    const held = splitLive(list, survey(list, { where: 'result', freeze: true }));
    expect(held.isPacked).to.equal(false);
    expect(held.open(true)).to.equal(list);
    expect(held.partAt(0).open(true)).to.equal(list[0]);
  });

  it('shows no later change by the function that made it', () => {
    const when = new Date(1);
    const list = [{ when }, { n: 1 }];
    const held = splitLive(list, survey(list, { where: 'result', freeze: true }));
    when.setTime(7);
    expect(held.open(true)).to.deep.equal([{ when: new Date(1) }, { n: 1 }]);
    const loose: { n: number }[] = [{ n: 1 }];
    const free = splitLive(loose, undefined);
    loose[0]!.n = 2;
    loose.push({ n: 3 });
    expect(free.open(false)).to.deep.equal([{ n: 1 }]);
  });

  it('passes what is no value as it is where nothing is checked', () => {
    class Thing {}
    const thing = new Thing();
    const held = splitLive([thing, () => 1, Symbol.iterator], undefined);
    expect(held.partAt(0).open(false)).to.equal(thing);
    expect((held.open(false) as unknown[])[2]).to.equal(Symbol.iterator);
  });

  it('names the element that cannot be passed on', () => {
    const held = StoredValue.ofParts([live(1), StoredValue.ofParts([live({ f: () => 1 })], ['k'])]);
    expect(() => held.pack('result')).to.throw(HandoffError, 'Cannot pass result[1].k.f on');
  });

  it('opens an array or record that a caller gave unfrozen, new for each reader', () => {
    const held = splitHeld(snapshot([{ a: [1] }, { b: new Map() }], { where: 'inputs.xs', freeze: true }), true);
    const element = held.partAt(0).open(true) as { a: number[] };
    element.a.push(2);
    expect(held.open(true)).to.deep.equal([{ a: [1] }, { b: new Map() }]);
    expect(held.partAt(0).open(true)).to.deep.equal({ a: [1] });
  });

  it('gives no part that is not there', () => {
    const table = [StoredValue.ofParts([live(1)]), inParts([1]), StoredValue.ofParts([live(1)], ['k']), live(7), arrived(inParts([1]))];
    for (const held of table) {
      for (const place of [1, -1, 0.5, Number.NaN, 2 ** 40]) {
        expect(codeOf(() => held.partAt(place))).to.equal('HANDOFF_NOT_SERIALIZABLE');
      }
    }
    expect(live([1]).partCount).to.equal(undefined);
    expect(StoredValue.packed(pack([1], { where: 'x' })).partCount).to.equal(undefined);
  });

  it('refuses damaged bytes with a clear error, without a large allocation', () => {
    const whole = StoredValue.ofParts([live(1), live({ a: [new Map([[1, Buffer.from('x')]])] }), inParts([1, 'b'])], ['a', 'b', 'c']).pack(
      'x',
    );
    const law = fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = whole.slice();
      for (const [at, byte] of changes) bytes[at] = byte;
      bytes[0] = whole[0]!;
      const held = StoredValue.packed(bytes);
      expect(codeOf(() => held.open(true))).to.be.oneOf(['nothing', 'HANDOFF_NOT_SERIALIZABLE']);
      expect(codeOf(() => held.partAt(1).open(true))).to.be.oneOf(['nothing', 'HANDOFF_NOT_SERIALIZABLE']);
    });
    fc.assert(law, { numRuns: 2000 });
    for (let length = 1; length < whole.length; length += 1) {
      expect(codeOf(() => StoredValue.packed(whole.slice(0, length)).open(true))).to.equal('HANDOFF_NOT_SERIALIZABLE');
    }
    const huge = Uint8Array.of(3, 0, 4, 0, 255, 255, 255, 255, 1, 0, 0, 0);
    expect(codeOf(() => StoredValue.packed(huge).open(true))).to.equal('HANDOFF_NOT_SERIALIZABLE');
    expect(codeOf(() => StoredValue.packed(huge).partCount)).to.equal('HANDOFF_NOT_SERIALIZABLE');
    let deep = Uint8Array.of(0x10);
    for (let level = 0; level < 20_000; level += 1) {
      const ends = new Uint8Array(new Uint32Array([deep.length]).buffer);
      const head = Uint8Array.of(3, 0, 4, 0, 1, 0, 0, 0, ...ends);
      const next = new Uint8Array(head.length + deep.length);
      next.set(head);
      next.set(deep, head.length);
      deep = next;
      if (level > 1200) break;
    }
    expect(codeOf(() => StoredValue.packed(deep).open(true))).to.equal('HANDOFF_NOT_SERIALIZABLE');
  });

  it('sends long parts without a copy', () => {
    const bytes = new Uint8Array(1024 * 1024);
    const held = StoredValue.ofParts([live(1), StoredValue.live(bytes, bytes.byteLength), live('x')]);
    const pieces = held.toParts('result');
    expect(pieces.some(({ buffer }) => buffer === bytes.buffer)).to.equal(true);
    expect((StoredValue.arrived(pieces).open(true) as unknown[])[1]).to.deep.equal(bytes);
  });
});

describe('what is told of a value', () => {
  it('is whether it is truthy, and the primitive that it is, short texts only', () => {
    expect(gistOf('ab', 2)).to.deep.equal({ isTruthy: true, primitive: 'ab' });
    expect(gistOf('abc', 2)).to.deep.equal({ isTruthy: true });
    expect(gistOf(0n, 2)).to.deep.equal({ isTruthy: false });
    expect(gistOf({}, 2)).to.deep.equal({ isTruthy: true });
    expect(gistOf(null, 2)).to.deep.equal({ isTruthy: false, primitive: null });
    expect(Object.hasOwn(gistOf(undefined, 2), 'primitive')).to.equal(true);
    expect(Object.is(gistOf(-0, 2).primitive, -0)).to.equal(true);
    expect(gistOf(Number.NaN, 2)).to.deep.equal({ isTruthy: false, primitive: Number.NaN });
  });

  it('is how long an array is, and what the value is if it is none', () => {
    expect(splitOf([1, 2])).to.deep.equal({ count: 2 });
    const names: readonly (readonly [unknown, string])[] = [
      [new Map(), 'a Map'],
      [new Set(), 'a Set'],
      [new Uint8Array(1), 'a Uint8Array'],
      [new Int8Array(1), 'an Int8Array'],
      [Buffer.from('x'), 'a Buffer'],
      ['text', 'a string'],
      [1n, 'a bigint'],
      [null, 'null'],
      [undefined, 'undefined'],
      [{ length: 1 }, 'an object'],
      [new ArrayBuffer(1), 'an ArrayBuffer'],
      [new TypeError('x'), 'an Error'],
      [new Date(), 'a Date'],
    ];
    for (const [value, not] of names) expect(splitOf(value)).to.deep.equal({ not });
  });
});
