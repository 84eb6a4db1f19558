import type { Clock } from '../../base/index.js';
import type { ModuleContents } from '../../executor/index.js';
import { isStorageFailed, type Journal, type RecordedRun } from '../../journal/index.js';
import { checkedQuery, type ResumeNeed, type RunRecord, runRecordOf } from './recorded-runs.js';
import { resumeNeed } from './resume-need.js';
import { readRecord } from './run-record.js';

/** Lists the runs of a journal. The records of interrupted ones are read, to say what those wait for that do not go on by themselves. */
export class RunList {
  readonly #journal: Journal;
  readonly #contents: ModuleContents;
  readonly #clock: Clock;
  /** What interrupted runs wait for, by id, with the epoch for which that was found out: only the next one may have other functions. */
  #known = new Map<string, { readonly epoch: number; readonly waitsFor: ResumeNeed | undefined }>();

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
    for (const run of runs) records.push(runRecordOf(run, await this.#waitsFor(run)));
    return records;
  }

  async #waitsFor(run: RecordedRun): Promise<ResumeNeed | undefined> {
    const { runId, epoch, state, isDamaged } = run;
    if (state !== 'interrupted' || isDamaged) {
      this.#known.delete(runId);
      return undefined;
    }
    const known = this.#known.get(runId);
    if (known?.epoch === epoch) return known.waitsFor;
    try {
      const record = await readRecord(this.#journal, run, this.#clock);
      const waitsFor = record && (await resumeNeed(record.plan, this.#contents))?.waitsFor;
      this.#known.set(runId, { epoch, waitsFor });
      return waitsFor;
    } catch (error) {
      // A damaged record waits for nothing that could come.
      if (isStorageFailed(error)) return undefined;
      throw error;
    }
  }
}
