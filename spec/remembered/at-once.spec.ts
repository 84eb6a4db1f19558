import { expect } from 'chai';
import { storageFailed } from '../../lib/files/index.js';
import { Dag, type Handoff, type Run } from '../../lib/index.js';
import { Failing, faultyJournal } from '../durable/faulty-journal.js';
import { type Gate, gate } from '../support/gate.js';
import { Counts, Remembering, ran } from './remembering-node.js';

/** Resolves with the next event of a type that a run has. */
async function until(run: Run<unknown>, type: string): Promise<void> {
  for await (const event of run) if (event.type === type) return;
}

describe('results that several runs want at once', () => {
  let remembering: Remembering;
  let here: Handoff;
  let counts: Counts;
  let held: Gate<number>;
  beforeEach(async () => {
    remembering = new Remembering();
    here = await remembering.start();
    counts = new Counts();
    held = gate<number>();
  });
  afterEach(() => remembering[Symbol.asyncDispose]());

  const waiting = (): object =>
    new Dag('d').add({
      id: 'a',
      code: () => {
        counts.of('a', 0);
        return held.pass();
      },
      ...{ cache: true, version: '1', maxRetries: 0 },
    });
  const start = (dagId: string, options: object = {}): Run<{ a: number }> =>
    here.execute(waiting() as never, { dagId, ...options } as never) as never;

  it('are made once: the second run has it from the first, and its function is ready meanwhile', async () => {
    const first = start('1');
    await held.reached;
    const second = start('2');
    await until(second, 'function-ready');
    expect(second.progress).to.include({ ready: 1, running: 0 });
    held.open(7);
    expect((await first).results).to.deep.equal({ a: 7 });
    expect((await second).results).to.deep.equal({ a: 7 });
    expect(counts.all).to.deep.equal({ a: 1 });
  });

  it('are left alone by the end of a run that waits for them', async () => {
    const first = start('1');
    await held.reached;
    const second = start('2');
    const third = start('3');
    await until(second, 'function-ready');
    await until(third, 'function-ready');
    second.catch(() => {});
    await second.cancel();
    expect(second.progress).to.include({ cancelled: 1 });
    held.open(7);
    expect([(await first).results.a, (await third).results.a]).to.deep.equal([7, 7]);
    expect(counts.all).to.deep.equal({ a: 1 });
  });

  it('are made by the second run when the first fails', async () => {
    let calls = 0;
    const dag = (): object =>
      new Dag('d').add({
        id: 'a',
        code: async () => {
          calls += 1;
          if (calls > 1) return 'second';
          await held.pass();
          throw new Error('oh');
        },
        ...{ cache: true, version: '1', maxRetries: 0 },
      });
    const first = here.execute(dag() as never, { dagId: '1' } as never);
    first.catch(() => {});
    await held.reached;
    const second = ran(here, dag(), { dagId: '2' });
    held.open(0);
    expect(await first.then(String, ({ code }: { code: string }) => code)).to.equal('HANDOFF_FUNCTION_FAILED');
    expect((await second).results).to.deep.equal({ a: 'second' });
    expect(calls).to.equal(2);
  });

  it('are made by the second run when the first is cancelled, or rests after a failure', async () => {
    const first = start('1');
    first.catch(() => {});
    await held.reached;
    const second = start('2');
    await until(second, 'function-ready');
    await first.cancel();
    await until(second, 'function-started');
    held.open(3);
    expect((await second).results).to.deep.equal({ a: 3 });
    expect(counts.all).to.deep.equal({ a: 2 });
  });

  for (const pausesFirst of [true, false]) {
    const when = pausesFirst ? 'before it wants them' : 'while it waits for room to make them';
    it(`are made by the second run when the first, which is durable, pauses for its journal ${when}`, async () => {
      const failing = new Failing();
      remembering.wrap = (journal) => faultyJournal(journal, failing);
      const durable = await remembering.start({ capabilities: { cpu: 4 } });
      const [known, recorded] = [gate<number>(), gate<number>()];
      const dag = (id: string, cpu: number): object => ({
        ...{ id: 'a', args: ['known'], cache: true, version: '1', cost: { cpu } },
        code: () => counts.of(id, 5),
      });
      const before = durable.execute(new Dag('before').add({ id: 'holds', cost: { cpu: 1 }, code: () => held.pass() }));
      before.catch(() => {});
      await held.reached;
      const first = durable.execute(
        Dag.dynamic('1')
          .add({ id: 'known', code: () => known.pass() })
          .add({ id: 'recorded', code: () => recorded.pass() })
          .add(dag('first', 4) as never),
        { key: 'k' },
      );
      first.catch(() => {});
      await Promise.all([known.reached, recorded.reached]);
      const pause = async (): Promise<void> => {
        failing.error = storageFailed('unreachable', 'the database is away');
        recorded.open(0);
        await failing.failed(1);
      };
      const isWanted = async (): Promise<void> => {
        known.open(1);
        for await (const event of first) if (event.type === 'function-ready' && event.functionId === 'a') return;
      };
      await (pausesFirst ? pause().then(isWanted) : isWanted().then(pause));
      const second = Dag.dynamic('2')
        .add({ id: 'known', code: () => 1 })
        .add(dag('second', 1) as never);
      const { results } = await durable.execute(second);
      expect([results, counts.all]).to.deep.equal([{ known: 1, a: 5 }, { second: 1 }]);
      failing.error = undefined;
      held.open(0);
      expect((await first).results).to.include({ known: 1, a: 5 });
      await before;
    });
  }

  it('are not waited for by runs that functions have started: the function that awaits them may be the one that makes them', async () => {
    const inner = (): object => new Dag('inner').add({ id: 'x', code: () => counts.of('x', 1), cache: true, version: '1' });
    const dag = new Dag('outer')
      .add({
        id: 'asks',
        code: async () => {
          const { results } = (await here.execute(inner() as never)) as unknown as { results: { x: number } };
          return results.x;
        },
      })
      .add({ id: 'x', code: () => counts.of('x', 1), cache: true, version: '1', args: [] });
    const { results } = await ran(here, dag, { maxConcurrency: 1 });
    expect(results).to.deep.equal({ asks: 1, x: 1 });
  });
});
