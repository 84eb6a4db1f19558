import { expect } from 'chai';
import fc from 'fast-check';
import { GroupBuffer, GroupReader } from '../../lib/journal/index.js';
import { StoredValue, unpack } from '../../lib/value/index.js';

/** One entry: every kind of content that there is, in this order. */
const entry = fc.record({
  kind: fc.nat(127),
  index: fc.maxSafeNat(),
  byte: fc.nat(255),
  number: fc.maxSafeNat(),
  float: fc.double({ noNaN: true }),
  bytes: fc.uint8Array({ maxLength: 300 }),
});
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

function write(group: GroupBuffer, entries: readonly Entry[]): void {
  for (const { kind, index, byte, number, float, bytes } of entries) {
    group.begin(kind, index);
    group.byte(byte);
    group.number(number);
    group.float(float);
    group.bytes(bytes);
    group.end();
  }
}

function read(group: Uint8Array): Entry[] {
  const reader = new GroupReader(group);
  const entries: Entry[] = [];
  while (reader.next()) {
    const { kind, index } = reader;
    const [byte, number, float] = [reader.byte(), reader.number(), reader.float()];
    entries.push({ kind, index, byte, number, float, bytes: Uint8Array.from(reader.rest()) });
  }
  return entries;
}

describe('entries of a group', () => {
  it('come back as they were written, from memory of any size, with the memory of earlier groups', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.array(fc.array(entry), { maxLength: 5 }), (sizeBytes, groups) => {
        const buffer = new GroupBuffer(sizeBytes);
        for (const entries of groups) {
          write(buffer, entries);
          const group = buffer.take();
          expect(buffer.length).to.equal(0);
          expect(read(group)).to.deep.equal(entries);
          buffer.giveBack(group);
        }
      }),
    );
  });

  it('stay as they are until their memory is given back', () => {
    const buffer = new GroupBuffer();
    const some = (index: number): Entry[] => [{ kind: 1, index, byte: 0, number: 1, float: 2, bytes: new Uint8Array(9000).fill(index) }];
    const taken = [1, 2, 3].map((index) => {
      write(buffer, some(index));
      return buffer.take();
    });
    for (const [at, group] of taken.entries()) expect(read(group)).to.deep.equal(some(at + 1));
  });

  it('take primitives as packing them would', () => {
    const primitive = fc.oneof(fc.double(), fc.string({ maxLength: 70 }), fc.boolean(), fc.constantFrom(null, undefined, 'ü', '€', -0));
    fc.assert(
      fc.property(primitive, (given) => {
        const value = StoredValue.live(given, 8);
        const packed = value.pack('value');
        const { scalarBytes } = value;
        expect(scalarBytes).to.equal(packed[0]! < 0x20 ? packed.length : 0);
        if (scalarBytes === 0) return;
        const group = new GroupBuffer(0);
        group.begin(1, 0);
        group.scalar(given, scalarBytes);
        group.end();
        const reader = new GroupReader(group.take());
        reader.next();
        const rest = reader.rest();
        expect([...rest]).to.deep.equal([...packed]);
        expect(unpack(rest, { freeze: false })).to.satisfy((back: unknown) => Object.is(back, given));
      }),
    );
  });

  it('take a few bytes each beside their own', () => {
    const group = new GroupBuffer();
    for (let index = 0; index < 2000; index += 1) {
      group.begin(1, index);
      group.bytes(new Uint8Array(100));
      group.end();
    }
    expect(group.length / 2000 - 100).to.be.below(5);
  });

  it('throw a RangeError for bytes that end too early, and nothing else for any', () => {
    const buffer = new GroupBuffer();
    write(buffer, [{ kind: 1, index: 300, byte: 1, number: 300, float: 1, bytes: new Uint8Array(200) }]);
    const group = buffer.take();
    for (let length = 1; length < group.length; length += 1) expect(() => read(group.subarray(0, length))).to.throw(RangeError);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
        }
      }),
    );
  });
});
