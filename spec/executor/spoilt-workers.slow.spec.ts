import { expect } from 'chai';
import type { CallOutcome } from '../../lib/executor/index.js';
import { BuiltIns } from '../../lib/executor/isolations/built-ins.js';
import { processIsolation } from '../../lib/executor/isolations/process.js';
import { threadIsolation } from '../../lib/executor/isolations/thread.js';
import { Caller } from '../support/calls.js';
import { spoilers } from './modules/spoilers.js';

for (const [noun, make] of [
  ['thread', threadIsolation],
  ['process', processIsolation],
] as const) {
  describe(`a ${noun} that a function has spoilt`, function () {
    this.timeout(160_000);
    let caller: Caller;
    beforeEach(() => {
      caller = new Caller(make, { threads: 1 });
    });
    afterEach(() => caller.isolation.close());

    const call = (name: string, ...given: readonly unknown[]): Promise<CallOutcome> =>
      caller.begin(
        name,
        given.map((value) => caller.result(value)),
        { module: './spoilers.ts' },
      ).outcome;
    const value = async (name: string, ...given: readonly unknown[]): Promise<unknown> => {
      const outcome = await call(name, ...given);
      if (outcome.type !== 'succeeded') throw new Error(`${name} ${outcome.type}`, { cause: (outcome as { error?: unknown }).error });
      return outcome.values[0]!.open(false);
    };
    const texts = (): string[] => caller.heard.map(({ text }) => text);

    for (const what of spoilers) {
      it(`fails no other: ${what}`, async () => {
        await call('spoil', what);
        expect(await value('useAll')).to.equal(1);
        expect(await caller.value('add', 1, 2)).to.equal(3);
        expect((await caller.failure('fail', 'oh')).error)
          .to.be.instanceOf(RangeError)
          .with.property('message', 'oh');
      });
    }

    it('is that of the function itself where no other was there before: its failure counts, and is made once more at most', async () => {
      expect(await call('spoilAndFail', 'Array.prototype.map')).to.have.nested.property('error.message', 'my own');
      expect(texts()).to.deep.equal(['begun']);
      expect(await caller.value('add', 1, 2)).to.equal(3);
      expect(await call('spoilAndFail', 'Array.prototype.map')).to.have.nested.property('error.message', 'my own');
      expect(texts()).to.deep.equal(['begun', 'begun', 'begun']);
    });

    it('does not blame one for the process.exit that another has left behind, and logs whose it was', async () => {
      expect(await value('leaveExit', 5)).to.equal('left');
      expect(await value('outlast')).to.equal('outlasted');
      // Mostly the other has begun by then, and begins anew.
      const lines = caller.heard.filter(({ text }) => text !== 'outlasting');
      const said = 'process.exit(5) was called after the attempt had ended';
      expect(lines).to.deep.equal([{ functionId: 'leaveExit', stream: 'stderr', text: said }]);
      expect(texts().at(-1)).to.equal('outlasting');
    });

    it('blames one for its own process.exit at once', async () => {
      expect(await caller.value('add', 1, 2)).to.equal(3);
      expect(await call('exitEachTime')).to.have.nested.property('error.message', `the function ended its ${noun}: process.exit(6)`);
      expect(texts()).to.deep.equal(['begun']);
    });

    it('logs what is thrown after its function has returned, also when nothing else runs', async () => {
      expect(await value('leaveThrow')).to.equal('left');
      while (caller.heard.length < 3) {
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      expect(texts()).to.have.members([
        'an error was thrown after the attempt had ended: left in a timer',
        'a promise was rejected after the attempt had ended: left to nobody',
        'an error was thrown after the attempt had ended: left in a microtask',
      ]);
      expect(new Set(caller.heard.map(({ functionId }) => functionId))).to.deep.equal(new Set(['leaveThrow']));
    });
  });
}

describe('the check of built-ins', () => {
  it('finds what is changed, taken away, or met by each for … in, and nothing else', () => {
    const builtIns = new BuiltIns();
    const changed = (): string | undefined => builtIns.changed();
    expect(changed()).to.equal(undefined);
    const cases: readonly (readonly [object, PropertyKey, unknown, string])[] = [
      [Array.prototype, 'map', null, 'Array.prototype.map'],
      [Array.prototype, Symbol.iterator, () => {}, 'Array.prototype.Symbol(Symbol.iterator)'],
      [globalThis, 'structuredClone', () => {}, 'structuredClone'],
      [globalThis, 'JSON', {}, 'JSON'],
      [Promise, 'all', undefined, 'Promise.all'],
      [process, 'nextTick', () => {}, 'process.nextTick'],
    ];
    for (const [holder, key, value, path] of cases) {
      const before = Object.getOwnPropertyDescriptor(holder, key)!;
      Object.defineProperty(holder, key, { ...before, value });
      const found = changed();
      Object.defineProperty(holder, key, before);
      expect(found).to.equal(path);
    }
    Object.defineProperty(Array.prototype, 'addedByPolyfill', { value: () => 1, configurable: true });
    Error.stackTraceLimit += 1;
    expect(changed()).to.equal(undefined);
    Reflect.deleteProperty(Array.prototype, 'addedByPolyfill');
    Error.stackTraceLimit -= 1;
    (Array.prototype as unknown as Record<string, unknown>).enumerable = 1;
    const found = changed();
    Reflect.deleteProperty(Array.prototype, 'enumerable');
    expect(found).to.equal('Array.prototype.enumerable');
    Reflect.set(Array.prototype, 'map', null);
    Reflect.deleteProperty(JSON, 'parse');
    builtIns.restore();
    expect(changed()).to.equal(undefined);
    expect(JSON.parse('1')).to.equal(1);
  });
});
