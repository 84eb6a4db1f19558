import { expect } from 'chai';
import { Dag, functionsIn, Handoff, type RunEvent } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));
const eventsOf = async (run: AsyncIterable<RunEvent>): Promise<RunEvent[]> => {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
};

describe('the ways a run ends', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2, memory: 1000 }, logger: spyLogger() });
  });
  after(() => handoff.stop());

  it('tries a function that fails again, and gives its dependents what it made in the end', async () => {
    const dag = new Dag()
      .add({ id: 'flaky', code: tasks.failUntil, extraArgs: [3], retry: { initialDelayMs: 1 } })
      .add({ id: 'next', code: tasks.double, args: ['flaky'] });
    const run = handoff.execute(dag);
    const events = await eventsOf(run);
    expect((await run).results).to.deep.equal({ flaky: 3, next: 6 });
    const ofFlaky = events
      .filter((event) => 'functionId' in event && event.functionId === 'flaky')
      .map(({ type }) => type.slice('function-'.length));
    expect(ofFlaky).to.deep.equal(['ready', 'started', 'resting', 'ready', 'started', 'resting', 'ready', 'started', 'succeeded']);
    expect(events[0]).to.include({ type: 'run-started', total: 2 });
    expect(events.at(-1)).to.include({ type: 'run-completed' });
  });

  it('fails with the function’s own error as the cause when its attempts are used up', async () => {
    const dag = new Dag('failing').add({
      id: 'bad',
      code: tasks.fail,
      extraArgs: ['out of range'],
      maxRetries: 1,
      retry: { initialDelayMs: 1 },
    });
    const error = await caught(handoff.execute(dag, { maxRetries: 7 }));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', dagId: 'failing', functionId: 'bad', attempts: 2, node: 'here' });
    expect(error.message).to.include('out of range');
    expect(error.cause).to.be.instanceOf(RangeError);
    expect((error.cause as Error).stack).to.include('tasks.ts');
  });

  it('does not try again what says that it cannot be retried', async () => {
    const dag = new Dag().add({ id: 'bad', code: tasks.failForGood });
    expect(await caught(handoff.execute(dag))).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 1 });
  });

  it('with onFailure continue lets independent branches finish, then rejects with all failures and what was collected', async () => {
    const dag = Dag.dynamic()
      .add({ id: 'ok', code: () => 1 })
      .add({ id: 'bad', code: tasks.fail, extraArgs: ['first'], maxRetries: 0 })
      .add({ id: 'below', code: tasks.double, args: ['bad'] })
      .add({ id: 'fine', code: tasks.double, args: ['ok'] });
    const run = handoff.execute(dag, { onFailure: 'continue' });
    const error = await caught(run);
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'bad' });
    expect((error.failures as { functionId: string }[]).map(({ functionId }) => functionId)).to.deep.equal(['bad']);
    expect(error.results).to.deep.equal({ ok: 1, fine: 2 });
    expect(run.progress).to.include({ succeeded: 2, failed: 1, skipped: 1 });
  });

  it('ends an attempt that takes too long, in a thread for real, and tries again', async () => {
    const dag = new Dag().add({ id: 'slow', code: tasks.spin, timeoutMs: 20, maxRetries: 0 });
    const error = await caught(handoff.execute(dag, { stopGraceMs: 10 }));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 1 });
    expect(error.cause).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT' });
    expect(await handoff.resourcesAvailable('here', { cpu: 2 })).to.equal(true);
  });

  it('cancels: signals abort, threads end, claims are free, nothing new starts', async () => {
    let later = false;
    const mark = (): void => {
      later = true;
    };
    const dag = Dag.dynamic()
      .add({ id: 'spin', code: tasks.spin })
      .add({ id: 'polite', code: tasks.untilAborted })
      .add({ id: 'later', code: mark, args: ['polite'] });
    const run = handoff.execute(dag, { stopGraceMs: 20 });
    for await (const event of run) if (event.type === 'function-started' && run.progress.running === 2) break;
    await run.cancel('enough');
    expect(await handoff.resourcesAvailable('here', { cpu: 2 })).to.equal(true);
    expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'enough' });
    expect(run.progress).to.include({ cancelled: 3, running: 0 });
    expect(later).to.equal(false);
    await run.cancel();
  });

  it('is cancelled by a signal, before it starts as well', async () => {
    let ran = false;
    const mark = (): void => {
      ran = true;
    };
    const dag = Dag.dynamic().add({ id: 'a', code: mark });
    const aborted = AbortSignal.abort(new Error('no'));
    const error = await caught(handoff.execute(dag, { signal: aborted }));
    expect(error).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
    expect((error.cause as Error).message).to.equal('no');
    expect(ran).to.equal(false);
    const controller = new AbortController();
    const running = handoff.execute(new Dag().add({ id: 'a', code: tasks.untilAborted }), { signal: controller.signal });
    for await (const event of running) if (event.type === 'function-started') controller.abort('now');
    expect(await caught(running)).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'now' });
  });

  it('times out as a whole, waiting included', async () => {
    const dag = new Dag().add({ id: 'a', code: tasks.untilAborted });
    const error = await caught(handoff.execute(dag, { timeoutMs: 50 }));
    expect(error).to.include({ code: 'HANDOFF_RUN_TIMEOUT' });
  });
});
