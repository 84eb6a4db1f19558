import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../../lib/base/index.js';
import { chromeTraceOf } from '../../../lib/observe/sinks/chrome-trace.js';
import type { ChromeTrace, TraceEvent } from '../../../lib/observe/sinks/chrome-trace-event.js';
import type { ObservedRun } from '../../../lib/runner/index.js';
import { FakeRun, sizedRun } from '../../support/observed-run.js';
import { chromeTraceFaults } from './chrome-trace-faults.js';

const traceOf = (run: ObservedRun): ChromeTrace => JSON.parse(JSON.stringify(doAtOnce(chromeTraceOf(run)))) as ChromeTrace;
const barsOf = (run: ObservedRun): TraceEvent[] => traceOf(run).traceEvents.filter(({ ph }) => ph === 'X');
const short = ({ name, ts, dur, tid }: TraceEvent): unknown[] => [name, ts, dur, tid];

describe('the Chrome trace of a run', () => {
  it('has nodes as processes, slots as threads, and phases within their attempt, in µs', () => {
    const run = new FakeRun()
      .add({ id: 'a' })
      .add({ id: 'b', producers: ['a'], isolation: 'loop' })
      .ended({ id: 'a', node: 'node-1', slot: 2, endMs: 20, waitMs: 1, fetchMs: 2, loadMs: 3, runMs: 5, packMs: 1, handOverMs: 4 })
      .ended({ id: 'b', node: 'node-2', slot: 0, endMs: 30, waitMs: 1, runMs: 6.000_4, handOverMs: 2 });
    const { traceEvents } = traceOf(run);
    expect(chromeTraceFaults({ traceEvents })).to.deep.equal([]);
    expect(barsOf(run).map(short)).to.deep.equal([
      ['a', 7000, 11_000, 1],
      ['fetch', 7000, 2000, 1],
      ['load', 9000, 3000, 1],
      ['run', 12_000, 5000, 1],
      ['pack', 17_000, 1000, 1],
      ['b', 22_999.6, 6000.4, 2],
      ['run', 22_999.6, 6000.4, 2],
    ]);
    const names = traceEvents.filter(({ name }) => name.endsWith('_name')).map(({ pid, tid, args }) => [pid, tid, args]);
    expect(names).to.deep.equal([
      [1, undefined, { name: 'node-1 (driver)' }],
      [1, 1, { name: 'thread 2' }],
      [2, undefined, { name: 'node-2' }],
      [2, 2, { name: 'loop 0' }],
    ]);
    expect(barsOf(run)[0]!.args).to.deep.equal({ attempt: 1, outcome: 'succeeded', waitMs: 1, handOverMs: 4 });
  });

  it('has an arrow from the end of each producer to the begin of its consumer', () => {
    const run = new FakeRun().add({ id: 'a' }).add({ id: 'b', producers: ['a'] });
    run.ended({ id: 'a', endMs: 10, runMs: 4 }).ended({ id: 'b', endMs: 20, runMs: 5, node: 'other' });
    const arrows = traceOf(run).traceEvents.filter(({ ph }) => ph === 's' || ph === 'f');
    expect(arrows).to.deep.equal([
      { name: 'value', cat: 'value', id: 1, ph: 's', ts: 9999.999, pid: 1, tid: 1 },
      { name: 'value', cat: 'value', id: 1, ph: 'f', bp: 'e', ts: 15_000, pid: 2, tid: 2 },
    ]);
  });

  it('has arrows from the parts of a map to what consumes the whole', () => {
    const run = new FakeRun().add({ id: 'ys' }).add({ id: 'sum', producers: ['ys'] });
    for (const at of [0, 1]) run.add({ id: `ys[${at}]`, partOf: 'ys' }).ended({ id: `ys[${at}]`, slot: at, endMs: 5, runMs: 1 });
    run.ended({ id: 'sum', endMs: 9, runMs: 1 });
    const leave = traceOf(run).traceEvents.filter(({ ph }) => ph === 's');
    expect(leave.map(({ tid }) => tid)).to.deep.equal([1, 2]);
  });

  it('marks attempts that failed, were lost or cancelled, with the error of the last', () => {
    const run = new FakeRun().add({ id: 'a', error: { name: 'Error', message: 'it </script> broke' } });
    run.ended({ id: 'a', attempt: 1, outcome: 'lost', endMs: 5, runMs: 1, node: 'gone' });
    run.ended({ id: 'a', attempt: 2, outcome: 'timed-out', endMs: 15, runMs: 1 });
    const { traceEvents } = traceOf(run);
    expect(traceEvents.filter(({ ph }) => ph === 'i').map(({ name, ts, s }) => [name, ts, s])).to.deep.equal([
      ['lost', 5000, 't'],
      ['timed-out', 15_000, 't'],
    ]);
    expect(barsOf(run).map(({ cname, args }) => [cname, (args as { error?: string } | undefined)?.error])).to.deep.equal([
      ['grey', undefined],
      [undefined, undefined],
      ['terrible', 'it </script> broke'],
      [undefined, undefined],
    ]);
  });

  it('moves an attempt by what its hand-over took, and puts what still overlaps beside it', () => {
    const run = new FakeRun().add({ id: 'a' }).add({ id: 'b' }).add({ id: 'c' });
    run.ended({ id: 'a', endMs: 10, runMs: 8 });
    run.ended({ id: 'b', endMs: 20, runMs: 9.5, handOverMs: 2 });
    run.ended({ id: 'c', endMs: 21, runMs: 15 });
    expect(chromeTraceFaults(traceOf(run))).to.deep.equal([]);
    expect(
      barsOf(run)
        .filter(({ name }) => name !== 'run')
        .map(short),
    ).to.deep.equal([
      ['a', 2000, 8000, 1],
      ['b', 10_000, 9000, 1],
      ['c', 6000, 15_000, 2],
    ]);
  });

  it('counts what each node runs, over the time of the run', () => {
    const run = new FakeRun().add({ id: 'a' }).add({ id: 'b' });
    run.ended({ id: 'a', endMs: 50, runMs: 50 }).ended({ id: 'b', slot: 1, endMs: 100, runMs: 75 });
    const counts = traceOf(run).traceEvents.filter(({ ph }) => ph === 'C');
    expect(counts.map(({ ts, args }) => [ts, (args as { running: number }).running])).to.deep.equal([
      [0, 1],
      [25_000, 2],
      [50_000, 1],
      [100_000, 0],
    ]);
  });

  it('of a run of which nothing is over is empty, and says how many attempts are no longer there', () => {
    expect(traceOf(new FakeRun())).to.deep.equal({
      ...{ displayTimeUnit: 'ms', otherData: { runId: 'run-1', dagId: 'dag-1', attemptsLeftOut: 0 }, traceEvents: [] },
    });
    const run = new FakeRun(1).add({ id: 'a' }).add({ id: 'b' });
    run.ended({ id: 'a', endMs: 1, runMs: 1 }).ended({ id: 'b', endMs: 2, runMs: 1 });
    expect(traceOf(run).otherData).to.include({ attemptsLeftOut: 1 });
    expect(barsOf(run).map(({ name }) => name)).to.deep.equal(['b', 'run']);
  });

  it('is valid, whatever the attempts were', () => {
    const ms = fc.double({ min: 0, max: 50, noNaN: true });
    const attempt = fc.record({
      at: fc.nat(9),
      node: fc.constantFrom('n', 'm'),
      slot: fc.nat(2),
      outcome: fc.constantFrom('succeeded', 'failed', 'timed-out', 'cancelled', 'lost'),
      later: ms,
      ...{ waitMs: ms, fetchMs: ms, loadMs: ms, runMs: ms, packMs: ms, handOverMs: ms },
    } as const);
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 60 }), (attempts) => {
        const run = new FakeRun();
        for (let at = 0; at < 10; at += 1)
          run.add({ id: `f${at}`, producers: at === 0 ? [] : [`f${at - 1}`], isolation: at % 2 === 0 ? 'thread' : 'loop' });
        let endMs = 0;
        for (const { at, later, ...of } of attempts) {
          endMs += later;
          run.ended({ id: `f${at}`, endMs, ...of });
        }
        expect(chromeTraceFaults(traceOf(run))).to.deep.equal([]);
      }),
    );
  });

  it('of many attempts is made in steps of a hundred', () => {
    const run = sizedRun({ functions: 5000, failEvery: 1000, loseEvery: 500 });
    const steps = chromeTraceOf(run)[Symbol.iterator]();
    let count = 0;
    let next = steps.next();
    for (; !next.done; next = steps.next()) count += 1;
    expect(count).to.equal(Math.ceil(run.attempts.count / 100));
    const { traceEvents } = next.value;
    expect(traceEvents.filter(({ ph, cat }) => ph === 'X' && cat !== 'phase')).to.have.length(run.attempts.count);
    expect(traceEvents.filter(({ ph }) => ph === 's').length).to.be.above(5000);
    expect(chromeTraceFaults({ traceEvents })).to.deep.equal([]);
  });
});
