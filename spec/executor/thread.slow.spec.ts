import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { threadIsolation } from '../../lib/executor/isolations/thread.js';
import { StoredValue } from '../../lib/value/index.js';
import { Caller } from '../support/calls.js';

describe('a thread', function () {
  // A thread starts in 30 ms; on a machine that is eight times slower and has much else to do, it takes seconds.
  this.timeout(480_000);
  let caller: Caller;
  beforeEach(() => {
    caller = new Caller(threadIsolation, { threads: 1 });
  });
  afterEach(() => caller.isolation.close());

  const goesOn = async (): Promise<void> => void expect(await caller.value('add', 1, 2)).to.equal(3);

  it('ends only the attempt that calls process.exit', async () => {
    const { error, final } = await caller.failure('exit', 3);
    expect(error.message).to.equal('the function ended its thread: process.exit(3)');
    expect(final).to.equal(false);
    await goesOn();
  });

  it('ends only the attempt that throws where nobody catches it', async () => {
    expect((await caller.failure('throwOutside')).error)
      .to.be.instanceOf(RangeError)
      .with.property('message', 'thrown outside');
    await goesOn();
  });

  it('ends only the attempt that leaves a rejection to nobody', async () => {
    expect((await caller.failure('rejectOutside')).error)
      .to.be.instanceOf(RangeError)
      .with.property('message', 'rejected outside');
    await goesOn();
  });

  it('does not blame an attempt for what an earlier one left behind, and logs it as that one’s', async () => {
    expect(await caller.value('leaveTrouble')).to.equal('left');
    expect(await caller.value('breathe')).to.equal('breathed');
    expect(caller.heard).to.deep.include({
      functionId: 'leaveTrouble',
      stream: 'stderr',
      text: 'an error was thrown after the attempt had ended: late trouble',
    });
  });

  it('ends only the attempt that runs out of memory', async () => {
    const { error } = await caller.failure('devour');
    expect(error.message).to.equal('the function ran out of memory: the heap of its thread is limited to 64 MiB');
    await goesOn();
  });

  it('ends a loop without end for real', async () => {
    const flag = new Int32Array(1);
    const { outcome, running } = caller.begin('spin', [StoredValue.live(flag, 4, 'caller')]);
    await caller.nextLine();
    running.stop(new HandoffError('HANDOFF_RUN_CANCELLED', 'enough'), 0);
    expect(await outcome).to.deep.equal({ type: 'stopped' });
    await goesOn();
  });

  it('serves many calls with the threads it has, whatever happens to them', async () => {
    const names = ['add', 'exit', 'fail', 'add', 'throwOutside', 'later'];
    for (let round = 0; round < 3; round += 1) {
      for (const name of names) await caller.call(name, 1, 2);
    }
    await goesOn();
  });

  it('gives each consumer a copy of its own, also of what lies in shared memory', async () => {
    const large = await caller.call('bytes', 1 << 20);
    const [held] = large.type === 'succeeded' ? large.values : [];
    expect(held!.pack('result').buffer).to.be.instanceOf(SharedArrayBuffer);
    const overwritten = await caller.begin('overwrite', [held!]).outcome;
    expect(overwritten.type).to.equal('succeeded');
    const read = await caller.begin('first', [held!]).outcome;
    expect(read.type === 'succeeded' && read.values[0]!.open(false)).to.equal(7);
  });

  it('leaves a result packed on the loop', async () => {
    const outcome = await caller.call('rows', 1000);
    expect(outcome.type === 'succeeded' && outcome.values[0]!.isPacked).to.equal(true);
  });

  it('refuses a plain function', async () => {
    const outcome = await new Promise<unknown>((resolve) => {
      const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' };
      const step = { role: 'function', functionId: 'f', code: () => 1, inputs: [], asList: false, extra: undefined, wanted: true } as const;
      caller.isolation.start({ context, steps: [step] }, resolve);
    });
    expect(outcome).to.deep.include({ type: 'failed', final: true });
    expect((outcome as { error: Error }).error).to.be.instanceOf(TypeError);
  });

  it('fails what waits for a thread that cannot start, instead of leaving it to wait', async () => {
    const tiny = new Caller(threadIsolation, { threadHeapMiB: 4 });
    const { error } = await tiny.failure('devour');
    expect(error.message).to.match(/no worker thread could be started|ran out of memory/);
    await tiny.isolation.close();
  });

  it('stops nothing twice, and starts nothing once it is closed', async () => {
    await caller.isolation.close();
    expect(await caller.call('add', 1, 2)).to.deep.equal({ type: 'stopped' });
  });
});
