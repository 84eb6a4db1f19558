import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { compile, Dag } from '../../lib/dag/index.js';
import type { RunAnnouncement, RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { progressOf } from '../../lib/runner/brain/progress.js';
import { recover } from '../../lib/runner/brain/recover.js';
import { newRunState, type RunPolicy } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { thrownData } from '../../lib/value/index.js';
import { receipt } from './brain.js';

const no = (): void => {};
const at = { nowMs: 0, wallMs: 0 };

/** A chain of `a`, `b`, `c`, all remembered, driven by happenings. */
function chain(over: Partial<RunPolicy> = {}, because?: 'asked' | 'code') {
  const dag = Dag.dynamic('d');
  for (const [id, args] of Object.entries({ a: [], b: ['a'], c: ['b'] })) dag.add({ id, code: no, args, version: '1', cache: true });
  const plan = compile(dag);
  const policy = {
    maxRetries: 1,
    onFailure: 'abort',
    stopGraceMs: 500,
    remembers: true,
    collected: Uint8Array.of(0, 0, 1),
    ...over,
  } as const;
  const state = newRunState('r', plan.shape, policy);
  const told: RunAnnouncement[] = [];
  const feed = (happening: RunHappening): string[] => {
    const out: RunCommand[] = [];
    stepRun(state, happening, at, out);
    return out.flatMap((command) => {
      if (command.type !== 'announce') return 'index' in command ? [`${command.type} ${plan.ids[command.index]}`] : [command.type];
      told.push(command.event);
      return [];
    });
  };
  const attempt = (index: number) => ({ index, attempt: state.attempts[index]! });
  return {
    state,
    told,
    feed,
    begin: () => feed({ type: 'run-begun', ...(because && { recalled: { successes: [], reasons: [[0, because]], tells: 'all' } }) }),
    hit: (index: number, isHere = true) => feed({ type: 'result-remembered', index, node: isHere ? 'n' : 'm', sizeBytes: 8, isHere }),
    miss: (index: number) => feed({ type: 'result-not-remembered', index }),
    place: (index: number) => [
      ...feed({ type: 'function-placed', index, node: 'n', mayQueue: false }),
      ...feed({ type: 'attempt-started', ...attempt(index) }),
    ],
    succeed: (index: number) => feed({ type: 'attempt-succeeded', ...attempt(index), receipt }),
    fail: (index: number, final: boolean) =>
      feed({ type: 'attempt-failed', ...attempt(index), error: thrownData(new Error('boom')), final, random: 0.5 }),
    cancel: () => feed({ type: 'run-ending', error: thrownData(new HandoffError('HANDOFF_RUN_CANCELLED', 'cancelled')), graceMs: 7 }),
    lose: (...indices: number[]) => feed({ type: 'values-lost', indices }),
  };
}

describe('remembered results, in the brain of a run', () => {
  it('are looked up before a claim is asked for, and count as ready meanwhile', () => {
    const run = chain();
    expect(run.begin()).to.deep.equal(['look-up-result a']);
    expect(run.state.states[0]).to.equal('looking-up');
    expect(progressOf(run.state)).to.include({ ready: 1, waiting: 2 });
    expect(run.told.map(({ type }) => type)).to.deep.equal(['run-started', 'function-ready']);
  });

  it('take the place of an attempt: no claim, no attempt, and what waits goes on', () => {
    const run = chain();
    run.begin();
    expect(run.hit(0)).to.deep.equal(['look-up-result b']);
    expect(run.hit(1)).to.deep.equal(['look-up-result c', 'drop-value a']);
    expect(run.hit(2)).to.deep.equal(['drop-value b', 'end-run']);
    expect(run.told.filter(({ type }) => type === 'function-succeeded')).to.deep.equal(
      ['a', 'b', 'c'].map((functionId) => ({
        ...{ type: 'function-succeeded', runId: 'r', dagId: 'd', atMs: 0, functionId },
        ...{ attempt: 0, node: 'n', tookMs: 0, sizeBytes: 8, source: 'cache' },
      })),
    );
  });

  it('are fetched where they are collected and lie elsewhere', () => {
    const run = chain();
    run.begin();
    run.hit(0, false);
    run.hit(1, false);
    expect(run.hit(2, false)).to.deep.equal(['fetch-value c', 'drop-value b']);
    expect(run.feed({ type: 'value-fetched', index: 2, attempt: 0 })).to.deep.equal(['end-run']);
  });

  it('that are not there are made, once and as ever', () => {
    const run = chain();
    run.begin();
    expect(run.miss(0)).to.deep.equal(['request-claim a']);
    expect(run.miss(0)).to.deep.equal(['free-key a']);
    expect(run.place(0)).to.deep.equal(['start-attempt a']);
    expect(run.succeed(0)).to.deep.equal(['free-claim a', 'look-up-result b']);
    expect(run.told.filter(({ type }) => type === 'function-ready')).to.have.length(2);
  });

  it('are not looked up where the run passes them by, or the function was asked to run again', () => {
    expect(chain({ remembers: false }).begin()).to.deep.equal(['request-claim a']);
    const asked = chain({}, 'asked');
    expect(asked.begin()).to.deep.equal(['request-claim a']);
    expect(chain({}, 'code').begin()).to.deep.equal(['look-up-result a']);
  });

  it('that are lost later are computed again: the function runs, and is not looked up again', () => {
    const run = chain();
    run.begin();
    run.hit(0);
    run.miss(1);
    expect(run.lose(0)).to.deep.equal(['withdraw-claim b', 'request-claim a', 'free-key b']);
    run.place(0);
    expect(run.succeed(0)).to.deep.equal(['free-claim a', 'request-claim b']);
  });

  it('free the key when their function fails, rests, waits again or is cancelled, so that others may run it', () => {
    const rested = chain();
    rested.begin();
    rested.miss(0);
    rested.place(0);
    expect(rested.fail(0, false)).to.deep.equal(['free-claim a', 'rest-function a', 'free-key a']);
    const failed = chain();
    failed.begin();
    failed.miss(0);
    failed.place(0);
    expect(failed.fail(0, true)).to.include('free-key a');
    const ready = chain();
    ready.begin();
    ready.miss(0);
    expect(ready.cancel()).to.deep.equal(['end-run', 'free-key a']);
  });

  it('that come for a run that is over, or for a function that waits again, are dropped, and the key is freed', () => {
    const run = chain();
    run.begin();
    run.hit(0);
    run.lose(0);
    expect(run.state.states.slice(0, 2)).to.deep.equal(['ready', 'waiting']);
    expect(run.hit(1)).to.deep.equal([]);
    expect(run.miss(1)).to.deep.equal(['free-key b']);
    expect(run.state.states[1]).to.equal('waiting');
  });

  it('are cancelled while they are looked up', () => {
    const run = chain();
    run.begin();
    expect(run.cancel()).to.deep.equal(['end-run']);
    expect(run.state.states).to.deep.equal(['cancelled', 'cancelled', 'cancelled']);
  });

  it('are looked up again by the next DagRunner', () => {
    const run = chain();
    run.begin();
    expect(recover(run.state, at)).to.deep.equal([{ type: 'look-up-result', index: 0 }]);
    run.miss(0);
    expect(recover(run.state, at)).to.deep.equal([{ type: 'request-claim', index: 0 }]);
  });

  it('are recorded in a durable run; under strict their dependents wait for that', () => {
    const batched = chain({ journal: 'batched' });
    batched.begin();
    expect(batched.hit(0)).to.deep.equal(['record-success a', 'look-up-result b']);
    const strict = chain({ journal: 'strict' });
    strict.begin();
    expect(strict.hit(0)).to.deep.equal(['record-success a']);
    expect(strict.state.states[0]).to.equal('recording');
    expect(strict.feed({ type: 'successes-recorded', successes: [{ index: 0, attempt: 0 }] })).to.deep.equal(['look-up-result b']);
    expect(strict.told.at(-2)).to.include({ type: 'function-succeeded', source: 'cache', attempt: 0 });
  });
});
