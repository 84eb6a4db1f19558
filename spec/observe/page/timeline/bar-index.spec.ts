import { expect } from 'chai';
import { attemptsWithin, barFacts, groupCounts } from '../../../../lib/observe/page/timeline/bar-facts.js';
import { barAt, barIndex, nextBar, sameBar } from '../../../../lib/observe/page/timeline/bar-index.js';
import { busySlots } from '../../../../lib/observe/page/timeline/busy-slots.js';
import { type TimelineParts, timelineOf } from './timeline-of.js';

const parts: TimelineParts = {
  rows: [
    ['alpha', 0],
    ['alpha', 1],
    ['beta', 0],
  ],
  bars: [
    { row: 0, id: 'resize-1', startMs: 0, endMs: 100 },
    { row: 0, id: 'resize-2', startMs: 110, endMs: 200, outcome: 1 },
    { row: 1, id: 'merge-1', startMs: 50, endMs: 150 },
  ],
  merged: [{ row: 2, group: 'resize-*', startMs: 0, endMs: 80, count: 40, filled: 0.5, hasFailure: true }],
  running: [
    { row: -1, id: 'resize-3', node: 'alpha', startMs: 205 },
    { row: -1, id: 'resize-4', node: 'beta', startMs: 210 },
    { row: -1, id: 'resize-5', node: 'alpha', startMs: 206 },
    { row: -1, id: 'resize-6', node: 'alpha', startMs: 207 },
  ],
};
const view = timelineOf(parts);
const index = barIndex(view);

describe('the bars of a timeline', () => {
  it('are found below the pointer, and near it', () => {
    expect(barAt(index, 0, 50, 3, 300)).to.deep.equal({ kind: 'bar', at: 0, row: 0 });
    expect(barAt(index, 0, 102, 3, 300)).to.deep.equal({ kind: 'bar', at: 0, row: 0 });
    expect(barAt(index, 0, 108, 3, 300)).to.deep.equal({ kind: 'bar', at: 1, row: 0 });
    expect(barAt(index, 0, 105, 3, 300)).to.equal(undefined);
    expect(barAt(index, 3, 79, 0, 300)).to.deep.equal({ kind: 'merged', at: 0, row: 3 });
    expect(barAt(index, 1, 10, 3, 300)).to.equal(undefined);
    expect(barAt(index, 7, 10, 3, 300)).to.equal(undefined);
  });

  it('put what runs into a row of its node that was idle, the one idle for longest first', () => {
    const rowOf = (at: number): number | undefined => index.rows.flat().find((ref) => ref.kind === 'running' && ref.at === at)?.row;
    // Row 1 has been idle since 150, row 0 since 200; the third attempt of alpha gets a row of its own, after which beta has its rows.
    expect([rowOf(0), rowOf(2), rowOf(3), rowOf(1)]).to.deep.equal([1, 0, 2, 3]);
    expect(index.places.map(({ node, slot }) => [node, slot])).to.deep.equal([
      ['alpha', 0],
      ['alpha', 1],
      ['alpha', -1],
      ['beta', 0],
    ]);
  });

  it('have a row for each attempt that runs before any has ended', () => {
    const running = [
      { row: -1, id: 'a-1', node: 'node-10', startMs: 5 },
      { row: -1, id: 'a-2', node: 'node-9', startMs: 6 },
      { row: -1, id: 'a-3', node: 'node-10', startMs: 7 },
    ];
    const { places, rows, hasMoreRows } = barIndex(timelineOf({ rows: [], bars: [], running }));
    expect(places.map(({ node }) => node)).to.deep.equal(['node-9', 'node-10', 'node-10']);
    expect(rows.map(([ref]) => ref?.at)).to.deep.equal([1, 0, 2]);
    expect(hasMoreRows).to.equal(true);
  });

  it('end now while they run', () => {
    expect(barAt(index, 1, 280, 3, 300)?.kind).to.equal('running');
    expect(barAt(index, 1, 280, 3, 220)).to.equal(undefined);
  });

  it('are gone through one by one, and do not go on beyond the ends', () => {
    const first = nextBar(index, undefined, 1)!;
    expect(first).to.deep.equal({ kind: 'bar', at: 0, row: 0 });
    expect(nextBar(index, first, 1)).to.deep.equal({ kind: 'bar', at: 1, row: 0 });
    expect(nextBar(index, first, -1)).to.deep.equal(first);
    expect(nextBar(barIndex(timelineOf({ rows: [], bars: [] })), undefined, 1)).to.equal(undefined);
  });

  it('are known again in a newer answer, also when they have ended meanwhile', () => {
    const newer = timelineOf({ rows: parts.rows, bars: [{ row: 1, id: 'resize-3', startMs: 205, endMs: 260 }, ...parts.bars] });
    const running = index.rows[1]!.find(({ kind }) => kind === 'running')!;
    expect(sameBar(view, running, newer, barIndex(newer))).to.deep.equal({ kind: 'bar', at: 0, row: 1 });
    expect(sameBar(view, { kind: 'merged', at: 0, row: 2 }, newer, barIndex(newer))).to.equal(undefined);
  });
});

describe('what is told of bars', () => {
  it('is the function, its attempt, its place and its phases', () => {
    const facts = barFacts(view, index.places, { kind: 'bar', at: 1, row: 0 }, 300);
    expect(facts).to.include({
      functionId: 'resize-2',
      group: 'resize-*',
      node: 'alpha',
      slot: 'thread 0',
      outcome: 'failed',
      durationMs: 90,
    });
    expect(facts.phases?.runMs).to.equal(90);
  });

  it('is the number of attempts where they are merged, and that some have failed', () => {
    expect(barFacts(view, index.places, { kind: 'merged', at: 0, row: 3 }, 300)).to.include({
      count: 40,
      outcome: 'several, with failures',
      functionId: undefined,
    });
  });

  it('claims no slot for what still runs there', () => {
    expect(barFacts(view, index.places, { kind: 'running', at: 0, row: 1 }, 300)).to.include({
      slot: undefined,
      durationMs: 95,
      outcome: 'running',
    });
  });

  it('counts by group all that is in an answer', () => {
    expect([...groupCounts(view)]).to.deep.equal([
      ['resize-*', 46],
      ['merge-*', 1],
    ]);
  });

  it('lists the attempts of a part by their start, and says how many more there are', () => {
    const { attempts, more } = attemptsWithin(view, { fromMs: 0, toMs: 120 }, 2);
    expect(attempts.map(({ functionId }) => functionId)).to.deep.equal(['resize-1', 'merge-1']);
    expect(more).to.equal(1 + 40);
  });
});

describe('the overview of a run', () => {
  it('says how many slots were busy at each time, and when something failed', () => {
    const { busy, failedIn } = busySlots(view, 400, 4, 300);
    expect(busy[0]).to.be.closeTo(1 + 0.5 + 0.4, 1e-9);
    expect(busy[1]).to.be.closeTo(0.9 + 0.5, 1e-9);
    expect(busy[3]).to.equal(0);
    expect(failedIn).to.deep.equal([0, 2]);
  });
});
