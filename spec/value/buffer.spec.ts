import { expect } from 'chai';
import { pack, packThrown, StoredValue, unpack, unpackThrown } from '../../lib/value/index.js';

const roundTrip = <T>(value: T): T => unpack(pack(value, { where: 'value' }), { freeze: true }) as T;
const arrived = <T>(value: T): T => StoredValue.arrived(StoredValue.live(value, 0).toParts('value')).open(true) as T;
const forSole = <T>(value: T): T => StoredValue.sole(StoredValue.live(value, 0).toParts('value')).open(true) as T;

const BUFFERS: Readonly<Record<string, Buffer>> = {
  'out of the pool': Buffer.from('abc'),
  'with memory of its own': Buffer.alloc(10, 1),
  'a slice': Buffer.alloc(10, 2).subarray(3, 5),
  empty: Buffer.alloc(0),
  'an empty slice': Buffer.from('abc').subarray(1, 1),
  large: Buffer.alloc(1024 * 1024, 7),
  'a slice of a large one': Buffer.alloc(1024 * 1024, 8).subarray(5, 200_000),
};

function expectBuffer(back: unknown, sent: Buffer): void {
  expect(Buffer.isBuffer(back), 'is a Buffer').to.equal(true);
  expect((back as Buffer).equals(sent), 'has the same bytes').to.equal(true);
  expect((back as Buffer).toString('latin1', 0, 3)).to.equal(sent.toString('latin1', 0, 3));
}

describe('a Buffer', () => {
  for (const [what, buffer] of Object.entries(BUFFERS)) {
    it(`arrives as a Buffer, ${what}`, () => {
      for (const way of [roundTrip, arrived, forSole]) {
        expectBuffer(way(buffer), buffer);
        const { list, map, set } = way({ list: [buffer], map: new Map([[buffer, { buffer }]]), set: new Set([buffer]) });
        expectBuffer(list[0], buffer);
        const [[key, entry]] = [...map] as [[Buffer, { buffer: Buffer }]];
        expectBuffer(key, buffer);
        expect(entry.buffer).to.equal(key);
        expect([...set][0]).to.equal(list[0]);
        expectBuffer(way([Object.assign(new Error('x'), { buffer })])[0]?.buffer, buffer);
      }
      expectBuffer((unpackThrown(packThrown(Object.assign(new Error('x'), { buffer }))) as { buffer?: unknown }).buffer, buffer);
      expectBuffer(unpackThrown(packThrown(buffer)), buffer);
    });
  }

  it('takes of a pool its own bytes alone along', () => {
    expect(pack(Buffer.from('abc'), { where: 'value' }).byteLength).to.be.below(100);
    expect(pack({ buffer: Buffer.from('abc') }, { where: 'value' }).byteLength).to.be.below(200);
  });

  it('does not change what kind a view beside it is', () => {
    const memory = new ArrayBuffer(8);
    const { bytes, floats, buffer } = roundTrip({
      bytes: new Uint8Array(memory),
      floats: new Float64Array(memory),
      buffer: Buffer.from('a'),
    });
    expect(bytes.constructor).to.equal(Uint8Array);
    expect(floats.buffer).to.equal(bytes.buffer);
    expectBuffer(buffer, Buffer.from('a'));
  });

  it('of a class of its own is an instance of that class, and refused', () => {
    class Packet extends Uint8Array {}
    Object.setPrototypeOf(Packet.prototype, Buffer.prototype);
    for (const value of [new Packet(1), { packet: new Packet(1) }]) {
      expect(() => pack(value, { where: 'value' })).to.throw('an instance of Packet');
    }
  });
});
