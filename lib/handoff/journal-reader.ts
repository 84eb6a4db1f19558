import { systemClock } from '../base/index.js';
import { ModuleContents } from '../executor/index.js';
import { DataDir, type Journal, journals, type RememberedStats, readShelfStats } from '../journal/index.js';
import { reportOf } from '../observe/index.js';
import { noSuchRun, observeRun, RunList, type RunRecord, type RunRecordQuery } from '../runner/index.js';
import { checkedDataDir, checkedJournal, checkedRoot } from './options/node-places.js';

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

  /**
   * Makes the report of a run: a page of HTML that needs nothing else, of what is recorded of it. Rejects with `HANDOFF_NOT_FOUND` for an
   * unknown key, and with `HANDOFF_STORAGE_FAILED` for a record that cannot be read.
   */
  async report(key: string): Promise<string> {
    if (typeof key !== 'string') throw new TypeError(`key must be a string, not ${typeof key}`);
    const [recorded] = await this.#journal.findRuns({ key });
    if (!recorded) throw noSuchRun(key);
    return reportOf(await observeRun(this.#journal, recorded, systemClock), []);
  }

  /**
   * Returns how much the folder remembers. Rejects with `HANDOFF_STORAGE_FAILED`, and with `TypeError` if a database was opened: what is
   * remembered lies in folders.
   */
  async remembered(): Promise<RememberedStats> {
    if (!this.#folder) throw new TypeError('results are remembered in the dataDir of a node, not in a database');
    return readShelfStats(this.#folder.path);
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
