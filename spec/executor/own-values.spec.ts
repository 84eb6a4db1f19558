import { expect } from 'chai';
import { OwnValues } from '../../lib/executor/index.js';
import type { RunValueName } from '../../lib/executor/values/own-values.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { PartWriter } from '../../lib/value/part-table.js';
import { FakeAway } from '../support/fake-away.js';
import { settled, testClock } from '../support/test-clock.js';

const MIB = 1024 * 1024;

/** An array of binary values of these lengths, filled with their places. */
function packedArray(lengths: readonly number[]): Uint8Array {
  const writer = new PartWriter(lengths.length, undefined);
  for (const [place, length] of lengths.entries()) writer.addPacked([pack(new Uint8Array(length).fill(place), { where: 'value' })]);
  return Buffer.concat(writer.toPieces());
}

/** The values of run `r` on node `a`. What its files have is in `files`, by function. */
function open() {
  const store = new ValueStore({ node: 'a', backend: backends.memory(), clock: testClock(), retainedBytesLimit: 1e9 });
  store.openRun('r', 'd', 2);
  const files = new Map<string, () => Promise<StoredValue | undefined>>();
  let reads = 0;
  const read = (name: string): Promise<StoredValue | undefined> | undefined => {
    reads += 1;
    return files.get(name)?.();
  };
  const own = new OwnValues({
    ...{ node: 'a', store, openFile: (_, functionId) => read(functionId), openRecordedFile: (_, { index }) => read(`file ${index}`) },
    openRemembered: async ({ contentDigest }) => read(contentDigest),
  });
  const heard: unknown[] = [];
  const listener = {
    found: (held: StoredValue) => void heard.push(held.away ?? held.open(false)),
    missing: (error: Error | undefined) => void heard.push(error),
  };
  return { store, files, own, heard, listener, reads: () => reads };
}

const ofRun = (functionId: string, part: number | null = null): RunValueName => ({
  ...{ kind: 'of-run', runId: 'r', epoch: 2, functionId, origin: 'a', part },
});

describe('values of runs on their own node', () => {
  it('are found in the store, whole as they are there, or a part of them', () => {
    const { store, own, heard, listener } = open();
    const away = new FakeAway(packedArray([5]));
    store.put('r', 'away', StoredValue.away(away));
    store.put('r', 'list', StoredValue.ofParts([StoredValue.live(7, 8)]));
    expect([ofRun('away'), ofRun('list', 0), ofRun('list', 1)].map((name) => own.find(name, listener))).to.deep.equal([true, true, true]);
    expect(own.find({ ...ofRun('list'), epoch: 1 }, listener)).to.equal(false);
    expect(heard).to.deep.equal([away, 7, undefined]);
  });

  it('are read once for a thousand of their parts, and are in memory then', async () => {
    const { store, own, heard, listener } = open();
    const away = new FakeAway(packedArray(Array.from({ length: 1000 }, () => 200)));
    store.put('r', 'x', StoredValue.away(away, 'caller'));
    for (let part = 0; part < 500; part += 1) own.find(ofRun('x', part), listener);
    await settled(4);
    for (let part = 500; part < 1000; part += 1) own.find(ofRun('x', part), listener);
    expect(heard.map((bytes) => (bytes as Uint8Array)[0])).to.deep.equal(Array.from({ length: 1000 }, (_, part) => part & 0xff));
    expect(away.whole).to.equal(1);
  });

  it('are read part by part where they are large', async () => {
    const { store, own, heard, listener } = open();
    const away = new FakeAway(packedArray([30 * MIB, 40 * MIB, 10]));
    store.put('r', 'x', StoredValue.away(away));
    for (const part of [2, 1, 3]) {
      own.find(ofRun('x', part), listener);
      await settled(10);
    }
    expect(heard.map((bytes) => (bytes as Uint8Array | undefined)?.byteLength)).to.deep.equal([10, 40 * MIB, undefined]);
    expect(away.whole).to.equal(0);
  });

  it('are lost where they cannot be read', async () => {
    const { store, own, heard, listener } = open();
    store.put('r', 'small', StoredValue.away(new FakeAway(packedArray([5]), { failsFrom: 0 })));
    store.put('r', 'large', StoredValue.away(new FakeAway(packedArray([65 * MIB]), { failsFrom: 0 })));
    for (const id of ['small', 'large']) {
      own.find(ofRun(id, 0), listener);
      await settled(10);
    }
    for (const [at, functionId] of ['small', 'large'].entries()) {
      expect(heard[at]).to.include({ code: 'HANDOFF_RESULT_LOST', functionId, node: 'a' });
    }
  });

  it('are brought into memory where they are needed there, once for all that need them', async () => {
    const { store, own, heard, listener } = open();
    const away = new FakeAway(pack('value', { where: 'value' }));
    store.put('r', 'x', StoredValue.away(away));
    for (let time = 0; time < 3; time += 1) own.bring(ofRun('x'), listener);
    await settled(6);
    own.bring(ofRun('x'), listener);
    expect(heard).to.deep.equal(['value', 'value', 'value', 'value']);
    expect(away.whole).to.equal(1);
    store.put('r', 'bad', StoredValue.away(new FakeAway(pack('value', { where: 'value' }), { failsFrom: 0 })));
    own.bring(ofRun('bad'), listener);
    own.bring(ofRun('nothing'), listener);
    await settled(6);
    expect(heard[4]).to.equal(undefined);
    expect(heard[5]).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'bad' });
  });

  it('are read from the file that their name says, once for all that want them', async () => {
    const { own, files, heard, listener, reads } = open();
    const file = { dataDir: 'x', epoch: 2, index: 3, sizeBytes: 1, digest: new Uint8Array(32) };
    const remembered = { dataDir: 'x', contentDigest: 'c', sizeBytes: 1 };
    for (const name of ['f', 'file 3', 'c']) files.set(name, async () => StoredValue.live(name, 8));
    const names: readonly RunValueName[] = [
      ofRun('f'),
      { ...ofRun('g'), kind: 'of-file', file },
      { ...ofRun('h'), kind: 'remembered', file: remembered },
    ];
    for (const name of names) for (let time = 0; time < 10; time += 1) own.findFiled(name, listener);
    await settled(4);
    expect(reads()).to.equal(3);
    expect(heard.length).to.equal(30);
    expect(new Set(heard)).to.deep.equal(new Set(['f', 'file 3', 'c']));
    files.set('f', async () => undefined);
    own.findFiled(ofRun('f'), listener);
    own.findFiled(ofRun('nothing'), listener);
    await settled(4);
    expect(heard.slice(-2)).to.deep.equal([undefined, undefined]);
  });
});
