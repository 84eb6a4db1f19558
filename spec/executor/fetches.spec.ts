import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { Fetches, type FetchRoute, OwnValues, type RemoteValue } from '../../lib/executor/index.js';
import { GivenUp, NoRoom, Requests, type ValueName, type WireMessage } from '../../lib/peer/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { testClock } from '../support/test-clock.js';

const ofRun = (functionId: string, origin = 'b'): ValueName => ({ kind: 'of-run', runId: 'r', epoch: 0, functionId, origin, part: null });
const far = (functionId: string, from = 'b'): RemoteValue => ({ from, value: ofRun(functionId, from), sizeBytes: 100 });

/** Fetches on node `a`, which has ways to `b` and `d`, and none to `n`. */
function open() {
  const sent: string[] = [];
  const clock = testClock();
  const received = { bytes: 0 };
  const requests = new Requests((to, message) => {
    const { id, value } = message as Extract<WireMessage, { type: 'fetch-value' }>;
    sent.push(`${id} to ${to}: ${'functionId' in value ? value.functionId : value.kind}`);
    return true;
  }, clock);
  const ways: Record<string, FetchRoute> = { a: 'self', b: 'direct', d: 'direct' };
  const wayTo = (node: string): FetchRoute => ways[node] ?? 'none';
  const store = { get: () => undefined, getComposite: () => undefined, put: () => {}, whenHere: () => {} };
  const defer = (action: () => void): void => action();
  const noFiles = { openFile: () => undefined, openRecordedFile: () => undefined, openRemembered: async () => undefined };
  const own = new OwnValues({ node: 'a', store, ...noFiles });
  const others = { store, own, defer, compositePage: () => undefined };
  const fetches = new Fetches({ node: 'a', requests, wayTo, receivedFrom: () => received.bytes, ...others });
  const heard: string[] = [];
  const held: StoredValue[] = [];
  const opened: unknown[] = [];
  const get = (value: RemoteValue, who: string, via?: string): (() => void) =>
    fetches.fetch(value, via, {
      found: (one) => {
        held.push(one);
        opened.push(one.open(false));
        heard.push(`${who} found ${opened.at(-1)}`);
      },
      missing: (error) => void heard.push(`${who} missing ${(error as { code?: string } | undefined)?.code ?? error?.message}`),
    });
  const found = (id: number, value: unknown, freeze = true): void =>
    fetches.heard('b', { type: 'value-found', id, freeze, packed: pack(value, { where: 'result' }) }, undefined);
  return { clock, received, fetches, requests, sent, heard, held, opened, get, found };
}

describe('values that are fetched', () => {
  it('come once, however many want them at a time', () => {
    const { sent, heard, get, found } = open();
    get(far('x'), 'one');
    get(far('x'), 'two');
    get(far('y'), 'three');
    expect(sent).to.deep.equal(['1 to b: x', '2 to b: y']);
    found(1, 5);
    expect(heard).to.deep.equal(['one found 5', 'two found 5']);
    get(far('x'), 'four');
    expect(sent.at(-1), 'who keeps it is not known here').to.equal('3 to b: x');
  });

  it('come beside the messages where they are large, frozen or not as they were said to be', () => {
    const { fetches, heard, held, get } = open();
    for (const [id, freeze] of [
      [1, true],
      [2, false],
    ] as const) {
      get(far(`x${id}`), 'one');
      fetches.heard('b', { type: 'value-found', id, freeze, packed: null }, undefined);
      expect(heard).to.have.length(id - 1);
      fetches.value('b', id, [pack(id, { where: 'result' })]);
    }
    expect(heard).to.deep.equal(['one found 1', 'one found 2']);
    expect(held.map(({ origin }) => origin)).to.deep.equal(['result', 'caller']);
  });

  it('come for each alone who says that nobody else needs them, and can be given without a copy', () => {
    const { fetches, sent, held, opened, get } = open();
    for (const who of ['one', 'two']) get({ ...far('x'), isSole: true }, who);
    get(far('x'), 'three');
    expect(sent).to.deep.equal(['1 to b: x', '2 to b: x', '3 to b: x']);
    const memories = [1, 2, 3].map((id) => {
      const [header, data] = StoredValue.live(new Uint8Array(70_000).fill(id), 70_016).toParts('value') as [Uint8Array, Uint8Array];
      fetches.heard('b', { type: 'value-found', id, freeze: true, packed: null }, undefined);
      fetches.value('b', id, [header, data]);
      return data.buffer;
    });
    expect(held).to.have.length(3);
    expect(opened.slice(-3).map((value, at) => (value as Uint8Array).buffer === memories[at])).to.deep.equal([true, true, false]);
  });

  it('are put together where they can be given without a copy, those that come for one; others, if large, where threads see them', () => {
    const { fetches, requests, get } = open();
    const large = 5_000_000;
    const begin = Uint8Array.of(1);
    const memories = (...ids: number[]): unknown[] =>
      ids.map((id) =>
        fetches.memoryFor(id === 4 ? 'd' : 'b', id, large, begin)?.map(({ buffer, byteLength }) => [buffer.constructor.name, byteLength]),
      );
    const shared = [['SharedArrayBuffer', large]];
    const own = [
      ['ArrayBuffer', 16],
      ['ArrayBuffer', large - 16],
    ];
    get({ ...far('x'), isSole: true }, 'one');
    get(far('y'), 'two');
    const giveUp = get({ ...far('z'), isSole: true }, 'three');
    get({ ...far('w', 'd'), isSole: true }, 'four');
    expect(memories(1, 2, 3, 4, 99), 'nobody has asked for the last').to.deep.equal([own, shared, own, own, undefined]);
    expect(fetches.memoryFor('b', 1, large, Uint8Array.of(0xff)), 'what is to be deserialized').to.have.length(1);
    expect(fetches.memoryFor('b', 1, 3, begin), 'no value').to.equal(undefined);
    expect(fetches.memoryFor('b', 2, 4_000_000, begin)).to.equal(undefined);
    giveUp();
    requests.gone('d', new Error('gone'));
    fetches.value('b', 1, [pack(7, { where: 'result' })]);
    expect(memories(1, 3, 4), 'nobody waits').to.deep.equal([undefined, undefined, undefined]);
  });

  it('for which there is no room beside others are asked for again when one of those has come, and when one will not', () => {
    const { fetches, sent, heard, get } = open();
    for (const name of ['x', 'y', 'z']) get(far(name), name);
    const announced = (id: number): void => fetches.heard('b', { type: 'value-found', id, freeze: true, packed: null }, undefined);
    for (const id of [1, 2, 3]) announced(id);
    for (const id of [2, 3]) fetches.value('b', id, new NoRoom(3000, 3000));
    expect(heard).to.deep.equal([]);
    fetches.value('b', 1, [pack(1, { where: 'result' })]);
    expect([...heard, ...sent.slice(3)]).to.deep.equal(['x found 1', '4 to b: y']);
    announced(4);
    fetches.value('b', 4, new Error('it was given up'));
    expect(sent.slice(4)).to.deep.equal(['5 to b: z']);
    announced(5);
    fetches.value('b', 5, [pack(3, { where: 'result' })]);
    expect(heard.slice(1)).to.deep.equal(['y missing it was given up', 'z found 3']);
  });

  it('for which there will never be room fail for good, and those that have no others beside them at once', () => {
    const { fetches, heard, get } = open();
    get(far('x'), 'x');
    fetches.heard('b', { type: 'value-found', id: 1, freeze: true, packed: null }, undefined);
    fetches.value('b', 1, new NoRoom(3001, 3000));
    get(far('y'), 'y');
    fetches.heard('b', { type: 'value-found', id: 2, freeze: true, packed: null }, undefined);
    fetches.value('b', 2, new NoRoom(3000, 3000));
    expect(heard).to.have.length(2);
    expect(heard[0]).to.equal('x missing HANDOFF_NOT_SERIALIZABLE');
    expect(heard[1]).to.match(/^y missing .*no room now$/);
  });

  it('are expected from whoever has announced what was asked of it, and from nobody else', () => {
    const { fetches, get } = open();
    const giveUp = get(far('x'), 'x');
    expect(fetches.expects('b', 1), 'not yet announced').to.equal(false);
    for (const id of [1, 7]) fetches.heard('b', { type: 'value-found', id, freeze: true, packed: null }, undefined);
    expect([fetches.expects('b', 1), fetches.expects('c', 1), fetches.expects('b', 7)]).to.deep.equal([true, false, false]);
    giveUp();
    expect(fetches.expects('b', 1)).to.equal(false);
  });

  it('that do not arrive whole are missing', () => {
    const { fetches, heard, get } = open();
    get(far('x'), 'one');
    fetches.heard('b', { type: 'value-found', id: 1, freeze: true, packed: null }, undefined);
    fetches.value('b', 1, new Error('given up'));
    expect(heard).to.deep.equal(['one missing given up']);
  });

  it('that their node could not send to the end are lost, whether it says so before or after the last of them', () => {
    const { fetches, heard, get } = open();
    for (const id of [1, 2]) {
      get(far(`x${id}`), `${id}`);
      fetches.heard('b', { type: 'value-found', id, freeze: true, packed: null }, undefined);
    }
    fetches.value('b', 1, new GivenUp());
    fetches.heard('b', { type: 'value-missing', id: 1, error: null }, new Error('too late'));
    fetches.heard('b', { type: 'value-missing', id: 2, error: null }, new HandoffError('HANDOFF_RESULT_LOST', 'damaged'));
    expect(fetches.expects('b', 2)).to.equal(false);
    fetches.value('b', 2, new GivenUp());
    expect(heard).to.deep.equal(['1 missing HANDOFF_RESULT_LOST', '2 missing HANDOFF_RESULT_LOST']);
  });

  it('end in the error of whoever has them, or are lost where there is none', () => {
    const { fetches, heard, get } = open();
    get(far('x'), 'one');
    get(far('y'), 'two');
    fetches.heard('b', { type: 'value-missing', id: 1, error: null }, new TypeError('its serializer'));
    fetches.heard('b', { type: 'value-missing', id: 2, error: null }, undefined);
    expect(heard).to.deep.equal(['one missing its serializer', 'two missing HANDOFF_RESULT_LOST']);
  });

  it('are asked for again over the next link, and lost with their node', () => {
    const { requests, sent, heard, get, found } = open();
    get(far('x'), 'one');
    requests.linkUp('b');
    expect(sent).to.deep.equal(['1 to b: x', '1 to b: x']);
    found(1, 5);
    found(1, 6);
    expect(heard).to.deep.equal(['one found 5']);
    get(far('y'), 'two');
    requests.gone('b', new Error('gone'));
    expect(heard[1]).to.equal('two missing HANDOFF_RESULT_LOST');
  });

  it('go on for the others when one gives up, and are forgotten when all do', () => {
    const { sent, heard, get, found } = open();
    const [one, two] = [get(far('x'), 'one'), get(far('x'), 'two')];
    one();
    found(1, 5);
    expect(heard).to.deep.equal(['two found 5']);
    two();
    const three = get(far('x'), 'three');
    three();
    three();
    get(far('x'), 'four');
    expect(sent).to.deep.equal(['1 to b: x', '2 to b: x', '3 to b: x']);
    found(2, 6);
    found(3, 7);
    expect(heard).to.deep.equal(['two found 5', 'four found 7']);
  });

  it('come through another node where there is no way to their own', () => {
    const { sent, heard, get } = open();
    get(far('x', 'n'), 'one', 'd');
    expect(sent).to.deep.equal(['1 to d: x']);
    get(far('y'), 'two', 'd');
    expect(sent[1], 'there is a way').to.equal('2 to b: y');
    for (const via of [undefined, 'm', 'a']) get(far('z', 'n'), `by ${via}`, via);
    expect(heard).to.deep.equal(['undefined', 'm', 'a'].map((via) => `by ${via} missing HANDOFF_RESULT_LOST`));
  });

  it('are lost for a run when nothing of them comes for 30 s, and late for whoever asks by DAG id after 5 s', () => {
    const { clock, received, fetches, heard, get } = open();
    get(far('x'), 'run');
    get({ from: 'b', value: { kind: 'of-dag', dagId: 'd', functionId: 'x' }, sizeBytes: 0 }, 'call');
    clock.advance(5000);
    expect(heard).to.deep.equal(['call missing HANDOFF_TIMEOUT']);
    received.bytes += 1;
    for (let time = 0; time < 10; time += 1) {
      clock.advance(29_000);
      received.bytes += 1;
    }
    expect(heard).to.have.length(1);
    clock.advance(60_000);
    expect(heard).to.deep.equal(['call missing HANDOFF_TIMEOUT', 'run missing HANDOFF_RESULT_LOST']);
    expect([fetches.size, clock.pending]).to.deep.equal([0, 0]);
  });

  it('are waited for longer where another node passes them on, which says nothing meanwhile', () => {
    const { clock, heard, get } = open();
    get(far('x', 'n'), 'one', 'd');
    clock.advance(599_999);
    expect(heard).to.deep.equal([]);
    clock.advance(1);
    expect(heard).to.deep.equal(['one missing HANDOFF_RESULT_LOST']);
  });
});
