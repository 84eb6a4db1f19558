import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../lib/base/index.js';
import { Dag } from '../../lib/index.js';
import type { WireMessage } from '../../lib/peer/index.js';
import { wireMessage } from '../../lib/peer/protocol/messages.js';
import { COOKIE, peerNode } from '../peer/world.js';
import { arbitraryMessages } from '../support/arbitrary-messages.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a member sends in one try: each message to one of two nodes. */
const sent = (runs: readonly string[]): fc.Arbitrary<(readonly [string, WireMessage])[]> =>
  fc.array(
    fc.tuple(fc.constantFrom('a', 'b'), arbitraryMessages({ runs, functions: ['held', 'there', 'sum'], nodes: ['a', 'b', 'liar'] })),
    { minLength: 40, maxLength: 40 },
  );

describe('messages of the right shape that lie', () => {
  it('are of the right shape', () => {
    fc.assert(
      fc.property(arbitraryMessages({ runs: ['r'], functions: ['f'], nodes: ['a'] }), (message) => {
        expect(wireMessage(message)).to.equal(undefined);
      }),
    );
  });

  it('end no node, and change nothing of the runs of others: driver, node and observer go on', async function () {
    this.timeout(160_000);
    const cluster = await SpecCluster.of({ a: { cookie: COOKIE }, b: { cookie: COOKIE } });
    const [a, b] = [cluster.node('a'), cluster.node('b')];
    const ended: string[] = [];
    for (const node of [a, b]) void node.stopped.then(() => ended.push(node.name));
    const held = gate();
    const dag = Dag.dynamic('d')
      .add({ id: 'held', code: () => held.pass().then(() => 1), cost: {} })
      .add({
        id: 'there',
        code: { module: new URL('../support/modules/tasks.ts', import.meta.url).href, name: 'double' },
        isolation: 'loop',
        node: 'b',
        args: ['held'],
      })
      .add({ id: 'sum', code: (x: number, y: number) => x + y, args: ['held', 'there'] });
    const run = a.execute(dag);
    run.catch(() => {});
    await held.reached;
    let liars = 0;
    await fc.assert(
      fc.asyncProperty(sent([run.id, 'r2']), async (messages) => {
        liars += 1;
        const name = `liar${liars}`;
        const liar = peerNode({ name, clock: systemClock, transport: cluster.network.transport(name) });
        await Promise.all([a, b].map((node) => liar.table.join(node.address!)));
        // So that some of its answers are to questions.
        for (const node of [a, b]) {
          for (const asked of [node.getValue('d', 'x', name), node.resourcesAvailable(name, {}), node.clear('e')]) asked.catch(() => {});
        }
        for (const [to, message] of messages) {
          liar.table.send(to, message);
          if (to === 'a') await nextTurn();
        }
        await nextTurn();
        await liar.table.close();
        expect(ended).to.deep.equal([]);
      }),
      { numRuns: 40, endOnFailure: true },
    );
    held.open();
    expect(await run).to.have.nested.property('results.sum', 3);
    expect((await b.nodes()).map(({ name }) => name).filter((name) => name === 'a')).to.deep.equal(['a']);
    expect(ended).to.deep.equal([]);
    await cluster.stop();
  });
});
