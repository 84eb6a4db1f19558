import { expect } from 'chai';
import { HandoffError, NonRetryableError } from '../../lib/base/index.js';
import type { AttemptHandle, RemoteOutcome } from '../../lib/executor/index.js';
import { FunctionFailures } from '../../lib/testing/function-failures.js';
import { testClock } from '../support/test-clock.js';

/** An attempt in the hands of a spec. */
class FakeAttempt implements AttemptHandle<RemoteOutcome> {
  readonly slot = 0;
  stops: [HandoffError, number][] = [];
  begin!: () => void;
  #heard!: (outcome: RemoteOutcome) => void;

  readonly start = (started: () => void = () => {}): this => {
    this.begin = started;
    return this;
  };

  listen(heard: (outcome: RemoteOutcome) => void): void {
    this.#heard = heard;
  }

  stop(reason: HandoffError, graceMs: number): void {
    this.stops.push([reason, graceMs]);
  }

  end(outcome: RemoteOutcome): void {
    this.#heard(outcome);
  }
}

describe('Attempts that are made to fail', () => {
  const error = new Error('on purpose');
  const succeeded: RemoteOutcome = { type: 'succeeded', values: [], tookMs: 1 };
  const begin = (beforeMs = 10) => {
    const clock = testClock();
    const failures = new FunctionFailures();
    failures.plan('f', 1, { error, beforeMs });
    const interpose = failures.interpose(clock);
    const attempt = (functionId = 'f') => {
      const inner = new FakeAttempt();
      const outcomes: RemoteOutcome[] = [];
      const handle = interpose({ dagId: 'd', runId: 'r', functionId, attempt: 1, node: 'n' }, inner.start as never);
      handle.listen((outcome) => outcomes.push(outcome));
      return { inner, outcomes, handle };
    };
    return { clock, failures, attempt };
  };
  const failed: RemoteOutcome = { type: 'failed', error, final: false };
  const cancel = new HandoffError('HANDOFF_RUN_CANCELLED', 'cancelled');

  it('leaves other functions alone', () => {
    const { attempt } = begin();
    const { inner, handle } = attempt('g');
    expect(handle).to.equal(inner);
  });

  it('are stopped so long after they began, and have failed once they have ended', () => {
    const { clock, attempt } = begin();
    const { inner, outcomes } = attempt();
    clock.advance(1000);
    inner.begin();
    clock.advance(9);
    expect(inner.stops).to.have.lengthOf(0);
    clock.advance(1);
    expect(inner.stops.map(([reason, graceMs]) => [reason.cause, graceMs])).to.deep.equal([[error, 0]]);
    expect(outcomes).to.deep.equal([]);
    inner.end({ type: 'stopped' });
    expect(outcomes).to.deep.equal([failed]);
    expect(attempt().inner.stops).to.deep.equal([]);
  });

  it('fail so many times as planned, in the order planned', () => {
    const { clock, failures, attempt } = begin(0);
    const other = new Error('then this');
    failures.plan('f', 2, { error: other, beforeMs: 0 });
    const errors: unknown[] = [];
    for (let n = 0; n < 4; n += 1) {
      const { inner, outcomes } = attempt();
      inner.begin();
      clock.advance(0);
      inner.end(inner.stops.length > 0 ? { type: 'stopped' } : succeeded);
      errors.push(outcomes[0]!.type === 'failed' ? outcomes[0].error : outcomes[0]!.type);
    }
    expect(errors).to.deep.equal([error, other, other, 'succeeded']);
  });

  it('fail when it is time, although they have succeeded before', () => {
    const { clock, attempt } = begin();
    const { inner, outcomes } = attempt();
    inner.begin();
    inner.end(succeeded);
    expect(outcomes).to.deep.equal([]);
    clock.advance(10);
    expect(outcomes).to.deep.equal([failed]);
    expect(inner.stops).to.have.lengthOf(0);
  });

  it('have failed, if they did by themselves before', () => {
    const { clock, attempt } = begin();
    const { inner, outcomes } = attempt();
    inner.begin();
    const own: RemoteOutcome = { type: 'failed', error: new Error('own'), final: true };
    inner.end(own);
    clock.advance(10);
    expect(outcomes).to.deep.equal([own]);
    expect(clock.pending).to.equal(0);
    const next = attempt();
    next.inner.end(succeeded);
    expect(next.outcomes).to.deep.equal([succeeded]);
  });

  for (const type of ['declined', 'lost', 'stopped'] as const) {
    it(`are not used up by one that is ${type} before`, () => {
      const { clock, attempt } = begin();
      const { inner, outcomes } = attempt();
      inner.begin();
      inner.end({ type });
      expect(outcomes).to.deep.equal([{ type }]);
      expect(clock.pending).to.equal(0);
      const next = attempt();
      next.inner.begin();
      clock.advance(10);
      next.inner.end({ type: 'stopped' });
      expect(next.outcomes).to.deep.equal([failed]);
    });
  }

  it('are stopped, and have not failed, when their run stops them', () => {
    const { clock, attempt } = begin();
    const { inner, outcomes, handle } = attempt();
    inner.begin();
    handle.stop(cancel, 500);
    clock.advance(10);
    expect(inner.stops).to.deep.equal([[cancel, 500]]);
    inner.end({ type: 'stopped' });
    expect(outcomes).to.deep.equal([{ type: 'stopped' }]);
  });

  it('are stopped at once when their run stops them after they have succeeded', () => {
    const { attempt } = begin();
    const { inner, outcomes, handle } = attempt();
    inner.begin();
    inner.end(succeeded);
    handle.stop(cancel, 500);
    expect(inner.stops).to.have.lengthOf(0);
    expect(outcomes).to.deep.equal([{ type: 'stopped' }]);
  });

  it('fail for good with an error that is not to be retried', () => {
    const clock = testClock();
    const failures = new FunctionFailures();
    failures.plan('f', 1, { error: new NonRetryableError('never'), beforeMs: 0 });
    const inner = new FakeAttempt();
    const outcomes: RemoteOutcome[] = [];
    failures
      .interpose(clock)({ dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'n' }, inner.start as never)
      .listen((outcome) => outcomes.push(outcome));
    inner.begin();
    clock.advance(0);
    inner.end({ type: 'stopped' });
    expect(outcomes[0]).to.include({ type: 'failed', final: true });
  });

  it('are given back when the attempt cannot even be started', () => {
    const { clock, failures, attempt } = begin(0);
    const refuse = (): never => {
      throw cancel;
    };
    expect(() => failures.interpose(clock)({ dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'n' }, refuse)).to.throw(
      'cancelled',
    );
    const { inner, outcomes } = attempt();
    inner.begin();
    clock.advance(0);
    inner.end({ type: 'stopped' });
    expect(outcomes).to.deep.equal([failed]);
  });
});
