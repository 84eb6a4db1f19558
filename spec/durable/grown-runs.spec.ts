import { expect } from 'chai';
import { currentFunction, Dag, functionsIn, type Handoff, HandoffError, type Run } from '../../lib/index.js';
import { type Gate, gate } from '../support/gate.js';
import { eventsOf, placesForEach, reasonsIn, recalledIn, startedIn } from './durable-node.js';
import { faultyJournal } from './faulty-journal.js';

const code = functionsIn<typeof import('../support/modules/expanding.js')>(new URL('../support/modules/expanding.js', import.meta.url));

interface Told {
  readonly results: Record<string, unknown>;
  readonly failures: Record<string, HandoffError>;
  readonly runId: string;
}

type Executed = Run<unknown> & PromiseLike<Told>;

/** Passes the gate first, if there is one. */
async function passing<T>(held: Gate | undefined, value: T): Promise<T> {
  await held?.pass();
  return value;
}

describe('a durable run that grows', () => {
  const at = placesForEach();

  const execute = (node: Handoff, dag: unknown, options: object = {}): Executed =>
    node.execute(dag as Dag, { key: 'k', maxRetries: 0, collect: 'sinks', ...options } as never) as never;
  /** Waits for the success of a function, stops the node, and starts another one. */
  async function interrupted(run: Executed, until: string): Promise<Handoff> {
    run.then(undefined, () => {});
    for await (const event of run) if (event.type === 'function-succeeded' && event.functionId === until) break;
    await at.here.stop({ graceMs: 0 });
    return at.places.start('there');
  }
  const told = async (run: Executed) => {
    const [events, outcome] = await Promise.all([eventsOf(run), run as PromiseLike<Told>]);
    return { events, outcome, started: startedIn(events), recalled: recalledIn(events) };
  };

  const mapped = (ran: string[], held?: Gate): unknown =>
    Dag.dynamic('mapped')
      .add({ id: 'ns', code: () => [1, 2, 3, 4, 5, 6] })
      .map({
        id: 'sq',
        over: 'ns',
        code: async (n: number) => {
          ran.push(`sq${n}`);
          if (n > 3) await held?.pass();
          return n * n;
        },
      })
      .map({ id: 'plus', over: 'sq', code: (n: number) => n + 1 })
      .add({ id: 'sum', code: (all: number[]) => all.reduce((a, b) => a + b, 0), args: ['plus'] });

  for (const durability of ['strict', 'batched'] as const) {
    it(`runs no recorded element of a map again when it is resumed in its middle, and has the same ids: ${durability}`, async () => {
      const held = gate();
      const there = await interrupted(execute(at.here, mapped([], held), { collect: 'all', durability }), 'plus[2]');
      const ran: string[] = [];
      const { events, outcome, started, recalled } = await told(execute(there, mapped(ran), { collect: 'all' }));
      expect(ran).to.have.members(['sq4', 'sq5', 'sq6']);
      expect(recalled).to.include.members(['ns', 'sq[0]', 'sq[1]', 'sq[2]', 'plus[0]', 'plus[1]', 'plus[2]']);
      expect(started).to.have.members(['sq[3]', 'sq[4]', 'sq[5]', 'plus[3]', 'plus[4]', 'plus[5]', 'sum']);
      expect(reasonsIn(events)).to.deep.equal({});
      expect(outcome.results).to.deep.equal({
        ns: [1, 2, 3, 4, 5, 6],
        sq: [1, 4, 9, 16, 25, 36],
        plus: [2, 5, 10, 17, 26, 37],
        sum: 97,
      });
    });
  }

  it('has elements run again whose map is another one, or goes over another array, and says why', async () => {
    const dag = (factor: number, numbers: number[]): unknown =>
      Dag.dynamic('d')
        .add({ id: 'ns', code: (given: number[]) => given, extraArgs: [numbers] })
        .map({ id: 'm', over: 'ns', code: (n: number, by: number) => n * by, extraArgs: [factor] });
    await execute(at.here, dag(2, [1, 2]));
    const other = await told(execute(at.here, dag(3, [1, 2])));
    expect(other.outcome.results).to.deep.equal({ m: [3, 6] });
    expect(reasonsIn(other.events)).to.deep.equal({ 'm[0]': 'constants', 'm[1]': 'constants' });
    const longer = await told(execute(at.here, dag(3, [1, 2, 3])));
    expect(longer.outcome.results).to.deep.equal({ m: [3, 6, 9] });
    expect(reasonsIn(longer.events)).to.deep.equal({ ns: 'constants', 'm[0]': 'producer', 'm[1]': 'producer' });
    const asked = await told(execute(at.here, dag(3, [1, 2, 3]), { reuse: 'none' }));
    expect(reasonsIn(asked.events)).to.deep.equal({ ns: 'asked', 'm[0]': 'asked', 'm[1]': 'asked', 'm[2]': 'asked' });
  });

  it('goes on without elements that failed, as it did before', async () => {
    const dag = (ran: number[], held?: Gate): unknown =>
      Dag.dynamic('d')
        .add({ id: 'ns', code: () => [1, 2, 3, 4] })
        .map({
          id: 'm',
          over: 'ns',
          optional: true,
          code: async (n: number) => {
            ran.push(n);
            if (n % 2 === 0) throw new RangeError(`even ${n}`);
            return n;
          },
        })
        .add({ id: 'end', code: (all: unknown[]) => passing(held, all.length), args: ['m'] });
    const held = gate();
    const there = await interrupted(execute(at.here, dag([], held)), 'm');
    const ran: number[] = [];
    const { outcome, events } = await told(execute(there, dag(ran), { collect: ['m', 'end'] }));
    expect(ran).to.deep.equal([]);
    expect(outcome.results).to.deep.equal({ m: [1, undefined, 3, undefined], end: 4 });
    expect(Object.keys(outcome.failures).sort()).to.deep.equal(['m[1]', 'm[3]']);
    expect(outcome.failures['m[3]']!.cause).to.be.instanceOf(RangeError);
    expect(events.filter(({ type }) => type === 'function-failed')).to.have.length(2);
  });

  /** Two expansions of plain functions: one within the other, with a map inside. */
  const nested = (ran: string[], held?: Gate): unknown => {
    const does =
      (what: string, result: unknown, waits = false) =>
      async () => {
        ran.push(what);
        if (waits) await held?.pass();
        return result;
      };
    return Dag.dynamic('nested')
      .add({ id: 'n', code: does('n', 3) })
      .expand({
        id: 'e',
        args: ['n'],
        code: (n: number) => {
          ran.push('e');
          return Dag.dynamic('inner')
            .add({ id: 'list', code: () => Array.from({ length: n }, (_, k) => k) })
            .map({ id: 'm', over: 'list', code: (k: number) => does(`m${k}`, k * 10, k === 2)() })
            .expand({
              id: 'deep',
              args: ['list'],
              code: () => {
                ran.push('deep');
                return Dag.dynamic('deepest')
                  .add({ id: 'a', code: does('a', 'A') })
                  .add({ id: 'b', code: does('b', 'B', true) });
              },
            });
        },
      });
  };

  it('takes what is recorded of plain functions of expansions too, once these have given their DAGs again', async () => {
    const held = gate();
    const run = execute(at.here, nested([], held));
    const both = new Set(['e/m[1]', 'e/deep/a', 'e/m[0]']);
    run.then(undefined, () => {});
    for await (const event of run) if (event.type === 'function-succeeded' && both.delete(event.functionId) && both.size === 0) break;
    await at.here.stop({ graceMs: 0 });
    const there = await at.places.start('there');
    const ran: string[] = [];
    const { outcome, recalled, events } = await told(execute(there, nested(ran)));
    expect(outcome.results).to.deep.equal({ e: { m: [0, 10, 20], deep: { a: 'A', b: 'B' } } });
    expect(ran).to.have.members(['e', 'deep', 'm2', 'b']);
    expect(recalled).to.include.members(['n', 'e/list', 'e/m[0]', 'e/m[1]', 'e/deep/a']);
    expect(reasonsIn(events)).to.deep.equal({ e: 'value-lost', 'e/deep': 'value-lost' });
  });

  for (const durability of ['strict', 'batched'] as const) {
    it(`asks an expansion of references never twice for its DAG: ${durability}`, async () => {
      const asked: string[] = [];
      const dag = (held?: Gate): unknown =>
        Dag.dynamic('outer')
          .expand({ id: 'e', code: code.sum, extraArgs: [5], isolation: 'loop' })
          .expand({ id: 'd', code: code.deeper, extraArgs: [3], isolation: 'loop' })
          .add({
            id: 'end',
            code: async (...all: unknown[]) => {
              asked.push('end');
              await held?.pass();
              return all;
            },
            args: ['e', 'd'],
          });
      const held = gate();
      const run = execute(at.here, dag(held), { durability });
      run.then(undefined, () => {});
      await held.reached;
      await at.here.stop({ graceMs: 0 });
      const there = await at.places.start('there');
      const { outcome, started, events, recalled } = await told(execute(there, dag()));
      expect(started).to.deep.equal(['end']);
      expect(reasonsIn(events)).to.deep.equal({});
      expect(recalled).to.include.members(['e/f0', 'e/sum', 'd/e/e/e/v', 'd/e/e/e', 'e', 'd']);
      expect(outcome.results).to.deep.equal({ end: [{ sum: 10 }, { e: { e: { e: { v: 1 } } } }] });
      expect((await there.runs())[0]).to.include({ state: 'completed', total: 13, succeeded: 13 });
    });
  }

  it('has the DAG of an expansion on disk before anything of it runs, whatever is lost then', async () => {
    let isCut = false;
    at.places.wrap = (journal) =>
      faultyJournal(journal, {
        beforeWrite() {
          if (isCut) throw new HandoffError('HANDOFF_STOPPED', 'the process was killed');
        },
      });
    let asked = 0;
    const dag = (): unknown =>
      Dag.dynamic('outer').expand({
        id: 'e',
        code: () => {
          asked += 1;
          return Dag.dynamic('inner')
            .add({ id: 'one', code: code.one, isolation: 'loop' })
            .add({ id: 'two', code: code.add, args: ['one'], isolation: 'loop' });
        },
      });
    const first = await at.places.start('first');
    const run = execute(first, dag());
    run.then(undefined, () => {});
    for await (const event of run) if (event.type === 'function-started' && event.functionId === 'e/one') isCut = true;
    await first.stop({ graceMs: 0 });
    isCut = false;
    const { outcome, started } = await told(execute(await at.places.start('there'), dag()));
    expect(asked).to.equal(1);
    expect(started).to.deep.equal(['e/one', 'e/two']);
    expect(outcome.results).to.deep.equal({ e: { two: 1 } });
  });

  it('compares the functions of a DAG that was given anew with those that are recorded', async () => {
    const dag = (plus: number, ran: string[]): unknown =>
      Dag.dynamic('outer').expand({
        id: 'e',
        code: () =>
          Dag.dynamic('inner')
            .add({ id: 'a', code: () => ran.push('a') })
            .add({ id: 'b', code: (a: number, by: number) => a + by + 0 * ran.push('b'), args: ['a'], extraArgs: [plus] })
            .add({ id: 'c', code: () => ran.push('c') }),
        // It stands for its code: what it gives may differ all the same.
        version: '1',
      });
    await execute(at.here, dag(1, []));
    const ran: string[] = [];
    const { outcome, events } = await told(execute(at.here, dag(10, ran)));
    expect(ran).to.deep.equal(['b']);
    expect(outcome.results).to.deep.equal({ e: { b: 11, c: 2 } });
    expect(reasonsIn(events)).to.deep.equal({ e: 'value-lost', 'e/b': 'constants' });
  });

  it('is told again when it is over, by its key, with the parts that are recorded', async () => {
    const dag = (): unknown =>
      Dag.dynamic('outer')
        .add({ id: 'ns', code: () => [3, 1] })
        .map({ id: 'm', over: 'ns', code: (n: number) => n * 2 })
        .expand({ id: 'e', code: code.sum, extraArgs: [4], isolation: 'loop' })
        .map({ id: 'none', over: 'm', code: () => undefined });
    const before = await told(execute(at.here, dag(), { collect: 'all' }));
    await at.here.stop();
    const there = await at.places.start('there');
    const [record] = await there.runs();
    expect(record).to.include({ state: 'completed', total: 13, succeeded: 13 });
    const after = await told(execute(there, dag(), { collect: 'all' }));
    expect(after.started).to.deep.equal([]);
    expect(after.outcome.results).to.deep.equal(before.outcome.results);
    expect(after.outcome.results).to.deep.equal({ ns: [3, 1], m: [6, 2], none: [undefined, undefined], e: { sum: 6 } });
    expect(after.outcome.runId).to.equal(before.outcome.runId);
    expect((await there.runs())[0]).to.include({ resumptions: 0, total: 13 });
    expect(await there.getResult('outer', 'm')).to.deep.equal([6, 2]);
    expect(await there.getResult('outer', 'e')).to.deep.equal({ sum: 6 });
  });

  it('gives its arrays and records after a restart, without being executed', async () => {
    const whole = Dag.dynamic('outer')
      .add({ id: 'xs', code: () => [1, 2] })
      .map({ id: 'm', over: 'xs', code: (n: number) => n + 1 })
      .add({ id: 'nothing', code: () => [] })
      .map({ id: 'none', over: 'nothing', code: () => 1 })
      .map({ id: 'noneAgain', over: 'none', code: () => 1 })
      .expand({ id: 'e', code: code.deeper, extraArgs: [1], isolation: 'loop' });
    await execute(at.here, whole);
    await at.here.stop();
    const there = await at.places.start('there');
    expect(await there.getResult('outer', 'm')).to.deep.equal([2, 3]);
    expect(await there.getResult('outer', 'e')).to.deep.equal({ e: { v: 1 } });
    expect([await there.getResult('outer', 'none'), await there.getResult('outer', 'noneAgain')]).to.deep.equal([[], []]);
    expect(await there.lookupDataLocation('outer', 'm')).to.equal('here');
    expect(await there.lookupDataLocation('outer', 'e')).to.equal('here');
  });

  it('goes on by its key alone, if its functions are references', async () => {
    const dag = Dag.dynamic('outer')
      .expand({ id: 'e', code: code.sum, extraArgs: [3], isolation: 'loop' })
      .expand({ id: 'f', code: code.failing, isolation: 'loop', optional: true });
    const first = await told(execute(at.here, dag));
    expect(Object.keys(first.outcome.failures)).to.deep.equal(['f/a']);
    await at.here.stop();
    const there = await at.places.start('there');
    const again = await told(there.resume('k') as unknown as Executed);
    expect(again.started).to.deep.equal([]);
    expect(again.outcome.results).to.deep.equal({ e: { sum: 3 }, f: undefined });
    expect(Object.keys(again.outcome.failures)).to.deep.equal(['f/a']);
  });

  it('gives each element and inside an idempotency key of its own, the same after a resumption', async () => {
    const keyed = () => currentFunction().idempotencyKey;
    const dag = (held?: Gate): unknown =>
      Dag.dynamic('keys')
        .add({ id: 'ns', code: () => [1, 2, 3] })
        .map({ id: 'm', over: 'ns', code: async (n: number) => passing(n > 1 ? held : undefined, keyed()) })
        .expand({ id: 'e', code: () => Dag.dynamic('in').add({ id: 'x', code: () => passing(held, keyed()) }), version: '1' });
    const held = gate();
    const seen: (string | undefined)[] = [];
    const run = execute(at.here, dag(held));
    const there = await interrupted(run, 'm[0]');
    const { outcome } = await told(execute(there, dag()));
    const { m, e } = outcome.results as { m: string[]; e: { x: string } };
    seen.push(...m, e.x);
    expect(new Set(seen).size).to.equal(4);
    for (const key of seen) expect(key).to.match(/^[\w-]{43}$/);
    const { outcome: again } = await told(execute(there, dag(), { reuse: 'none' }));
    const after = again.results as { m: string[] };
    expect(after.m.filter((key) => m.includes(key))).to.deep.equal([]);
  });
});
