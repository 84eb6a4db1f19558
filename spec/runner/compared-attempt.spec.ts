import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import type { FarHandle, RemoteOutcome } from '../../lib/executor/index.js';
import { ComparedAttempt } from '../../lib/runner/run/code/compared-attempt.js';

/** An attempt whose code is being compared; `calls` is what the attempt itself was told. */
function compared(isSame: boolean) {
  const calls: string[] = [];
  const begun: FarHandle = {
    slot: 3,
    listen: () => void calls.push('listen'),
    stop: () => void calls.push('stop'),
    takeBack: () => void calls.push('take back'),
    promote: () => void calls.push('promote'),
  };
  const attempt = new ComparedAttempt(Promise.resolve(isSame), () => {
    calls.push('begin');
    return begun;
  });
  const ends: RemoteOutcome[] = [];
  attempt.listen((outcome) => void ends.push(outcome));
  return { attempt, calls, ends };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('attempts that begin once their code has been compared', () => {
  it('pass on what happens to them, also what happened before', async () => {
    const { attempt, calls, ends } = compared(true);
    attempt.promote();
    await turn();
    expect(calls).to.deep.equal(['begin', 'promote', 'listen']);
    attempt.takeBack();
    attempt.stop(new HandoffError('HANDOFF_RUN_CANCELLED', 'enough'), 0);
    expect([calls.slice(3), attempt.slot, ends]).to.deep.equal([['take back', 'stop'], 3, []]);
  });

  it('never begin where the code differs, nor once they were taken back or stopped', async () => {
    const differs = compared(false);
    await turn();
    const back = compared(true);
    back.attempt.takeBack();
    const stopped = compared(true);
    stopped.attempt.stop(new HandoffError('HANDOFF_RUN_CANCELLED', 'enough'), 0);
    await turn();
    const all = [differs, back, stopped];
    expect(all.map(({ ends }) => ends.map(({ type }) => type))).to.deep.equal([['declined'], ['declined'], ['stopped']]);
    expect(all.flatMap(({ calls }) => calls)).to.deep.equal([]);
  });
});
