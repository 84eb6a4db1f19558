import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { Dag } from '../../lib/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { pack } from '../../lib/value/pack.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { MuteMember } from '../support/mute-member.js';

const packed = (value: unknown): Uint8Array => pack(value, { where: '' });
const list = StoredValue.ofParts([1, 2, 3].map((value) => StoredValue.live(value, 1))).pack('');
const truthy = { gist: { isTruthy: true } };

describe('a member that lies about what it has made', () => {
  let cluster: SpecCluster;
  let liar: MuteMember;
  let beats: NodeJS.Timeout;
  beforeEach(async () => {
    cluster = await SpecCluster.of({ a: {} });
    liar = new MuteMember('liar', cluster.network, systemClock);
    await liar.join(cluster.node('a').address!);
    beats = setInterval(() => liar.beat(), 20);
    await cluster.until('a', (nodes) => nodes.some(({ name, capabilities }) => name === 'liar' && capabilities.cpu !== undefined));
  });
  afterEach(async () => {
    clearInterval(beats);
    await liar.close();
    await cluster.stop();
  });

  /** The value rides along, or is asked for, and `facts` are told of it. */
  const run = (value: Uint8Array, facts: unknown, isLarge = false) => {
    liar.hears = (from, message) => {
      if (message.type === 'run-attempt') {
        const told = facts === undefined ? null : packed(facts);
        const outcome = {
          type: 'succeeded',
          sizeBytes: isLarge ? 100_000 : value.byteLength,
          tookMs: 1,
          packed: isLarge ? null : value,
          fits: true,
          facts: told,
          phases: null,
          slot: 0,
          span: null,
        };
        liar.say(from, { type: 'attempt-ended', of: message.of, outcome });
      } else if (message.type === 'fetch-value') {
        const part = 'part' in message.value ? message.value.part : null;
        const given = part === null || value !== list ? value : StoredValue.packed(value).partAt(part).pack('');
        liar.say(from, { type: 'value-found', id: message.id, freeze: true, packed: given });
      }
    };
    const dag = Dag.dynamic('d')
      .add({ id: 'xs', code: { module: './m.js', name: 'f' }, node: 'liar' })
      .map({ id: 'ys', over: 'xs', code: (x: unknown) => x })
      .add({ id: 'taken', when: 'xs', code: () => true });
    return cluster.node('a').execute(dag, { collect: ['ys', 'taken'], maxRetries: 0, timeoutMs: 20_000 });
  };

  for (const [lie, facts] of Object.entries({
    'none at all': undefined,
    'no facts': 'nothing',
    'more elements than an array can have': { split: { count: 2 ** 40 }, ...truthy },
    'fewer than none': { split: { count: -1 }, ...truthy },
    'a name as long as a book': { split: { not: 'x'.repeat(1_000_000) }, ...truthy },
  })) {
    it(`is not believed: with ${lie} the value itself is looked at, wherever it is`, async () => {
      for (const isLarge of [false, true]) expect((await run(list, facts, isLarge)).results).to.deep.equal({ ys: [1, 2, 3], taken: true });
    });
  }

  it('fails the functions of elements that are not there, and ends nothing else', async () => {
    for (const isLarge of [false, true]) {
      const other = packed(isLarge ? 'garbage' : [1, 2, 3]);
      const error = await caught(run(isLarge ? other.fill(9) : other, { split: { count: 3 }, ...truthy }, isLarge));
      expect([error.code, error.functionId]).to.deep.equal(['HANDOFF_FUNCTION_FAILED', 'ys[0]']);
    }
    const { functionId, cause } = await caught(run(list, { split: { count: 5 }, ...truthy }));
    expect([functionId, (cause as Error).message]).to.deep.equal(['ys[3]', 'Cannot open a value: it has no part 3']);
    expect((await run(list, { split: { count: 3 }, ...truthy })).results).to.deep.equal({ ys: [1, 2, 3], taken: true });
  });

  it('makes no run larger than it may be', async () => {
    const { code, functionId, message } = await caught(run(list, { split: { count: 2 ** 32 - 1 }, ...truthy }, true));
    expect([code, functionId]).to.deep.equal(['HANDOFF_FUNCTION_FAILED', 'ys']);
    expect(message).to.include('it would add 4294967295 functions');
  });
});
