import { expect } from 'chai';
import { Dag } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { type Gate, gate } from '../support/gate.js';
import { DurablePlaces, eventsOf, placesForEach, reasonsIn, recalledIn, startedIn } from './durable-node.js';
import { faultyJournal } from './faulty-journal.js';

const lit = (value: unknown) => () => value;

/** a → b → c, where b waits at the gate. */
const chain = (held: Gate, ran: string[] = []) =>
  Dag.dynamic('chain')
    .input('n')
    .add({
      id: 'a',
      code: (n: number) => {
        ran.push('a');
        return n + 1;
      },
      args: ['n'],
    })
    .add({
      id: 'b',
      code: async (a: number) => {
        ran.push('b');
        await held.pass();
        return a * 2;
      },
      args: ['a'],
    })
    .add({
      id: 'c',
      code: (b: number) => {
        ran.push('c');
        return { b };
      },
      args: ['b'],
    });

for (const durability of ['batched', 'strict'] as const) {
  describe(`a run with a key, recorded ${durability}`, () => {
    const at = placesForEach();

    it('goes on under its id when its node was stopped: what succeeded does not run again', async () => {
      const held = gate();
      const ran: string[] = [];
      const run = at.here.execute(chain(held, ran), { key: 'k', durability, inputs: { n: 1 } });
      await held.reached;
      const stopped = caught(run);
      await at.here.stop({ graceMs: 0 });
      expect(await stopped).to.include({ code: 'HANDOFF_RUN_ABORTED' });
      held.open();
      const heir = await at.places.start('heir');
      const again = heir.execute(chain(held, ran), { key: 'k' });
      const events = await eventsOf(again);
      expect((await again).results).to.deep.equal({ a: 2, b: 4, c: { b: 4 } });
      expect(again.id).to.equal(run.id);
      expect((await again).allocations).to.deep.equal({ a: 'here', b: 'heir', c: 'heir' });
      expect(ran).to.deep.equal(['a', 'b', 'b', 'c']);
      expect(events.map((event) => event.type).slice(0, 2)).to.deep.equal(['run-started', 'function-succeeded']);
      expect(recalledIn(events)).to.deep.equal(['a']);
      expect(startedIn(events)).to.deep.equal(['b', 'c']);
      for (const event of events) expect(event).to.include({ runId: run.id, dagId: 'chain' });
    });

    it('is told again from its record when it has completed, at once and whole', async () => {
      const held = gate();
      held.open();
      const ran: string[] = [];
      const first = await at.here.execute(chain(held, ran), { key: 'k', durability, inputs: { n: 1 } });
      await at.here.stop();
      const heir = await at.places.start('heir');
      const again = heir.execute(chain(held, ran), { key: 'k', collect: ['c'] });
      const events = await eventsOf(again);
      expect((await again).results).to.deep.equal({ c: { b: 4 } });
      expect((await again).runId).to.equal(first.runId);
      expect(ran).to.deep.equal(['a', 'b', 'c']);
      expect(events.map((event) => ('functionId' in event ? `${event.type} ${event.functionId}` : event.type))).to.deep.equal([
        'run-started',
        'function-succeeded c',
        'run-completed',
      ]);
      expect(again.progress).to.include({ total: 3, succeeded: 3 });
    });

    it('tries anew what failed, and says so', async () => {
      let isMended = false;
      const dag = () =>
        Dag.dynamic('d')
          .add({ id: 'good', code: lit(1) })
          .add({
            id: 'bad',
            code: (one: number) => {
              if (!isMended) throw new Error('no');
              return one + 1;
            },
            args: ['good'],
            maxRetries: 0,
          });
      const first = at.here.execute(dag(), { key: 'k', durability });
      expect(await caught(first)).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'bad' });
      isMended = true;
      const again = at.here.execute(dag(), { key: 'k' });
      const events = await eventsOf(again);
      expect((await again).results).to.deep.equal({ good: 1, bad: 2 });
      expect(again.id).to.equal(first.id);
      expect(recalledIn(events)).to.deep.equal(['good']);
      expect(reasonsIn(events)).to.deep.equal({ bad: 'failed' });
    });

    it('goes on after it was cancelled', async () => {
      const held = gate();
      const run = at.here.execute(chain(held), { key: 'k', durability, inputs: { n: 1 } });
      await held.reached;
      const error = caught(run);
      await run.cancel();
      expect(await error).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
      held.open();
      const again = at.here.execute(chain(held), { key: 'k' });
      expect(recalledIn(await eventsOf(again))).to.deep.equal(['a']);
      expect((await again).results).to.deep.equal({ a: 2, b: 4, c: { b: 4 } });
    });

    it('is recorded with values of every kind as they were', async () => {
      const value = { map: new Map([[1, new Date(5)]]), bytes: new Uint8Array([1, 2, 3]), nothing: undefined, big: 2n ** 70n };
      const dag = () =>
        Dag.dynamic('d')
          .add({ id: 'value', code: () => value })
          .add({ id: 'none', code: () => undefined })
          .add({ id: 'floats', code: () => new Float64Array([0.5, 0.25]) });
      await at.here.execute(dag(), { key: 'k', durability });
      await at.here.stop();
      const heir = await at.places.start('heir');
      const { results } = await heir.execute(dag(), { key: 'k' });
      expect(results).to.deep.equal({ value, none: undefined, floats: new Float64Array([0.5, 0.25]) });
    });
  });
}

describe('what still holds of a record', () => {
  const at = placesForEach();

  it('is what is the same: each function that runs again says why, and what consumes it does too', async () => {
    const dag = (change: 'none' | 'code' | 'constants' | 'wiring') =>
      Dag.dynamic('d')
        .add({ id: 'one', code: lit(1) })
        .add({ id: 'two', code: change === 'code' ? (x: number) => x + 20 : (x: number) => x + 2, args: ['one'] })
        .add({ id: 'three', code: (x: number, more: number) => x + more, args: ['one'], extraArgs: [change === 'constants' ? 30 : 3] })
        .add({ id: 'four', code: (x: number, y = 0) => x - y, args: change === 'wiring' ? ['one', 'one'] : ['one'] })
        .add({ id: 'sum', code: (...all: number[]) => all.reduce((a, b) => a + b), args: ['two', 'three', 'four'] });
    await at.here.execute(dag('none'), { key: 'k' });
    for (const change of ['code', 'constants', 'wiring'] as const) {
      const key = `changed ${change}`;
      await at.here.execute(dag('none'), { key });
      const events = await eventsOf(at.here.execute(dag(change), { key }));
      const changed = { code: 'two', constants: 'three', wiring: 'four' }[change];
      expect(reasonsIn(events)).to.deep.equal({ [changed]: change, sum: 'producer' });
      expect(startedIn(events)).to.deep.equal([changed, 'sum']);
    }
  });

  it('does not hold for functions that read an input which is another', async () => {
    const dag = () =>
      Dag.dynamic('d')
        .input('n')
        .input('m')
        .add({ id: 'n1', code: (n: number) => n, args: ['n'] })
        .add({ id: 'm1', code: (m: number) => m, args: ['m'] });
    await at.here.execute(dag(), { key: 'k', inputs: { n: 1, m: 1 } });
    const again = at.here.execute(dag(), { key: 'k', inputs: { n: 1, m: 2 } });
    expect(reasonsIn(await eventsOf(again))).to.deep.equal({ m1: 'inputs' });
    expect((await again).results).to.deep.equal({ n1: 1, m1: 2 });
  });

  it('is nothing where everything is asked to run again', async () => {
    const dag = () => Dag.dynamic('d').add({ id: 'one', code: lit(1) });
    await at.here.execute(dag(), { key: 'k' });
    const events = await eventsOf(at.here.execute(dag(), { key: 'k', reuse: 'none' }));
    expect(reasonsIn(events)).to.deep.equal({ one: 'asked' });
  });

  it('is of the DAG id that is given last, also where it has completed: nothing runs again, and its record says so', async () => {
    const dag = (id = 'own') => Dag.dynamic(id).add({ id: 'a', code: () => void ran.push('a') });
    const ran: string[] = [];
    const first = at.here.execute(dag(), { key: 'k' });
    await first;
    for (const [given, options, dagId, resumptions] of [
      [dag(), { dagId: 'given' }, 'given', 1],
      [dag(), {}, 'given', 1],
      [dag('other'), {}, 'given', 1],
      [dag('other'), { dagId: 'other' }, 'other', 2],
    ] as const) {
      const again = at.here.execute(given, { key: 'k', ...options });
      const events = await eventsOf(again);
      for (const event of events) expect(event).to.include({ runId: first.id, dagId });
      expect(startedIn(events)).to.deep.equal([]);
      expect(await again).to.include({ dagId });
      const [record] = await at.here.runs();
      expect(record).to.include({ dagId, state: 'completed', resumptions, runId: first.id });
    }
    expect(ran).to.deep.equal(['a']);
  });

  it('is told with the options that were recorded, unless others are given: an option that is undefined is not given', async () => {
    const dag = () =>
      Dag.dynamic('d')
        .add({ id: 'one', code: lit(1) })
        .add({ id: 'two', code: (x: number) => x + 1, args: ['one'] });
    await at.here.execute(dag(), { key: 'k', collect: ['one'], dagId: 'named' });
    const options = { key: 'k', collect: undefined, dagId: undefined, timeoutMs: undefined };
    const again = await at.here.execute(dag(), options as never);
    expect(again).to.deep.include({ dagId: 'named', results: { one: 1 } });
  });

  it('computes values again that were too large for the journal, where they are needed', async () => {
    const dag = () =>
      Dag.dynamic('d')
        .add({ id: 'large', code: () => new Uint8Array(200_000).fill(7) })
        .add({ id: 'used', code: (bytes: Uint8Array) => bytes.length, args: ['large'] })
        .add({ id: 'last', code: (bytes: Uint8Array) => bytes[0], args: ['large'] });
    await at.here.execute(dag(), { key: 'k', collect: ['used', 'last'] });
    const replay = await eventsOf(at.here.execute(dag(), { key: 'k', collect: ['used', 'last'] }));
    expect(startedIn(replay)).to.deep.equal([]);
    const events = await eventsOf(at.here.execute(dag(), { key: 'k', collect: 'all' }));
    expect(reasonsIn(events)).to.deep.equal({ large: 'value-lost' });
    expect(startedIn(events)).to.deep.equal(['large']);
  });
});

describe('a second call for a key', () => {
  const at = placesForEach();

  it('is attached to the run that this node drives: same results, all events; its signal ends the attachment only', async () => {
    const held = gate();
    const run = at.here.execute(chain(held), { key: 'k', inputs: { n: 1 } });
    const controller = new AbortController();
    const second = at.here.execute(chain(held), { key: 'k', inputs: { n: 1 } });
    const third = at.here.execute(chain(held), { key: 'k', inputs: { n: 1 }, signal: controller.signal });
    const ofThird = eventsOf(third);
    await held.reached;
    const left = caught(third);
    controller.abort();
    expect(await left).to.include({ code: 'HANDOFF_RUN_CANCELLED', runId: run.id });
    expect((await ofThird).at(-1)).to.include({ type: 'run-failed' });
    held.open();
    expect((await second).results).to.deep.equal((await run).results);
    expect(second.id).to.equal(run.id);
    expect(await eventsOf(second)).to.deep.equal(await eventsOf(run));
  });

  it('has all events while the run goes on, its end among them', async () => {
    const ending = gate();
    at.places.wrap = (journal) => faultyJournal(journal, { beforeWrite: (what) => (what === 'end' ? ending.pass() : undefined) });
    const here = await at.places.start('slow');
    const dag = Dag.dynamic('d').add({ id: 'one', code: lit(1) });
    const events = [1, 2].map(() => eventsOf(here.execute(dag, { key: 'k' })));
    await ending.reached;
    // All that has happened so far has been read.
    await new Promise((resolve) => setImmediate(resolve));
    ending.open();
    const [ofFirst, ofSecond] = await Promise.all(events);
    expect(ofSecond).to.deep.equal(ofFirst);
    expect(ofFirst!.at(-1)).to.include({ type: 'run-completed' });
  });

  it('is refused for another DAG or other inputs', async () => {
    const held = gate();
    const run = at.here.execute(chain(held), { key: 'k', inputs: { n: 1 } });
    await held.reached;
    const other = Dag.dynamic('chain').add({ id: 'a', code: lit(1) });
    for (const refused of [at.here.execute(other, { key: 'k' }), at.here.execute(chain(held), { key: 'k', inputs: { n: 2 } })]) {
      expect(await caught(refused)).to.include({ code: 'HANDOFF_DAG_RUNNING', runId: run.id, node: 'here' });
    }
    held.open();
    await run;
  });

  it('is refused for the same DAG whose constants have been changed in place', async () => {
    const held = gate();
    const constant = { value: 1 };
    const code = async ({ value }: { value: number }) => {
      await held.pass();
      return value;
    };
    const dag = Dag.dynamic('d').add({ id: 'one', code, extraArgs: [constant] });
    const run = at.here.execute(dag, { key: 'k' });
    await held.reached;
    const same = at.here.execute(dag, { key: 'k' });
    const joined = same.then(({ results }) => results);
    for await (const _ of same) break;
    constant.value = 2;
    expect(await caught(at.here.execute(dag, { key: 'k' }))).to.include({ code: 'HANDOFF_DAG_RUNNING', runId: run.id });
    held.open();
    expect(await joined).to.deep.equal({ one: 1 });
    expect((await at.here.execute(dag, { key: 'k' })).results).to.deep.equal({ one: 2 });
  });

  it('may run the same DAG id beside others with other keys', async () => {
    const held = gate();
    const runs = [1, 2].map((n) => at.here.execute(chain(held), { key: `k${n}`, inputs: { n } }));
    held.open();
    expect((await Promise.all(runs)).map(({ results }) => (results as { a: number }).a)).to.deep.equal([2, 3]);
  });

  it('is refused while another node drives it, and goes on once that has stopped', async () => {
    const held = gate();
    const run = at.here.execute(chain(held), { key: 'k', inputs: { n: 1 } });
    await held.reached;
    const aborted = caught(run);
    const other = await at.places.start('other');
    expect(await caught(other.execute(chain(held), { key: 'k' }))).to.include({ code: 'HANDOFF_DAG_RUNNING', node: 'here' });
    const waiting = other.execute(chain(held), { key: 'k', waitMs: 60_000 });
    const results = waiting.then((outcome) => outcome.results);
    held.open();
    await at.here.stop({ graceMs: 0 });
    await aborted;
    expect(await results).to.deep.equal({ a: 2, b: 4, c: { b: 4 } });
  });
});

describe('durable runs', () => {
  it('take only results that could go to a thread, also where functions share what they like', async () => {
    await using places = new DurablePlaces();
    const handoff = await places.start('here', { freeze: false });
    const dag = () => Dag.dynamic('d').add({ id: 'one', code: () => ({ call: () => 1 }) });
    expect((await handoff.execute(dag())).results).to.have.nested.property('one.call');
    const error = await caught(handoff.execute(dag(), { key: 'k' }));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 1 });
    expect(error.cause).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'result.call' });
  });

  it('are refused at once where no member can hold a function, and leave no record', async () => {
    await using places = new DurablePlaces();
    const handoff = await places.start();
    const needing = Dag.dynamic('needing').add({ id: 'one', code: lit(1), cost: { gpu: 1 } });
    expect(await caught(handoff.execute(needing, { key: 'k' }))).to.include({ code: 'HANDOFF_ALLOCATION_FAILED', functionId: 'one' });
    expect(await handoff.runs()).to.deep.equal([]);
  });

  it('refuse options that are wrong, and have their id for a key where none is given', async () => {
    await using places = new DurablePlaces();
    const handoff = await places.start();
    const dag = () => Dag.dynamic('d').add({ id: 'one', code: lit(1) });
    const wrong = [
      { key: '' },
      { key: 5 },
      { key: '\ud800' },
      { key: 'é'.repeat(300) },
      { durable: 'yes' },
      { key: 'k', durable: false },
      { key: 'k', durability: 'lazy' },
      { key: 'k', reuse: 'all' },
    ];
    for (const options of wrong)
      expect(await caught(handoff.execute(dag(), options as never)), JSON.stringify(options)).to.be.instanceOf(TypeError);
    expect(await caught(handoff.execute(dag(), { key: 'k', waitMs: -1 } as never))).to.be.instanceOf(RangeError);
    const { results, runId } = await handoff.execute(dag(), { durable: true });
    expect(results).to.deep.equal({ one: 1 });
    expect((await handoff.execute(dag(), { key: runId })).runId).to.equal(runId);
  });
});
