import type { Clock } from '../../../base/index.js';
import type { ModuleContents } from '../../../executor/index.js';
import { isStorageFailed } from '../../../files/index.js';
import type { Journal, RecordedRun } from '../../../journal/index.js';
import { resumeNeed } from '../resume/resume-need.js';
import { countsIn } from './recorded-counts.js';
import { checkedQuery, type RunRecord, runRecordOf } from './recorded-runs.js';
import { readRecord } from './run-record.js';

/** The part of a run's listing that only its record tells. */
type FoundInRecord = Partial<Pick<RunRecord, 'succeeded' | 'total' | 'waitsFor' | 'isDamaged'>>;

/**
 * Lists the runs of a journal. The records of interrupted ones are read: they tell how much had succeeded, and what a run waits for that
 * does not go on by itself.
 */
export class RunList {
  readonly #journal: Journal;
  readonly #contents: ModuleContents;
  readonly #clock: Clock;
  /** What the records of interrupted runs told, by id, with the state in which they were read. */
  readonly #known = new Map<string, { readonly epoch: number; readonly groupCount: number; readonly found: FoundInRecord }>();

  /** `contents`: those of the node, or of the folder, whose code is compared. */
  constructor(journal: Journal, contents: ModuleContents, clock: Clock) {
    this.#journal = journal;
    this.#contents = contents;
    this.#clock = clock;
  }

  /** Returns the runs that match the query, newest first. Throws `TypeError` for a wrong query. */
  async list(query: unknown): Promise<RunRecord[]> {
    const runs = await this.#journal.findRuns(checkedQuery(query));
    const records: RunRecord[] = [];
    for (const run of runs) records.push({ ...runRecordOf(run), ...(await this.#find(run)) });
    return records;
  }

  async #find(run: RecordedRun): Promise<FoundInRecord> {
    const { runId, epoch, groupCount, state, isDamaged } = run;
    if (state !== 'interrupted' || isDamaged) {
      this.#known.delete(runId);
      return {};
    }
    const known = this.#known.get(runId);
    if (known?.epoch === epoch && known.groupCount === groupCount) return known.found;
    const found = await this.#read(run);
    this.#known.set(runId, { epoch, groupCount, found });
    return found;
  }

  async #read(run: RecordedRun): Promise<FoundInRecord> {
    try {
      const record = await readRecord(this.#journal, run, this.#clock);
      const waitsFor = record && (await resumeNeed(record, this.#contents))?.waitsFor;
      return { ...(record && countsIn(record)), ...(waitsFor && { waitsFor }) };
    } catch (error) {
      if (isStorageFailed(error) && error.reason === 'damaged') return { isDamaged: true };
      throw error;
    }
  }
}
