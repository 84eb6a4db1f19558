import { expect } from 'chai';
import { isInMemory, JoinedBytes, pack, StoredValue } from '../../lib/value/index.js';
import { caught } from '../support/caught.js';
import { FakeAway } from '../support/fake-away.js';

const KIB = 1024;

const bytesOf = (size: number): Uint8Array => pack(new Uint8Array(size).fill(size & 0xff), { where: 'value' });
const awayOf = (size: number): FakeAway => new FakeAway(bytesOf(size));

/** A record of values of which some are not in memory, one of them within another. */
function record(): { readonly held: StoredValue; readonly aways: readonly FakeAway[]; readonly plain: unknown } {
  const aways = [awayOf(200 * KIB), awayOf(10), awayOf(70 * KIB)];
  const [large, small, inner] = aways.map((away) => StoredValue.away(away)) as [StoredValue, StoredValue, StoredValue];
  const list = StoredValue.ofParts([StoredValue.live('text', 8), inner]);
  const held = StoredValue.ofParts([large, StoredValue.packed(bytesOf(100 * KIB)), small, StoredValue.live(7, 8), list], [...'abcde']);
  const filled = (size: number): Uint8Array => new Uint8Array(size).fill(size & 0xff);
  const plain = { a: filled(200 * KIB), b: filled(100 * KIB), c: filled(10), d: 7, e: ['text', filled(70 * KIB)] };
  return { held, aways, plain };
}

async function readOn(bytes: JoinedBytes, mostBytes: number): Promise<Uint8Array> {
  const reader = bytes.reader();
  const read: Uint8Array[] = [];
  for (let at = 0; at < bytes.sizeBytes; ) {
    const piece = await reader.read(mostBytes);
    expect(piece.byteLength).to.be.within(1, mostBytes);
    read.push(piece);
    at += piece.byteLength;
  }
  expect((await reader.read(1)).byteLength).to.equal(0);
  reader.close();
  return Buffer.concat(read);
}

describe('a value of parts of which some are not in memory', () => {
  it('has the bytes that it would have in memory, in pieces of which those parts are some', async () => {
    const { held, aways, plain } = record();
    expect(held.hasAway).to.equal(true);
    const pieces = held.toSources('result');
    expect(pieces.filter((piece) => !isInMemory(piece))).to.deep.equal(aways);
    expect(aways.map(({ whole, opened }) => whole + opened)).to.deep.equal([0, 0, 0]);
    const joined = new JoinedBytes(pieces);
    const inMemory = Buffer.concat(held.toParts('result'));
    expect(joined.sizeBytes).to.equal(inMemory.byteLength);
    for (const read of [await joined.read(), joined.readNow(), await readOn(joined, 1000), await readOn(joined, 1e6)]) {
      expect(Buffer.compare(read, inMemory)).to.equal(0);
    }
    expect(StoredValue.packed(await joined.read()).open(false)).to.deep.equal(plain);
    expect(aways.map(({ open }) => open)).to.deep.equal([0, 0, 0]);
  });

  it('is read no further than to the part that fails, and closed', async () => {
    const bad = new FakeAway(bytesOf(200 * KIB), { failsFrom: 100 * KIB });
    const after = awayOf(80 * KIB);
    const joined = new JoinedBytes([awayOf(70 * KIB), bad, after]);
    const reader = joined.reader();
    await reader.read(70 * KIB);
    expect((await caught(reader.read(1e6))).message).to.equal('the disk is damaged');
    reader.close();
    reader.close();
    expect([bad.open, after.opened]).to.deep.equal([0, 0]);
    expect((await caught(joined.read())).message).to.equal('the disk is damaged');
    bad.reader = () => ({ read: async () => new Uint8Array(0), close: () => {} });
    expect((await caught(new JoinedBytes([bad]).reader().read(10))).message).to.match(/^Cannot read on/);
  });

  it('is none if all its parts are in memory', () => {
    const held = StoredValue.ofParts([StoredValue.packed(bytesOf(100 * KIB)), StoredValue.live(7, 8)]);
    expect(held.hasAway).to.equal(false);
    expect(held.toSources('result')).to.deep.equal(held.toParts('result'));
  });
});
