import { expect } from 'chai';
import { Dag, type Handoff } from '../../lib/index.js';
import type { Journal } from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { type Gate, gate } from '../support/gate.js';
import { DurablePlaces } from './durable-node.js';

const dag = (value = 1) => Dag.dynamic('d').add({ id: 'one', code: (n: number) => n, extraArgs: [value] });

describe('a durable run that has just ended', () => {
  it('goes on at once, as often as it is asked to', async () => {
    await using places = new DurablePlaces();
    const handoff = await places.start();
    const first = await handoff.execute(dag(), { key: 'k' });
    for (let n = 2; n < 30; n += 1) {
      const constant = n % 3 === 0 ? n : n - 1;
      const { results, runId } = await handoff.execute(dag(constant), { key: 'k' });
      expect({ results, runId }).to.deep.equal({ results: { one: constant }, runId: first.runId });
    }
  });
});

describe('a call for a durable run that is left while its record is looked up', () => {
  let places: DurablePlaces;
  let handoff: Handoff;
  let held: Gate;
  let holds: 'findRuns' | 'openRun' | undefined;
  beforeEach(async () => {
    places = new DurablePlaces();
    held = gate();
    holds = undefined;
    places.wrap = (journal) => heldAt(journal);
    handoff = await places.start();
  });
  afterEach(() => places.stop());

  const heldAt = (journal: Journal): Journal => ({
    name: journal.name,
    lease: journal.lease,
    openRun: async (request) => {
      const answer = await journal.openRun(request);
      if (holds === 'openRun') await held.pass();
      return answer;
    },
    findRuns: async (query) => {
      if (holds === 'findRuns') await held.pass();
      return journal.findRuns(query);
    },
    readGroups: (run) => journal.readGroups(run),
    forgetRun: (key) => journal.forgetRun(key),
    close: () => journal.close(),
  });

  for (const where of ['findRuns', 'openRun'] as const) {
    it(`leaves the key free for another DAG once its cancellation has resolved (${where})`, async () => {
      holds = where;
      const run = handoff.execute(dag(), { key: 'k' });
      const error = caught(run);
      await held.reached;
      const isCancelled = run.cancel();
      expect(await error).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
      holds = undefined;
      const beforeItIsOver = handoff.execute(dag(2), { key: 'k' });
      held.open();
      await isCancelled;
      expect((await beforeItIsOver).results).to.deep.equal({ one: 2 });
      expect((await handoff.execute(dag(3), { key: 'k' })).results).to.deep.equal({ one: 3 });
    });
  }

  it('is cancelled at once, or times out, also when it goes on by its key alone', async () => {
    await handoff.execute(dag(), { key: 'k' });
    holds = 'findRuns';
    const controller = new AbortController();
    const [called, signalled, timed] = [
      handoff.resume('k'),
      handoff.resume('k', { signal: controller.signal }),
      handoff.resume('k', { timeoutMs: 1 }),
    ];
    const errors = [called, signalled, timed].map(caught);
    await held.reached;
    await called.cancel('enough');
    controller.abort(new Error('enough'));
    const [first, second, third] = await Promise.all(errors);
    expect(first).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
    expect(second).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
    expect(third).to.include({ code: 'HANDOFF_RUN_TIMEOUT' });
    holds = undefined;
    held.open();
    expect(await caught(handoff.resume('k', { signal: AbortSignal.abort() }))).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
  });

  it('is aborted when its node stops, also when it goes on by its key alone', async () => {
    await handoff.execute(dag(), { key: 'k' });
    holds = 'findRuns';
    const resumed = caught(handoff.resume('k'));
    const executed = caught(handoff.execute(dag(), { key: 'k' }));
    await held.reached;
    const stopped = handoff.stop({ graceMs: 0 });
    expect(await resumed).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    expect(await executed).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    held.open();
    await stopped;
  });

  it('is aborted when its node stops before it was looked at', async () => {
    await handoff.execute(dag(), { key: 'k' });
    const resumed = caught(handoff.resume('k'));
    await handoff.stop({ graceMs: 0 });
    expect(await resumed).to.include({ code: 'HANDOFF_RUN_ABORTED' });
  });
});
