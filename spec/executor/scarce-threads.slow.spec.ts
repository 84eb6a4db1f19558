import { Worker, type WorkerOptions } from 'node:worker_threads';
import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { isolationOfThreads } from '../../lib/executor/isolations/thread.js';
import { Caller } from '../support/calls.js';

const ENTRY = new URL('../../lib/executor/isolations/worker-entry.mjs', import.meta.url);
const noMore = (code: string): Error => Object.assign(new Error('no more threads'), { code });

/** How the making of a thread fails: where it is asked for, or by an event. */
const FAILURES: readonly (readonly [string, (options: WorkerOptions) => Worker])[] = [
  [
    'with EAGAIN',
    () => {
      throw noMore('ERR_WORKER_INIT_FAILED');
    },
  ],
  [
    'with an error event',
    (options) =>
      new Worker('throw Object.assign(new Error("no more threads"), { code: "ERR_WORKER_INIT_FAILED" })', { ...options, eval: true }),
  ],
  ['with an exit', (options) => new Worker('process.exit(9)', { ...options, eval: true })],
];

for (const [how, fail] of FAILURES) {
  describe(`threads of which the making fails ${how}`, function () {
    this.timeout(480_000);
    let allowed: number;
    let caller: Caller;
    beforeEach(() => {
      allowed = 0;
      caller = new Caller(
        (options) =>
          isolationOfThreads(options, (given) => {
            allowed -= 1;
            return allowed >= 0 ? new Worker(ENTRY, given) : fail(given);
          }),
        { threads: 4 },
      );
    });
    afterEach(() => caller.isolation.close());

    it('fail what waits for them when there is none, say so, and are tried again for the next', async () => {
      const { error, final } = await caller.failure('add', 1, 2);
      expect(error.message).to.match(/^no worker thread could be started: (no more threads|the thread ended with exit code 9)$/);
      expect(error.cause).to.be.instanceOf(Error);
      expect(final).to.equal(false);
      allowed = 1;
      expect(await caller.value('add', 1, 2)).to.equal(3);
    });

    it('let everything run in those that there are', async () => {
      allowed = 1;
      const sums = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => caller.value('add', n, 1)));
      expect(sums).to.deep.equal([2, 3, 4, 5, 6, 7]);
    });

    it('let what waits take the thread that is freed', async () => {
      allowed = 1;
      const first = caller.begin('untilAborted');
      await caller.nextLine();
      const second = caller.value('add', 1, 2);
      first.running.stop(new HandoffError('HANDOFF_RUN_CANCELLED', 'enough'), 60_000);
      expect(await second).to.equal(3);
    });

    it('do not keep it from being closed, nor what waits from being stopped', async () => {
      allowed = 1;
      const first = caller.begin('never');
      await caller.nextLine();
      const waits = [caller.begin('add'), caller.begin('add')];
      waits[0]!.running.stop(new HandoffError('HANDOFF_RUN_CANCELLED', 'enough'), 0);
      expect(await waits[0]!.outcome).to.deep.equal({ type: 'stopped' });
      await caller.isolation.close();
      expect(await Promise.all([first.outcome, waits[1]!.outcome])).to.deep.equal([{ type: 'stopped' }, { type: 'stopped' }]);
    });
  });
}
