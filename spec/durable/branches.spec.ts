import { expect } from 'chai';
import { Dag, type HandoffError } from '../../lib/index.js';
import { gate } from '../support/gate.js';
import { eventsOf, placesForEach, reasonsIn, recalledIn, startedIn } from './durable-node.js';

interface Told {
  readonly results: Record<string, unknown>;
  readonly failures: Record<string, HandoffError>;
}

describe('a durable run with branches and optional functions', () => {
  const at = placesForEach();

  const forks = (value: unknown, ran: string[], held?: () => Promise<unknown>): Dag => {
    const made = (id: string, result: unknown) => (): unknown => {
      ran.push(id);
      return result;
    };
    return Dag.dynamic('forks')
      .add({ id: 'kind', code: made('kind', value) })
      .add({ id: 'large', code: made('large', 'x'.repeat(300_000)) })
      .add({ id: 'a', code: made('a', 'A'), when: { id: 'kind', is: 'a' } })
      .add({ id: 'b', code: made('b', 'B'), when: { id: 'kind', isNot: 'a' } })
      .add({ id: 'ifLarge', code: made('ifLarge', 1), when: 'large' })
      .add({
        id: 'may',
        code: () => {
          ran.push('may');
          throw Object.assign(new RangeError('oh'), { code: 'E_OWN' });
        },
        optional: true,
      })
      .add({ id: 'ifMay', code: made('ifMay', 1), when: 'may' })
      .add({
        id: 'end',
        code: async (...all: unknown[]) => {
          ran.push('end');
          await held?.();
          return all;
        },
        args: ['a', 'b', 'may', 'ifMay', 'ifLarge'],
      }) as never;
  };
  const options = { key: 'k', maxRetries: 0, collect: ['a', 'end', 'may'] } as never;

  it('goes on after an interruption: nothing that is recorded runs again, not even what failed and may', async () => {
    const first: string[] = [];
    const held = gate();
    const run = at.here.execute(forks('b', first, held.pass), options);
    run.catch(() => {});
    await held.reached;
    await at.here.stop({ graceMs: 0 });
    expect(first).to.have.members(['kind', 'large', 'b', 'ifLarge', 'may', 'end']);
    const there = await at.places.start('there');
    const ran: string[] = [];
    const again = there.execute(forks('b', ran), options);
    const [events, outcome] = await Promise.all([eventsOf(again), again as unknown as Promise<Told>]);
    expect(ran).to.deep.equal(['end']);
    expect(startedIn(events)).to.deep.equal(['end']);
    expect(recalledIn(events)).to.have.members(['kind', 'large', 'b', 'ifLarge']);
    expect(reasonsIn(events)).to.deep.equal({});
    expect(outcome.results).to.deep.equal({ a: undefined, may: undefined, end: [undefined, 'B', undefined, undefined, 1] });
    const failure = outcome.failures.may!;
    expect(failure).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'may', attempts: 1, runId: again.id });
    expect(failure.cause).to.be.instanceOf(RangeError).and.to.include({ message: 'oh', code: 'E_OWN' });
    expect(events.filter(({ type }) => type === 'function-failed')).to.have.length(1);
  });

  it('is read again when it is over: branches, failures and all', async () => {
    const run = at.here.execute(forks('a', []), options) as unknown as Promise<Told>;
    const before = await run;
    await at.here.stop();
    const there = await at.places.start('there');
    const ran: string[] = [];
    const after = (await there.execute(forks('a', ran), options)) as unknown as Told;
    expect(ran).to.deep.equal([]);
    expect(after.results).to.deep.equal(before.results);
    expect(after.results).to.deep.equal({ a: 'A', may: undefined, end: ['A', undefined, undefined, undefined, 1] });
    expect(Object.keys(after.failures)).to.deep.equal(['may']);
    expect(after.failures.may!.message).to.equal(before.failures.may!.message);
  });

  it('finds out what it must know of a recorded value that no condition has looked at before', async () => {
    const plain = (ran: string[]): Dag =>
      Dag.dynamic('forks')
        .add({ id: 'small', code: () => (ran.push('small') > 0 ? 'yes' : '') })
        .add({ id: 'large', code: () => 'x'.repeat(40_000 * Math.sign(ran.push('large'))) }) as never;
    await at.here.execute(plain([]), { key: 'k' } as never);
    await at.here.stop();
    const there = await at.places.start('there');
    const ran: string[] = [];
    const dag = (plain(ran) as unknown as ReturnType<typeof Dag.dynamic>)
      .add({ id: 'yes', code: () => 1, when: { id: 'small', is: 'yes' } })
      .add({ id: 'no', code: () => 1, when: { id: 'small', isNot: 'yes' } })
      .add({ id: 'full', code: () => 1, when: 'large' });
    const outcome = (await there.execute(dag as never, { key: 'k', collect: ['yes', 'no', 'full'] } as never)) as unknown as Told;
    expect(outcome.results).to.deep.equal({ yes: 1, no: undefined, full: 1 });
    expect(ran).to.deep.equal([]);
  });

  it('runs an optional function again that has become another one', async () => {
    const failing = (text: string, ran: string[]): Dag =>
      Dag.dynamic('forks').add({
        id: 'may',
        code: (what: string) => {
          ran.push(what);
          throw new Error(what);
        },
        extraArgs: [text],
        optional: true,
      }) as never;
    await at.here.execute(failing('first', []), { key: 'k', maxRetries: 0 } as never);
    await at.here.stop();
    const there = await at.places.start('there');
    const ran: string[] = [];
    const once = (await there.execute(failing('first', ran), { key: 'k', maxRetries: 0 } as never)) as unknown as Told;
    expect([ran, once.failures.may!.message]).to.deep.equal([[], 'Function "may" failed: first']);
    const again = (await there.execute(failing('second', ran), { key: 'k', maxRetries: 0 } as never)) as unknown as Told;
    expect([ran, again.failures.may!.message]).to.deep.equal([['second'], 'Function "may" failed: second']);
  });
});
