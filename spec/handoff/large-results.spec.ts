import { expect } from 'chai';
import { type Clock, systemClock } from '../../lib/base/index.js';
import { startNode } from '../../lib/handoff/index.js';
import { realEnvironment } from '../../lib/handoff/node/environment.js';
import { Dag, type DynamicDag, Handoff, type Run } from '../../lib/index.js';
import { kill } from '../../lib/supervisor.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

const SIZE = 30_001;

const many = (): DynamicDag => {
  const dag = Dag.dynamic('many');
  for (let index = 0; index < SIZE; index += 1) dag.add({ id: `f${index}`, code: () => index });
  return dag;
};

/** Resolves when the last function has succeeded: what the run came to is being put together then. */
async function allRan(run: Run<unknown>): Promise<void> {
  while (run.progress.succeeded < SIZE) await new Promise(setImmediate);
}

describe('a run of very many results', () => {
  it('lets the event loop have its turn while they are put together', async () => {
    let run: Run<Record<string, unknown>> | undefined;
    let turns = 0;
    const clock: Clock = {
      ...systemClock,
      after(ms, action) {
        if (ms === 0 && run?.progress.succeeded === SIZE) turns += 1;
        return systemClock.after(ms, action);
      },
    };
    await using handoff = await Handoff[startNode]({ capabilities: {} }, { ...realEnvironment, clock });
    run = handoff.execute(many());
    const { results, allocations } = await run;
    expect(turns, '10,000 at a time').to.equal(3);
    expect(Object.keys(results)).to.have.length(SIZE);
    expect(results).to.include({ f0: 0, f10000: 10_000, f30000: 30_000 });
    expect(allocations).to.include({ f0: handoff.name, f30000: handoff.name });
    expect(await handoff.getResult('many', 'f12345')).to.equal(12_345);
  });

  it('goes on until they are, when it is cancelled or its node is stopped meanwhile, and its DAG is running so long', async () => {
    await using handoff = await Handoff.start({ capabilities: {} });
    const run = handoff.execute(many());
    await allRan(run);
    expect(await caught(handoff.execute(many()))).to.include({ code: 'HANDOFF_DAG_RUNNING' });
    const cancelled = run.cancel();
    await handoff.stop({ graceMs: 0 });
    await cancelled;
    expect(Object.keys((await run).results)).to.have.length(SIZE);
  });

  it('is aborted where its node falls meanwhile', async () => {
    let run: Run<unknown> | undefined;
    // Nothing is put together but what fits into one turn.
    const clock: Clock = {
      ...systemClock,
      after: (ms, action) => (ms === 0 && run?.progress.succeeded === SIZE ? { cancel: () => {} } : systemClock.after(ms, action)),
    };
    const handoff = await Handoff[startNode]({ capabilities: {}, logger: spyLogger() }, { ...realEnvironment, clock });
    run = handoff.execute(many());
    const failure = caught(run);
    await allRan(run);
    for (let crash = 0; crash < 4; crash += 1) {
      const ref = handoff.whereis('Executor')!;
      kill(ref);
      while (crash < 3 && handoff.whereis('Executor') === ref) await new Promise(setImmediate);
    }
    expect(await failure).to.include({ code: 'HANDOFF_RUN_ABORTED', dagId: 'many' });
    expect(await handoff.stopped).to.include({ code: 'HANDOFF_RESTARTS_EXCEEDED' });
  });
});
