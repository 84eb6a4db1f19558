import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, functionsIn, Handoff, JournalReader } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { eventsOf, recalledIn, startedIn } from './durable-node.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

describe('a node with a dataDir', () => {
  let dataDir: string;
  const started: Handoff[] = [];
  const start = async (name = 'here'): Promise<Handoff> => {
    const handoff = await Handoff.start({ name, dataDir, capabilities: { cpu: 2 }, logger: spyLogger() });
    started.push(handoff);
    return handoff;
  };
  beforeEach(async () => {
    dataDir = join(await mkdtemp(join(tmpdir(), 'handoff-durable-')), 'data');
  });
  afterEach(async () => {
    for (const handoff of started.splice(0)) await handoff.stop({ graceMs: 0 });
    await rm(join(dataDir, '..'), { recursive: true });
  });

  it('goes on with runs of the node that had the folder before', async () => {
    const held = gate();
    const dag = () =>
      Dag.dynamic('d')
        .add({ id: 'doubled', code: tasks.double, extraArgs: [21] })
        .add({
          id: 'last',
          code: async (x: number) => {
            await held.pass();
            return x + 1;
          },
          args: ['doubled'],
        });
    const first = await start('first');
    const run = first.execute(dag(), { key: 'k' });
    const aborted = caught(run);
    await held.reached;
    await first.stop({ graceMs: 0 });
    await aborted;
    held.open();
    const second = await start('second');
    expect(await second.runs()).to.have.length(1);
    expect((await second.runs())[0]).to.include({ key: 'k', state: 'interrupted', dagId: 'd', driver: 'first', total: 2, succeeded: 1 });
    const again = second.execute(dag(), { key: 'k' });
    expect(recalledIn(await eventsOf(again))).to.deep.equal(['doubled']);
    expect((await again).results).to.deep.equal({ doubled: 42, last: 43 });
    expect(again.id).to.equal(run.id);
    expect(await second.runs({ state: 'completed' })).to.have.length(1);
    expect((await second.runs())[0]).to.include({ state: 'completed', resumptions: 1, succeeded: 2, driver: 'second' });
    expect(await second.runs({ dagId: 'other' })).to.deep.equal([]);
  });

  it('keeps others out of the folder while it lives; readers may look', async () => {
    const handoff = await start();
    await handoff.execute(Dag.dynamic('d').add({ id: 'a', code: () => 1 }), { key: 'k' });
    expect(await caught(start('other'))).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'in-use' });
    await using reader = await JournalReader.open({ dataDir });
    expect(await reader.runs({ state: 'completed' })).to.deep.equal(await handoff.runs());
  });

  it('goes on with a DAG of references by its key alone, with the options and inputs that it had', async () => {
    const handoff = await start();
    const dag = Dag.dynamic('refs')
      .input('n')
      .add({ id: 'flaky', code: tasks.failUntil, extraArgs: [3], retry: { initialDelayMs: 1 }, maxRetries: 0 })
      .add({ id: 'doubled', code: tasks.double, args: ['n'] })
      .add({ id: 'sum', code: tasks.double, args: ['doubled'] });
    const run = handoff.execute(dag, { key: 'k', inputs: { n: 5 }, collect: ['sum'], onFailure: 'continue' });
    expect(await caught(run)).to.include({ code: 'HANDOFF_FUNCTION_FAILED' });
    await handoff.stop();
    const heir = await start('heir');
    const again = heir.resume('k', { onFailure: 'abort' });
    const events = await eventsOf(again);
    expect(recalledIn(events)).to.have.members(['doubled', 'sum']);
    expect(startedIn(events)).to.deep.equal(['flaky']);
    expect(again.id).to.equal(run.id);
    expect(again.dagId).to.equal('refs');
    await caught(again);
  });

  it('says which function keeps a run from going on by its key alone, and which key is unknown', async () => {
    const handoff = await start();
    await handoff.execute(Dag.dynamic('d').add({ id: 'plain', code: () => 1 }), { key: 'k' });
    const error = await caught(handoff.resume('k'));
    expect(error).to.include({ code: 'HANDOFF_INVALID_DAG' });
    expect(error).to.have.nested.property('faults[0].kind', 'closure-not-resumable');
    expect(error).to.have.nested.property('faults[0].functionId', 'plain');
    expect(await caught(handoff.resume('unknown'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    expect(await caught(handoff.forget('unknown'))).to.include({ code: 'HANDOFF_NOT_FOUND' });
    for (const wrong of [() => handoff.resume(''), () => handoff.resume('k', { key: 'j' } as never), () => handoff.resume('k', 5 as never)])
      expect(await caught(wrong())).to.be.instanceOf(TypeError);
    for (const wrong of [{ state: 'lost' }, { day: 1 }, 'all', { dagId: 5 }])
      expect(await caught(handoff.runs(wrong as never)), JSON.stringify(wrong)).to.be.instanceOf(TypeError);
  });

  it('forgets a run, but not while it drives it', async () => {
    const handoff = await start();
    const held = gate();
    const dag = () => Dag.dynamic('d').add({ id: 'a', code: () => held.pass() });
    const run = handoff.execute(dag(), { key: 'k' });
    await held.reached;
    expect(await caught(handoff.forget('k'))).to.include({ code: 'HANDOFF_DAG_RUNNING', runId: run.id });
    held.open();
    await run;
    await handoff.forget('k');
    expect(await handoff.runs()).to.deep.equal([]);
    const anew = handoff.execute(dag(), { key: 'k' });
    expect(recalledIn(await eventsOf(anew))).to.deep.equal([]);
    expect(anew.id).not.to.equal(run.id);
  });
});

describe('a node without a place for durable runs', () => {
  it('refuses all that needs one with a TypeError', async () => {
    await using handoff = await Handoff.start({ logger: spyLogger() });
    const dag = () => Dag.dynamic('d').add({ id: 'a', code: () => 1 });
    const calls = [
      () => handoff.execute(dag(), { key: 'k' }),
      () => handoff.execute(dag(), { durable: true }),
      () => handoff.resume('k'),
      () => handoff.runs(),
      () => handoff.forget('k'),
    ];
    for (const call of calls) expect(await caught(call())).to.be.instanceOf(TypeError);
    for (const wrong of [{ dataDir: '' }, { dataDir: 5 }, { journalWaitMs: 'long' }])
      expect(await caught(Handoff.start(wrong as never))).to.be.instanceOf(TypeError);
    expect(await caught(Handoff.start({ journalWaitMs: -1 }))).to.be.instanceOf(RangeError);
  });
});
