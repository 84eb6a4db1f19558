import { expect } from 'chai';
import { viewOf } from '../../../lib/observe/views/index.js';
import { FakeRun, sizedRun } from '../../support/observed-run.js';
import { noPhases, smallRun } from './small-run.js';

describe('the view of functions', () => {
  const table = (run: FakeRun, request: object) => viewOf(run, { view: 'functions', sort: 'order', offset: 0, limit: 500, ...request });
  const idsOf = (run: FakeRun, request: object): string[] => table(run, request).functions.map(({ functionId }) => functionId);

  it('shows what is known of each', () => {
    expect(table(smallRun(), {}).functions).to.deep.equal([
      {
        functionId: 'read',
        group: 'read',
        state: 'succeeded',
        attempts: 1,
        node: 'node-1',
        sizeBytes: 100,
        startMs: 0,
        waitMs: 0,
        durationMs: 11,
      },
      {
        functionId: 'cut-1',
        group: 'cut-*',
        state: 'succeeded',
        attempts: 1,
        node: 'node-2',
        sizeBytes: 10,
        startMs: 12,
        waitMs: 1,
        durationMs: 7,
      },
      {
        functionId: 'cut-2',
        group: 'cut-*',
        state: 'succeeded',
        attempts: 1,
        node: 'node-1',
        sizeBytes: 20,
        startMs: 11,
        waitMs: 0,
        durationMs: 20,
      },
      { functionId: 'join', group: 'join', state: 'failed', attempts: 1, node: 'node-1', startMs: 38, waitMs: 0, durationMs: 2 },
    ]);
  });

  it('filters by state, group and a part of the id', () => {
    const run = smallRun();
    expect(idsOf(run, { state: 'failed' })).to.deep.equal(['join']);
    expect(idsOf(run, { group: 'cut-*' })).to.deep.equal(['cut-1', 'cut-2']);
    expect(idsOf(run, { group: 'cut' })).to.deep.equal([]);
    expect(idsOf(run, { search: 'u' })).to.deep.equal(['cut-1', 'cut-2']);
    expect(table(run, { search: 'u', limit: 1 }))
      .to.include({ matching: 2 })
      .and.to.have.property('functions')
      .with.length(1);
  });

  it('sorts by everything, both ways; what is missing comes last, and equals stay in order', () => {
    const run = smallRun().add({ id: 'after', producers: ['join'] });
    expect(idsOf(run, { sort: 'id' })).to.deep.equal(['after', 'cut-1', 'cut-2', 'join', 'read']);
    expect(idsOf(run, { sort: 'id', descending: true })).to.deep.equal(['read', 'join', 'cut-2', 'cut-1', 'after']);
    expect(idsOf(run, { sort: 'order', descending: true })).to.deep.equal(['after', 'join', 'cut-2', 'cut-1', 'read']);
    expect(idsOf(run, { sort: 'duration' })).to.deep.equal(['join', 'cut-1', 'read', 'cut-2', 'after']);
    expect(idsOf(run, { sort: 'duration', descending: true })).to.deep.equal(['cut-2', 'read', 'cut-1', 'join', 'after']);
    expect(idsOf(run, { sort: 'start' })).to.deep.equal(['read', 'cut-2', 'cut-1', 'join', 'after']);
    expect(idsOf(run, { sort: 'wait', descending: true })).to.deep.equal(['cut-1', 'read', 'cut-2', 'join', 'after']);
    expect(idsOf(run, { sort: 'size', descending: true })).to.deep.equal(['read', 'cut-2', 'cut-1', 'join', 'after']);
    expect(idsOf(run, { sort: 'state' })).to.deep.equal(['after', 'read', 'cut-1', 'cut-2', 'join']);
    expect(idsOf(run, { sort: 'attempts' })).to.deep.equal(['after', 'read', 'cut-1', 'cut-2', 'join']);
  });

  it('gives pages that fit together, however it is sorted', () => {
    const run = sizedRun({ functions: 5000, loseEvery: 7, done: 0.7 });
    for (const sort of ['order', 'id', 'state', 'start', 'wait', 'duration', 'size', 'attempts']) {
      for (const descending of [false, true]) {
        const pages = Array.from({ length: 13 }, (_one, page) => idsOf(run, { sort, descending, offset: page * 397, limit: 397 })).flat();
        expect(new Set(pages).size).to.equal(5000);
        expect(idsOf(run, { sort, descending, offset: 1000, limit: 50 })).to.deep.equal(pages.slice(1000, 1050));
      }
    }
    expect(idsOf(run, { sort: 'id', offset: 9999 })).to.deep.equal([]);
  });

  it('keeps the order of ids as the run grows', () => {
    const run = new FakeRun();
    for (const id of ['m', 'c', 'x']) run.add({ id });
    expect(idsOf(run, { sort: 'id' })).to.deep.equal(['c', 'm', 'x']);
    for (const id of ['a', 'z', 'n']) run.add({ id });
    expect(idsOf(run, { sort: 'id' })).to.deep.equal(['a', 'c', 'm', 'n', 'x', 'z']);
  });
});

describe('the view of a function', () => {
  const detail = (run: FakeRun, functionId: string) => viewOf(run, { view: 'function', functionId }).function;

  it('has its attempts, its error, and what is before and behind it', () => {
    const run = smallRun();
    const error = { name: 'Error', message: 'no' };
    expect(detail(run, 'join')).to.deep.include({ code: './tasks.js#work', isolation: 'thread', error, moreProducers: 0, lines: [] });
    expect(detail(run, 'join')!.producers).to.deep.equal([
      { functionId: 'cut-1', state: 'succeeded' },
      { functionId: 'cut-2', state: 'succeeded' },
    ]);
    expect(detail(run, 'read')!.consumers.map(({ functionId }) => functionId)).to.deep.equal(['cut-1', 'cut-2']);
    expect(detail(run, 'cut-1')!.history).to.deep.equal([
      {
        ...{ attempt: 1, node: 'node-2', isolation: 'thread', slot: 0, outcome: 'succeeded', startMs: 12, endMs: 19 },
        phases: { ...noPhases, waitMs: 1, fetchMs: 2, runMs: 5 },
      },
    ]);
  });

  it('says of a result that was remembered or recorded where it is from; the run says how many there are', () => {
    const run = new FakeRun()
      .add({ id: 'made' })
      .ended({ id: 'made', runMs: 5, endMs: 10 })
      .add({ id: 'known', producers: ['made'], state: 'succeeded', source: 'cache', node: 'node-1', sizeBytes: 7 })
      .add({ id: 'old', state: 'succeeded', source: 'journal', attempt: 2, node: 'node-2' });
    expect(detail(run, 'made')).to.not.have.property('source');
    expect(detail(run, 'known'))
      .to.include({ source: 'cache', attempts: 0, sizeBytes: 7, node: 'node-1' })
      .and.not.to.have.property('startMs');
    expect(detail(run, 'known')!.history).to.deep.equal([]);
    expect(detail(run, 'old')).to.include({ source: 'journal', attempts: 2 });
    const { run: header, ...summary } = viewOf(run, { view: 'summary' });
    expect(header.notRun).to.deep.equal({ journal: 1, cache: 1 });
    expect(summary).to.deep.include({ functions: 3, attempts: 1 });
    expect(summary.criticalPath.map(({ functionId }) => functionId)).to.deep.equal(['made']);
    expect(viewOf(smallRun(), { view: 'groups' }).run).to.not.have.property('notRun');
  });

  it('says what it waits for, and since when', () => {
    const run = smallRun().add({ id: 'late', producers: ['join'] });
    const lacking = [{ node: 'node-1', lacking: { gpu: 1 } }];
    run.change('late', { wait: { for: 'producers', sinceMs: 10, producers: [3], lacking } });
    expect(detail(run, 'late')!.wait).to.deep.equal({
      ...{ for: 'producers', sinceMs: 10, forMs: 30, lacking },
      producers: [{ functionId: 'join', state: 'failed' }],
    });
  });

  it('is undefined for an id that the run does not have', () => {
    for (const id of ['nothing', 'constructor', '__proto__', '']) expect(detail(smallRun(), id)).to.equal(undefined);
  });

  it('lists the last 100 attempts and the first 200 links', () => {
    const run = new FakeRun().add({ id: 'a' });
    for (let at = 0; at < 250; at += 1) run.add({ id: `b-${at}`, producers: ['a'] });
    for (let attempt = 1; attempt <= 130; attempt += 1) run.ended({ id: 'a', attempt, outcome: 'failed', endMs: attempt });
    const { history, consumers, moreConsumers } = detail(run, 'a')!;
    expect(history.map(({ attempt }) => attempt)).to.deep.equal(Array.from({ length: 100 }, (_one, at) => at + 31));
    expect([consumers.length, moreConsumers]).to.deep.equal([200, 50]);
  });

  it('leads from a part to its map', () => {
    const run = new FakeRun().add({ id: 'ys' }).add({ id: 'ys[0]', partOf: 'ys' });
    expect(detail(run, 'ys[0]')!.partOf).to.deep.equal({ functionId: 'ys', state: 'waiting' });
  });
});
