import { systemClock } from '../base/index.js';
import { DataDir, type Journal, journals } from '../journal/index.js';
import { checkedQuery, type RunRecord, type RunRecordQuery, runRecordOf } from '../runner/index.js';
import { checkedDataDir, checkedJournal } from './options/node-options.js';

/** The options of `JournalReader.open`. */
export interface JournalReaderOptions {
  /** The folder that a node is started with. */
  dataDir?: string;
  /** The URL of the database that nodes are started with: of both, this one is read. */
  journal?: string;
}

/** Reads which durable runs are recorded in a folder or a database, also beside the nodes that use it. Nothing is written. */
export class JournalReader implements AsyncDisposable {
  readonly #folder: DataDir | undefined;
  readonly #journal: Journal;

  private constructor(folder: DataDir | undefined, journal: Journal) {
    this.#folder = folder;
    this.#journal = journal;
  }

  /** Opens it. Rejects with `HANDOFF_STORAGE_FAILED` and its reason, and with `TypeError` for wrong options. */
  static async open(options: JournalReaderOptions): Promise<JournalReader> {
    const path = checkedDataDir(options?.dataDir);
    const url = checkedJournal(options?.journal);
    const given = { node: '', clock: systemClock, isReadOnly: true };
    if (url !== undefined)
      return new JournalReader(undefined, await journals.postgres(url, { ...given, leaseMs: Number.POSITIVE_INFINITY }));
    if (path === undefined) throw new TypeError('dataDir or journal must say where to read');
    const folder = await DataDir.open(path, { isReadOnly: true });
    try {
      const journal = await journals.sqlite(folder, given);
      return new JournalReader(folder, journal);
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** Returns the runs, newest first: all that match the fields of `query`. */
  async runs(query?: RunRecordQuery): Promise<RunRecord[]> {
    return (await this.#journal.findRuns(checkedQuery(query))).map(runRecordOf);
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    await this.#journal.close();
    this.#folder?.close();
  }

  /** Closes it: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
