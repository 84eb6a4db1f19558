import { expect } from 'chai';
import { GroupBuffer } from '../../lib/journal/index.js';
import { type GrownEntry, readGrown, writeGrown } from '../../lib/runner/durable/record/grown-entry.js';
import { RecordReader } from '../../lib/runner/durable/record/record-reader.js';
import { RecordedParts } from '../../lib/runner/durable/record/recorded-parts.js';
import { KINDS, readEntries } from '../../lib/runner/durable/record/records.js';
import { dice } from '../runner/brain.js';

const entry = (given: Partial<GrownEntry>): GrownEntry => ({ by: 0, from: 5, count: 2, first: 0, total: 4, ...given });

describe('what is recorded of added functions', () => {
  it('is found by the numbers of each epoch, whichever they are', () => {
    const parts = new RecordedParts(false);
    parts.add(1, entry({ from: 5, count: 3, first: 0, total: 4 }));
    parts.add(2, entry({ from: 8, count: 1, first: 0, total: 1 }));
    parts.add(1, entry({ from: 9, count: 1, first: 3, total: 4 }));
    expect([5, 6, 7, 8, 9, 10].map((number) => parts.partAt(number))).to.deep.equal([0, 1, 2, 4, 3, -1]);
    parts.beginEpoch();
    expect(parts.partAt(5)).to.equal(-1);
    parts.add(2, entry({ from: 5, count: 1, first: 0, total: 1 }));
    parts.add(1, entry({ from: 6, count: 4, first: 0, total: 4 }));
    expect([5, 6, 9].map((number) => parts.partAt(number))).to.deep.equal([4, 0, 3]);
  });

  it('belongs to an array of that length alone', () => {
    const parts = new RecordedParts(false);
    parts.add(1, entry({ count: 4 }));
    const before = parts.of(1)!.start;
    parts.beginEpoch();
    parts.add(1, entry({ count: 3, total: 3 }));
    expect(parts.of(1)).to.deep.include({ total: 3 });
    expect(parts.of(1)!.start).to.not.equal(before);
  });

  it('counts as not recorded where its beginning is missing', () => {
    const parts = new RecordedParts(false);
    parts.add(1, entry({ first: 2, count: 2 }));
    parts.add(2, entry({ from: 7, insides: { sinks: [] } }));
    expect([parts.of(1), parts.of(2), parts.partAt(5), parts.partAt(7)]).to.deep.equal([undefined, undefined, -1, -1]);
  });

  it('comes back as it was written', () => {
    const written = [
      entry({}),
      entry({ by: 3, from: 1000, count: 500, first: 1000, total: 2000 }),
      entry({ count: 4, insides: { numbers: [3, 1, 0, 2], sinks: [2], plan: undefined } }),
      entry({ count: 0, total: 0, insides: { numbers: undefined, sinks: [], plan: undefined } }),
    ];
    for (const one of written) {
      const group = new GroupBuffer();
      writeGrown(group, one);
      const read: GrownEntry[] = [];
      readEntries(group.take(), readerOf({ grown: (reader) => read.push(readGrown(reader)) }));
      expect(read.map(({ insides, ...rest }) => ({ ...rest, ...(insides && { insides }) }))).to.deep.equal([one]);
    }
  });

  it('is refused with impossible numbers, and never takes more memory than it has bytes', () => {
    const hostile: Partial<GrownEntry>[] = [
      { by: 5 },
      { from: 2 ** 40 },
      { total: 2 ** 40 },
      { count: 5 },
      { first: 3 },
      { insides: { sinks: [9] } },
      { insides: { numbers: [7, 7], sinks: [] } },
      { insides: { sinks: new Array(9).fill(0) } },
    ];
    for (const given of hostile) {
      const group = new GroupBuffer();
      writeGrown(group, entry(given));
      const bytes = group.take();
      expect(() => readEntries(bytes, readerOf({ grown: (reader) => void readGrown(reader) })), JSON.stringify(given)).to.throw(RangeError);
    }
  });

  it('is read or refused, whatever bytes are in its place', () => {
    const roll = dice(7);
    for (let round = 0; round < 3000; round += 1) {
      const group = new GroupBuffer();
      const length = Math.floor(roll() / 5);
      group.begin(KINDS.grown, roll() % 7);
      for (let at = 0; at < length; at += 1) group.byte(Math.floor((roll() * 256) / 100) % 256);
      group.end();
      const reader = new RecordReader(false);
      reader.begin({ epoch: 1, sequence: 0, bytes: new Uint8Array(0) });
      try {
        readEntries(group.take(), reader);
      } catch (error) {
        expect(error).to.be.instanceOf(Error);
      }
    }
  });
});

type Reader = Parameters<typeof readEntries>[1];

function readerOf(given: Partial<Reader>): Reader {
  const nothing = (): void => {};
  return { opening: nothing, node: nothing, success: nothing, failure: nothing, grown: nothing, ...given };
}
