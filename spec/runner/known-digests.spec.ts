import { expect } from 'chai';
import type { RemoteValue } from '../../lib/executor/index.js';
import { KnownDigests } from '../../lib/runner/remember/known-digests.js';
import { combinedDigest, digestOf, pack, StoredValue, splitLive, survey } from '../../lib/value/index.js';

const plain = (value: unknown): string => digestOf(value, { where: 'value' });
const live = (value: unknown): StoredValue => StoredValue.live(value, 8);
const bytes = (...digests: readonly string[]): Buffer => Buffer.concat(digests.map((digest) => Buffer.from(digest, 'base64url')));
const far = (functionId: string): RemoteValue => ({ from: 'b', value: { kind: 'of-dag', dagId: 'd', functionId }, sizeBytes: 9 });

/** The digests of a run: function 0 is an array; map 1 goes over it and has elements 2 and 3; map 4 goes over input `xs`; 5 is far away. */
function open(held: Readonly<Record<number, StoredValue>> = {}) {
  const asked: unknown[] = [];
  const answers: ((digest: string | undefined) => void)[] = [];
  const absent = new Set<number>();
  const elements = { ranges: [2, 4], total: 2 };
  const plan = {
    inputs: ['xs', 'near', 'far'],
    growth: {
      maps: new Map([
        [1, { over: 0 }],
        [4, { over: -1 }],
      ]),
    },
    added: { parts: new Map([[1, elements]]) },
  };
  const list = [{ a: 1 }, 'b'];
  const inputs = new Map<string, StoredValue | RemoteValue>([
    ['xs', splitLive(list, survey(list, { where: '', freeze: true }))],
    ['near', live('near')],
    ['far', far('input')],
  ]);
  const digests = new KnownDigests({
    plan: plan as never,
    state: { absent } as never,
    inputs,
    held: (index) => held[index],
    isComposite: (index) => index === 1,
    farValue: (index) => (index === 5 ? far('5') : undefined),
    digestElsewhere(value) {
      asked.push(value);
      return new Promise((resolve) => void answers.push(resolve));
    },
  });
  return { digests, asked, answers, absent };
}

describe('the digests that a run knows', () => {
  it('are those that nodes have told', () => {
    const { digests } = open();
    digests.note(2, { digest: plain('told') });
    expect(digests.ofFunction(2)).to.equal(plain('told'));
    digests.note(0, { digest: plain('list'), split: { count: 2, digests: bytes(plain(1), plain(2)) } });
    expect([digests.ofElement(1, 0), digests.ofElement(1, 1)]).to.deep.equal([plain(1), plain(2)]);
  });

  it('are taken of values that are here, at once where they are small', async () => {
    const large = StoredValue.packed(pack(new Uint8Array(2 << 20), { where: '', shared: true }));
    const { digests } = open({ 2: live({ a: 1 }), 3: large });
    expect(digests.ofFunction(2)).to.equal(plain({ a: 1 }));
    expect(await digests.ofFunction(3)).to.equal(plain(new Uint8Array(2 << 20)));
    expect(digests.ofFunction(3)).to.be.a('string');
    expect(digests.ofInput('near')).to.equal(plain('near'));
    expect([digests.ofElement(4, 0), digests.ofElement(4, 1)]).to.deep.equal([plain({ a: 1 }), plain('b')]);
  });

  it('of a map are made of those of its elements, an absent one counting as undefined', async () => {
    const { digests, absent } = open({ 3: live('three') });
    absent.add(2);
    expect(await digests.ofFunction(1)).to.equal(combinedDigest(bytes(plain(undefined), plain('three'))));
    const other = open({ 3: live('three') });
    expect(other.digests.ofFunction(1)).to.equal(undefined);
  });

  it('are asked for, once, where only another node has the value', async () => {
    const { digests, asked, answers } = open();
    const [first, second] = [digests.ofFunction(5), digests.ofFunction(5)];
    const input = digests.ofInput('far');
    expect(asked).to.deep.equal([far('5'), far('input')]);
    answers[0]!(plain('far'));
    answers[1]!(undefined);
    expect(await Promise.all([first, second, input])).to.deep.equal([plain('far'), plain('far'), undefined]);
    expect([digests.ofFunction(5), digests.ofInput('far')]).to.deep.equal([plain('far'), undefined]);
    expect(asked).to.have.length(2);
    // Made again, it may be another one.
    digests.note(5, undefined);
    void digests.ofFunction(5);
    expect(asked).to.have.length(3);
  });

  it('are not there for what nobody has', () => {
    expect(open().digests.ofFunction(2)).to.equal(undefined);
    expect(open().digests.ofInput('nothing')).to.equal(undefined);
  });
});
