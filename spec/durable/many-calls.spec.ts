import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { Dag, functionsIn } from '../../lib/index.js';
import { begunOn, clearStage, gateAt } from '../scenarios/modules/stage.js';
import { caught } from '../support/caught.js';
import { DurablePlaces, eventsOf, startedIn } from './durable-node.js';
import { Failing, faultyJournal } from './faulty-journal.js';

const stage = functionsIn<typeof import('../scenarios/modules/stage.js')>(new URL('../scenarios/modules/stage.js', import.meta.url));

const dag = (id = 'stages') =>
  new Dag(id)
    .add({ id: 'first', code: stage.small, isolation: 'loop' })
    .add({ id: 'second', code: stage.held, args: ['first'], isolation: 'loop' });

const RESULTS = { first: 'first is done', second: 'second is done' };
const COUNT = 15;

describe('many calls for one key', () => {
  let places: DurablePlaces;
  beforeEach(() => {
    clearStage();
    places = new DurablePlaces();
  });
  afterEach(() => places.stop());

  it('on two nodes at once are one run: each function runs once, and all have the results', async () => {
    const nodes = [await places.start('a'), await places.start('b')];
    for (const name of ['a', 'b']) gateAt('second', name).open();
    const runs = Array.from({ length: 2 * COUNT }, (_, at) => nodes[at % 2]!.execute(dag(), { key: 'k', waitMs: 1e9 }));
    const outcomes = await Promise.all(runs);
    expect(new Set(outcomes.map(({ runId }) => runId)).size).to.equal(1);
    for (const { results } of outcomes) expect(results).to.deep.equal(RESULTS);
    expect([begunOn('first').length, begunOn('second').length]).to.deep.equal([1, 1]);
    expect((await nodes[0]!.runs()).length).to.equal(1);
  });

  it('wait for a driver that dies: one goes on, and the others are attached to it', async () => {
    const failing = new Failing();
    places.wrap = (journal) => faultyJournal(journal, failing);
    const a = await places.start('a', { journalWaitMs: 1e9 });
    places.wrap = (journal) => journal;
    const lost = caught(a.execute(dag(), { key: 'k', durability: 'strict' }));
    await gateAt('second', 'a').reached;
    failing.error = new HandoffError('HANDOFF_STORAGE_FAILED', 'away', { reason: 'unreachable' });
    const b = await places.start('b');
    const runs = Array.from({ length: COUNT }, () => b.execute(dag(), { key: 'k', waitMs: 1e9 }));
    let isTaken = false;
    void gateAt('second', 'b').reached.then(() => {
      isTaken = true;
    });
    // The node lives on, and renews its lease: until another has gone on with the run.
    while (!isTaken) {
      places.database.endLease('a');
      await new Promise((resolve) => setImmediate(resolve));
    }
    gateAt('second', 'b').open();
    const outcomes = await Promise.all(runs);
    for (const { results } of outcomes) expect(results).to.deep.equal(RESULTS);
    expect(new Set(outcomes.map(({ runId }) => runId)).size).to.equal(1);
    expect(begunOn('first')).to.deep.equal(['a']);
    expect(begunOn('second')).to.deep.equal(['a', 'b']);
    await a.stop({ graceMs: 0 });
    await lost;
  });

  it('are refused to a function of the run itself, which would wait for its own end', async () => {
    const node = await places.start('a');
    const own: Dag = new Dag('own').add({ id: 'asks', code: () => caught(node.execute(own, { key: 'k' })).then(({ code }) => code) });
    const { results } = await node.execute(own, { key: 'k' });
    expect(results).to.deep.equal({ asks: 'HANDOFF_DAG_RUNNING' });
  });

  it('wait no longer than they say, nor after they are cancelled, and leave the run alone', async () => {
    const [a, b] = [await places.start('a'), await places.start('b')];
    const run = a.execute(dag(), { key: 'k' });
    await gateAt('second', 'a').reached;
    expect(await caught(b.execute(dag(), { key: 'k', waitMs: 1 }))).to.include({ code: 'HANDOFF_DAG_RUNNING', node: 'a', runId: run.id });
    const controller = new AbortController();
    const waiting = [b.execute(dag(), { key: 'k', waitMs: 1e9 }), b.execute(dag(), { key: 'k', waitMs: 1e9, signal: controller.signal })];
    const errors = Promise.all(waiting.map(caught));
    // Before the call has begun.
    controller.abort();
    await waiting[0]!.cancel('enough');
    expect((await errors).map(({ code }) => code)).to.deep.equal(['HANDOFF_RUN_CANCELLED', 'HANDOFF_RUN_CANCELLED']);
    const timed = await caught(b.execute(dag(), { key: 'k', waitMs: 1e9, timeoutMs: 1 }));
    expect(timed).to.include({ code: 'HANDOFF_RUN_TIMEOUT' });
    expect(timed.message).to.include('0 of 2 functions had finished');
    const late = caught(b.execute(dag(), { key: 'k', waitMs: 1e9 }));
    await b.stop({ graceMs: 0 });
    expect(await late).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    gateAt('second', 'a').open();
    expect((await run).results).to.deep.equal(RESULTS);
  });

  it('with another DAG id have the recorded results, under that id', async () => {
    const a = await places.start('a');
    gateAt('second', 'a').open();
    const first = await a.execute(dag('one'), { key: 'k' });
    const again = a.execute(dag('other'), { key: 'k' });
    const events = await eventsOf(again);
    expect(startedIn(events)).to.deep.equal([]);
    expect(await again).to.deep.include({ dagId: 'other', runId: first.runId, results: RESULTS });
    for (const event of events) expect(event).to.include({ dagId: 'other', runId: first.runId });
    const named = await a.execute(dag('one'), { key: 'k', dagId: 'named' });
    expect(named).to.deep.include({ dagId: 'named', runId: first.runId, results: RESULTS });
  });
});

describe('a query for runs', () => {
  it('is refused with a TypeError unless its fields are known and of their type', async () => {
    await using places = new DurablePlaces();
    const handoff = await places.start();
    const wrong = [
      { state: [] },
      { state: ['running'] },
      { state: 'gone' },
      { state: null },
      new Map(),
      [],
      'running',
      5,
      null,
      { key: 'k' },
    ];
    for (const query of [...wrong, { dagId: 7 }, { dagId: null }]) {
      const error = await caught(handoff.runs(query as never));
      expect(error, JSON.stringify(query)).to.be.instanceOf(TypeError);
    }
    expect(await handoff.runs({ state: undefined } as never)).to.deep.equal([]);
    expect(await handoff.runs({})).to.deep.equal([]);
  });
});
