import { expect } from 'chai';
import type { CallOutcome } from '../../lib/executor/index.js';
import { threadIsolation } from '../../lib/executor/isolations/thread.js';
import { fromWorker } from '../../lib/executor/isolations/worker-door.js';
import { Caller } from '../support/calls.js';

const MODULE = './talkative.ts';
const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'n' };

describe('what comes from a thread', () => {
  it('is what the engine itself would send, and nothing else', () => {
    const good = [
      { type: 'ready' },
      { type: 'succeeded', key: 1, values: [1, 'two', undefined, new Uint8Array(3)], tookMs: 0 },
      { type: 'failed', key: 1, error: new Uint8Array(3), final: false, retire: true, blame: 'unsure', spoilt: null },
      { type: 'line', context, stream: 'stdout', text: '' },
      { type: 'exiting', code: 5, blame: 'own' },
    ];
    for (const message of good) expect(fromWorker(message), message.type).to.equal(message);
    expect(fromWorker([3, 0.5, 'made'])).to.deep.equal({ type: 'succeeded', key: 3, tookMs: 0.5, values: ['made'] });
    const bad = [
      'ready',
      undefined,
      null,
      [],
      [1, 0.5],
      [1, 0.5, 'made', 'more'],
      ['1', 0.5, 'made'],
      [1, -1, 'made'],
      [1, 0.5, {}],
      {},
      { type: 'toString' },
      { type: 'succeeded', key: 1, values: 'x', tookMs: 1 },
      { type: 'succeeded', key: 1, values: [{}], tookMs: 1 },
      { type: 'succeeded', key: 1, values: [1], tookMs: Number.NaN },
      { type: 'failed', key: 1, error: 'x', final: false, retire: true, blame: 'own', spoilt: null },
      { type: 'failed', key: 1, error: new Uint8Array(1), final: 1, retire: true, blame: 'own', spoilt: null },
      { type: 'failed', key: 1, error: new Uint8Array(1), final: true, retire: true, blame: 'you', spoilt: null },
      { type: 'line', key: 1, stream: 'stdout', text: 'x' },
      { type: 'line', context: { ...context, runId: 1 }, stream: 'stdout', text: 'x' },
      { type: 'line', context, stream: 'stdin', text: 'x' },
      { type: 'line', context, stream: 'stdout', text: 7 },
      { type: 'exiting', code: '5', blame: 'own' },
    ];
    for (const message of bad) expect(fromWorker(message), JSON.stringify(message)).to.equal(undefined);
  });
});

describe('code in a thread', function () {
  this.timeout(480_000);
  let caller: Caller;
  beforeEach(() => {
    caller = new Caller(threadIsolation, { threads: 1 });
  });
  afterEach(() => caller.isolation.close());

  const call = (name: string, ...given: readonly unknown[]): Promise<CallOutcome> =>
    caller.begin(
      name,
      given.map((value) => caller.result(value)),
      { module: MODULE },
    ).outcome;
  const value = async (name: string, ...given: readonly unknown[]): Promise<unknown> => {
    const outcome = await call(name, ...given);
    if (outcome.type !== 'succeeded') throw new Error(`${name} ${outcome.type}`, { cause: outcome });
    return outcome.values[0]!.open(false);
  };

  it('may send what it likes on the public port while it is loaded and when it runs', async () => {
    expect(await value('forge')).to.equal('mine');
    expect(await value('forge')).to.equal('mine');
  });

  it('finds nothing of the engine in workerData, and hears no calls on the public port', async () => {
    await value('forge');
    expect(await value('overheard')).to.deep.equal({ heard: [], data: {}, now: {} });
  });

  it('may close the public port, and take all listeners from it', async () => {
    expect(await value('closePort')).to.equal('closed');
    expect(await value('forge')).to.equal('mine');
  });

  it('is not believed whatever it sends on a port that it has found', async () => {
    const messages = ['ready', { type: 'ready' }, { type: 'succeeded', key: 99, values: [666], tookMs: 1 }, { type: 'line' }];
    expect(await value('useFoundPorts', messages)).to.be.a('number');
    expect(await value('forge')).to.equal('mine');
  });

  it('fails when it closes the port of its thread, and nobody waits for it', async () => {
    const outcome = await call('closeFoundPorts');
    expect(outcome).to.deep.include({ type: 'failed', final: false });
    expect(outcome).to.have.nested.property('error.message', 'the thread has closed the port through which it is reached');
    expect(await value('forge')).to.equal('mine');
  });

  it('may change the promises that others wait for', async () => {
    expect(await caller.value('later', 'loaded')).to.equal('loaded');
    expect(await value('changeThen')).to.equal('changed');
    expect(await caller.value('later', 'waited')).to.equal('waited');
  });

  it('is heard when it throws where nobody catches it, whatever listeners it adds or removes', async () => {
    const emitted = await call('emitError');
    expect(emitted).to.have.nested.property('error.message', 'emitted');
    const heard = await call('ownListener');
    expect(heard).to.have.nested.property('error.message', 'heard by two');
    expect(await value('removeListeners')).to.equal('removed');
    expect((await caller.failure('throwOutside')).error)
      .to.be.instanceOf(RangeError)
      .with.property('message', 'thrown outside');
    expect(await caller.value('add', 1, 2)).to.equal(3);
  });

  it('ends only its own attempt with process.exit while its module is loaded', async () => {
    const outcome = await caller.begin('never', [], { module: './exits-while-loading.ts' }).outcome;
    expect(outcome).to.have.nested.property('error.message', 'the function ended its thread: process.exit(7)');
    expect(await caller.value('add', 1, 2)).to.equal(3);
  });
});
