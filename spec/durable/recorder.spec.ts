import { expect } from 'chai';
import type { Lease, RunJournal } from '../../lib/journal/index.js';
import { JournalOutage } from '../../lib/runner/durable/record/journal-outage.js';
import { Recorder } from '../../lib/runner/durable/record/recorder.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, testClock } from '../support/test-clock.js';

const lease: Lease = { isHeld: () => true, whenHeld: async () => {}, closed: new AbortController().signal };

describe('a recorder whose node is about to end', () => {
  for (const silent of ['append', 'end'] as const) {
    it(`gives up a journal that is silent, and leaves the run (${silent})`, async () => {
      const clock = testClock();
      let isLeft = false;
      const answer = (what: string): Promise<void> => (what === silent ? new Promise(() => {}) : Promise.resolve());
      const journal: RunJournal = {
        key: 'k',
        runId: 'r',
        epoch: 1,
        signal: new AbortController().signal,
        append: () => answer('append'),
        end: () => answer('end'),
        leave: () => {
          isLeft = true;
        },
      };
      const outage = new JournalOutage(spyLogger());
      const recorder = new Recorder({ journal, lease, clock, outage, durability: 'batched', journalWaitMs: 1e9 });
      recorder.failure(0);
      clock.advance(50);
      const ended = recorder.end('interrupted', new Uint8Array());
      await settled();
      clock.advance(5000);
      expect(await ended).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'unreachable' });
      expect(isLeft).to.equal(true);
    });
  }
});
