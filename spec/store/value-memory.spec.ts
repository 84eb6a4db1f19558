import { expect } from 'chai';
import { backends, type StoreBackend, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { GatedDisk } from '../support/gated-disk.js';
import { settled, type TestClock, testClock } from '../support/test-clock.js';

const KIB = 1024;

/** A packed value of about so many KiB. */
const packed = (name: string, kib = 10): StoredValue => StoredValue.packed(pack([name, 'x'.repeat(kib * KIB)], { where: 'value' }));
const nameOf = (value: StoredValue | undefined): unknown => (value?.open(true) as readonly unknown[] | undefined)?.[0];

/** What the values may take by default. */
const LIMIT_BYTES = 100 * KIB;

describe('the memory of the values of a node', () => {
  let clock: TestClock;
  let disk: GatedDisk;
  let store: ValueStore;
  const make = (options: { backend?: StoreBackend; limitBytes?: number; freeze?: boolean } = {}): void => {
    const { backend = backends.memory(), limitBytes = LIMIT_BYTES, freeze = true } = options;
    const memoryLimitBytes = (): number => limitBytes;
    store = new ValueStore({ node: 'a', backend, clock, retainedBytesLimit: 1e9, memoryLimitBytes, disk, freeze });
    store.openRun('r', 'd');
  };
  const put = (...ids: string[]): void => {
    for (const id of ids) store.put('r', id, packed(id));
  };
  const awayIds = (): string[] => [...store.valuesOf('r')].filter(({ value }) => value.isAway).map(({ id }) => id);
  const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => `v${from + at}`);
  beforeEach(() => {
    clock = testClock();
    disk = new GatedDisk();
    make();
  });

  it('lets the least recently used values go over the high mark, down to the low one, and gives them all the same', async () => {
    put(...ids(0, 7));
    await settled();
    expect([awayIds(), store.spilledBytes, store.memoryBytes <= LIMIT_BYTES]).to.deep.equal([[], 0, true]);
    put('v7');
    await settled();
    expect(awayIds()).to.deep.equal(['v0', 'v1']);
    expect(store.memoryBytes)
      .to.be.below(70 * KIB)
      .and.equal(store.heldBytes - store.spilledBytes);
    expect(disk.readNow).to.equal(0);
    expect(nameOf(store.get('r', 'v0'))).to.equal('v0');
    expect(disk.readNow, 'by who does not wait').to.equal(1);
  });

  it('counts small values, and never lets them go', async () => {
    for (let at = 0; at < 200; at += 1) store.put('r', `s${at}`, packed(`s${at}`, 0.9));
    await settled();
    expect([disk.files, store.memoryBytes === store.heldBytes, store.memoryBytes > LIMIT_BYTES]).to.deep.equal([0, true, true]);
  });

  it('keeps in memory what is in use, and is over its bound meanwhile', async () => {
    put('v0', 'v1');
    const used = ['v0', 'v1'].map((id) => store.get('r', id)!.entry!);
    for (const entry of used) entry.use();
    put(...ids(2, 9));
    await settled();
    expect(awayIds()).to.not.include.members(['v0']).and.to.not.include.members(['v1']);
    for (const entry of used) entry.endUse();
    put(...ids(9, 14));
    await settled();
    expect(awayIds()).to.include.members(['v2', 'v3', 'v4']);
  });

  it('reads a value once for all that wait for it, and needs not write it again when it goes again', async () => {
    put(...ids(0, 8));
    await settled();
    const value = store.get('r', 'v0')!;
    disk.isHeld = true;
    const heard: string[] = [];
    for (const who of ['one', 'two']) store.whenHere(value, { here: () => heard.push(`${who} ${nameOf(value)}`), lost: () => {} });
    expect([heard, value.isAway]).to.deep.equal([[], true]);
    disk.pass();
    await settled();
    expect([heard, disk.read.length, value.isAway]).to.deep.equal([['one v0', 'two v0'], 1, false]);
    disk.isHeld = false;
    const { length } = disk.written;
    put('v8', 'v9');
    await settled();
    expect(value.isAway).to.equal(true);
    expect(disk.written.length - length).to.be.below(2);
  });

  it('drops the file of a value that is released, also while it is written or read', async () => {
    put(...ids(0, 8));
    await settled();
    expect(disk.files).to.equal(2);
    store.release('r', 'v0');
    expect(disk.files).to.equal(1);
    const value = store.get('r', 'v1')!;
    disk.isHeld = true;
    let opened: unknown;
    store.whenHere(value, { here: () => (opened = nameOf(value)), lost: () => {} });
    store.release('r', 'v1');
    disk.pass();
    await settled();
    expect([opened, disk.files]).to.deep.equal(['v1', 0]);
    put(...ids(8, 11));
    for (const id of ids(2, 11)) store.release('r', id);
    disk.pass();
    await settled();
    expect([disk.files, store.memoryBytes, store.spilledBytes]).to.deep.equal([0, 0, 0]);
  });

  it('loses what cannot be read: it is not there any more, and whoever waits is told of what', async () => {
    put(...ids(0, 8));
    await settled();
    disk.damageAll();
    const value = store.get('r', 'v0')!;
    const error = await store.opened(value, true).catch((caught: unknown) => caught);
    expect(error).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'v0' });
    expect([store.get('r', 'v0'), value.isLost, [...store.valuesOf('r')].length]).to.deep.equal([undefined, true, 7]);
    const other = store.get('r', 'v1')!;
    expect(() => other.open(true)).to.throw(/v1/);
    expect([other.isLost, store.get('r', 'v1')]).to.deep.equal([true, undefined]);
    put('v0');
    expect(nameOf(store.get('r', 'v0'))).to.equal('v0');
  });

  it('keeps its values while the disk refuses them, says so, and goes on when there is room again', async () => {
    disk.mostBytes = 0;
    put(...ids(0, 12));
    await settled();
    expect([awayIds(), store.isSpilling, store.fits(200 * KIB, 0), store.memoryBytes > LIMIT_BYTES]).to.deep.equal([
      [],
      false,
      false,
      true,
    ]);
    expect([store.fits(60 * KIB, 0), store.fits(200 * KIB, 200 * KIB)]).to.deep.equal([true, true]);
    disk.mostBytes = 1000 * KIB;
    disk.isHeld = true;
    disk.onRoom();
    expect([store.isSpilling, store.fits(200 * KIB, 0)]).to.deep.equal([true, true]);
    disk.pass();
    await settled();
    expect([awayIds().length, store.isSpilling, store.memoryBytes <= LIMIT_BYTES]).to.deep.equal([6, false, true]);
  });

  it('packs live values when they go, in turns; one that cannot be packed stays, and so do all where nothing is frozen', async () => {
    const live = (id: string, value: unknown): void => store.put('r', id, StoredValue.live(value, 80 * KIB));
    live('cannot', [() => 0]);
    live('one', Object.freeze(['one', 'y'.repeat(80 * KIB)]));
    live('two', Object.freeze(['two', 'y'.repeat(80 * KIB)]));
    const turns: string[][] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      await settled();
      turns.push(awayIds());
      clock.advance(0);
    }
    expect([turns, nameOf(store.get('r', 'two'))]).to.deep.equal([[[], ['one', 'two']], 'two']);
    make({ freeze: false });
    live('one', ['one', 'y'.repeat(80 * KIB)]);
    live('two', ['two', 'y'.repeat(80 * KIB)]);
    await settled();
    expect(awayIds()).to.deep.equal([]);
  });

  it('frees the memory of what was put together through its parts, which stay as long as either needs them', async () => {
    const parts = ids(0, 8).map((id) => packed(id));
    for (const [at, part] of parts.entries()) store.put('r', `v${at}`, part);
    const whole = StoredValue.ofParts(parts);
    store.put('r', 'whole', whole);
    await settled();
    expect(store.memoryBytes).to.be.below(75 * KIB);
    for (const id of ids(0, 8)) store.release('r', id);
    await settled();
    expect(disk.files).to.be.above(0);
    expect(((await store.opened(whole, true)) as unknown[][]).map(([name]) => name)).to.deep.equal(ids(0, 8));
    expect(disk.readNow).to.equal(0);
    store.release('r', 'whole');
    expect([disk.files, store.memoryBytes]).to.deep.equal([0, 0]);
  });

  it('gives results that were not looked at beyond their run, and beyond the store', async () => {
    put(...ids(0, 8));
    await settled();
    const [first, second] = ['v0', 'v1'].map((id) => store.get('r', id)!) as [StoredValue, StoredValue];
    const [letGo, letGoToo] = [first, first, second].map((one) => store.holdResult(one)) as [() => void, () => void];
    store.dropRun('r');
    expect([disk.files, store.memoryBytes < KIB]).to.deep.equal([2, true]);
    expect(nameOf(first)).to.equal('v0');
    letGo();
    letGo();
    expect(disk.files, 'another one has it').to.equal(2);
    letGoToo();
    expect([disk.files, nameOf(first)]).to.deep.equal([1, 'v0']);
    store.close();
    await disk.close();
    expect(nameOf(second)).to.equal('v1');
  });

  it('lets what has a durable file go without writing it, and leaves the file where it is', async () => {
    put(...ids(0, 7));
    const bytes = store.get('r', 'v6')!.pack('');
    const away = { sizeBytes: bytes.byteLength, read: async () => bytes, readNow: () => bytes, reader: () => ({}) as never };
    store.filed('r', 'v6', away);
    put('v7');
    await settled();
    expect(awayIds()).to.deep.equal(['v0', 'v6']);
    expect([disk.written.length, nameOf(store.get('r', 'v6'))]).to.deep.equal([1, 'v6']);
  });

  it('has the inputs of a run, which may go too, until it is over', async () => {
    const inputs = ids(0, 8).map((id) => [id, packed(id)] as const);
    const run = store.openRun('r2', 'd2');
    run.ownInputs(inputs);
    put('v8');
    await settled();
    expect([inputs.filter(([, value]) => value.isAway).length >= 2, store.find('d2', 'v0')]).to.deep.equal([true, undefined]);
    store.dropRun('r2');
    expect(disk.files).to.equal(0);
  });

  it('leaves the values of a backend of the user alone', async () => {
    const { open } = backends.memory();
    const opened: unknown[] = [];
    const own: StoreBackend = {
      name: 'own',
      open: () => {
        const shelf = open();
        opened.push(shelf);
        return {
          ...methodsOf(shelf),
          get sizeBytes() {
            return shelf.sizeBytes;
          },
        };
      },
    };
    make({ backend: own });
    put(...ids(0, 20));
    await settled();
    expect([disk.files, store.isSpilling, store.memoryBytes === store.heldBytes, store.memoryBytes > LIMIT_BYTES]).to.deep.equal([
      0,
      false,
      true,
      true,
    ]);
    expect(nameOf(store.get('r', 'v0'))).to.equal('v0');
  });
});

const methodsOf = (shelf: ReturnType<StoreBackend['open']>): Omit<ReturnType<StoreBackend['open']>, 'sizeBytes'> => ({
  put: (id, value) => shelf.put(id, value),
  get: (id) => shelf.get(id),
  delete: (id) => shelf.delete(id),
  ids: () => shelf.ids(),
});
