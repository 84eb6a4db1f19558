import { expect } from 'chai';
import { awayParts, pack, type StoredValue } from '../../lib/value/index.js';
import { PartWriter } from '../../lib/value/part-table.js';
import { caught } from '../support/caught.js';
import { FakeAway } from '../support/fake-away.js';

const MIB = 1024 * 1024;

/** An array of binary values of these lengths, each filled with its place, packed part by part. */
function packedArray(lengths: readonly number[], beside?: 'keys'): Uint8Array {
  const writer = new PartWriter(lengths.length, beside);
  for (const [place, length] of lengths.entries()) {
    if (length === 0) writer.addScalar(place);
    else writer.addPacked([pack(new Uint8Array(length).fill(place), { where: 'value' })]);
  }
  if (beside)
    writer.addPacked([
      pack(
        lengths.map((_, place) => `k${place}`),
        { where: 'keys' },
      ),
    ]);
  return Buffer.concat(writer.toPieces());
}

const bytesOf = (held: StoredValue | undefined): Uint8Array => held!.open(false) as Uint8Array;

describe('the parts of a large value that is not in memory', () => {
  const large = [40 * MIB, 0, 10, MIB - 100, 3, 30 * MIB];

  it('are read alone: the table once, and of the rest what is asked for', async () => {
    for (const beside of [undefined, 'keys'] as const) {
      const away = new FakeAway(packedArray(large, beside));
      const parts = awayParts(away)!;
      for (const [place, length] of large.entries()) {
        const held = await awayParts(away)!.at(place, 'result');
        if (length === 0) expect(held!.open(false)).to.equal(place);
        else expect([bytesOf(held).byteLength, bytesOf(held)[0], bytesOf(held).at(-1)]).to.deep.equal([length, place, place]);
      }
      for (const place of [-1, large.length, 1e9]) expect(await parts.at(place, 'result')).to.equal(undefined);
      expect(away.whole).to.equal(0);
      expect(away.ranges.length).to.be.at.most(6);
      expect(away.ranges.filter(([from, to]) => to - from > 41 * MIB)).to.deep.equal([]);
    }
  });

  it('are read together where they are small, however many are asked for at once', async () => {
    const away = new FakeAway(packedArray([65 * MIB, ...Array.from({ length: 1000 }, () => 900)]));
    const parts = awayParts(away)!;
    const held = await Promise.all(Array.from({ length: 1000 }, (_, at) => parts.at(at + 1, 'caller')));
    expect(held.map((one) => bytesOf(one)[0])).to.deep.equal(Array.from({ length: 1000 }, (_, at) => (at + 1) & 0xff));
    expect(new Set(held.map((one) => one!.origin))).to.deep.equal(new Set(['caller']));
    expect(away.ranges.length, 'two blocks, and the table').to.be.at.most(3);
    // They keep no block alive.
    expect(Math.max(...held.map((one) => one!.pack('').buffer.byteLength))).to.be.below(2000);
  });

  it('have a table of any length', async () => {
    const count = 400_000;
    const lengths = new Array<number>(count).fill(0);
    lengths[7] = 70 * MIB;
    const away = new FakeAway(packedArray(lengths));
    const parts = awayParts(away)!;
    for (const place of [0, 6, 8, count - 1]) expect((await parts.at(place, 'result'))!.open(false)).to.equal(place);
    expect(bytesOf(await parts.at(7, 'result')).byteLength).to.equal(70 * MIB);
  });

  it('are tried again after a read has failed', async () => {
    const away = new FakeAway(packedArray(large));
    const parts = awayParts(away)!;
    const { readRange } = away;
    away.readRange = () => Promise.reject(new Error('no'));
    expect((await caught(parts.at(1, 'result'))).message).to.equal('no');
    away.readRange = readRange;
    expect((await parts.at(1, 'result'))!.open(false)).to.equal(1);
  });

  it('are none where the value is of no parts, or its bytes are no value', async () => {
    const binary = new FakeAway(pack(new Uint8Array(65 * MIB), { where: 'value' }));
    expect(await awayParts(binary)!.at(0, 'result')).to.equal(undefined);
    const damaged = new Uint8Array(65 * MIB);
    damaged.set([0x03, 9, 9, 0, 255, 255, 255, 255]);
    expect(await caught(awayParts(new FakeAway(damaged))!.at(0, 'result'))).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE' });
  });

  it('are not read alone where the whole is small, or only the whole can be checked', () => {
    expect(awayParts(new FakeAway(new Uint8Array(64 * MIB)))).to.equal(undefined);
    const { sizeBytes, read, readNow, reader } = new FakeAway(packedArray(large));
    expect(awayParts({ sizeBytes, read, readNow, reader })).to.equal(undefined);
  });
});
