import { expect } from 'chai';
import { FaultyStore, type Journal, type JournalStore, journals, MemoryDatabase, type RunJournal } from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { groupsIn, openedRun, requestFor } from '../support/journal-runs.js';
import { settled, type TestClock, testClock } from '../support/test-clock.js';

const LEASE_MS = 9_000;

describe('a store with faults', () => {
  let clock: TestClock;
  let store: FaultyStore;
  let inner: JournalStore;
  let journal: Journal;
  let run: RunJournal;

  beforeEach(async () => {
    clock = testClock();
    const around = (given: JournalStore): JournalStore => {
      inner = given;
      store = new FaultyStore(inner, clock);
      return store;
    };
    journal = await journals.memory(new MemoryDatabase(clock), { node: 'a', clock, leaseMs: LEASE_MS, around });
    run = await openedRun(journal, requestFor('k'));
  });
  afterEach(() => {
    store.setFaults({});
    return journal.close();
  });

  const groups = async (): Promise<number[]> => (await groupsIn(journal, run)).map(([first]) => first!);

  it('is like the other while there are none', async () => {
    expect(journal.name).to.equal('memory');
    await run.append(Uint8Array.of(1));
    await run.end('completed', new Uint8Array());
    expect((await journal.findRuns())[0]).to.include({ key: 'k', state: 'completed' });
    await journal.forgetRun('k');
    expect(await groups()).to.deep.equal([]);
  });

  it('refuses writes for the reason that is said, until that is over', async () => {
    store.setFaults({ failWrites: 'full' });
    for (const write of [run.append(Uint8Array.of(1)), run.end('failed', new Uint8Array()), journal.openRun(requestFor('x'))]) {
      expect(await caught(write)).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
    }
    store.setFaults({});
    await run.append(Uint8Array.of(2));
    expect(await groups()).to.deep.equal([2]);
  });

  it('loses answers; a group that is appended again is there once, and another one all the same', async () => {
    store.setFaults({ loseAnswers: true });
    for (let at = 0; at < 3; at += 1) expect((await caught(run.append(Uint8Array.of(1)))).reason).to.equal('unreachable');
    expect((await caught(run.append(Uint8Array.of(2)))).reason).to.equal('unreachable');
    store.setFaults({});
    await run.append(Uint8Array.of(2));
    await run.append(Uint8Array.of(3));
    expect(await groups()).to.deep.equal([1, 2, 3]);
  });

  it('loses the answer to an opening; the run can be opened then, in the next epoch', async () => {
    store.setFaults({ loseAnswers: true });
    expect((await caught(journal.openRun(requestFor('x')))).reason).to.equal('unreachable');
    store.setFaults({});
    expect((await journal.openRun(requestFor('x'))).type).to.equal('changed');
    const [found] = await journal.findRuns({ key: 'x' });
    expect(found).to.include({ state: 'interrupted', epoch: 1, leaseLeftMs: 0 });
    const answer = await journal.openRun(requestFor('x', { knownEpoch: 1 }));
    expect(answer).to.include({ type: 'opened' });
  });

  it('lets the lease run out where its renewals fail', async () => {
    store.setFaults({ failWrites: 'unreachable' });
    clock.advance(LEASE_MS);
    await settled();
    expect(journal.lease.isHeld()).to.equal(false);
    store.setFaults({});
    clock.advance(LEASE_MS);
    await journal.lease.whenHeld();
  });

  it('begins writes later', async () => {
    store.setFaults({ delayMs: 500 });
    let isWritten = false;
    const written = run.append(Uint8Array.of(1)).then(() => {
      isWritten = true;
    });
    await settled();
    clock.advance(499);
    await settled();
    expect(isWritten).to.equal(false);
    clock.advance(1);
    await written;
  });

  it('tears a group, and writes nothing after it', async () => {
    store.setFaults({ tearAt: 2 });
    await run.append(Uint8Array.of(0));
    await run.append(Uint8Array.of(1));
    expect((await caught(run.append(Uint8Array.of(2)))).reason).to.equal('not-writable');
    expect((await caught(run.append(Uint8Array.of(3)))).reason).to.equal('not-writable');
    expect((await caught(run.end('completed', new Uint8Array()))).reason).to.equal('not-writable');
    expect(await groups()).to.deep.equal([0, 1]);
  });

  it('performs nothing once it is dead, also what was to begin later', async () => {
    await run.append(Uint8Array.of(1));
    store.setFaults({ delayMs: 500 });
    const late = caught(run.append(Uint8Array.of(2)));
    await settled();
    await store.die();
    expect(await late).to.include({ code: 'HANDOFF_STOPPED' });
    expect(clock.pending).to.equal(1);
    store.setFaults({});
    for (const call of [run.append(Uint8Array.of(3)), journal.findRuns(), journal.openRun(requestFor('x'))])
      expect(await caught(call)).to.include({ code: 'HANDOFF_STOPPED' });
    expect(await inner.perform('readGroups', { runId: run.runId, after: { epoch: 1, sequence: -1 } })).to.have.lengthOf(1);
  });
});
