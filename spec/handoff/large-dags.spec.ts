import { expect } from 'chai';
import { Dag, type DynamicDag, Handoff, type Run, type RunEvent } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

/** Checked and laid out in turns of the event loop. */
const SIZE = 20_001;

const one = (): number => 1;

function large(id: string, last: object = {}): DynamicDag {
  const dag = Dag.dynamic(id);
  for (let index = 0; index < SIZE - 1; index += 1) dag.add({ id: `f${index}`, code: one });
  return dag.add({ id: 'last', code: one, ...last });
}

/** Waits for so many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

async function eventsOf(run: Run<unknown>): Promise<readonly RunEvent['type'][]> {
  const types: RunEvent['type'][] = [];
  for await (const { type } of run) types.push(type);
  return types;
}

describe('a run of a large DAG', () => {
  let handoff: Handoff;
  beforeEach(async () => {
    handoff = await Handoff.start({ capabilities: {}, logger: spyLogger() });
  });
  afterEach(() => handoff.stop({ graceMs: 0 }));

  it('is known at once, and prepared while the event loop goes on', async () => {
    const run = handoff.execute(large('d'));
    const { id, dagId, progress } = run;
    expect([dagId, progress.total, progress.waiting]).to.deep.equal(['d', SIZE, SIZE]);
    await turns(3);
    expect(run.progress).to.include({ waiting: SIZE, ready: 0, running: 0 });
    expect((await handoff.status()).runs).to.have.length(1);
    expect(await caught(handoff.clear('d'))).to.include({ code: 'HANDOFF_DAG_RUNNING' });
    const events = run[Symbol.asyncIterator]();
    expect((await events.next()).value).to.include({ type: 'run-started', runId: id, total: SIZE });
    const { runId, results, allocations } = await run;
    expect([runId, run.id, Object.keys(results).length, Object.keys(allocations).length]).to.deep.equal([id, id, SIZE, SIZE]);
  });

  it('is of the moment of the call: nothing that the caller changes afterwards has an effect', async () => {
    const table = { rows: [1] };
    const collect = ['last'];
    const options = { collect, maxRetries: 0 };
    const dag = large('d', { code: (given: { rows: number[] }) => given.rows.length, extraArgs: [table] });
    const run = handoff.execute(dag, options);
    table.rows.push(2);
    collect.push('f0', 'later');
    options.maxRetries = -1;
    dag.add({ id: 'later', code: one, args: ['f0'] }).input('late');
    const { results, allocations } = await run;
    expect(results).to.deep.equal({ last: 1 });
    expect(Object.keys(allocations)).to.have.length(SIZE);
    expect((await handoff.execute(dag, { collect: ['last', 'later'] })).results).to.deep.equal({ last: 2, later: 1 });
  });

  it('ends with every fault of the DAG at that moment, without having started', async () => {
    const dag = large('d', { args: ['later', 'never'] });
    const run = handoff.execute(dag);
    dag.add({ id: 'later', code: one });
    const { faults } = (await caught(run)) as { readonly faults?: readonly { readonly missing?: string }[] };
    expect(faults!.map(({ missing }) => missing)).to.deep.equal(['later', 'never']);
    expect(await eventsOf(run)).to.deep.equal(['run-failed']);
    expect(await caught(handoff.execute(large('e'), { collect: ['none'] }))).to.be.an.instanceof(TypeError);
    expect(
      await caught(
        handoff.execute(
          large('e')
            .input('i')
            .add({ id: 'of i', code: one, args: ['i'] }),
        ),
      ),
    ).to.include({
      code: 'HANDOFF_INVALID_DAG',
    });
    expect((await handoff.status()).runs).to.deep.equal([]);
  });

  it('is refused at once where a run of its id goes on, and where its options are wrong', async () => {
    const dag = large('d');
    const first = handoff.execute(dag);
    const second = handoff.execute(dag);
    expect(await caught(second)).to.include({ code: 'HANDOFF_DAG_RUNNING', runId: first.id });
    expect(await caught(handoff.execute(dag, { maxRetries: -1 }))).to.be.an.instanceof(RangeError);
    await first.cancel();
    expect(await caught(first)).to.include({ code: 'HANDOFF_RUN_CANCELLED', runId: first.id });
    const small = await handoff.execute(Dag.dynamic('d').add({ id: 'a', code: one }));
    expect(small.results, 'the id is free').to.deep.equal({ a: 1 });
  });

  it('ends meanwhile when it is cancelled, its signal or its time-out says so, or its node stops', async () => {
    const dag = large('d');
    const start = async (options: object): Promise<{ readonly run: Run<unknown>; readonly error: Promise<unknown> }> => {
      const run = handoff.execute(dag, options);
      const error = caught(run);
      await turns(2);
      return { run, error };
    };
    const cancelled = await start({});
    await cancelled.run.cancel('enough');
    expect(await cancelled.error).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'enough' });
    expect(await eventsOf(cancelled.run)).to.deep.equal(['run-failed']);
    const control = new AbortController();
    const aborted = await start({ signal: control.signal });
    control.abort('signal');
    expect(await aborted.error).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'signal' });
    const late = await start({ timeoutMs: 0 });
    expect(await late.error).to.include({ code: 'HANDOFF_RUN_TIMEOUT' });
    const stopped = await start({});
    await handoff.stop({ graceMs: 0 });
    expect(await stopped.error).to.include({ code: 'HANDOFF_RUN_ABORTED' });
    expect(stopped.run.progress).to.include({ waiting: SIZE, cancelled: 0 });
  });

  it('cancels its functions while the event loop goes on', async () => {
    const run = handoff.execute(large('d', { code: () => new Promise(() => {}) }));
    for await (const { type } of run) if (type === 'run-started') break;
    const over = run.cancel();
    let least = SIZE;
    while (run.progress.cancelled < SIZE - 1 && run.progress.succeeded + run.progress.cancelled < SIZE) {
      least = Math.min(least, run.progress.cancelled || SIZE);
      await turns(1);
    }
    expect(least, 'a part of them').to.be.below(SIZE - 4000);
    await over;
    expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
  });
});
