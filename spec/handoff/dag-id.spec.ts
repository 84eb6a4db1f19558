import { expect } from 'chai';
import { currentFunction, Dag, Handoff, type HandoffError } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

describe('a run that has an id of its own for its DAG', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger: spyLogger() });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  it('goes on beside others of the same DAG, each with its own inputs', async () => {
    const held = gate();
    const dag = Dag.dynamic('report')
      .input('n')
      .add({ id: 'twice', code: (n: number) => held.pass().then(() => [currentFunction().dagId, n * 2]), args: ['n'] });
    const runs = [1, 2, 3].map((n) => handoff.execute(dag, { inputs: { n }, dagId: `report ${n}` }));
    const own = handoff.execute(dag, { inputs: { n: 4 } });
    await held.reached;
    const again = await caught(handoff.execute(dag, { inputs: { n: 9 }, dagId: 'report 2' }));
    expect(again).to.include({ code: 'HANDOFF_DAG_RUNNING', dagId: 'report 2', runId: runs[1]!.id });
    expect(await caught(handoff.clear('report 2'))).to.include({ code: 'HANDOFF_DAG_RUNNING', dagId: 'report 2' });
    held.open();
    for (const [index, run] of [...runs, own].entries()) {
      const dagId = index < 3 ? `report ${index + 1}` : 'report';
      const { results, ...outcome } = await run;
      expect(run.dagId).to.equal(dagId);
      expect(outcome).to.include({ dagId });
      expect(results.twice).to.deep.equal([dagId, (index + 1) * 2]);
      expect(await handoff.getResult(dagId, 'twice')).to.deep.equal([dagId, (index + 1) * 2]);
      for await (const event of run) expect(event).to.include({ dagId, runId: run.id });
    }
  });

  it('is known by it in its errors, and when it is refused', async () => {
    const dag = Dag.dynamic('own').add({ id: 'f', code: () => Promise.reject(new Error('no')), maxRetries: 0 });
    const error = (await caught(handoff.execute(dag, { dagId: 'other' }))) as unknown as HandoffError;
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', dagId: 'other' });
    expect(error.failures![0]).to.include({ dagId: 'other' });
    const refused = handoff.execute(
      Dag.dynamic('own')
        .input('x')
        .add({ id: 'f', code: () => 1, args: ['x'] }),
      { dagId: 'other' },
    );
    expect(refused.dagId).to.equal('other');
    expect(await caught(refused)).to.include({ code: 'HANDOFF_INVALID_DAG', dagId: 'other' });
    expect(await caught(handoff.execute(dag, { dagId: 'cancelled', signal: AbortSignal.abort() }))).to.include({ dagId: 'cancelled' });
  });

  it('takes the inputs that were stored under it', async () => {
    const dag = Dag.dynamic('stored')
      .input('n')
      .add({ id: 'f', code: (n: number) => n, args: ['n'] });
    await handoff.storeValue('stored', 'n', 1);
    await handoff.storeValue('stored too', 'n', 2);
    expect((await handoff.execute(dag)).results).to.deep.equal({ f: 1 });
    expect((await handoff.execute(dag, { dagId: 'stored too' })).results).to.deep.equal({ f: 2 });
    expect(await caught(handoff.execute(dag, { dagId: 'not stored' }))).to.include({ code: 'HANDOFF_INVALID_DAG', dagId: 'not stored' });
  });

  it('refuses an id that is no well-formed non-empty string with a TypeError', async () => {
    const dag = new Dag('d').add({ id: 'f', code: () => 1 });
    for (const dagId of ['', 1, null, {}, 'a\ud800', '\udc00']) {
      const error = await caught(handoff.execute(dag, { dagId: dagId as string }));
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.contains('dagId');
    }
    expect((await handoff.execute(dag, { dagId: '__proto__' })).dagId).to.equal('__proto__');
    expect((await handoff.execute(dag, { dagId: '😀' })).dagId).to.equal('😀');
    expect((await handoff.execute(dag, { dagId: undefined } as never)).dagId).to.equal('d');
  });

  it('is driven by it from another actor too, locally too', async () => {
    const dag = new Dag('d').add({ id: 'f', code: () => currentFunction().dagId });
    expect((await handoff.executeLocal(dag, { dagId: 'local' })).results).to.deep.equal({ f: 'local' });
  });
});
