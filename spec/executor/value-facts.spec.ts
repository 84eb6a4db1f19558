import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { IsolationCaller } from '../../lib/conformance/isolation-caller.js';
import { guardedIsolation } from '../../lib/executor/guarded-isolation.js';
import type { CallOutcome, CallStep, IsolationFactory } from '../../lib/executor/index.js';
import { isolations } from '../../lib/executor/isolations/index.js';
import { combinedDigest, digestOf, StoredValue } from '../../lib/value/index.js';

const root = fileURLToPath(new URL('modules/', import.meta.url));
const loop = isolations.get('loop')!;

/** A user's own, which knows nothing of what is asked beside the value. */
const forgetful: IsolationFactory = (options) => {
  const inner = loop(options);
  return {
    start: ({ context, steps }, settle) =>
      inner.start({ context, steps: steps.map(({ shape: _shape, gist: _gist, isDigested: _isDigested, ...step }) => step) }, (outcome) =>
        settle(outcome.type === 'succeeded' ? { type: 'succeeded', values: outcome.values, tookMs: 1 } : outcome),
      ),
    close: () => inner.close(),
  };
};
const kinds: readonly (readonly [string, IsolationFactory, boolean])[] = [
  ...[...isolations].map(([name, make]) => [name, make, true] as const),
  ['loop without freezing', loop, false],
  ['isolation of a user that ignores it', (options) => guardedIsolation('own', forgetful(options), options), true],
  ['the same without freezing', (options) => guardedIsolation('own', forgetful(options), options), false],
];

for (const [name, make, freeze] of kinds) {
  describe(`what is asked of a value in ${name}`, () => {
    let caller: IsolationCaller;
    before(() => {
      caller = new IsolationCaller(make, { root, freeze });
    });
    after(() => caller.isolation.close());

    const ask = (of: string, asked: Pick<CallStep, 'shape' | 'gist' | 'isDigested'>, ...args: unknown[]): Promise<CallOutcome> =>
      new Promise((resolve) => {
        const code = { module: './arrays.mjs', name: of };
        const inputs = args.map((value) => caller.result(value));
        const step: CallStep = { role: 'function', functionId: 'f', code, inputs, asList: false, extra: undefined, wanted: true, ...asked };
        const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' };
        caller.isolation.start({ context, steps: [step] }, resolve);
      });
    const made = async (...given: Parameters<typeof ask>): Promise<Extract<CallOutcome, { type: 'succeeded' }>> => {
      const outcome = await ask(...given);
      if (outcome.type !== 'succeeded') throw outcome.type === 'failed' ? outcome.error : new Error(outcome.type);
      return outcome;
    };

    it('is told of nothing that nobody asked for', async () => {
      expect((await made('given', {}, 1)).facts).to.equal(undefined);
    });

    it('is its gist, exactly', async () => {
      for (const value of [
        0,
        -0,
        1,
        Number.NaN,
        '',
        'yes',
        'a long text',
        true,
        false,
        null,
        undefined,
        0n,
        5n,
        [],
        {},
        'x'.repeat(5000),
      ]) {
        const { facts, values } = await made('given', { gist: 4 }, value);
        expect(facts!.gist!.isTruthy).to.equal(Boolean(value));
        const isShort = typeof value !== 'string' || value.length <= 4;
        const isCompared = (value === null || (typeof value !== 'object' && typeof value !== 'bigint')) && isShort;
        expect('primitive' in facts!.gist!).to.equal(isCompared);
        if (isCompared) expect(Object.is(facts!.gist!.primitive, value)).to.equal(true);
        expect(values[0]!.open(freeze)).to.deep.equal(value);
      }
    });

    it('is an array cut into elements that share nothing', async () => {
      const { facts, values } = await made('shared', { shape: 'split', gist: 0 });
      const [held] = values;
      expect(facts).to.deep.equal({ gist: { isTruthy: true }, split: { count: 4 } });
      expect(held!.partCount).to.equal(4);
      const opened = held!.open(freeze) as { one: unknown }[];
      expect(opened).to.deep.equal([{ n: 1 }, { n: 1 }, { one: { n: 1 }, when: new Date(3) }, Buffer.from('b')]);
      expect(opened[0]).not.to.equal(opened[1]);
      expect(opened[2]!.one).not.to.equal(opened[0]);
      expect(held!.partAt(3).open(freeze)).to.deep.equal(Buffer.from('b'));
      expect(Object.isFrozen(held!.partAt(0).open(freeze))).to.equal(freeze);
    });

    it('is what it is, if it is no array, and then it comes as it is', async () => {
      for (const [value, not] of [
        [new Map([[1, 2]]), 'a Map'],
        [new Float64Array(2), 'a Float64Array'],
        ['text', 'a string'],
        [null, 'null'],
        [undefined, 'undefined'],
      ] as const) {
        const { facts, values } = await made('given', { shape: 'split' }, value);
        expect(facts).to.deep.equal({ split: { not } });
        expect(values[0]!.open(freeze)).to.deep.equal(value);
      }
    });

    it('is its digest, that of the value that arrives', async () => {
      for (const value of [
        1,
        undefined,
        { b: 1, a: [-0, new Map([[1, 'x']])] },
        Buffer.alloc(40_000, 1),
        new Float64Array(3),
        'x'.repeat(5000),
      ]) {
        const { facts, values } = await made('given', { isDigested: true }, value);
        expect(facts).to.deep.equal({ digest: digestOf(value, { where: 'value' }) });
        expect(digestOf(values[0]!.open(freeze), { where: 'value' })).to.equal(facts!.digest);
      }
      const asked = { gist: 0, isDigested: true };
      expect((await made('given', asked, 2)).facts).to.deep.equal({
        gist: { isTruthy: true, primitive: 2 },
        digest: digestOf(2, { where: 'value' }),
      });
    });

    it('is the digest of each element of an array that is cut, and one made of them', async () => {
      const elements = [{ n: 1 }, { n: 1 }, { one: { n: 1 }, when: new Date(3) }, Buffer.from('b')];
      const digests = Buffer.concat(elements.map((one) => Buffer.from(digestOf(one, { where: 'value' }), 'base64url')));
      const { facts } = await made('shared', { shape: 'split', isDigested: true });
      expect(facts!.split).to.have.property('count', 4);
      expect(Buffer.from((facts!.split as { digests: Uint8Array }).digests).equals(digests)).to.equal(true);
      expect(facts!.digest).to.equal(combinedDigest(digests));
      expect((await made('given', { shape: 'split', isDigested: true }, 7)).facts).to.deep.equal({
        split: { not: 'a number' },
        digest: digestOf(7, { where: 'value' }),
      });
    });

    it('is its length, where it is empty or long', async () => {
      expect((await made('many', { shape: 'split' }, 0)).facts).to.deep.equal({ split: { count: 0 } });
      const { facts, values } = await made('many', { shape: 'split' }, 20_000);
      expect(facts).to.deep.equal({ split: { count: 20_000 } });
      expect(values[0]!.partAt(19_999).open(freeze)).to.equal(19_999 / 3);
    });

    it('keeps the properties that an array has besides its elements', async () => {
      const { values } = await made('matched', { shape: 'split' });
      expect(values[0]!.partCount).to.equal(2);
      expect(values[0]!.open(freeze)).to.deep.equal(/b(.)/.exec('abc'));
    });

    if (freeze) {
      it('names the element that is no value', async () => {
        const outcome = await ask('notAValue', { shape: 'split' });
        expect(outcome).to.deep.include({ type: 'failed', final: true });
        expect((outcome as unknown as { error: { path: string } }).error.path).to.equal('result[1].deep');
      });
    }

    it('opens the whole and a single element of a value of parts that comes in', async () => {
      const parts = [1, { two: 2 }, 'three'].map((value) => caller.result(value));
      const whole = StoredValue.ofParts(parts);
      const [record, text] = [StoredValue.ofParts(parts, ['a', '__proto__', 'c']), whole.partAt(1)];
      for (const [held, expected] of [
        [whole, [1, { two: 2 }, 'three']],
        [text, { two: 2 }],
      ] as const) {
        const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' };
        const code = { module: './arrays.mjs', name: 'given' };
        const step: CallStep = { role: 'function', functionId: 'f', code, inputs: [held], asList: false, extra: undefined, wanted: true };
        const outcome = await new Promise<CallOutcome>((resolve) => caller.isolation.start({ context, steps: [step] }, resolve));
        expect(outcome.type === 'succeeded' && outcome.values[0]!.open(freeze)).to.deep.equal(expected);
      }
      expect(Object.keys(record.open(freeze) as object)).to.deep.equal(['a', '__proto__', 'c']);
    });
  });
}
