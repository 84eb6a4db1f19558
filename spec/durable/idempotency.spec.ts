import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { arg, currentFunction, Dag, functionsIn, type Handoff, type Isolation } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { type Gate, gate } from '../support/gate.js';
import { DurablePlaces } from './durable-node.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);

const KEY = /^[\w-]{43}$/;
/** The keys that functions have seen, in order. */
type Seen = Record<'tried' | 'next', (string | undefined)[]>;

describe('the idempotency key that a function sees', () => {
  let cluster: SpecCluster;
  let dataDir: string;
  let a: Handoff;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'handoff-keys-'));
    cluster = await SpecCluster.of({ a: { dataDir: join(dataDir, 'data') }, b: {} });
    a = cluster.node('a');
  });
  after(async () => {
    await cluster.stop();
    await rm(dataDir, { recursive: true });
  });

  /** `used` sees what its inline function saw, `edge` what the serializer and the deserializer of its argument saw. */
  const dagOf = (isolation: Isolation, made: string, used: string) =>
    new Dag('keys')
      .add({ id: 'made', code: tasks.addKey, isolation, node: made })
      .add({ id: 'inlined', code: tasks.addKey, args: ['made'], type: 'inline', isolation })
      .add({ id: 'used', code: tasks.addKey, args: ['inlined'], isolation, node: used })
      .add({
        id: 'edge',
        code: tasks.addKey,
        args: [arg('made', { serialize: tasks.addKey, deserialize: tasks.addKey })],
        ...{ isolation, node: used },
      });

  for (const isolation of ['loop', 'thread', 'process'] as const) {
    for (const [made, used] of [
      ['a', 'a'],
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      it(`is its own in "${isolation}" on node ${made}, and on ${used} its inline functions and (de)serializers see it too`, async () => {
        const { results } = await a.execute(dagOf(isolation, made, used), { key: `${isolation} ${made} ${used}` });
        const [first] = results.made as [string];
        const [, key] = results.used as [string, string];
        const [, edge] = results.edge as [string, string];
        expect(new Set([first, key, edge]).size).to.equal(3);
        for (const one of [first, key, edge]) expect(one).to.match(KEY);
        expect(results.made).to.deep.equal([first]);
        expect(results.used).to.deep.equal([first, key, key]);
        expect(results.edge).to.deep.equal([first, edge, edge, edge]);
      });
    }

    it(`is undefined in "${isolation}" in runs that are not durable`, async () => {
      const { results } = await a.execute(dagOf(isolation, 'b', 'a'));
      for (const seen of [results.made, results.used, results.edge]) expect(new Set(seen)).to.deep.equal(new Set(['undefined']));
    });
  }
});

describe('the idempotency key of a function of a run', () => {
  let places: DurablePlaces;
  beforeEach(() => {
    places = new DurablePlaces();
  });
  afterEach(() => places.stop());

  /** `tried` fails `failures` times, then waits at the gate; `next` uses its result. Both note the key that they see. */
  const dagOf = (seen: Seen, held: Gate, { constant = 1, failures = 0 } = {}) =>
    Dag.dynamic('d')
      .add({
        id: 'tried',
        code: async (n: number) => {
          seen.tried.push(currentFunction().idempotencyKey);
          if (currentFunction().attempt <= failures) throw new Error('again');
          await held.pass();
          return n;
        },
        ...{ extraArgs: [constant], maxRetries: failures },
      })
      .add({
        id: 'next',
        code: (n: number) => {
          seen.next.push(currentFunction().idempotencyKey);
          return n;
        },
        args: ['tried'],
      });

  it('is the same over attempts and resumptions, and another once the function is another', async () => {
    const held = gate();
    const seen: Seen = { tried: [], next: [] };
    const first = await places.start('first');
    const run = first.execute(dagOf(seen, held, { failures: 2 }), { key: 'k' });
    await held.reached;
    const stopped = caught(run);
    await first.stop({ graceMs: 0 });
    await stopped;
    held.open();
    const heir = await places.start('heir');
    await heir.execute(dagOf(seen, held), { key: 'k' });
    expect(seen.tried).to.have.length(4);
    expect(new Set(seen.tried).size).to.equal(1);
    const [before, next] = [seen.tried[0], seen.next[0]];
    // The constant is another, so `tried` is, and what consumes its result.
    await heir.execute(dagOf(seen, held, { constant: 2 }), { key: 'k' });
    await heir.execute(dagOf(seen, held, { constant: 2 }), { key: 'k', reuse: 'none' });
    await heir.execute(dagOf(seen, held, { constant: 2 }), { key: 'other' });
    const all = [before, next, ...seen.tried.slice(4), ...seen.next.slice(1)];
    expect(all).to.have.length(8);
    expect(new Set(all).size).to.equal(8);
    for (const one of all) expect(one).to.match(KEY);
  });

  it('is the same when a failed function is tried anew by the next call', async () => {
    const seen: Seen = { tried: [], next: [] };
    const node = await places.start();
    const failing = Dag.dynamic('d').add({
      id: 'bad',
      code: () => {
        seen.tried.push(currentFunction().idempotencyKey);
        throw new Error('no');
      },
      maxRetries: 0,
    });
    for (let call = 0; call < 2; call += 1) expect(await caught(node.execute(failing, { key: 'k' }))).to.include({ functionId: 'bad' });
    expect(seen.tried).to.have.length(2);
    expect(seen.tried[0]).to.match(KEY);
    expect(seen.tried[1]).to.equal(seen.tried[0]);
  });

  it('is not among what a function of another run sees at all', async () => {
    const node = await places.start();
    const { results } = await node.execute(Dag.dynamic('d').add({ id: 'f', code: () => 'idempotencyKey' in currentFunction() }));
    expect(results).to.deep.equal({ f: false });
  });
});
