import { expect } from 'chai';
import {
  type AttemptHandle,
  Executor,
  Fetches,
  type GatheredOutcome,
  OwnValues,
  type RemoteValue,
  type UngatheredStep,
} from '../../lib/executor/index.js';
import { startGathered } from '../../lib/executor/values/gathered-attempt.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { FakeIsolation } from '../support/fake-isolation.js';
import { GatedDisk } from '../support/gated-disk.js';
import { settled, testClock } from '../support/test-clock.js';

const KIB = 1024;
const packed = (value: unknown): StoredValue => StoredValue.packed(pack([value, 'x'.repeat(40 * KIB)], { where: 'value' }));

/** A node with room for one value, so that of several all but the last are on its disk. */
async function world() {
  const clock = testClock();
  const disk = new GatedDisk();
  const options = { node: 'a', backend: backends.memory(), clock, retainedBytesLimit: 1e9, disk };
  const store = new ValueStore({ ...options, memoryLimitBytes: () => 65 * KIB });
  store.openRun('r', 'd');
  for (const id of ['v', 'w', 'last']) store.put('r', id, packed(id));
  await settled();
  const isolation = new FakeIsolation();
  const executor = new Executor(new Map([['loop', isolation]]), clock);
  const noFiles = { openFile: () => undefined, openRecordedFile: () => undefined, openRemembered: async () => undefined };
  const own = new OwnValues({ node: 'a', store, ...noFiles });
  const fetches = new Fetches({
    ...{ node: 'a', store, own, ...noFiles, requests: {} as never, compositePage: () => undefined },
    wayTo: () => 'self',
    receivedFrom: () => 0,
    defer: (action) => action(),
  });
  const held = (id: string): StoredValue => store.get('r', id)!;
  const outcomes: GatheredOutcome[] = [];
  const start = (functionId: string, ...inputs: UngatheredStep['inputs']): AttemptHandle<GatheredOutcome> => {
    const step = { role: 'function', functionId, code: () => 1, isolation: 'loop', asList: false, extra: undefined, wanted: true } as const;
    const context = { dagId: 'd', runId: 'r', functionId, attempt: 1, node: 'a' };
    const attempt = { context, steps: [{ ...step, inputs }], timeoutMs: undefined, stopGraceMs: 0, via: undefined };
    const handle = startGathered(attempt, { node: 'a', clock, executor, store, fetches });
    handle.listen((outcome) => outcomes.push(outcome));
    return handle;
  };
  return { clock, disk, store, isolation, executor, held, start, outcomes };
}

describe('an attempt with arguments that are not in memory', () => {
  it('waits for them, each read once for all that want it, and says how long it took', async () => {
    const { clock, disk, isolation, held, start, outcomes, executor } = await world();
    expect(['v', 'w', 'last'].map((id) => held(id).isAway)).to.deep.equal([true, true, false]);
    disk.isHeld = true;
    start('f', held('v'), held('last'));
    start('g', held('v'), held('w'));
    expect([isolation.running, executor.running]).to.deep.equal([[], 0]);
    clock.advance(30);
    disk.pass();
    await settled();
    expect([isolation.running, disk.read.length, disk.readNow]).to.deep.equal([['f', 'g'], 2, 0]);
    expect(isolation.of('f').steps[0]!.inputs.map((input) => (input as StoredValue).isAway)).to.deep.equal([false, false]);
    isolation.of('f').succeed(1);
    expect(outcomes[0]).to.deep.include({ type: 'succeeded' });
    expect((outcomes[0] as { phases?: { fetchMs: number } }).phases).to.include({ fetchMs: 30 });
  });

  it('starts at once where all are in memory', async () => {
    const { isolation, held, start } = await world();
    start('f', held('last'), StoredValue.live(1, 8));
    expect(isolation.running).to.deep.equal(['f']);
  });

  it('keeps them in memory until it has ended', async () => {
    const { store, isolation, held, start } = await world();
    const value = held('v');
    start('f', value);
    await settled();
    for (const id of ['x', 'y', 'z']) store.put('r', id, packed(id));
    await settled();
    expect(value.isAway).to.equal(false);
    isolation.of('f').succeed(1);
    await settled();
    store.put('r', 'more', packed('more'));
    await settled();
    expect(value.isAway).to.equal(true);
  });

  it('keeps those that are in memory while it waits for the others', async () => {
    const { disk, store, isolation, held, start } = await world();
    disk.isHeld = true;
    start('f', held('v'), held('last'));
    disk.isHeld = false;
    for (const id of ['more', 'most']) store.put('r', id, packed(id));
    await settled();
    disk.pass();
    await settled();
    expect(isolation.of('f').steps[0]!.inputs.map((input) => (input as StoredValue).isAway)).to.deep.equal([false, false]);
    expect([held('more').isAway, disk.readNow]).to.deep.equal([true, 0]);
  });

  it('has what was put together of them too', async () => {
    const { disk, isolation, held, start } = await world();
    start('f', StoredValue.ofParts([held('v'), held('last'), held('w')]));
    expect(isolation.running).to.deep.equal([]);
    await settled();
    const [whole] = isolation.of('f').steps[0]!.inputs as readonly StoredValue[];
    expect([(whole!.open(true) as unknown[][]).map(([name]) => name), disk.readNow]).to.deep.equal([['v', 'last', 'w'], 0]);
  });

  it('gets elements of an array with one look at its whole', async () => {
    const { disk, store, isolation, start } = await world();
    const list = StoredValue.ofSlots(
      Array.from({ length: 9 }, (_, at) => `${at}${'x'.repeat(8 * KIB)}`),
      {},
      'result',
    );
    store.put('r', 'list', StoredValue.packed(list.pack('')));
    store.put('r', 'other', packed('other'));
    await settled();
    expect(store.get('r', 'list')!.isAway).to.equal(true);
    const element = (part: number): RemoteValue => ({
      from: 'a',
      value: { kind: 'of-run', runId: 'r', epoch: 0, functionId: 'list', origin: 'a', part },
      sizeBytes: 1,
      isSole: true,
    });
    for (const part of [0, 4, 8]) start(`m[${part}]`, element(part));
    await settled();
    const got = isolation.calls.map(({ steps }) => (steps[0]!.inputs[0] as StoredValue).open(true) as string).map((text) => text[0]);
    expect([got, disk.readNow, disk.read.length <= 1]).to.deep.equal([['0', '4', '8'], 0, true]);
  });

  it('ends as it says which is lost, if one cannot be read: alone, in a whole, or the array of an element', async () => {
    const { disk, store, isolation, held, start, outcomes } = await world();
    const [v, w] = [held('v'), held('w')];
    disk.damageAll();
    start('f', v, held('last'));
    start('g', StoredValue.ofParts([held('last'), w]));
    await settled();
    const told = outcomes.map((one) => [one.type, (one as { functionId?: string }).functionId]);
    expect(told).to.deep.equal([
      ['argument-lost', 'v'],
      ['argument-lost', 'w'],
    ]);
    expect([isolation.running, store.get('r', 'v'), store.get('r', 'w')]).to.deep.equal([[], undefined, undefined]);
  });

  it('waits for nothing any more once it is stopped', async () => {
    const { disk, isolation, held, start, outcomes } = await world();
    disk.isHeld = true;
    start('f', held('v')).stop(new Error('enough') as never, 0);
    disk.pass();
    await settled();
    expect([outcomes, isolation.running]).to.deep.equal([[{ type: 'stopped' }], []]);
  });
});
