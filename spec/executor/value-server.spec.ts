import { expect } from 'chai';
import {
  Executor,
  type Fetches,
  Offers,
  OwnValues,
  type PartsPage,
  type RemoteValue,
  RIDES_ALONG_BYTES,
  type ValueListener,
} from '../../lib/executor/index.js';
import { readPage } from '../../lib/executor/values/parts-page.js';
import { ValueServer } from '../../lib/executor/values/value-server.js';
import { Unreadable, type ValueName, type WireMessage } from '../../lib/peer/index.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue, unpackThrown } from '../../lib/value/index.js';
import { FakeAway } from '../support/fake-away.js';
import { FakeIsolation } from '../support/fake-isolation.js';
import { testClock } from '../support/test-clock.js';

type Said = Extract<WireMessage, { type: 'value-found' | 'value-missing' }>;

/** The value server of node `a`, whose run `r` has values; what it fetches from others waits in `fetched`. */
function open() {
  const clock = testClock();
  const store = new ValueStore({ node: 'a', backend: backends.memory(), clock, retainedBytesLimit: 1e9 });
  store.openRun('r', 'd');
  const isolation = new FakeIsolation();
  const inThreads = new FakeIsolation();
  const isolations = new Map([
    ['loop', isolation],
    ['thread', inThreads],
  ]);
  const executor = new Executor(isolations, clock);
  const fetched: { far: RemoteValue; listener: ValueListener }[] = [];
  const fetches = {
    fetch: (far: RemoteValue, via: string | undefined, listener: ValueListener) => {
      expect(via).to.equal(undefined);
      fetched.push({ far, listener });
      return () => {};
    },
  } as unknown as Fetches;
  const offers = new Offers();
  const pages = new Map<string, PartsPage>();
  const remembered = new Map<string, StoredValue>();
  const said: Said[] = [];
  const sentBytes: { to: string; id: number; bytes: Uint8Array }[] = [];
  const own = new OwnValues({
    ...{ node: 'a', store, openFile: () => undefined, openRecordedFile: () => undefined },
    openRemembered: async ({ contentDigest }) => remembered.get(contentDigest),
  });
  const server = new ValueServer({
    own,
    node: 'a',
    store,
    executor,
    fetches,
    compositePage: (name, to) => pages.get(JSON.stringify([name.functionId, name.first, to])),
    openRecord: () => undefined,
    offers,
    refOf: (module, name) => ({ module, name }),
    send: (to, message) => {
      expect(to).to.equal('b');
      said.push(message as Said);
      return true;
    },
    sendValue: (to, id, bytes) => {
      if ('reader' in bytes) return Promise.reject(new Unreadable(new Error('damaged')));
      sentBytes.push({ to, id, bytes: Buffer.concat(bytes) });
      return Promise.reject(new Error('the link is gone'));
    },
  });
  const serve = (id: number, value: ValueName): void => server.serve('b', id, value);
  /** What was said last: a value that rode along, or why there is none. */
  const last = (): unknown => {
    const message = said.at(-1)!;
    if (message.type === 'value-found') return message.packed ? StoredValue.packed(message.packed).open(false) : 'beside';
    return message.error ? (unpackThrown(message.error) as Error) : undefined;
  };
  return { clock, server, store, isolation, inThreads, executor, fetched, offers, pages, remembered, said, sentBytes, serve, last };
}
const ofRun = (functionId: string, origin = 'a'): ValueName => ({ kind: 'of-run', runId: 'r', epoch: 0, functionId, origin, part: null });
const partOf = (functionId: string, part: number, origin = 'a'): ValueName =>
  ({ ...(ofRun(functionId, origin) as { kind: 'of-run' }), part }) as ValueName;
const composite = (functionId: string, first = 0): ValueName => ({
  kind: 'composite',
  runId: 'r',
  epoch: 0,
  functionId,
  origin: 'a',
  first,
});
const packed = (value: unknown): StoredValue => StoredValue.packed(pack(value, { where: 'value' }));
const serialized = (origin = 'a', isolation = 'loop'): ValueName => ({
  ...{ kind: 'serialized', runId: 'r', epoch: 0, functionId: 'x', origin, dagId: 'd', consumer: 'f', attempt: 2, since: null, element: 4 },
  ...{ module: './m.ts', name: 'mark', isolation, extra: pack(['e'], { where: 'extra' }), timeoutMs: null, file: null },
});

describe('values that others ask for', () => {
  it('ride along with the answer where they are small', () => {
    const { store, serve, said, last } = open();
    store.put('r', 'x', StoredValue.live([1, 2], 8));
    store.put('r', 'given', StoredValue.live([3], 8, 'caller'));
    serve(4, ofRun('x'));
    expect(said[0]).to.include({ type: 'value-found', id: 4, freeze: true });
    expect(last()).to.deep.equal([1, 2]);
    serve(5, ofRun('given'));
    expect(said[1]).to.include({ freeze: false });
  });

  it('go beside the messages where they are large, and whoever has lost the link is asked again by it', async () => {
    const { store, serve, said, sentBytes } = open();
    store.put('r', 'x', StoredValue.live(new Uint8Array(RIDES_ALONG_BYTES), 8));
    serve(4, ofRun('x'));
    expect(said).to.deep.equal([{ type: 'value-found', id: 4, freeze: true, packed: null }]);
    expect(sentBytes).to.have.length(1);
    expect(sentBytes[0]).to.include({ to: 'b', id: 4 });
    expect(StoredValue.packed(sentBytes[0]!.bytes).open(false)).to.have.length(RIDES_ALONG_BYTES);
  });

  it('go from where they lie if they are not in memory; small ones ride along, and what cannot be read is lost', async () => {
    const { store, serve, said, last } = open();
    const put = (id: string, size: number, failsFrom?: number): void => {
      const bytes = pack(new Uint8Array(size), { where: 'value' });
      store.put('r', id, StoredValue.away(new FakeAway(bytes, failsFrom === undefined ? {} : { failsFrom })));
    };
    put('small', 10);
    put('large', 1e6);
    put('bad', 10, 0);
    serve(1, ofRun('small'));
    await new Promise(setImmediate);
    expect(last()).to.deep.equal(new Uint8Array(10));
    serve(2, ofRun('bad'));
    await new Promise(setImmediate);
    expect(last()).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'bad', node: 'a' });
    serve(3, ofRun('large'));
    expect(said.at(-1)).to.deep.equal({ type: 'value-found', id: 3, freeze: true, packed: null });
    await new Promise(setImmediate);
    expect(last()).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'large', node: 'a' });
    expect((last() as Error).message).to.equal('Node "a" has lost the value of "large": damaged');
  });

  it('are found by run, by DAG, or by an offer, until it is dropped', () => {
    const { store, offers, serve, last } = open();
    store.keep('e', 'y', StoredValue.live('kept', 8, 'caller'), 'value');
    serve(1, { kind: 'of-dag', dagId: 'e', functionId: 'y' });
    expect(last()).to.equal('kept');
    const offer = offers.add((listener) => listener.found(StoredValue.live('offered', 8)));
    serve(2, { kind: 'offered', offer });
    expect(last()).to.equal('offered');
    offers.drop(offer);
    serve(3, { kind: 'offered', offer });
    expect(last()).to.equal(undefined);
    expect(
      offers.add(() => {}),
      'no number is given twice',
    ).to.not.equal(offer);
  });

  it('are found by what this node remembers, alone or a part of them, and pass through where another one does', async () => {
    const { remembered, serve, last, fetched } = open();
    const file = { dataDir: 'x', contentDigest: 'c', sizeBytes: 10 };
    const name = { kind: 'remembered', runId: 'r', epoch: 0, functionId: 'f', origin: 'a', file, part: null } as const;
    serve(1, name);
    await new Promise(setImmediate);
    expect(last()).to.equal(undefined);
    remembered.set('c', packed([4, 5]));
    serve(2, name);
    await new Promise(setImmediate);
    expect(last()).to.deep.equal([4, 5]);
    remembered.set('c', StoredValue.ofParts([packed('one'), packed('two')]));
    serve(3, { ...name, functionId: 'g', part: 1 });
    await new Promise(setImmediate);
    expect(last()).to.equal('two');
    const elsewhere = { ...name, functionId: 'h', origin: 'c' };
    serve(4, elsewhere);
    expect(fetched[0]!.far).to.deep.include({ from: 'c', value: elsewhere });
  });

  it('are missing where there is none', () => {
    const { serve, said, fetched } = open();
    for (const value of [
      ofRun('x'),
      { ...ofRun('x'), runId: 's' },
      serialized(),
      { kind: 'of-dag', dagId: 'd', functionId: 'x' },
    ] as const) {
      serve(1, value);
      expect(said.at(-1)).to.deep.equal({ type: 'value-missing', id: 1, error: null });
    }
    expect(fetched).to.deep.equal([]);
  });

  it('pass through for one who has no way to where they lie, and are not kept', () => {
    const { store, serve, said, fetched, last } = open();
    serve(1, ofRun('x', 'c'));
    serve(2, serialized('c'));
    expect(said).to.deep.equal([]);
    expect(fetched.map(({ far }) => far)).to.deep.equal([
      { from: 'c', value: ofRun('x', 'c'), sizeBytes: 0 },
      { from: 'c', value: serialized('c'), sizeBytes: 0 },
    ]);
    fetched[0]!.listener.found(StoredValue.live('passed', 8));
    expect(last()).to.equal('passed');
    expect(store.get('r', 'x')).to.equal(undefined);
    fetched[1]!.listener.missing(new TypeError('its serializer'));
    expect(last()).to.be.instanceOf(TypeError);
    store.put('r', 'x', StoredValue.live('copy', 8));
    serve(3, ofRun('x', 'c'));
    expect(last(), 'a copy that is here is as good').to.equal('copy');
    expect(fetched).to.have.length(2);
  });

  it('can be a part of a value, alone, which passes through like a whole; or a part that it does not have', () => {
    const { store, serve, last, said, fetched } = open();
    store.put('r', 'x', StoredValue.ofParts([packed('zero'), packed('one')]));
    store.put('r', 'packed', StoredValue.packed(store.get('r', 'x')!.pack('value')));
    for (const id of ['x', 'packed']) {
      serve(1, partOf(id, 1));
      expect(last()).to.equal('one');
      serve(2, partOf(id, 2));
      expect(said.at(-1)).to.deep.equal({ type: 'value-missing', id: 2, error: null });
    }
    store.put('r', 'whole', packed(['zero', 'one']));
    serve(3, partOf('whole', 0));
    expect(said.at(-1), 'it was not split').to.deep.equal({ type: 'value-missing', id: 3, error: null });
    store.put('r', 'damaged', StoredValue.packed(store.get('r', 'packed')!.pack('value').subarray(0, 9)));
    serve(4, partOf('damaged', 0));
    expect(last()).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE' });
    serve(5, partOf('y', 7, 'c'));
    expect(fetched.map(({ far }) => far)).to.deep.equal([{ from: 'c', value: partOf('y', 7, 'c'), sizeBytes: 0 }]);
    fetched[0]!.listener.found(packed('seven'));
    expect(last()).to.equal('seven');
    expect(store.get('r', 'y')).to.equal(undefined);
  });

  it('are serialized where they were made, as a part of the attempt of their consumer', () => {
    const { store, isolation, executor, serve, last, said } = open();
    store.put('r', 'x', StoredValue.live('made', 8));
    serve(1, serialized());
    const call = isolation.of('f');
    expect(call.context).to.deep.equal({ dagId: 'd', runId: 'r', functionId: 'f', attempt: 2, node: 'a', since: undefined, element: 4 });
    const [step] = call.steps;
    expect(step).to.deep.include({ role: 'serialize', functionId: 'x', code: { module: './m.ts', name: 'mark' }, wanted: true });
    expect((step!.inputs[0] as StoredValue).open(false)).to.equal('made');
    expect(step!.extra!.open(false)).to.deep.equal(['e']);
    expect(said).to.deep.equal([]);
    call.succeed('made small');
    expect(last()).to.equal('made small');
    expect(store.get('r', 'x')!.open(false)).to.equal('made');
    expect(executor.running).to.equal(0);
  });

  it('fail with their serializer', () => {
    const { store, isolation, serve, last } = open();
    store.put('r', 'x', StoredValue.live('made', 8));
    serve(1, serialized());
    isolation.of('f').end({ type: 'failed', error: new RangeError('too small'), final: false });
    expect(last()).to.be.instanceOf(RangeError);
    serve(2, serialized());
    isolation.of('f').end({ type: 'stopped' });
    expect(last()).to.equal(undefined);
  });

  it('are serialized in a thread where this node has not the isolation of the function that needs them', () => {
    const { store, isolation, inThreads, serve } = open();
    store.put('r', 'x', StoredValue.live('made', 8));
    serve(1, serialized('a', 'container'));
    serve(2, serialized('a', 'loop'));
    expect([inThreads.running, isolation.running]).to.deep.equal([['f'], ['f']]);
  });

  it('fail with the path of what cannot leave the node', () => {
    const { store, serve, last } = open();
    store.put('r', 'x', StoredValue.live({ rows: [() => 1] }, 8));
    serve(1, ofRun('x'));
    expect(last()).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'result.rows[0]' });
  });

  it('are serialized no longer than their consumer may take, nor after its run or its node is gone', () => {
    const { store, isolation, executor, serve, last, clock, server } = open();
    store.put('r', 'x', StoredValue.live('made', 8));
    serve(1, { ...serialized(), timeoutMs: 50 } as ValueName);
    clock.advance(50);
    isolation.of('f').end({ type: 'stopped' });
    expect(last()).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT' });
    for (const over of [() => server.runEnded('r'), () => server.gone('b')]) {
      serve(2, serialized());
      const call = isolation.of('f');
      server.runEnded('other');
      server.gone('c');
      expect(call.stops).to.have.length(0);
      over();
      expect(call.stops).to.have.length(1);
      call.end({ type: 'stopped' });
    }
    expect(executor.running).to.equal(0);
  });
});

describe('pages of what a map or an expansion made', () => {
  const reference = (functionId: string, inline?: StoredValue): RemoteValue => ({
    from: 'a',
    value: ofRun(functionId),
    sizeBytes: 5,
    inline,
  });

  it('have small values in them and the names of others, for the node that asks, from the part on that it names', () => {
    const { pages, serve, said } = open();
    const small = packed({ small: true });
    const large = StoredValue.live(new Uint8Array(RIDES_ALONG_BYTES), RIDES_ALONG_BYTES + 16);
    const parts = [reference('x', small), undefined, reference('y', large), reference('z'), reference('n', packed(7))];
    pages.set(JSON.stringify(['m', 3, 'b']), { total: 9, keys: ['x', 'u', 'y', 'z', 'n'], parts });
    serve(1, composite('m', 3));
    const [found] = said as [Extract<Said, { type: 'value-found' }>];
    const page = readPage(StoredValue.packed(found.packed!, 'caller'));
    expect([page.total, page.keys]).to.deep.equal([9, ['x', 'u', 'y', 'z', 'n']]);
    expect((page.parts[0] as StoredValue).open(false)).to.deep.equal({ small: true });
    expect(page.parts[1]).to.equal(undefined);
    for (const [at, id] of [
      [2, 'y'],
      [3, 'z'],
    ] as const)
      expect(page.parts[at]).to.deep.equal({ from: 'a', value: ofRun(id), sizeBytes: 5 });
    expect((page.parts[4] as StoredValue).open(false)).to.equal(7);
    serve(2, composite('m', 0));
    expect(said[1]).to.deep.equal({ type: 'value-missing', id: 2, error: null });
  });

  it('end after a thousand parts, or a MiB, and go beside the messages where they are large', () => {
    const { pages, serve, said, sentBytes } = open();
    const takes = (functionId: string, parts: readonly RemoteValue[], keys?: readonly string[]): { bytes: number; parts: number } => {
      pages.set(JSON.stringify([functionId, 0, 'b']), { total: parts.length, keys, parts });
      serve(1, composite(functionId));
      const bytes = (said.at(-1) as Extract<Said, { type: 'value-found' }>).packed ?? sentBytes.at(-1)!.bytes;
      return { bytes: bytes.byteLength, parts: readPage(StoredValue.packed(bytes, 'caller')).parts.length };
    };
    const times = <T>(count: number, one: T): T[] => Array<T>(count).fill(one);
    expect(takes('many', times(2000, reference('x'))).parts).to.equal(1000);
    const large = takes('large', times(100, reference('x', packed(new Uint8Array(60_000)))));
    expect(large.parts).to.equal(18);
    expect(large.bytes).to.be.within(1_048_576, 1_200_000);
    const names = takes('names', times(100, reference('n'.repeat(100_000))));
    expect(names.parts).to.equal(11);
    const keys = takes('keys', times(100, reference('x')), times(100, 'k'.repeat(100_000)));
    expect(keys.parts).to.equal(11);
    expect(takes('one', times(3, reference('x'.repeat(3_000_000)))).parts, 'at least one').to.equal(1);
  });

  it('fail with the path of a small part that cannot leave the node', () => {
    const { pages, serve, last } = open();
    pages.set(JSON.stringify(['e', 0, 'b']), { total: 1, keys: ['f'], parts: [reference('e/f', StoredValue.live({ code: () => 1 }, 8))] });
    serve(1, composite('e'));
    expect(last()).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'result.f.code' });
  });
});
