import { expect } from 'chai';
import { checkedViewRequest, type TimelineRequest, type ViewRequest, viewInSteps, viewOf } from '../../../lib/observe/views/index.js';
import { FakeRun, sizedRun } from '../../support/observed-run.js';
import { noCounts, noPhases, smallRun } from './small-run.js';

const ALL: readonly ViewRequest[] = [
  { view: 'groups' },
  { view: 'timeline', fromMs: 0, toMs: 1e6, widthPx: 1000 },
  { view: 'functions', sort: 'order', offset: 0, limit: 500 },
  { view: 'function', functionId: 'stage-b-1' },
  { view: 'graph' },
  { view: 'summary' },
];

describe('the views of a run', () => {
  it('all begin with the run, and are JSON that stays as it is', () => {
    const run = sizedRun({ functions: 800, failEvery: 50, loseEvery: 30 });
    for (const request of ALL) {
      const answer = viewOf(run, request);
      expect(answer.run).to.include({ runId: run.runId, state: 'failed', version: run.version });
      expect(answer.run.error).to.include({ code: 'HANDOFF_FUNCTION_FAILED' });
      expect(JSON.parse(JSON.stringify(answer))).to.deep.equal(answer);
    }
  });

  it('are the same made in steps, while another one is made', () => {
    const [run, other] = [sizedRun({ functions: 30_000 }), sizedRun({ functions: 30_000 })];
    const making = ALL.map((request) => ({ request, steps: viewInSteps(run, request) }));
    const made = new Map<string, unknown>();
    while (made.size < ALL.length) {
      for (const { request, steps } of making) {
        const { done, value } = steps.next();
        if (done && !made.has(request.view)) made.set(request.view, value);
      }
    }
    for (const request of ALL) expect(made.get(request.view), request.view).to.deep.equal(viewOf(other, request));
  });

  it('of a run of one function, and of none, are there too', () => {
    for (const run of [new FakeRun(), new FakeRun().add({ id: 'a' })]) {
      for (const request of ALL) expect(viewOf(run, request).run.dagId).to.equal('dag-1');
    }
  });
});

describe('the view of groups', () => {
  it('counts functions by state, and sums up what attempts were made of', () => {
    const { groups, more } = viewOf(smallRun(), { view: 'groups' });
    expect(groups).to.deep.equal([
      { group: 'read', total: 1, counts: { ...noCounts, succeeded: 1 }, attempts: 1, phases: { ...noPhases, runMs: 10, handOverMs: 1 } },
      {
        group: 'cut-*',
        total: 2,
        counts: { ...noCounts, succeeded: 2 },
        attempts: 2,
        phases: { ...noPhases, runMs: 25, fetchMs: 2, waitMs: 1 },
      },
      { group: 'join', total: 1, counts: { ...noCounts, failed: 1 }, attempts: 1, phases: { ...noPhases, runMs: 1, fetchMs: 1 } },
    ]);
    expect(more).to.deep.equal({ groups: 0, counts: noCounts });
  });

  it('shows placed functions as ready, open and recording ones as running', () => {
    const run = new FakeRun();
    for (const state of ['placed', 'open', 'recording', 'resting'] as const) run.add({ id: state, state });
    const states = viewOf(run, { view: 'functions', sort: 'order', offset: 0, limit: 9 }).functions.map((one) => one.state);
    expect(states).to.deep.equal(['ready', 'running', 'running', 'resting']);
  });

  it('follows a run that grows and goes on', () => {
    const run = new FakeRun().add({ id: 'xs[0]' });
    expect(viewOf(run, { view: 'groups' }).groups[0]!.counts.waiting).to.equal(1);
    run.add({ id: 'xs[1]' }).ended({ id: 'xs[0]', runMs: 3 });
    const [only] = viewOf(run, { view: 'groups' }).groups;
    expect(only).to.include({ group: 'xs[*]', total: 2, attempts: 1 });
    expect(only!.counts).to.include({ waiting: 1, succeeded: 1 });
  });

  it('lists 500 groups, and counts the rest', () => {
    const run = new FakeRun();
    const letters = (at: number): string => String.fromCharCode(97 + Math.floor(at / 26), 97 + (at % 26));
    for (let at = 0; at < 510; at += 1) run.add({ id: letters(at) });
    const { groups, more } = viewOf(run, { view: 'groups' });
    expect(groups).to.have.length(500);
    expect(more).to.deep.equal({ groups: 10, counts: { ...noCounts, waiting: 10 } });
  });

  it('sums up attempts that are no longer kept, whether it was asked before they were dropped or not', () => {
    const [asked, fresh] = [new FakeRun(100), new FakeRun(100)];
    for (const run of [asked, fresh]) for (const id of ['a-1', 'a-2', 'b']) run.add({ id });
    for (let at = 0; at < 1000; at += 1) {
      for (const run of [asked, fresh]) run.ended({ id: ['a-1', 'b', 'a-2'][at % 3]!, runMs: at, endMs: at });
      if (at % 30 === 0 || at === 600) viewOf(asked, { view: 'groups' });
      if (at === 400)
        for (let skipped = 0; skipped < 300; skipped += 1) for (const run of [asked, fresh]) run.ended({ id: 'b', endMs: at });
    }
    const { groups } = viewOf(fresh, { view: 'groups' });
    expect(viewOf(asked, { view: 'groups' }).groups).to.deep.equal(groups);
    expect(groups.map(({ attempts }) => attempts)).to.deep.equal([667, 633]);
    expect(viewOf(asked, { view: 'summary' })).to.deep.equal(viewOf(fresh, { view: 'summary' }));
  });
});

describe('the view of the timeline', () => {
  const whole = (run: FakeRun, widthPx = 1000): TimelineRequest => ({ view: 'timeline', fromMs: 0, toMs: run.elapsedMs, widthPx });

  it('has a row for each node and slot, and a bar for each attempt: from the gathering of arguments to the packed result', () => {
    const run = smallRun();
    const { rows, bars, groups, merged } = viewOf(run, whole(run));
    expect(rows).to.deep.equal([
      { node: 'node-1', isolation: 'thread', slot: 0 },
      { node: 'node-1', isolation: 'thread', slot: 1 },
      { node: 'node-2', isolation: 'thread', slot: 0 },
    ]);
    expect(bars.functionId).to.deep.equal(['read', 'join', 'cut-2', 'cut-1']);
    expect(bars.row).to.deep.equal([0, 0, 1, 2]);
    expect(bars.group.map((group) => groups[group])).to.deep.equal(['read', 'join', 'cut-*', 'cut-*']);
    expect(bars.startMs).to.deep.equal([0.5, 38, 11, 12]);
    expect(bars.endMs).to.deep.equal([10.5, 40, 31, 19]);
    expect(bars.outcome).to.deep.equal([0, 1, 0, 0]);
    expect(bars.fetchMs).to.deep.equal([0, 1, 0, 2]);
    expect(merged.row).to.deep.equal([]);
  });

  it('shows only what is between the two times', () => {
    const { bars } = viewOf(smallRun(), { view: 'timeline', fromMs: 15, toMs: 35, widthPx: 100 });
    expect(bars.functionId).to.deep.equal(['cut-2', 'cut-1']);
  });

  it('merges bars that are narrower than a pixel, in the colour of the group that fills most', () => {
    const run = new FakeRun();
    for (let at = 0; at < 30; at += 1) run.add({ id: at % 3 === 0 ? `a-${at}` : `b-${at}` });
    for (let at = 0; at < 30; at += 1) {
      run.ended({
        id: at % 3 === 0 ? `a-${at}` : `b-${at}`,
        runMs: at % 3 === 0 ? 0.9 : 0.2,
        endMs: at + 1,
        ...(at === 7 && { outcome: 'lost' }),
      });
    }
    run.add({ id: 'wide' }).ended({ id: 'wide', runMs: 20, endMs: 60 });
    const { bars, merged, groups, counts } = viewOf(run, { view: 'timeline', fromMs: 0, toMs: 100, widthPx: 100 });
    expect(Object.fromEntries(groups.map((group, at) => [group, counts[at]])), 'also those that fill less').to.deep.equal({
      'a-*': 10,
      'b-*': 20,
      wide: 1,
    });
    expect(bars.functionId).to.deep.equal(['b-7', 'wide']);
    expect(merged.count.reduce((sum, one) => sum + one, 0)).to.equal(29);
    expect(merged.hasFailure).to.not.include(true);
    expect(merged.row.length).to.be.within(4, 8);
    expect(merged.group.map((group) => groups[group])).to.include('a-*');
    for (const [at, filled] of merged.filled.entries()) {
      expect(filled).to.be.within(0.2, 1);
      expect(merged.endMs[at]! - merged.startMs[at]!).to.be.at.most(8);
      if (at > 0) expect(merged.startMs[at]).to.be.at.least(merged.endMs[at - 1]!);
    }
  });

  it('is bounded, however many attempts, rows and pixels there are', () => {
    const run = sizedRun({ functions: 60_000, nodes: 60, slots: 8, failEvery: 100 });
    for (const widthPx of [1, 1000, 20_000]) {
      const { rows, moreRows, bars, merged } = viewOf(run, whole(run, widthPx));
      expect([rows.length, moreRows]).to.deep.equal([400, 80]);
      expect(bars.row.length).to.be.at.most(6000);
      expect(merged.row.length).to.be.at.most(6000);
      const shown = bars.row.length + merged.count.reduce((sum, one) => sum + one, 0);
      expect(shown).to.equal(50_000);
    }
  });

  it('merges failures only where there are more than 2,000', () => {
    const run = sizedRun({ functions: 12_000, nodes: 1, slots: 2, failEvery: 4 });
    const { bars, merged } = viewOf(run, whole(run, 500));
    expect(bars.outcome.filter((outcome) => outcome === 1).length).to.be.below(100);
    expect(merged.hasFailure).to.include(true);
    const few = sizedRun({ functions: 12_000, nodes: 1, slots: 2, failEvery: 40 });
    const shown = viewOf(few, whole(few, 500));
    expect(shown.bars.outcome.filter((outcome) => outcome === 1)).to.have.length(300);
    expect(shown.merged.hasFailure).to.not.include(true);
  });

  it('gives the rows that are asked for more detail, and lists all', () => {
    const run = sizedRun({ functions: 20_000, nodes: 10, slots: 8 });
    const all = viewOf(run, whole(run));
    const part = viewOf(run, { ...whole(run), fromRow: 8, toRow: 16 });
    expect(part.rows).to.deep.equal(all.rows);
    expect([...new Set([...part.bars.row, ...part.merged.row])].sort((a, b) => a - b)).to.deep.equal([8, 9, 10, 11, 12, 13, 14, 15]);
    expect(part.bars.row.length).to.be.above(2 * all.bars.row.filter((row) => row >= 8 && row < 16).length);
  });

  it('orders the rows of nodes with numbers by the numbers', () => {
    const run = new FakeRun().add({ id: 'a' });
    for (const node of ['node-10', 'node-9', 'alone']) run.ended({ id: 'a', node, runMs: 1 });
    expect(viewOf(run, whole(run)).rows.map(({ node }) => node)).to.deep.equal(['alone', 'node-9', 'node-10']);
  });

  it('lists what runs now, and says how many attempts are no longer kept', () => {
    const run = new FakeRun(2).add({ id: 'a' });
    for (let attempt = 1; attempt <= 5; attempt += 1) run.ended({ id: 'a', attempt, outcome: 'failed', runMs: 1, endMs: attempt });
    run.change('a', { state: 'running', attempt: 6, startedMs: 6, node: 'node-2' });
    const { running, leftOut, bars, groups } = viewOf(run, { view: 'timeline', fromMs: 0, toMs: 10, widthPx: 100 });
    expect(running).to.deep.equal([{ row: -1, functionId: 'a', group: 0, attempt: 6, node: 'node-2', startMs: 6 }]);
    expect(groups).to.deep.equal(['a']);
    expect(leftOut).to.equal(3);
    expect(bars.attempt).to.deep.equal([4, 5]);
  });
});

describe('a request for a view', () => {
  const good = { view: 'functions', sort: 'id', offset: 0, limit: 10 };

  it('passes if it is one, without what nothing reads', () => {
    for (const request of ALL)
      expect(checkedViewRequest({ ...request, other: 1 }))
        .to.deep.include(request)
        .and.not.to.have.property('other');
    expect(checkedViewRequest({ view: 'functions', offset: 0, limit: 1 })).to.include({ sort: 'order', descending: false });
  });

  it('is refused with the field that is wrong', () => {
    for (const [given, error, message] of [
      [undefined, TypeError, /it must be an object, not undefined/],
      [null, TypeError, /not null/],
      [[good], TypeError, /not an array/],
      [{}, TypeError, /view must be one of groups/],
      [{ view: 'constructor' }, TypeError, /view must be one of .*, not "constructor"/],
      [{ view: 'function' }, TypeError, /functionId must be a text, not undefined/],
      [{ view: 'function', functionId: 'x'.repeat(10_001) }, RangeError, /functionId may have 10000 characters, not 10001/],
      [{ view: 'timeline', fromMs: 0, toMs: '9', widthPx: 1 }, TypeError, /toMs must be a number, not "9"/],
      [{ view: 'timeline', fromMs: 0, toMs: Number.NaN, widthPx: 1 }, RangeError, /toMs must be from/],
      [{ view: 'timeline', fromMs: 9, toMs: 9, widthPx: 1 }, RangeError, /toMs must be more than fromMs/],
      [{ view: 'timeline', fromMs: 0, toMs: 9, widthPx: 0 }, RangeError, /widthPx must be from 1 to 20000, not 0/],
      [{ view: 'timeline', fromMs: 0, toMs: 9, widthPx: 1.5 }, RangeError, /widthPx must be a whole number/],
      [{ view: 'timeline', fromMs: 0, toMs: 9, widthPx: 5, fromRow: -1 }, RangeError, /fromRow must be from 0/],
      [{ ...good, sort: 'toString' }, TypeError, /sort must be one of/],
      [{ ...good, state: 'placed' }, TypeError, /state must be one of/],
      [{ ...good, descending: 1 }, TypeError, /descending must be true or false, not 1/],
      [{ ...good, search: {} }, TypeError, /search must be a text, not object/],
      [{ ...good, limit: 501 }, RangeError, /limit must be from 1 to 500, not 501/],
      [{ ...good, offset: -1 }, RangeError, /offset must be from 0/],
      [{ view: 'graph', unfolded: 'a' }, TypeError, /unfolded must be an array/],
      [{ view: 'graph', unfolded: ['a', 1] }, TypeError, /unfolded\[1\] must be a text, not 1/],
      [{ view: 'graph', unfolded: new Array(501).fill('a') }, RangeError, /unfolded may have 500 names, not 501/],
    ] as const) {
      expect(() => checkedViewRequest(given), JSON.stringify(given)?.slice(0, 80)).to.throw(error, message);
    }
  });
});
