import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';
import { chromeTraceFaults } from '../observe/sinks/chrome-trace-faults.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

describe('the trace of a run', () => {
  let handoff: Handoff;
  beforeEach(async () => {
    handoff = await Handoff.start({ name: 'n', logger: spyLogger() });
  });
  afterEach(() => handoff.stop({ graceMs: 0 }));

  it('has what has ended by now, and all of it at the end', async () => {
    const held = gate();
    const dag = new Dag('d')
      .add({ id: 'first', code: () => 1 })
      .add({ id: 'second', args: ['first'], code: (n: number) => held.pass().then(() => n) });
    const run = handoff.execute(dag, { retainMs: 0 });
    await held.reached;
    const names = async (): Promise<unknown[]> =>
      (await run.trace()).traceEvents.flatMap(({ ph, cat, name }) => (ph === 'X' && cat !== 'phase' ? name : []));
    expect(await names()).to.deep.equal(['first']);
    held.open();
    await run;
    expect(await names()).to.deep.equal(['first', 'second']);
    const trace = await run.trace();
    expect(chromeTraceFaults(trace)).to.deep.equal([]);
    expect(trace.traceEvents.filter(({ ph }) => ph === 's')).to.have.length(1);
    expect(trace.otherData).to.deep.equal({ runId: run.id, dagId: 'd', attemptsLeftOut: 0 });
  });

  it('of a run that failed has the error', async () => {
    const run = handoff.execute(new Dag('d').add({ id: 'bad', code: () => Promise.reject(new Error('no way')), maxRetries: 0 }));
    await caught(run);
    const bars = (await run.trace()).traceEvents.filter(({ name }) => name === 'bad');
    expect(bars.map(({ args }) => (args as { error: string }).error)).to.deep.equal(['no way']);
  });

  it('of a run that was refused is none', async () => {
    const run = handoff.execute(Dag.dynamic('d').add({ id: 'a', args: ['nothing'], code: () => 1 }));
    const { code, message } = await caught(run.trace());
    expect(code).to.equal('HANDOFF_NOT_FOUND');
    expect(message).to.match(/^Cannot trace run [\w-]+: it was refused: /);
    await caught(run);
  });
});
