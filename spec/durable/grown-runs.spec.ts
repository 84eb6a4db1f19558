import { expect } from 'chai';
import { Dag, type HandoffError } from '../../lib/index.js';
import { gate } from '../support/gate.js';
import { eventsOf, placesForEach, reasonsIn, recalledIn, startedIn } from './durable-node.js';

interface Told {
  readonly results: Record<string, unknown>;
  readonly failures: Record<string, HandoffError>;
}

describe('a durable run that grows', () => {
  const at = placesForEach();

  const mapped = (ran: string[], held?: (n: number) => Promise<unknown>): Dag =>
    Dag.dynamic('mapped')
      .add({ id: 'ns', code: () => [1, 2, 3, 4, 5, 6] })
      .map({
        id: 'sq',
        over: 'ns',
        code: async (n: number) => {
          ran.push(`sq${n}`);
          await held?.(n);
          return n * n;
        },
      })
      .map({ id: 'plus', over: 'sq', code: (n: number) => Number(ran.push(`plus${n}`) > 0) + n })
      .add({ id: 'sum', code: (all: number[]) => all.reduce((a, b) => a + b, 0), args: ['plus'] }) as never;

  it('runs no recorded element of a map again when it is resumed in its middle, and has the same ids', async () => {
    const first: string[] = [];
    const held = gate();
    const run = at.here.execute(
      mapped(first, (n) => (n > 3 ? held.pass() : Promise.resolve())),
      { key: 'k', collect: 'all' } as never,
    );
    run.catch(() => {});
    for await (const event of run) if (event.type === 'function-succeeded' && event.functionId === 'plus[2]') break;
    await at.here.stop({ graceMs: 0 });
    const there = await at.places.start('there');
    const ran: string[] = [];
    const again = there.execute(mapped(ran), { key: 'k', collect: 'all' } as never);
    const [events, outcome] = await Promise.all([eventsOf(again), again as unknown as Promise<Told>]);
    expect(ran.filter((one) => one.startsWith('sq'))).to.have.members(['sq4', 'sq5', 'sq6']);
    expect(recalledIn(events)).to.include.members(['ns', 'sq[0]', 'sq[1]', 'sq[2]', 'plus[0]', 'plus[1]', 'plus[2]']);
    expect(startedIn(events)).to.have.members(['sq[3]', 'sq[4]', 'sq[5]', 'plus[3]', 'plus[4]', 'plus[5]', 'sum']);
    expect(reasonsIn(events)).to.deep.equal({});
    expect(outcome.results).to.deep.equal({ ns: [1, 2, 3, 4, 5, 6], sq: [1, 4, 9, 16, 25, 36], plus: [2, 5, 10, 17, 26, 37], sum: 97 });
  });
});
