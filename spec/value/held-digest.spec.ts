import { expect } from 'chai';
import { isDigest } from '../../lib/value/digest/digests.js';
import { packFacts, unpackFacts } from '../../lib/value/facts.js';
import {
  type AwayBytes,
  combinedDigest,
  digestOf,
  digestOfHeld,
  digestsOfHeld,
  pack,
  StoredValue,
  splitLive,
  survey,
} from '../../lib/value/index.js';
import { TYPED_ARRAYS } from '../support/typed-arrays.js';

const plain = (value: unknown): string => digestOf(value, { where: 'value' });
const bytes = (digest: string): Buffer => Buffer.from(digest, 'base64url');
const packed = (value: unknown): StoredValue => StoredValue.packed(pack(value, { where: 'value', shared: true }));
const MIB = 1024 * 1024;

function away(held: StoredValue): StoredValue {
  const whole = held.pack('value');
  const readNow = (): never => {
    throw new Error('it must not block');
  };
  const there: AwayBytes = { sizeBytes: whole.byteLength, read: async () => whole, readNow, reader: readNow };
  return StoredValue.away(there);
}

describe('the digest of a value that is held', () => {
  const rows = Array.from({ length: 30_000 }, (_, k) => ({ k, name: `row ${k}` }));

  it('is that of the value, in each form in which it may be held', async () => {
    const values = [1, 'x', undefined, { a: [1, -0] }, new Map([[1, { b: 2 }]]), new Date(3), Buffer.from('abc'), rows];
    for (const value of values) {
      const live = StoredValue.live(value, survey(value, { where: 'value', freeze: true }).sizeBytes);
      const whole = pack(value, { where: 'value' });
      const pieces = [whole.subarray(0, 3), whole.subarray(3)].filter(({ byteLength }) => byteLength > 0);
      for (const held of [
        live,
        packed(value),
        StoredValue.arrived(pieces),
        away(packed(value)),
        StoredValue.fresh(() => value, 8, 'caller'),
      ])
        expect(await digestOfHeld(held)).to.equal(plain(value));
    }
  });

  it('is that of binary data, however large, without opening it', async () => {
    for (const sizeBytes of [0, 8, 64 * 1024, 3 * MIB]) {
      const memory = new Uint8Array(sizeBytes).map((_, at) => at * 7).buffer;
      const views = [memory, new DataView(memory), Buffer.from(memory), ...TYPED_ARRAYS.map((Kind) => new Kind(memory))];
      for (const value of views) {
        const held = packed(value);
        expect(await digestOfHeld(held)).to.equal(plain(value));
        const whole = held.pack('');
        const cut = [0, 5, 20, 1_500_000, whole.byteLength].filter((at) => at <= whole.byteLength);
        const pieces = cut.slice(1).map((to, k) => whole.slice(cut[k], to));
        if (pieces.reduce((sum, piece) => sum + piece.byteLength, 0) < whole.byteLength) pieces.push(whole.slice(cut.at(-1)));
        expect(await digestOfHeld(StoredValue.arrived(pieces))).to.equal(plain(value));
      }
    }
  });

  it('is taken within the call where it takes little, and else lets the event loop turn', async () => {
    expect(digestOfHeld(StoredValue.live({ a: 1 }, 10))).to.equal(plain({ a: 1 }));
    expect(digestOfHeld(packed({ a: 1 }))).to.equal(plain({ a: 1 }));
    const live = StoredValue.live(rows, survey(rows, { where: 'rows', freeze: true }).sizeBytes);
    for (const held of [live, packed(rows), packed(new Uint8Array(64 * MIB)), packed(new Map([[1, rows]]))]) {
      let turns = 0;
      const count = (): void => {
        turns += 1;
        turning = setImmediate(count);
      };
      let turning = setImmediate(count);
      const found = digestOfHeld(held);
      expect(found).to.be.instanceOf(Promise);
      await found;
      clearImmediate(turning);
      expect(turns).to.be.above(1);
    }
  });

  it('is taken once, and kept with the value', async () => {
    let reads = 0;
    const whole = pack({ a: 1 }, { where: '' });
    const read = async () => {
      reads += 1;
      return whole;
    };
    const held = StoredValue.away({ sizeBytes: whole.byteLength, read, readNow: () => whole, reader: () => expect.fail() });
    expect([await digestOfHeld(held), digestOfHeld(held), held.digest]).to.deep.equal(Array(3).fill(plain({ a: 1 })));
    expect(reads).to.equal(1);
  });

  it('of what is held in parts is made of theirs, packed or not, and of what stands beside them', async () => {
    const list = [{ a: 1 }, 'b', undefined, [new Date(1)]];
    const parts = list.map(plain).map(bytes);
    const expected = combinedDigest(Buffer.concat(parts));
    const live = splitLive(list, survey(list, { where: '', freeze: true }));
    const held = StoredValue.ofParts(list.map(packed));
    for (const one of [live, held, StoredValue.packed(held.pack('')), away(StoredValue.packed(held.pack('')))]) {
      const { digest, digests } = await digestsOfHeld(one);
      expect(digest).to.equal(expected);
      expect(Buffer.from(digests!).equals(Buffer.concat(parts))).to.equal(true);
    }
    const long = StoredValue.ofParts(rows.map((row) => StoredValue.live(row, 20)));
    expect((await digestsOfHeld(long)).digest).to.equal((await digestsOfHeld(StoredValue.packed(long.pack('')))).digest);

    const keys = ['w', 'x', 'y', 'z'];
    const record = StoredValue.ofParts(list.map(packed), keys);
    const fields = Object.assign([...list], { z: 1 });
    const withFields = splitLive(fields, survey(fields, { where: '', freeze: true }));
    const all = new Set([expected, plain(list)]);
    for (const one of [record, withFields, StoredValue.ofParts(list.map(packed), [...keys].reverse()), StoredValue.ofParts([])]) {
      const found = await digestOfHeld(one);
      expect(await digestOfHeld(StoredValue.packed(one.pack('')))).to.equal(found);
      expect(all.has(found!)).to.equal(false);
      all.add(found!);
    }
    const nested = StoredValue.ofParts([held, record]);
    expect(await digestOfHeld(nested)).to.equal(combinedDigest(Buffer.concat([bytes(expected), bytes((await digestOfHeld(record))!)])));
    expect(await digestOfHeld(StoredValue.packed(nested.pack('')))).to.equal(await digestOfHeld(nested));
  });

  it('of a value of parts reads those that are not in memory, without blocking the event loop', async () => {
    const list = [{ a: 1 }, 'b', new Map([[1, 2]])];
    const held = StoredValue.ofParts([away(packed(list[0])), StoredValue.live('b', 2), away(packed(list[2]))]);
    expect(await digestOfHeld(held)).to.equal(combinedDigest(Buffer.concat(list.map(plain).map(bytes))));
  });

  it('is missing for what is no value, is damaged or cannot be read, and nothing is thrown', async () => {
    const noValue = StoredValue.live({ f: () => 1 }, 8);
    const damaged = StoredValue.packed(Uint8Array.of(0xff, 1, 2, 3));
    const gone = away(damaged);
    (gone.away as { read: unknown }).read = () => Promise.reject(new Error('gone'));
    const large = StoredValue.packed(new Uint8Array(2 * MIB).fill(0xfe));
    for (const held of [noValue, damaged, gone, large]) expect(await digestOfHeld(held)).to.equal(undefined);
    expect(await digestOfHeld(packed(new Uint8Array(2 * MIB)))).to.match(/^[\w-]{43}$/);
  });
});

describe('a digest among the facts of a value', () => {
  it('goes along packed, with those of elements', () => {
    const facts = { digest: plain(1), split: { count: 2, digests: new Uint8Array(64).fill(7) } };
    expect(unpackFacts(packFacts(facts))).to.deep.equal(facts);
  });

  it('has its form, or nothing is believed', () => {
    for (let k = 0; k < 100; k += 1) expect(isDigest(plain(k))).to.equal(true);
    for (const digest of ['', 'x', plain(1).slice(1), `${plain(1)}A`, `${plain(1).slice(0, 42)}B`, 7, null]) {
      expect(isDigest(digest)).to.equal(false);
      expect(unpackFacts(packFacts({ digest } as { digest: string }))).to.equal(undefined);
    }
    for (const digests of [new Uint8Array(63), new Uint8Array(65), 'x', new Float64Array(8)])
      expect(unpackFacts(packFacts({ split: { count: 2, digests: digests as Uint8Array } }))).to.equal(undefined);
  });
});
