import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { Results } from '../../lib/runner/runs/results.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { GatedDisk } from '../support/gated-disk.js';
import { settled, testClock } from '../support/test-clock.js';

const KIB = 1024;
const packed = (id: string, kib: number): StoredValue => StoredValue.packed(pack([id, 'x'.repeat(kib * KIB)], { where: 'value' }));

/** The results of a run of three functions, of which two are on the disk: a small one and a large one. */
async function world() {
  const clock = testClock();
  const disk = new GatedDisk();
  const options = { node: 'a', backend: backends.memory(), clock, retainedBytesLimit: 1e9, disk };
  const store = new ValueStore({ ...options, memoryLimitBytes: () => 130 * KIB });
  const ids = ['small', 'large', 'last'];
  store.openRun('r', 'd');
  for (const [at, id] of ids.entries()) store.put('r', id, packed(id, [4, 80, 90][at]!));
  await settled();
  const plan = { ids, shape: { size: 3 } } as never;
  const results = new Results(plan, Uint8Array.of(1, 1, 1), (index) => store.get('r', ids[index]!), true, store);
  let isCollected = false;
  results.collect(undefined, clock, () => (isCollected = true));
  expect([isCollected, disk.readNow, disk.read.length], 'nothing is read').to.deep.equal([true, 0, 0]);
  expect(['small', 'large'].map((id) => store.get('r', id)!.isAway)).to.deep.equal([true, true]);
  store.retainRun('r', results.ids, 1000);
  return { clock, disk, store, results };
}

describe('results that are not in memory', () => {
  it('are read at the first look, and are the same object from then on', async () => {
    const { disk, results } = await world();
    const { small, large } = results.values as Record<string, readonly unknown[]>;
    expect([small![0], large![0], disk.readNow]).to.deep.equal(['small', 'large', 2]);
    expect(results.values.small).to.equal(small);
    expect(disk.readNow).to.equal(2);
  });

  it('can be read when the run is forgotten; then a look frees the file', async () => {
    const { clock, disk, store, results } = await world();
    clock.advance(1000);
    expect([store.hasRun('r'), disk.files]).to.deep.equal([false, 2]);
    expect((results.values.large as unknown[])[0]).to.equal('large');
    expect(disk.files).to.equal(1);
    expect((results.values.small as unknown[])[0]).to.equal('small');
    expect((results.values.last as unknown[])[0]).to.equal('last');
    expect([disk.files, store.memoryBytes, store.heldBytes]).to.deep.equal([0, 0, 0]);
  });

  it('can be read when the node has stopped', async () => {
    const { disk, store, results } = await world();
    store.close();
    await disk.close();
    expect((results.values.large as unknown[])[0]).to.equal('large');
  });

  it('say so if they cannot be read', async () => {
    const { disk, results } = await world();
    disk.damageAll();
    expect(() => results.values.large)
      .to.throw(/"large"/)
      .with.property('code', 'HANDOFF_RESULT_LOST');
    expect(() => results.values.large).to.throw(/"large"/);
  });

  it('are dropped when nothing refers to their object any more', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
    const { clock, disk } = await world();
    clock.advance(1000);
    for (let round = 0; disk.files > 0 && round < 20; round += 1) {
      collect();
      await new Promise((next) => setImmediate(next));
    }
    expect(disk.files).to.equal(0);
  });
});
