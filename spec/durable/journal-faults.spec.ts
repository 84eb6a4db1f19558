import { expect } from 'chai';
import { storageFailed } from '../../lib/files/index.js';
import { realEnvironment, startNode } from '../../lib/handoff/index.js';
import { Dag, Handoff } from '../../lib/index.js';
import { type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { crashActorOf } from '../../lib/testing/node-inside.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';
import { DurablePlaces, eventsOf, recalledIn } from './durable-node.js';
import { Failing, faultyJournal } from './faulty-journal.js';

const away = storageFailed('unreachable', 'the database is away');

describe('a journal that cannot be written', () => {
  it('pauses durable runs, with one warning; they go on when it is back, and other runs are not touched', async () => {
    await using places = new DurablePlaces();
    const failing = new Failing();
    places.wrap = (journal) => faultyJournal(journal, failing);
    const logger = spyLogger();
    const handoff = await places.start('here', { logger });
    failing.error = away;
    const ran: string[] = [];
    const held = gate();
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => void ran.push('a') })
      .add({ id: 'slow', code: () => held.pass() })
      .add({ id: 'b', code: () => void ran.push('b'), args: ['a', 'slow'] });
    const run = handoff.execute(dag, { key: 'k' });
    await failing.failed(2);
    held.open();
    const other = await handoff.execute(Dag.dynamic('other').add({ id: 'x', code: () => 1 }));
    expect(other.results).to.deep.equal({ x: 1 });
    expect(ran).to.deep.equal(['a']);
    failing.error = undefined;
    await run;
    expect(ran).to.deep.equal(['a', 'b']);
    const told = logger.lines.filter(({ level }) => level === 'warn' || level === 'error');
    expect(told.map(({ message }) => message)).to.deep.equal(['the journal cannot be written: durable runs pause']);
  });

  it('is warned of once, however many runs pause, and told of once when it is back; the next time again', async () => {
    await using places = new DurablePlaces();
    const failing = new Failing();
    places.wrap = (journal) => faultyJournal(journal, failing);
    const logger = spyLogger();
    const handoff = await places.start('here', { logger });
    const told = (): string[] => logger.lines.flatMap(({ message }) => (message.includes('the journal can') ? [message] : []));
    const outage = ['the journal cannot be written: durable runs pause', 'the journal can be written again: durable runs go on'];
    for (const time of [1, 2]) {
      failing.error = away;
      const runs = ['x', 'y', 'z'].map((key) =>
        handoff.execute(Dag.dynamic(key).add({ id: 'a', code: () => time, version: `${time}` }), { key, durability: 'strict' }),
      );
      // Each has tried at least once, as no other is let through.
      while (failing.failedKeys.size < 3) await failing.failed(failing.failures + 1);
      failing.error = undefined;
      await Promise.all(runs);
      failing.failedKeys.clear();
      expect(told()).to.deep.equal([...Array(time)].flatMap(() => outage));
    }
  });

  it('under strict lets nothing start that depends on a success which is not on disk, and tells no such success', async () => {
    await using places = new DurablePlaces();
    const held = gate();
    places.wrap = (journal) => faultyJournal(journal, { beforeWrite: () => held.pass() });
    const handoff = await places.start();
    const ran: string[] = [];
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => void ran.push('a') })
      .add({ id: 'b', code: () => void ran.push('b'), args: ['a'] });
    const run = handoff.execute(dag, { key: 'k', durability: 'strict' });
    await held.reached;
    expect(ran).to.deep.equal(['a']);
    expect(run.progress).to.include({ running: 1, succeeded: 0, waiting: 1 });
    // Its claim is free: another run gets all there is.
    const all = Dag.dynamic('all').add({ id: 'x', code: () => 1, cost: { cpu: 4 } });
    expect((await handoff.execute(all)).results).to.deep.equal({ x: 1 });
    await crashActorOf(handoff, 'DagRunner');
    held.open();
    await run;
    expect(ran).to.deep.equal(['a', 'b']);
  });

  it('interrupts them when it stays away: they reject with its error, and go on later', async () => {
    const database = new MemoryDatabase();
    const failing = new Failing();
    const clock = testClock();
    const handoff = await Handoff[startNode](
      { name: 'here', logger: spyLogger() },
      {
        ...realEnvironment,
        clock,
        openJournal: async (options: JournalOptions) => faultyJournal(await journals.memory(database, options), failing),
      },
    );
    const dag = () => Dag.dynamic('d').add({ id: 'a', code: () => 1 });
    for (const durability of ['strict', 'batched'] as const) {
      failing.error = away;
      failing.failures = 0;
      const rejected = caught(handoff.execute(dag(), { key: durability, durability }));
      let error: unknown;
      void rejected.then((one) => {
        error = one;
      });
      for (let passedMs = 0; !error && passedMs < 120_000; passedMs += 1000) {
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(1000);
      }
      expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
      failing.error = undefined;
      for (let passedMs = 0; passedMs < 10_000; passedMs += 1000) {
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(1000);
      }
      const [recorded] = await (await journals.memory(database, { node: 'x', clock, leaseMs: 1000 })).findRuns({ key: durability });
      expect(recorded).to.include({ state: 'interrupted' });
    }
    await handoff.stop({ graceMs: 0 });
  });

  for (const what of ['append', 'end'] as const) {
    it(`interrupts them at once where it can still be read: they go on as soon as it can be written (${what})`, async () => {
      await using places = new DurablePlaces();
      let fails = true;
      const beforeWrite = (write: 'append' | 'end'): void => {
        if (fails && (write === what || write === 'end')) throw away;
      };
      places.wrap = (journal) => faultyJournal(journal, { beforeWrite });
      const handoff = await places.start('here', { journalWaitMs: 0 });
      const dag = () => Dag.dynamic('d').add({ id: 'a', code: () => 1 });
      const run = handoff.execute(dag(), { key: 'k' });
      expect(await caught(run)).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
      expect((await handoff.runs())[0]).to.include({ key: 'k', state: 'interrupted' });
      fails = false;
      const again = await handoff.execute(dag(), { key: 'k' });
      expect(again).to.deep.include({ runId: run.id, results: { a: 1 } });
      expect((await handoff.runs())[0]).to.include({ key: 'k', state: 'completed' });
    });
  }

  it('does not hold up a node that stops', async () => {
    await using places = new DurablePlaces();
    const failing = new Failing();
    places.wrap = (journal) => faultyJournal(journal, failing);
    const handoff = await places.start();
    failing.error = away;
    const run = caught(handoff.execute(Dag.dynamic('d').add({ id: 'a', code: () => 1 }), { key: 'k' }));
    await failing.failed(1);
    await handoff.stop({ graceMs: 0 });
    expect(await run)
      .to.have.property('code')
      .that.is.oneOf(['HANDOFF_RUN_ABORTED', 'HANDOFF_STORAGE_FAILED']);
  });

  it('that was harmed is damaged for the runs that it harms alone', async () => {
    await using places = new DurablePlaces();
    const handoff = await places.start();
    const dag = () => Dag.dynamic('d').add({ id: 'a', code: () => 1 });
    await handoff.execute(dag(), { key: 'harmed' });
    await handoff.execute(dag(), { key: 'whole' });
    const [group] = places.database.groupsOf('harmed');
    group!.bytes[10]! ^= 1;
    expect(await caught(handoff.execute(dag(), { key: 'harmed' }))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'damaged' });
    expect(recalledIn(await eventsOf(handoff.execute(dag(), { key: 'whole' })))).to.deep.equal(['a']);
  });
});
