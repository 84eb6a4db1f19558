import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';
import type { RunHappening } from '../../lib/runner/brain/messages.js';
import { traceHeader, traceLine } from '../../lib/runner/trace/trace-lines.js';
import { type ReplayedRun, TraceReplay } from '../../lib/runner/trace/trace-replay.js';
import { traceRuns } from '../../lib/runner/trace/tracing.js';
import { thrownData, thrownOf } from '../../lib/value/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';
import { open } from './brain.js';

type Line = string | ((number: number) => string);

const replayed = (...lines: Line[]): ReplayedRun => {
  const replay = new TraceReplay();
  for (const [at, line] of lines.entries()) replay.add(typeof line === 'string' ? line : line(at + 1));
  return replay.report();
};

const { state: fresh } = open({ a: [], b: ['a'], c: ['a'] });
const header = traceHeader(fresh);
const line =
  (happening: RunHappening, nowMs = 100) =>
  (number: number): string =>
    traceLine(number, happening, { nowMs, wallMs: 0 });
const begun = line({ type: 'run-begun' });

describe('the trace of a run', () => {
  it('tells where each function is, what it went through, and what is outstanding', () => {
    const error = thrownData(new Error('boom'));
    const report = replayed(
      header,
      begun,
      line({ type: 'function-placed', index: 0, node: 'n', mayQueue: false }, 110),
      line({ type: 'attempt-started', index: 0, attempt: 1 }, 120),
      line({ type: 'attempt-failed', index: 0, attempt: 1, error, final: false, random: 0.5 }, 130),
    );
    expect(report).to.deep.include({ runId: 'r', dagId: 'd', phase: 'open', error: undefined, happenings: 4, overMs: 30, faults: [] });
    expect(report.progress).to.include({ total: 3, resting: 1, waiting: 2 });
    expect(report.functions[0]).to.deep.equal({ functionId: 'a', state: 'resting', attempt: 1, failures: 1, node: 'n' });
    expect(report.transitions).to.deep.equal([
      '0.0 a waiting --inputs-ready--> ready',
      '10.0 a ready --placed--> placed',
      '20.0 a placed --started--> running',
      '30.0 a running --attempt-failed--> resting',
    ]);
    expect(report.outstanding).to.deep.equal(['rest-function a, attempt 1, for 100 ms']);
  });

  it('keeps what was thrown, bytes and numbers as they were', () => {
    const ending = line({ type: 'run-ending', error: thrownData(new RangeError('too far')), graceMs: Infinity })(2);
    const [, , , happening] = JSON.parse(ending);
    expect(happening).to.have.property('graceMs').that.deep.equals({ $number: 'Infinity' });
    const replay = new TraceReplay();
    replay.add(header);
    replay.add(ending);
    const { because, stopByMs } = replay.state.ending!;
    expect(stopByMs).to.equal(Number.POSITIVE_INFINITY);
    expect(because).to.not.equal('failure');
    expect(thrownOf(because as Exclude<typeof because, 'failure'>))
      .to.be.instanceOf(RangeError)
      .with.property('message', 'too far');
  });

  it('leaves out a last line that is cut off, and says so', () => {
    expect(replayed(header, begun, line({ type: 'turn-taken' })(3).slice(0, -4))).to.include({ happenings: 1, cutOffLine: 3 });
  });

  it('goes on after a happening that the brain cannot apply, and says which', () => {
    const receipt = { node: 'n', sizeBytes: 1, tookMs: 1, isHere: true };
    const placed = line({ type: 'function-placed', index: 0, node: 'n', mayQueue: false });
    const report = replayed(header, begun, placed, line({ type: 'attempt-succeeded', index: 0, attempt: 1, receipt }), begun);
    expect(report.happenings).to.equal(4);
    expect(report.faults).to.have.length(1);
    expect(report.faults[0]).to.match(/^line 4: function "a" is placed, which succeeded cannot follow/);
  });

  for (const [what, lines, said] of [
    ['no trace', ['{"dag":"d"}'], 'the file is no recording of a run'],
    ['no JSON', ['hello'], 'the file is no recording of a run'],
    ['nothing', [], 'the file is empty'],
    [
      'of another version',
      [header.replace('"handoffTrace":3', '"handoffTrace":7')],
      'the recording is of version 7, and this handoff-dag reads version 3',
    ],
    ['damaged in its first line', [header.replace('"ids":["a",', '"ids":[')], 'line 1 is damaged'],
    ['damaged in the middle', [header, begun, '[3,1,2', begun], 'line 3 is damaged'],
    ['of another run', [header, line({ type: 'function-rested', index: 9, attempt: 1 }), begun], 'line 2 is damaged'],
    ['told something unknown', [header, '[2,1,2,{"type":"constructor"}]', begun], 'line 2 is damaged'],
    ['without a line in the middle', [header, begun(2), begun(4)], 'line 3 is missing: line 2 is followed by line 4'],
    ['without several lines', [header, begun(5)], 'lines 2 to 4 are missing: line 1 is followed by line 5'],
    ['with a line twice', [header, begun(2), begun(2)], 'line 3 is damaged: it was written as line 2'],
  ] as const) {
    it(`is refused with the reason where it is ${what}`, () => {
      expect(() => replayed(...lines))
        .to.throw(TypeError)
        .with.property('message')
        .that.matches(new RegExp(`^Cannot replay: .*${said}`));
    });
  }

  it('is made of a real run, and ends as the run did', async () => {
    const traces = new Map<string, string[]>();
    const stop = traceRuns((runId, first) => {
      const lines = [first];
      traces.set(runId, lines);
      return (one) => void lines.push(one);
    });
    await using handoff = await Handoff.start({ logger: spyLogger() });
    const bad = (): never => {
      throw new TypeError('no way');
    };
    const dag = Dag.dynamic('traced')
      .add({ id: 'good', code: () => 1 })
      .add({ id: 'bad', code: bad, args: ['good'], maxRetries: 0 });
    const run = handoff.execute(dag.add({ id: 'after', code: () => 2, args: ['bad'] }), { onFailure: 'continue' });
    stop();
    const error = await caught(run);
    const report = replayed(...traces.get(run.id)!);
    expect(report).to.deep.include({ dagId: 'traced', phase: 'ended', progress: { ...run.progress }, error: (error as Error).message });
    expect(report.outstanding).to.deep.equal([]);
    await handoff.execute(new Dag('untraced').add({ id: 'f', code: () => 1 }));
    expect(traces.size, 'nobody traces any more').to.equal(1);
  });
});
