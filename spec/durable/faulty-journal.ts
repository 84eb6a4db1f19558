import type { HandoffError } from '../../lib/index.js';
import type { Journal, RunJournal } from '../../lib/journal/index.js';

/** What becomes of the writes of a journal. */
export interface Weather {
  /** Called before each write of a run that is open: throws or waits where it is to fail or to last. */
  beforeWrite(what: 'append' | 'end', key: string): Promise<void> | void;
}

/** A journal whose runs are written as the weather says. Openings and reads are not touched. */
export function faultyJournal(journal: Journal, weather: Weather): Journal {
  const faulty = (run: RunJournal): RunJournal => ({
    key: run.key,
    runId: run.runId,
    epoch: run.epoch,
    signal: run.signal,
    append: async (group, options) => {
      await weather.beforeWrite('append', run.key);
      await run.append(group, options);
    },
    end: async (state, summary) => {
      await weather.beforeWrite('end', run.key);
      await run.end(state, summary);
    },
    leave: () => run.leave(),
  });
  return {
    name: journal.name,
    lease: journal.lease,
    openRun: async (request) => {
      const answer = await journal.openRun(request);
      return answer.type === 'opened' ? { ...answer, run: faulty(answer.run) } : answer;
    },
    findRuns: (query) => journal.findRuns(query),
    readGroups: (run) => journal.readGroups(run),
    forgetRun: (key) => journal.forgetRun(key),
    close: () => journal.close(),
  };
}

/** Writes fail with this error while it is set. */
export class Failing implements Weather {
  error: HandoffError | undefined;
  failures = 0;
  /** The keys of the runs whose writes have failed. */
  readonly failedKeys = new Set<string>();
  #onFailure: (() => void) | undefined;

  beforeWrite(_what: 'append' | 'end', key: string): void {
    if (!this.error) return;
    this.failures += 1;
    this.failedKeys.add(key);
    this.#onFailure?.();
    throw this.error;
  }

  /** Resolves when so many writes have failed. */
  async failed(times: number): Promise<void> {
    while (this.failures < times) {
      await new Promise<void>((resolve) => {
        this.#onFailure = resolve;
      });
    }
  }
}
