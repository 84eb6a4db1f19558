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
function world(start?: IsolationRunner['start'], crash?: (error: unknown) => void) {
  const settles: Settle[] = [];
  const isolation: IsolationRunner = {
    start: (call, settle) => {
      settles.push(settle);
      return start ? start(call, settle) : { stop: () => {} };
    },
    close: async () => 0,
  };
  const isolations = new Map(['spec', 'other'].map((name) => [name, isolation]));
  const executor = new Executor(isolations, testClock(), crash);
  const outcomes: CallOutcome[] = [];
  const begin = (places = ['spec']) => {
    const steps = places.map((isolation, at) => ({ ...step, isolation, inputs: at > 0 ? [at - 1] : [] }));
    return executor.start({ context, steps, timeoutMs: undefined, stopGraceMs: 0 });
  };
  return { executor, settles, outcomes, begin, heard: (outcome: CallOutcome) => void outcomes.push(outcome) };
}

describe('the executor', () => {
  it('fails an attempt whose isolation throws where it should start, and goes on', () => {
    const { executor, begin, outcomes, heard } = world(() => {
      throw new Error('no such place');
    });
    begin().listen(heard);
    expect(outcomes).to.have.lengthOf(1);
    expect(outcomes[0]).to.include({ type: 'failed', final: false });
    expect((outcomes[0] as Extract<CallOutcome, { type: 'failed' }>).error)
      .to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f', node: 'here' })
      .with.property('message', 'Cannot run function "f": isolation "spec" failed: no such place');
    expect(executor.running).to.equal(0);
  });

  it('counts an end once, however often the isolation tells it', () => {
    const { executor, begin, settles, outcomes, heard } = world();
    begin().listen(heard);
    begin();
    settles[0]!(succeeded(1));
    settles[0]!({ type: 'stopped' });
    expect(outcomes.map(({ type }) => type)).to.deep.equal(['succeeded']);
    expect(executor.running).to.equal(1);
  });

  it('counts the end of each part of an attempt once', () => {
    const { begin, settles, outcomes, heard } = world();
    begin(['spec', 'other', 'spec']).listen(heard);
    settles[0]!(succeeded(1));
    settles[0]!(succeeded(1));
    expect(settles).to.have.lengthOf(2);
    settles[1]!(succeeded(2));
    settles[2]!(succeeded(3));
    expect(outcomes.map(({ type }) => type)).to.deep.equal(['succeeded']);
  });

  it('reports a bug in what deals with an end, and counts the attempt as over', () => {
    const bugs: unknown[] = [];
    const { executor, begin, settles } = world(undefined, (error) => void bugs.push(error));
    const bug = new Error('bug');
    begin().listen(() => {
      throw bug;
    });
    settles[0]!(succeeded(1));
    expect(bugs).to.deep.equal([bug]);
    expect(executor.running).to.equal(0);
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
