import { expect } from 'chai';
import { type ArgumentValue, Fetches, type FetchRoute, OwnValues, type PartsPage, type RemoteValue } from '../../lib/executor/index.js';
import { packPage } from '../../lib/executor/values/parts-page.js';
import { Requests, type ValueName, type WireMessageOf } from '../../lib/peer/index.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { testClock } from '../support/test-clock.js';

type Composite = Extract<ValueName, { kind: 'composite' }>;

const ofRun = (functionId: string, origin = 'b'): ValueName => ({ kind: 'of-run', runId: 'r', epoch: 0, functionId, origin, part: null });
const part = (functionId: string, from = 'b', sizeBytes = 100_000): RemoteValue => ({ from, value: ofRun(functionId, from), sizeBytes });
const composite = (functionId: string, from = 'd'): RemoteValue => {
  return { from, value: { kind: 'composite', runId: 'r', epoch: 0, functionId, origin: from, first: 0 }, sizeBytes: 1000 };
};
const value = (one: unknown): StoredValue => StoredValue.packed(pack(one, { where: 'value' }));
const numbers = (from: number, to: number): StoredValue[] => Array.from({ length: to - from }, (_, at) => value(from + at));

/** Fetches on node `a`, which has ways to the driver `d` and to `b` and `c`; the run `r` has values here. */
function open(driver = 'd') {
  const sent: { id: number; to: string; value: ValueName }[] = [];
  const clock = testClock();
  const requests = new Requests((to, message) => {
    const { id, value: name } = message as WireMessageOf<'fetch-value'>;
    sent.push({ id, to, value: name });
    return true;
  }, clock);
  const ways: Record<string, FetchRoute> = { a: 'self', b: 'direct', c: 'direct', d: 'direct' };
  const store = new ValueStore({ node: 'a', backend: backends.memory(), clock, retainedBytesLimit: 1e9 });
  store.openRun('r', 'dag');
  /** What this node makes itself, by function. */
  const made = new Map<string, (first: number) => PartsPage | undefined>();
  const deferred: (() => void)[] = [];
  const fetches = new Fetches({
    node: 'a',
    requests,
    wayTo: (node) => ways[node] ?? 'none',
    receivedFrom: () => 0,
    store,
    compositePage: ({ functionId, first }) => made.get(functionId)?.(first),
    defer: (action) => void deferred.push(action),
    own: new OwnValues({
      ...{ node: 'a', store, openFile: () => undefined, openRecordedFile: () => undefined },
      openRemembered: async () => undefined,
    }),
  });
  const heard: unknown[] = [];
  const get = (far: RemoteValue, via: string | undefined = driver): (() => void) =>
    fetches.fetch(far, via, {
      found: (held) => void heard.push(held.open(false)),
      missing: (error) => void heard.push(error),
    });
  /** The question of that number. */
  const asked = (id: number): (typeof sent)[number] => sent.find((one) => one.id === id)!;
  const names = (from = 0): string[] =>
    sent
      .slice(from)
      .map(
        ({ to, value: name }) =>
          `${to}: ${'functionId' in name ? name.functionId : ''}${name.kind === 'composite' ? ` from ${name.first}` : ''}`,
      );
  const found = (id: number, held: StoredValue): void =>
    fetches.heard(asked(id).to, { type: 'value-found', id, freeze: true, packed: held.pack('value') }, undefined);
  const page = (id: number, total: number, parts: readonly (ArgumentValue | undefined)[], keys?: readonly string[]): void =>
    found(id, packPage({ total, keys, parts }));
  const missing = (id: number, error?: Error): void => fetches.heard(asked(id).to, { type: 'value-missing', id, error: null }, error);
  /** The code of what came in place of a value, and what it is about. */
  const fault = (): unknown[] => {
    const { code, functionId, node } = heard.at(-1) as { code: string; functionId: string; node: string };
    return [code, functionId, node];
  };
  return { clock, requests, ways, store, made, deferred, fetches, sent, heard, get, asked, names, found, page, missing, fault };
}

describe('what a map or an expansion made, put together where it is needed', () => {
  it('comes from its driver page by page, each after the one before', () => {
    const { heard, get, page, names } = open();
    get(composite('m'));
    page(1, 5, numbers(0, 2));
    page(2, 5, numbers(2, 4));
    expect(heard).to.deep.equal([]);
    page(3, 5, numbers(4, 5));
    expect(heard).to.deep.equal([[0, 1, 2, 3, 4]]);
    expect(names()).to.deep.equal(['d: m from 0', 'd: m from 2', 'd: m from 4']);
  });

  it('is an array, or a record where its parts have keys; absent parts are undefined', () => {
    const { heard, get, page } = open();
    get(composite('m'));
    page(1, 3, [value(1), undefined, value('x')]);
    get(composite('e'));
    page(2, 3, [value(1), undefined], ['a', '__proto__']);
    page(3, 3, [value(2)], ['b']);
    get(composite('none'));
    page(4, 0, []);
    expect(heard[0]).to.deep.equal([1, undefined, 'x']);
    expect(Object.entries(heard[1] as object)).to.deep.equal([
      ['a', 1],
      ['__proto__', undefined],
      ['b', 2],
    ]);
    expect(heard[2]).to.deep.equal([]);
  });

  it('gets large parts from the nodes that have them, some at a time, and those that are here at once', () => {
    const { store, sent, heard, get, page, found, names } = open();
    store.put('r', 'here', value('here'), 'b', 0);
    get(composite('m'));
    page(1, 41, [part('here'), ...Array.from({ length: 40 }, (_, at) => part(`p${at}`))]);
    expect(names(1)).to.deep.equal(Array.from({ length: 32 }, (_, at) => `b: p${at}`));
    found(5, value(3));
    expect(names(33)).to.deep.equal(['b: p32']);
    for (const { id } of sent) if (id > 1) found(id, value(id - 2));
    expect(heard).to.deep.equal([['here', ...Array.from({ length: 40 }, (_, at) => at)]]);
  });

  it('gets few very large parts at a time', () => {
    const { get, page, found, names } = open();
    get(composite('m'));
    const large = 20 * 1024 * 1024;
    page(1, 3, [part('x', 'b', large), part('y', 'c', large), part('z', 'c', 1)]);
    expect(names(1)).to.deep.equal(['b: x']);
    found(2, value(1));
    expect(names(1)).to.deep.equal(['b: x', 'c: y', 'c: z']);
  });

  it('asks for no further page while a thousand parts wait, and asks early else', () => {
    const { sent, get, page, found, names } = open();
    get(composite('m'));
    const thousand = (from: number): RemoteValue[] => Array.from({ length: 1000 }, (_, at) => part(`p${from + at}`));
    page(1, 4000, thousand(0));
    const pages = (): string[] => names().filter((name) => name.startsWith('d'));
    expect(pages()).to.deep.equal(['d: m from 0', 'd: m from 1000']);
    page(sent.find(({ to, id }) => to === 'd' && id > 1)!.id, 4000, thousand(1000));
    expect(pages(), '1936 wait').to.have.length(2);
    for (let id = 2; pages().length < 3; id += 1) if (sent[id - 1]!.to === 'b') found(id, value(0));
    expect(sent.filter(({ to }) => to === 'b').length).to.be.within(990, 1040);
  });

  it('comes once, however many want it at a time', () => {
    const { heard, get, page, names } = open();
    get(composite('m'));
    const second = get(composite('m'));
    get(composite('m'));
    second();
    page(1, 2, numbers(0, 2));
    expect(names()).to.have.length(1);
    expect(heard).to.deep.equal([
      [0, 1],
      [0, 1],
    ]);
  });

  it('is put together of others that are, wherever their parts are', () => {
    const { store, heard, get, page, found, names } = open();
    store.put('r', 'known', value('the DAG that it made, if it is an expansion'), 'a', 0);
    store.putComposite('r', 'known', StoredValue.ofParts(numbers(7, 9)), 0);
    get(composite('e'));
    page(1, 3, [composite('e/m'), composite('known'), value(9)], ['m', 'k', 'n']);
    expect(names(1)).to.deep.equal(['d: e/m from 0']);
    page(2, 2, [part('e/m[0]'), composite('e/m[1]')]);
    page(4, 1, numbers(5, 6));
    found(3, value('x'));
    expect(heard).to.deep.equal([{ m: ['x', [5]], k: [7, 8], n: 9 }]);
  });

  it('is lost with a part: the error names that part, and everything else is given up', () => {
    const { fetches, requests, heard, get, page, missing, fault } = open();
    get(composite('e'));
    page(1, 2, [composite('m'), part('x')], ['m', 'x']);
    page(2, 3, [part('m[0]'), part('m[1]', 'c'), part('m[2]')]);
    missing(5);
    expect(heard).to.have.length(1);
    expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'm[1]', 'c']);
    expect([fetches.size, requests.size]).to.deep.equal([0, 0]);
  });

  it('is lost with the node of a part, unless the driver can pass that part on', () => {
    const { requests, ways, heard, get, page, found, names, fault } = open();
    get(composite('m'));
    page(1, 2, [part('m[0]', 'n'), part('m[1]')]);
    expect(names(1), 'there is no way to n').to.deep.equal(['d: m[0]', 'b: m[1]']);
    delete ways.b;
    requests.gone('b', new Error('gone'));
    expect(names(3), 'nor to b any more').to.deep.equal(['d: m[1]']);
    found(2, value(0));
    found(4, value(1));
    expect(heard).to.deep.equal([[0, 1]]);
    ways.b = 'direct';
    get(composite('m'));
    page(5, 1, [part('m[0]')]);
    requests.gone('b', new Error('gone'));
    expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'm[0]', 'b']);
  });

  it('fails with the error of a node that has a part, or of the driver', () => {
    const { heard, get, page, missing } = open();
    get(composite('m'));
    page(1, 1, [part('m[0]')]);
    missing(2, new TypeError('damaged'));
    get(composite('m'));
    missing(3, new TypeError('live'));
    expect(heard.map(String)).to.deep.equal(['TypeError: damaged', 'TypeError: live']);
  });

  it('is lost where the driver has none of it, in that epoch, or is gone or silent', () => {
    const { clock, requests, heard, get, missing, page, fault } = open();
    get(composite('m'));
    missing(1);
    expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'm', 'd']);
    get(composite('m'));
    page(2, 2, numbers(0, 1));
    missing(3);
    expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'm', 'd']);
    get(composite('m'));
    requests.gone('d', new Error('gone'));
    expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'm', 'd']);
    get(composite('m'));
    clock.advance(30_000);
    expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'm', 'd']);
    get(composite('m', 'nobody'), 'nobody');
    expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'm', 'nobody']);
    expect([heard.length, requests.size, clock.pending]).to.deep.equal([5, 0, 0]);
  });

  it('is given up with those that want it, in whatever way it is under way', () => {
    const { fetches, requests, heard, get, page, found } = open();
    const first = get(composite('m'));
    first();
    const second = get(composite('e'));
    page(2, 3, [part('x'), composite('e/m')]);
    page(4, 2, [part('y')]);
    second();
    expect([fetches.size, requests.size]).to.deep.equal([0, 0]);
    found(3, value(1));
    expect(heard).to.deep.equal([]);
  });

  describe('of pages that do not fit', () => {
    const wrong: [string, (world: ReturnType<typeof open>) => void][] = [
      ['what is no page', ({ found }) => found(1, value('page'))],
      ['bytes that are no value', ({ found }) => found(1, StoredValue.packed(Uint8Array.of(0xff, 99)))],
      ['a negative number of parts', ({ found }) => found(1, value([-1, null, [], new Uint8Array()]))],
      ['more parts than an array can have', ({ found }) => found(1, value([2 ** 32, null, [null], new Uint8Array()]))],
      ['more parts than a page may have', ({ found }) => found(1, value([2000, null, Array(1001).fill(null), new Uint8Array()]))],
      ['more parts than there are', ({ page }) => page(1, 1, numbers(0, 2))],
      ['none although there are some', ({ page }) => page(1, 1, [])],
      ['lengths that exceed the bytes', ({ found }) => found(1, value([1, null, [9], Uint8Array.of(1, 2)]))],
      ['bytes that no part has', ({ found }) => found(1, value([1, null, [1], Uint8Array.of(1, 2)]))],
      ['a value of no bytes', ({ found }) => found(1, value([1, null, [0], new Uint8Array()]))],
      ['keys for other parts', ({ found }) => found(1, value([2, ['a'], [null, null], new Uint8Array()]))],
      [
        'names of nothing',
        ({ found }) => found(1, value([1, null, [{ from: 'b', value: { kind: 'x' }, sizeBytes: 1 }], new Uint8Array()])),
      ],
      [
        'another number of parts than before',
        ({ page }) => {
          page(1, 3, numbers(0, 1));
          page(2, 4, numbers(1, 2));
        },
      ],
      [
        'keys in an array',
        ({ page }) => {
          page(1, 2, numbers(0, 1));
          page(2, 2, numbers(1, 2), ['a']);
        },
      ],
      ['itself as its part', ({ page }) => page(1, 1, [composite('m')])],
      [
        'itself as a part of its part',
        ({ page }) => {
          page(1, 1, [composite('e')]);
          page(2, 1, [composite('m')]);
        },
      ],
    ];
    for (const [what, answer] of wrong) {
      it(`it fails, and nothing is left: ${what}`, () => {
        const world = open();
        world.get(composite('m'));
        answer(world);
        expect(world.heard).to.have.length(1);
        const { code } = world.heard[0] as { code: string };
        expect(code).to.be.oneOf(['HANDOFF_BAD_MESSAGE', 'HANDOFF_NOT_SERIALIZABLE']);
        if (what !== 'bytes that are no value') expect(code).to.equal('HANDOFF_BAD_MESSAGE');
        expect([world.fetches.size, world.requests.size]).to.deep.equal([0, 0]);
      });
    }

    it('it fails where composites stand in each other without an end', () => {
      const { sent, heard, get, page, fault } = open();
      get(composite('m'));
      for (let id = 1; heard.length === 0; id += 1) page(id, 1, [composite(`m${id}`)]);
      expect(fault()[0]).to.equal('HANDOFF_BAD_MESSAGE');
      expect(sent.length).to.be.within(100, 300);
    });
  });

  describe('by this node itself', () => {
    it('it is put together without a message, of what is here and what is elsewhere, and the loop gets its turns', () => {
      const { made, deferred, sent, heard, get, found } = open();
      const pages = [
        [value(0), part('m[1]')],
        [undefined, value(3)],
      ];
      made.set('m', (first) => ({ total: 4, keys: undefined, parts: pages[first / 2]! }));
      get(composite('m', 'a'), undefined);
      expect(sent.map(({ to, value: name }) => [to, (name as Composite).functionId])).to.deep.equal([['b', 'm[1]']]);
      expect(heard).to.deep.equal([]);
      for (const action of deferred.splice(0)) action();
      found(1, value(1));
      expect(heard).to.deep.equal([[0, 1, undefined, 3]]);
    });

    it('it comes at once if everything is here, and is lost if there is none', () => {
      const { made, heard, get, fault } = open();
      made.set('m', () => ({ total: 2, keys: undefined, parts: numbers(0, 2) }));
      get(composite('m', 'a'), undefined);
      expect(heard).to.deep.equal([[0, 1]]);
      get(composite('x', 'a'), undefined);
      expect(fault()).to.deep.equal(['HANDOFF_RESULT_LOST', 'x', 'a']);
    });

    it('it is given up between two turns', () => {
      const { made, deferred, heard, get } = open();
      made.set('m', (first) => ({ total: 2, keys: undefined, parts: numbers(first, first + 1) }));
      const giveUp = get(composite('m', 'a'), undefined);
      giveUp();
      for (const action of deferred.splice(0)) action();
      expect(heard).to.deep.equal([]);
    });
  });
});
