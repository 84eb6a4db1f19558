import { expect } from 'chai';
import type { HostEvents } from '../../lib/executor/isolations/worker-host.js';
import type { WorkerCall } from '../../lib/executor/isolations/worker-messages.js';
import { WorkerPool } from '../../lib/executor/isolations/worker-pool.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, testClock } from '../support/test-clock.js';

const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' };
const call: WorkerCall = { type: 'call', key: 1, ...context, steps: [] };

/** A pool of one worker, which is ready, and ends when the spec says so. */
function pool() {
  const clock = testClock();
  let events!: HostEvents;
  const makeHost = (given: HostEvents) => {
    events = given;
    return { id: 1, send() {}, ref() {}, unref() {}, end() {}, drain() {} };
  };
  const workers = new WorkerPool(1, {
    noun: 'thread',
    makeHost,
    threadSetup: undefined,
    clock,
    logger: spyLogger(),
    heardLine() {},
    together: (work) => work(),
  });
  const work = {
    ...{ key: 1, context, needsFreshWorker: false, endsWorker: false },
    ...{ takenBy: () => call, begun() {}, answered() {}, died() {}, notStarted() {} },
  };
  workers.run(work);
  events.heard({ type: 'ready' });
  let left: number | undefined;
  return {
    clock,
    answer: (): void => events.heard({ type: 'succeeded', key: 1, values: [], tookMs: 0 }),
    close: (): void => void workers.close().then((count) => (left = count)),
    exit: (): void => events.exited(0),
    left: async (): Promise<number | undefined> => {
      await settled();
      return left;
    },
  };
}

describe('a pool of workers that is closed', () => {
  it('takes one for blocked that runs a call and does not end', async () => {
    const { clock, close, left } = pool();
    close();
    clock.advance(499);
    expect(await left()).to.equal(undefined);
    clock.advance(1);
    expect(await left()).to.equal(1);
  });

  it('waits longer for one without a call, as its machine is slow', async () => {
    const { clock, answer, close, exit, left } = pool();
    answer();
    close();
    clock.advance(2500);
    expect(await left()).to.equal(undefined);
    exit();
    expect(await left()).to.equal(0);
  });

  it('waits for neither for ever', async () => {
    const { clock, answer, close, left } = pool();
    answer();
    close();
    clock.advance(3000);
    expect(await left()).to.equal(1);
  });
});
