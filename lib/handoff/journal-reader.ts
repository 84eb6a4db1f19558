import { systemClock } from '../base/index.js';
import { ModuleContents } from '../executor/index.js';
import { DataDir, type Journal, journals } from '../journal/index.js';
import { RunList, type RunRecord, type RunRecordQuery } from '../runner/index.js';
import { checkedDataDir, checkedJournal, checkedRoot } from './options/node-options.js';

/** The options of `JournalReader.open`. */
export interface JournalReaderOptions {
  /** The folder that a node is started with. */
  dataDir?: string;
  /** The URL of the database that nodes are started with: of both, this one is read. */
  journal?: string;
  /**
   * The folder that relative modules are found under: interrupted runs whose code differs there are listed with `waitsFor`. The default is
   * that of the nearest package.json above the working directory.
   */
  root?: string;
}

/** Reads which durable runs are recorded in a folder or a database, also beside the nodes that use it. Nothing is written. */
export class JournalReader implements AsyncDisposable {
  readonly #folder: DataDir | undefined;
  readonly #journal: Journal;
  readonly #list: RunList;

  private constructor(folder: DataDir | undefined, journal: Journal, root: string) {
    this.#folder = folder;
    this.#journal = journal;
    this.#list = new RunList(journal, new ModuleContents({ root, node: '' }), systemClock);
  }

  /** Opens it. Rejects with `HANDOFF_STORAGE_FAILED` and its reason, and with `TypeError` for wrong options. */
  static async open(options: JournalReaderOptions): Promise<JournalReader> {
    const path = checkedDataDir(options?.dataDir);
    const url = checkedJournal(options?.journal);
    const root = checkedRoot(options?.root);
    const given = { node: '', clock: systemClock, isReadOnly: true };
    if (url !== undefined)
      return new JournalReader(undefined, await journals.postgres(url, { ...given, leaseMs: Number.POSITIVE_INFINITY }), root);
    if (path === undefined) throw new TypeError('dataDir or journal must say where to read');
    const folder = await DataDir.open(path, { isReadOnly: true });
    try {
      const journal = await journals.sqlite(folder, given);
      return new JournalReader(folder, journal, root);
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** Returns the runs, newest first: all that match the fields of `query`. */
  async runs(query?: RunRecordQuery): Promise<RunRecord[]> {
    return this.#list.list(query);
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
