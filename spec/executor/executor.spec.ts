import { expect } from 'chai';
import { exited, startActorSystem, tell } from '../../lib/actor/index.js';
import { type CallOutcome, Executor, type IsolationRunner, startExecutor } from '../../lib/executor/index.js';
import { snapshot } from '../../lib/value/index.js';
import { testClock } from '../support/test-clock.js';

type Settle = (outcome: CallOutcome) => void;

const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' };
const step = { role: 'function' as const, functionId: 'f', code: () => 1, inputs: [], asList: false, extra: undefined, wanted: true };
const succeeded = (value: unknown): CallOutcome => ({
  type: 'succeeded',
  values: [snapshot(value, { where: 'value', freeze: true })],
  tookMs: 1,
});

/** An executor with one isolation, and what the spec needs to be the code that runs in it. */
function world(crash?: (error: unknown) => void) {
  const settles: Settle[] = [];
  const isolation: IsolationRunner = {
    start: (_call, settle) => {
      settles.push(settle);
      return { stop: () => {} };
    },
    close: async () => 0,
  };
  const clock = testClock();
  const executor = new Executor(new Map([['spec', isolation]]), clock, crash);
  const steps = [{ ...step, isolation: 'spec' }];
  const begin = (timeoutMs?: number) => executor.start({ context, steps, timeoutMs, stopGraceMs: 0 });
  return { clock, executor, settles, begin };
}

describe('the executor', () => {
  it('reports a bug in what deals with an end, and counts the attempt as over', () => {
    const bugs: unknown[] = [];
    const { executor, begin, settles } = world((error) => void bugs.push(error));
    const bug = new Error('bug');
    begin().listen(() => {
      throw bug;
    });
    settles[0]!(succeeded(1));
    expect(bugs).to.deep.equal([bug]);
    expect(executor.running).to.equal(0);
  });

  it('says what is blocked where the code of an attempt that timed out goes on', () => {
    for (const [what, text] of [
      ['thread', 'its thread is still blocked in a system call'],
      ['process', 'its process is still blocked in a system call'],
      ['isolation', 'its code goes on, as its isolation has not ended it'],
    ] as const) {
      const { clock, executor, begin, settles } = world();
      const outcomes: CallOutcome[] = [];
      begin(100).listen((outcome) => void outcomes.push(outcome));
      clock.advance(100);
      const overs: (() => void)[] = [];
      settles[0]!({ type: 'stopped', blocked: { what, whenOver: (told) => void overs.push(told) } });
      const [outcome] = outcomes as [Extract<CallOutcome, { type: 'failed' }>];
      expect(outcome).to.include({ type: 'failed', final: false });
      expect((outcome.error as Error).message).to.equal(`Function "f" timed out: it took longer than 100 ms; ${text}`);
      expect([executor.running, executor.blocked]).to.deep.equal([1, 1]);
      for (const told of overs) told();
      expect([executor.running, executor.blocked]).to.deep.equal([0, 0]);
    }
  });

  it('ends as an actor with the bug that it is told', async () => {
    const system = await startActorSystem();
    const actor = await startExecutor(system);
    const bug = new Error('bug');
    tell(actor, { type: 'crash', error: bug });
    expect(await exited(actor)).to.equal(bug);
    await system.stop();
  });
});
