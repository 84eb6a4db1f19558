import { systemClock } from '../base/index.js';
import { DataDir, type Journal, journals } from '../journal/index.js';
import { checkedQuery, type RunRecord, type RunRecordQuery, runRecordOf } from '../runner/index.js';
import { checkedDataDir } from './options/node-options.js';

/** The options of `JournalReader.open`. */
export interface JournalReaderOptions {
  /** The folder that nodes are started with. */
  dataDir: string;
}

/** Reads which durable runs are recorded in a folder, also beside a node that uses it. Nothing is written. */
export class JournalReader implements AsyncDisposable {
  readonly #folder: DataDir;
  readonly #journal: Journal;

  private constructor(folder: DataDir, journal: Journal) {
    this.#folder = folder;
    this.#journal = journal;
  }

  /** Opens a folder. Rejects with `HANDOFF_STORAGE_FAILED` and its reason, and with `TypeError` for wrong options. */
  static async open(options: JournalReaderOptions): Promise<JournalReader> {
    const path = checkedDataDir(options?.dataDir);
    if (path === undefined) throw new TypeError('dataDir must be the path of a folder');
    const folder = await DataDir.open(path, { isReadOnly: true });
    try {
      const journal = await journals.sqlite(folder, { node: '', clock: systemClock, isReadOnly: true });
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
    this.#folder.close();
  }

  /** Closes it: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
