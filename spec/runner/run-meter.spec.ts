import { expect } from 'chai';
import fc from 'fast-check';
import { NO_PROGRESS, PHASE_BOUNDS_S, PHASE_NAMES, type Progress, RunMeter } from '../../lib/runner/index.js';
import { AttemptColumns } from '../../lib/runner/observed/attempt-columns.js';

let runs = 0;

/** A run whose attempts a spec adds, with room for the last `most`. */
function runOf(meter: RunMeter, most?: number) {
  const attempts = new AttemptColumns((index) => `f${index}`, most, meter);
  const run = { runId: `run ${runs++}`, attempts, progress: NO_PROGRESS as Progress };
  let index = 0;
  const add = (runMs: number, outcome = 0): void => {
    attempts.add(index, 1, 'a', 0, outcome, 1000 + index, 1, 0, 0, runMs, 0, 0.005);
    index += 1;
  };
  return { run, add };
}

const countOf = (meter: RunMeter, phase: (typeof PHASE_NAMES)[number]): number =>
  meter.phases[PHASE_NAMES.indexOf(phase)]!.counts.reduce((sum, count) => sum + count, 0);

/** The number of 32 bits nearest to `ms`, or one of its neighbours. */
function near32(ms: number, by: number): number {
  const numbers = Float32Array.of(ms);
  new Uint32Array(numbers.buffer)[0]! += by;
  return numbers[0]!;
}

describe('the meter of the runs of a node', () => {
  it('has two bounds a decade from 10 µs to 1,000 s', () => {
    expect(PHASE_BOUNDS_S).to.deep.equal([
      0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000,
    ]);
  });

  it('counts each phase by the smallest bound that holds it', () => {
    const meter = new RunMeter();
    const { run, add } = runOf(meter);
    meter.begin(run);
    for (const runMs of [0, 0.01, 0.010001, 1, 1.001, 999_999, 2_000_000]) add(runMs);
    meter.measure();
    const { counts, sumMs } = meter.phases[PHASE_NAMES.indexOf('run')]!;
    const expected = new Array<number>(18).fill(0);
    // The columns are of 32 bits: 0.01 is a little less, or more.
    expected[0] = 2;
    expected[1] = 1;
    expected[4] = 1;
    expected[5] = 1;
    expected[16] = 1;
    expected[17] = 1;
    expect([...counts]).to.deep.equal(expected);
    expect(sumMs).to.be.closeTo(3_000_001.021, 1);
    expect(meter.phases[PHASE_NAMES.indexOf('fetch')]!.counts[0]).to.equal(7);
    expect(meter.phases[PHASE_NAMES.indexOf('hand-over')]!.counts[0]).to.equal(7);
  });

  it('finds the bound of each number of 32 bits as a search does', () => {
    const near = fc.constantFrom(...PHASE_BOUNDS_S).chain((bound) => fc.constantFrom(-1, 0, 1).map((by) => near32(1000 * bound, by)));
    fc.assert(
      fc.property(fc.oneof(near, fc.float({ min: 0, noNaN: true })), (ms) => {
        const meter = new RunMeter();
        const { run, add } = runOf(meter);
        meter.begin(run);
        add(ms);
        meter.end(run);
        const expected = PHASE_BOUNDS_S.findIndex((bound) => ms <= 1000 * bound);
        const { counts } = meter.phases[PHASE_NAMES.indexOf('run')]!;
        expect(counts.indexOf(1)).to.equal(expected < 0 ? PHASE_BOUNDS_S.length : expected);
      }),
      { numRuns: 500 },
    );
  });

  it('sees each attempt once, however often it is asked, and also those that have left and those of runs that are over', () => {
    const meter = new RunMeter();
    const long = runOf(meter, 16);
    const short = runOf(meter);
    meter.begin(long.run);
    meter.begin(short.run);
    for (let n = 0; n < 1000; n += 1) {
      long.add(n);
      if (n % 100 === 7) meter.measure();
    }
    for (let n = 0; n < 5; n += 1) short.add(n);
    meter.end(short.run);
    meter.end(short.run);
    meter.measure();
    meter.measure();
    meter.end(long.run);
    for (const phase of PHASE_NAMES) expect(countOf(meter, phase), phase).to.equal(1005);
    expect(meter.phases[PHASE_NAMES.indexOf('run')]!.sumMs).to.equal((999 * 1000) / 2 + 10);
  });

  it('counts functions of runs under way and of those that are over, and takes nothing back', () => {
    const meter = new RunMeter();
    const one = runOf(meter);
    const other = runOf(meter);
    meter.begin(one.run);
    meter.begin(other.run);
    one.run.progress = { ...NO_PROGRESS, total: 9, succeeded: 5, failed: 1, running: 2, waiting: 1 };
    other.run.progress = { ...NO_PROGRESS, total: 2, succeeded: 1, resting: 1 };
    expect(meter.measure()).to.deep.equal({ succeeded: 6, failed: 1, skipped: 0, cancelled: 0 });
    expect(meter.current()).to.deep.equal({ waiting: 1, ready: 0, running: 2, resting: 1 });
    // A value was lost.
    one.run.progress = { ...NO_PROGRESS, total: 9, succeeded: 4, failed: 1, running: 2, waiting: 2 };
    expect(meter.measure().succeeded).to.equal(6);
    one.run.progress = { ...NO_PROGRESS, total: 9, succeeded: 6, failed: 1, cancelled: 2 };
    meter.end(one.run);
    expect(meter.measure()).to.deep.equal({ succeeded: 7, failed: 1, skipped: 0, cancelled: 2 });
    expect(meter.current()).to.deep.equal({ waiting: 0, ready: 0, running: 0, resting: 1 });
  });

  it('counts lost attempts, of which their node cannot tell', () => {
    const meter = new RunMeter();
    const { run, add } = runOf(meter);
    meter.begin(run);
    for (const outcome of [0, 1, 2, 3, 4, 4]) add(1, outcome);
    meter.end(run);
    expect(meter.lost).to.equal(2);
  });
});
