import { expect } from 'chai';
import { realEnvironment, startNode } from '../../lib/handoff/index.js';
import { Dag, functionsIn, Handoff, type Run } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { Fifo } from '../support/fifo.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, type TestClock, testClock } from '../support/test-clock.js';

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

describe('a thread that is blocked in a system call', () => {
  let fifo: Fifo;
  let handoff: Handoff;
  let clock: TestClock;
  beforeEach(async () => {
    fifo = new Fifo();
    clock = testClock();
    const options = { name: 'here', capabilities: { cpu: 2 }, threads: 2, logger: spyLogger() };
    handoff = await Handoff[startNode](options, { ...realEnvironment, clock });
  });
  afterEach(async () => {
    await fifo.release();
    await passing(handoff.stop({ graceMs: 0 }));
    fifo.remove();
  });
  /** Time goes on until it has come to its end. */
  async function passing<T>(done: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    done.then(over, over);
    for (await settled(2); !isOver; await settled(2)) clock.advance(50);
    return done;
  }
  const blocking = (): Dag => new Dag('blocked').add({ id: 'read', code: tasks.readFifo, extraArgs: [fifo.path] }) as never;
  const shown = async (): Promise<unknown> => {
    const { used, running, blocked } = (await handoff.nodes())[0]!;
    const { threads, ...use } = (await handoff.status()).nodes[0]!;
    return { cpu: used.cpu, running, blocked, threads: threads.used, inStatus: use.blocked };
  };
  const HELD = { cpu: 1, running: 1, blocked: 1, threads: 1, inStatus: 1 };
  const FREE = { cpu: 0, running: 0, blocked: 0, threads: 0, inStatus: 0 };
  async function isFreeOnceReleased(): Promise<void> {
    await fifo.release();
    while (((await shown()) as typeof FREE).running > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await shown()).to.deep.equal(FREE);
  }

  it('does not hold up its function’s time-out; its claim and its thread stay taken until it ends', async () => {
    const dag = new Dag().add({ id: 'read', code: tasks.readFifo, extraArgs: [fifo.path], timeoutMs: 1000, maxRetries: 0 });
    const failure = caught(handoff.execute(dag, { stopGraceMs: 10 }));
    await fifo.reached();
    clock.advance(1000 + 10 + 1000);
    const error = await failure;
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'read', attempts: 1 });
    expect(error.cause).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT' });
    expect((error.cause as Error).message).to.match(/longer than 1000 ms; its thread is still blocked in a system call$/);
    expect(await shown()).to.deep.equal(HELD);
    expect(await handoff.resourcesAvailable('here', { cpu: 2 })).to.equal(false);
    await isFreeOnceReleased();
  });

  it('does not hold up the next attempt, which gets another thread; what the first reads in the end is ignored', async () => {
    const dag = new Dag().add({
      ...{ id: 'read', code: tasks.readFifoFirst, extraArgs: [fifo.path], timeoutMs: 3000 },
      retry: { initialDelayMs: 1 },
    });
    const run = handoff.execute(dag, { stopGraceMs: 0 });
    await fifo.reached();
    clock.advance(3000 + 1000);
    for await (const { type } of run) if (type === 'function-resting') break;
    // No further: the second attempt has all the time it takes.
    clock.advance(2);
    const { results } = await run;
    expect(results).to.deep.equal({ read: 'again' });
    expect(await shown()).to.deep.equal(HELD);
    await isFreeOnceReleased();
    expect(await handoff.getLocalValue(dag.id, 'read')).to.equal('again');
  });

  for (const how of ['cancel', 'signal', 'timeoutMs'] as const) {
    it(`does not hold up the end of its run by ${how}, whose error names the function`, async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const options = { stopGraceMs: 10, ...(how === 'signal' && { signal }), ...(how === 'timeoutMs' && { timeoutMs: 3000 }) };
      const run: Run<unknown> = handoff.execute(blocking(), options);
      const failure = caught(run);
      await fifo.reached();
      const cancelled = how === 'cancel' ? run.cancel('enough') : undefined;
      if (how === 'signal') controller.abort('enough');
      clock.advance((how === 'timeoutMs' ? 3000 : 0) + 10 + 1000);
      await cancelled;
      const error = await failure;
      expect(error.code).to.equal(how === 'timeoutMs' ? 'HANDOFF_RUN_TIMEOUT' : 'HANDOFF_RUN_CANCELLED');
      expect(error.message).to.match(/the thread of "read" is still blocked in a system call$/);
      expect(await shown()).to.deep.equal(HELD);
      await isFreeOnceReleased();
    });
  }

  it('does not hold up stop, nor is it waited for by whoever ends the threads', async () => {
    const run = handoff.execute(blocking());
    const failure = caught(run);
    await fifo.reached();
    await passing(handoff.stop({ graceMs: 10 }));
    expect((await failure).code).to.equal('HANDOFF_RUN_ABORTED');
    expect(await handoff.endThreads()).to.equal(1);
    await fifo.release();
    while ((await handoff.endThreads()) > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  for (const isolation of ['thread', 'loop'] as const) {
    it(`ends the runs too when all threads are ended: none is complete without its function on the ${isolation}`, async () => {
      const dag = new Dag('waits').add({ id: 'never', code: tasks.untilAborted, isolation });
      const run: Run<unknown> = handoff.execute(dag);
      const failure = caught(run);
      for await (const event of run) if (event.type === 'function-started') break;
      await passing(handoff.endThreads());
      expect((await passing(failure)).code).to.equal('HANDOFF_RUN_ABORTED');
      const error = await caught(handoff.execute(new Dag('late').add({ id: 'one', code: tasks.add, extraArgs: [1, 2], isolation })));
      expect(error.code).to.equal('HANDOFF_STOPPED');
    });
  }

  it('leaves the others their turn: what waits for its claim or thread goes on when it has ended', async () => {
    const first = handoff.execute(new Dag('one').add({ id: 'read', code: tasks.readFifo, extraArgs: [fifo.path], cost: { cpu: 2 } }));
    const failure = caught(first);
    await fifo.reached();
    await passing(first.cancel());
    await failure;
    const next = handoff.execute(new Dag('two').add({ id: 'sum', code: tasks.add, extraArgs: [1, 2] }));
    for await (const event of next) if (event.type === 'function-waiting') break;
    expect(next.progress).to.include({ ready: 1, running: 0 });
    await fifo.release();
    expect((await next).results).to.deep.equal({ sum: 3 });
  });

  it('on another node does not hold up the driver; that node’s own ledger keeps the claim', async () => {
    const cluster = await SpecCluster.of({ driver: { capabilities: {} }, worker: { capabilities: { cpu: 1 } } });
    try {
      const driver = cluster.node('driver');
      const run = driver.execute(blocking(), { stopGraceMs: 10 });
      const failure = caught(run);
      await fifo.reached();
      await run.cancel();
      expect((await failure).code).to.equal('HANDOFF_RUN_CANCELLED');
      expect(await driver.resourcesAvailable('worker', { cpu: 1 })).to.equal(false);
      const [own] = await cluster.node('worker').nodes();
      expect(own).to.include({ running: 1, blocked: 1 });
      await cluster.until('driver', (nodes) => nodes.some(({ name, blocked }) => name === 'worker' && blocked === 1));
      await fifo.release();
      await cluster.until('driver', (nodes) => nodes.some(({ name, blocked }) => name === 'worker' && blocked === 0));
      expect(await driver.resourcesAvailable('worker', { cpu: 1 })).to.equal(true);
    } finally {
      await fifo.release();
      await cluster.stop();
    }
  });
});
