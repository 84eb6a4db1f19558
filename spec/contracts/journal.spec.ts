import { expect } from 'chai';
import {
  type Journal,
  type JournalName,
  journals,
  type OpenRunAnswer,
  type OpenRunRequest,
  type RecordedRun,
  type RunJournal,
} from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { type JournalPlace, journalPlaces, LEASE_MS } from '../support/journal-places.js';
import { requestFor as emptyRequestFor, groupsIn, openedRun } from '../support/journal-runs.js';
import { settled, testClock } from '../support/test-clock.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const requestFor = (key: string, given: Partial<OpenRunRequest> = {}): OpenRunRequest =>
  emptyRequestFor(key, { opening: [bytesOf(`plan of ${key}`)], summary: bytesOf('new'), ...given });

const opened = (journal: Journal, key: string, given?: Partial<OpenRunRequest>): Promise<RunJournal> =>
  openedRun(journal, requestFor(key, given));

async function find(journal: Journal, key: string): Promise<RecordedRun> {
  const [run] = await journal.findRuns({ key });
  return run!;
}

const groupsOf = async (journal: Journal, run: RunJournal | RecordedRun): Promise<string[]> => (await groupsIn(journal, run)).map(textOf);

for (const name of Object.keys(journals) as JournalName[]) {
  describe(`a journal: ${name}`, () => {
    const places = journalPlaces[name];
    let place: JournalPlace;

    before(async function () {
      if (!(await places.begin())) this.skip();
    });
    after(() => places.end());

    beforeEach(async () => {
      place = await places.make();
    });
    afterEach(() => place?.remove());

    it('is called what the map calls it', async () => {
      expect((await place.open()).name).to.equal(name);
    });

    it('opens a key that it does not know as a new run, with all that came with it', async () => {
      const journal = await place.open();
      const answer = (await journal.openRun(requestFor('k'))) as OpenRunAnswer & { type: 'opened' };
      expect(answer.type).to.equal('opened');
      expect(answer.run).to.include({ key: 'k', runId: 'run of k', epoch: 1 });
      const run = await find(journal, 'k');
      expect(answer.recorded).to.include({ state: 'running', epoch: 1 });
      expect(run).to.include({ key: 'k', runId: 'run of k', dagId: 'dag', state: 'running', epoch: 1, node: 'a', idleResumptions: 0 });
      expect(run.leaseLeftMs).to.be.above(0);
      expect(run.startedAtMs).to.be.above(0);
      expect(run.openedAtMs).to.equal(run.startedAtMs);
      expect(run).to.not.have.any.keys('endedAtMs', 'isDamaged');
      expect(textOf(run.summary)).to.equal('new');
      expect(await groupsOf(journal, run)).to.deep.equal(['plan of k']);
    });

    it('gives groups back in the order in which they were appended, whatever is in them', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k', { opening: [bytesOf('plan'), bytesOf('inputs')] });
      const large = 'x'.repeat(900_000);
      const texts = ['', '\0ü', large, 'small', large, large, 'last'];
      for (const text of texts) await run.append(bytesOf(text));
      expect(await groupsOf(journal, run)).to.deep.equal(['plan', 'inputs', ...texts]);
    });

    it('carries out calls in order also when nobody waits between them', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k', { opening: [] });
      const texts = Array.from({ length: 30 }, (_, at) => `${at}`);
      await Promise.all([...texts.map((text) => run.append(bytesOf(text))), run.end('completed', bytesOf('all'))]);
      expect(await groupsOf(journal, run)).to.deep.equal(texts);
      expect(await find(journal, 'k')).to.include({ state: 'completed' });
    });

    it('has a copy of what it is given', async () => {
      const journal = await place.open();
      const group = bytesOf('group');
      const run = await opened(journal, 'k', { opening: [] });
      await run.append(group);
      group.fill(0);
      expect(await groupsOf(journal, run)).to.deep.equal(['group']);
    });

    it('tells keys apart, whatever they are', async () => {
      const journal = await place.open();
      const keys = ['a', 'A', '__proto__', 'constructor', 'ü/..\n', 'a\0b', "'; drop table runs; --", '$1', 'ü'.repeat(256)];
      for (const key of keys) await opened(journal, key, { dagId: key });
      expect((await journal.findRuns()).map(({ key }) => key)).to.deep.equal(keys.toReversed());
      for (const key of keys) {
        expect(await find(journal, key)).to.include({ key, runId: `run of ${key}`, dagId: key });
        expect(await groupsOf(journal, await find(journal, key))).to.deep.equal([`plan of ${key}`]);
      }
    });

    it('tells the summary that was given last', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k');
      await run.append(bytesOf('group'), { summary: bytesOf('half') });
      await run.append(bytesOf('group'));
      expect(textOf((await find(journal, 'k')).summary)).to.equal('half');
      await run.end('failed', bytesOf('failed'));
      expect(textOf((await find(journal, 'k')).summary)).to.equal('failed');
    });

    it('ends a run in the state that is said, once', async () => {
      const journal = await place.open();
      for (const state of ['completed', 'failed', 'cancelled', 'interrupted'] as const) {
        const run = await opened(journal, state);
        await run.end(state, bytesOf('end'));
        expect(await find(journal, state)).to.include({ state, leaseLeftMs: 0 });
        expect((await find(journal, state)).endedAtMs !== undefined).to.equal(state !== 'interrupted');
        expect((await caught(run.append(bytesOf('more')))).code).to.equal('HANDOFF_STOPPED');
        expect((await caught(run.end('failed', bytesOf('more')))).code).to.equal('HANDOFF_STOPPED');
      }
    });

    it('goes on with a run under its id, in the next epoch', async () => {
      const journal = await place.open();
      const first = await opened(journal, 'k');
      await first.append(bytesOf('one'));
      await first.end('failed', bytesOf('end'));
      const second = await opened(journal, 'k', { knownEpoch: 1, runId: 'another', dagId: 'other', opening: [bytesOf('options')] });
      expect(second).to.include({ runId: 'run of k', epoch: 2 });
      await second.append(bytesOf('two'));
      expect(await groupsOf(journal, second)).to.deep.equal(['plan of k', 'one', 'options', 'two']);
      const run = await find(journal, 'k');
      expect(run).to.include({ state: 'running', dagId: 'other' });
      expect(run).to.not.have.property('endedAtMs');
    });

    it('opens no run whose epoch is another than the caller knows', async () => {
      const journal = await place.open();
      await (await opened(journal, 'k')).end('completed', bytesOf('end'));
      for (const knownEpoch of [0, 2]) {
        const answer = await journal.openRun(requestFor('k', { knownEpoch }));
        expect(answer.type).to.equal('changed');
        expect(answer).to.have.nested.property('recorded.epoch', 1);
      }
      expect(await journal.openRun(requestFor('unknown', { knownEpoch: 1 }))).to.deep.equal({ type: 'changed' });
      expect(await journal.findRuns({ key: 'unknown' })).to.deep.equal([]);
    });

    it('opens no run to which something was added, or that ended, since the caller read it', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k');
      await run.append(bytesOf('one'));
      const seen = [await find(journal, 'k')];
      await run.append(bytesOf('two'));
      seen.push(await find(journal, 'k'));
      await run.end('completed', bytesOf('end'));
      expect(seen.map(({ groupCount }) => groupCount)).to.deep.equal([2, 3]);
      for (const known of seen) expect(await journal.openRun(requestFor('k', { knownEpoch: 1, known }))).to.include({ type: 'changed' });
      const known = await find(journal, 'k');
      expect((await journal.openRun(requestFor('k', { knownEpoch: 1, known, opening: [] }))).type).to.equal('opened');
      expect(await find(journal, 'k')).to.include({ epoch: 2, groupCount: 0 });
    });

    it('opens no run that is open here already', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k');
      expect((await journal.openRun(requestFor('k', { knownEpoch: 1 }))).type).to.equal('driven');
      await run.append(bytesOf('still mine'));
    });

    it('lists runs newest first, by id, state, DAG id and number', async () => {
      const journal = await place.open();
      for (const key of ['a', 'b', 'c', 'd']) {
        const run = await opened(journal, key, { dagId: key === 'b' ? 'other' : 'dag' });
        if (key === 'c') await run.end('cancelled', bytesOf('end'));
      }
      const keys = async (query?: Parameters<Journal['findRuns']>[0]) => (await journal.findRuns(query)).map(({ key }) => key);
      expect(await keys()).to.deep.equal(['d', 'c', 'b', 'a']);
      expect(await keys({ runId: (await find(journal, 'b')).runId })).to.deep.equal(['b']);
      expect(await keys({ runId: 'none' })).to.deep.equal([]);
      expect(await keys({ limit: 2 })).to.deep.equal(['d', 'c']);
      expect(await keys({ state: 'running' })).to.deep.equal(['d', 'b', 'a']);
      expect(await keys({ state: 'running', limit: 2 })).to.deep.equal(['d', 'b']);
      expect(await keys({ state: ['running', 'cancelled'] })).to.deep.equal(['d', 'c', 'b', 'a']);
      expect(await keys({ state: ['interrupted', 'cancelled'] })).to.deep.equal(['c']);
      expect(await keys({ state: [] })).to.deep.equal([]);
      expect(await keys({ dagId: 'dag' })).to.deep.equal(['d', 'c', 'a']);
      expect(await keys({ dagId: 'dag', state: 'cancelled' })).to.deep.equal(['c']);
      expect(await keys({ dagId: 'none' })).to.deep.equal([]);
    });

    it('counts resumptions in a row that added nothing', async () => {
      const journal = await place.open();
      const counts: number[] = [];
      for (const [knownEpoch, isUseful] of [true, false, false, false, true, false].entries()) {
        const run = await opened(journal, 'k', { knownEpoch, opening: [bytesOf('a'), bytesOf('b')] });
        if (isUseful) await run.append(bytesOf('new'));
        await run.end('interrupted', bytesOf('end'));
        counts.push((await find(journal, 'k')).idleResumptions);
      }
      expect(counts).to.deep.equal([0, 1, 2, 3, 0, 1]);
    });

    it('forgets a run with all its groups, so that its key is new', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k');
      for (let at = 0; at < 30; at += 1) await run.append(bytesOf(`${at}`));
      const other = await opened(journal, 'other');
      await run.end('completed', bytesOf('end'));
      await journal.forgetRun('k');
      expect(await journal.findRuns({ key: 'k' })).to.deep.equal([]);
      expect(await groupsOf(journal, run)).to.deep.equal([]);
      const again = await opened(journal, 'k', { runId: 'second', opening: [] });
      expect(again).to.include({ runId: 'second', epoch: 1 });
      expect(await groupsOf(journal, again)).to.deep.equal([]);
      expect(await groupsOf(journal, other)).to.deep.equal(['plan of other']);
    });

    it('forgets no run that is driven, and none that it does not know', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k');
      expect(await caught(journal.forgetRun('k'))).to.include({ code: 'HANDOFF_DAG_RUNNING', node: 'a', runId: 'run of k' });
      expect((await caught(journal.forgetRun('none'))).code).to.equal('HANDOFF_NOT_FOUND');
      await run.append(bytesOf('still mine'));
    });

    it('leaves the runs that are open interrupted when it is closed, and refuses everything then', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k');
      const appended = run.append(bytesOf('under way'));
      await journal.close();
      await journal.close();
      await appended;
      expect(journal.lease.isHeld()).to.equal(false);
      for (const call of [
        journal.findRuns(),
        journal.openRun(requestFor('k')),
        journal.forgetRun('k'),
        groupsOf(journal, run),
        journal.lease.whenHeld(),
        run.append(bytesOf('too late')),
        run.end('completed', bytesOf('end')),
      ]) {
        expect((await caught(call)).code).to.equal('HANDOFF_STOPPED');
      }
      const next = await place.open({ node: 'b' });
      expect(await find(next, 'k')).to.include({ state: 'interrupted', node: 'a', leaseLeftMs: 0 });
      expect(await groupsOf(next, run)).to.deep.equal(['plan of k', 'under way']);
      expect((await opened(next, 'k', { knownEpoch: 1 })).epoch).to.equal(2);
      expect(await find(next, 'k')).to.include({ state: 'running', node: 'b', idleResumptions: 1 });
    });

    it('notices a flipped bit, of its run alone, after the groups before it', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k', { opening: [] });
      const other = await opened(journal, 'other');
      for (const text of ['zero', 'one', 'two', 'three']) await run.append(bytesOf(text.repeat(20)));
      await place.flip('k', 2);
      const seen: string[] = [];
      const reading = async (): Promise<void> => {
        for await (const { bytes } of journal.readGroups(run)) seen.push(textOf(bytes));
      };
      const error = await caught(reading());
      expect(error).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'damaged', path: 'k', runId: 'run of k' });
      expect(seen).to.deep.equal(['zero'.repeat(20), 'one'.repeat(20)]);
      expect(await groupsOf(journal, other)).to.deep.equal(['plan of other']);
      await run.end('failed', bytesOf('end'));
      await journal.forgetRun('k');
      expect(await journal.findRuns({ key: 'k' })).to.deep.equal([]);
    });

    it('leaves a torn last group out; a torn one before others is damage', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k', { opening: [] });
      for (const text of ['zero', 'one', 'two']) await run.append(bytesOf(text.repeat(20)));
      await place.tear('k', 2);
      expect(await groupsOf(journal, run)).to.deep.equal(['zero'.repeat(20), 'one'.repeat(20)]);
      await place.tear('k', 1);
      expect(await caught(groupsOf(journal, run))).to.include({ reason: 'damaged', path: 'k' });
    });

    it('reads beside a node that writes, and writes nothing', async () => {
      const journal = await place.open();
      const run = await opened(journal, 'k');
      const reader = await place.open({ node: 'reader', isReadOnly: true });
      await run.append(bytesOf('one'));
      expect(await find(reader, 'k')).to.include({ state: 'running', node: 'a' });
      expect(await groupsOf(reader, run)).to.deep.equal(['plan of k', 'one']);
      expect(await caught(reader.openRun(requestFor('new')))).to.be.instanceOf(TypeError);
      expect(await caught(reader.forgetRun('k'))).to.be.instanceOf(TypeError);
      await reader.close();
      await run.append(bytesOf('two'));
      expect(await groupsOf(journal, run)).to.deep.equal(['plan of k', 'one', 'two']);
    });

    if (!places.isShared) return;

    describe('with several drivers', () => {
      it('has one driver for each run, and names it to others', async () => {
        const [a, b] = [await place.open({ node: 'a' }), await place.open({ node: 'b' })];
        await opened(a, 'k');
        const answer = await b.openRun(requestFor('k', { knownEpoch: 1 }));
        expect(answer.type).to.equal('driven');
        expect(answer).to.have.nested.property('recorded.node', 'a');
        expect((answer as { recorded: RecordedRun }).recorded.leaseLeftMs).to.be.within(1, LEASE_MS);
        expect(await caught(b.forgetRun('k'))).to.include({ code: 'HANDOFF_DAG_RUNNING', node: 'a' });
      });

      it('gives a key that many want at once to one of them', async () => {
        const drivers = await Promise.all(Array.from({ length: 4 }, (_, at) => place.open({ node: `${at}` })));
        const answers = await Promise.all(drivers.map((driver, at) => driver.openRun(requestFor('k', { runId: `${at}` }))));
        expect(answers.filter(({ type }) => type === 'opened')).to.have.length(1);
        expect(new Set(answers.map(({ type }) => type))).to.not.include('driven');
      });

      it('lets another driver go on when the lease is over; the former can record nothing', async () => {
        const [a, b] = [await place.open({ node: 'a' }), await place.open({ node: 'b' })];
        const former = await opened(a, 'k');
        await former.append(bytesOf('one'));
        await place.endLease('a');
        expect(await find(b, 'k')).to.include({ state: 'interrupted', node: 'a', epoch: 1 });
        const heir = await opened(b, 'k', { knownEpoch: 1, opening: [] });
        const refused = await caught(former.append(bytesOf('late')));
        expect(refused).to.include({ code: 'HANDOFF_RUN_TAKEN_OVER', runId: 'run of k' });
        expect(former.signal.aborted).to.equal(true);
        expect(former.signal.reason).to.equal(refused);
        expect((await caught(former.end('completed', bytesOf('late')))).code).to.equal('HANDOFF_RUN_TAKEN_OVER');
        await heir.append(bytesOf('two'));
        expect(await groupsOf(a, former)).to.deep.equal(['plan of k', 'one', 'two']);
        expect(await find(a, 'k')).to.include({ state: 'running', node: 'b', epoch: 2 });
      });

      it('lets a driver whose lease ran out go on while nobody took its run', async () => {
        const [a, b] = [await place.open({ node: 'a' }), await place.open({ node: 'b' })];
        const run = await opened(a, 'k');
        await place.endLease('a');
        await run.append(bytesOf('one'));
        const other = await opened(a, 'other');
        expect(await find(b, 'k')).to.include({ state: 'running', node: 'a' });
        expect(await find(b, 'other')).to.include({ state: 'running', node: 'a' });
        await run.end('completed', bytesOf('end'));
        await other.end('completed', bytesOf('end'));
      });

      it('tells a driver that writes nothing, at its next renewal, that its run is another one’s', async () => {
        const clock = testClock();
        const [a, b] = [await place.open({ node: 'a', clock }), await place.open({ node: 'b' })];
        const [lost, kept] = [await opened(a, 'lost'), await opened(a, 'kept')];
        await place.endLease('a');
        await opened(b, 'lost', { knownEpoch: 1 });
        const aborted = new Promise<void>((resolve) => lost.signal.addEventListener('abort', () => resolve()));
        clock.advance(LEASE_MS / 3);
        await aborted;
        expect(lost.signal.reason).to.include({ code: 'HANDOFF_RUN_TAKEN_OVER' });
        expect(kept.signal.aborted).to.equal(false);
        await kept.append(bytesOf('mine'));
      });

      it('tells a driver whose run was forgotten that it is gone', async () => {
        const [a, b] = [await place.open({ node: 'a' }), await place.open({ node: 'b' })];
        const run = await opened(a, 'k');
        await place.endLease('a');
        await b.forgetRun('k');
        await opened(b, 'k', { runId: 'new' });
        expect((await caught(run.append(bytesOf('late')))).code).to.equal('HANDOFF_RUN_TAKEN_OVER');
        expect(await groupsOf(b, { ...(await find(b, 'k')) })).to.deep.equal(['plan of k']);
      });

      it('adds nothing of a former driver once another has opened the run, whatever was under way', async () => {
        const [a, b] = [await place.open({ node: 'a' }), await place.open({ node: 'b' })];
        for (let round = 0; round < 10; round += 1) {
          const key = `k${round}`;
          const former = await opened(a, key, { opening: [] });
          await place.endLease('a');
          const appends = Array.from({ length: 8 }, (_, at) => former.append(bytesOf(`${at}`)).catch(() => {}));
          await settled(round);
          const answer = await b.openRun(requestFor(key, { knownEpoch: 1, opening: [] }));
          expect(answer.type).to.equal('opened');
          const seen = await groupsOf(b, await find(b, key));
          await Promise.all(appends);
          expect(await groupsOf(b, await find(b, key))).to.deep.equal(seen);
        }
      });
    });
  });
}
