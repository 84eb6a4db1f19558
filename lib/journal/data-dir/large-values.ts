import type { Logger } from '../../base/index.js';
import { LimitedWork } from '../../files/index.js';
import { type AwayBytes, StoredValue } from '../../value/index.js';
import type { DataDir } from './data-dir.js';
import { RunFiles, type RunFilesOf } from './run-files.js';
import { type FileValueName, type LostValue, type RecordedFile, ValueFiles } from './value-files.js';

/** How many files are written, read or looked for at once. */
const FILES_AT_ONCE = 4;

/**
 * The large values of durable runs on this node, as files of its `dataDir`: of runs that it drives, and apart from them of runs of others,
 * which its journal may not know. A value's name is of its epoch, which has one driver: so both are found by their names, also when another
 * node drives the run by now.
 */
export class LargeValues {
  /** The id of the folder. */
  readonly dataDir: string;
  readonly #files: ValueFiles;
  readonly #ofOthers: ValueFiles;
  readonly #logger: Logger;
  /** The runs that this node drives. */
  readonly #runs = new Map<string, RunFiles>();
  readonly #work = new LimitedWork(FILES_AT_ONCE);

  constructor({ id, path }: DataDir, logger: Logger) {
    this.dataDir = id;
    this.#files = new ValueFiles(path);
    this.#ofOthers = new ValueFiles(path, 'values-of-others');
    this.#logger = logger;
  }

  /** Opens the files of a run that this node drives from now on, until they are closed. */
  openRun(of: RunFilesOf): RunFiles {
    const run: RunFiles = new RunFiles(of, this, () => {
      if (this.#runs.get(of.runId) === run) this.#runs.delete(of.runId);
    });
    this.#runs.set(of.runId, run);
    return run;
  }

  /** Returns the bytes of a value of a run that is driven here; `undefined` if it has no file, or is lost. Nothing is read yet. */
  async openValue(runId: string, functionId: string): Promise<AwayBytes | undefined> {
    return this.#runs.get(runId)?.open(functionId);
  }

  /** Writes a value. Rejects as `ValueFiles` does. */
  async write(name: FileValueName, parts: readonly Uint8Array[], isSynced: boolean): Promise<RecordedFile> {
    return this.#write(this.#files, name, parts, isSynced);
  }

  /** Writes a value of a run that another node drives. Rejects likewise. */
  async writeForOther(name: FileValueName, parts: readonly Uint8Array[], isSynced: boolean): Promise<RecordedFile> {
    return this.#write(this.#ofOthers, name, parts, isSynced);
  }

  async #write(files: ValueFiles, name: FileValueName, parts: readonly Uint8Array[], isSynced: boolean): Promise<RecordedFile> {
    const { epoch, index } = name;
    const stamp = await this.#work.run(() => files.write(name, parts, isSynced));
    return { dataDir: this.dataDir, epoch, index, ...stamp };
  }

  /** The driver of a run has ended it. Its values are not needed any more, or are kept from now on as long as those of a run that ended. */
  async endForOther(runId: string, isNeeded: boolean, nowMs: number): Promise<void> {
    await this.#work.run(() => (isNeeded ? this.#ofOthers.touch(runId, nowMs) : this.#ofOthers.removeRun(runId)));
  }

  /** Reads a value, if it is what was recorded. A value that is lost is logged. */
  async read(runId: string, file: RecordedFile): Promise<StoredValue | undefined> {
    try {
      const name = { runId, ...file };
      const read = await this.#work.run(async () => {
        const own = await this.#files.read(name, file);
        return own.type === 'lost' && own.loss === 'missing' ? this.#ofOthers.read(name, file) : own;
      });
      if (read.type === 'whole') return StoredValue.arrived([read.bytes]);
      this.#lost(runId, read);
    } catch (error) {
      this.#logger.warn({ runId, err: error }, 'a recorded value cannot be read: it counts as lost');
    }
    return undefined;
  }

  /** Whether a value is here, by its size. A value that is lost is logged, unless it is missing and that is no wonder. */
  async isThere(runId: string, file: RecordedFile, mayBeMissing: boolean): Promise<boolean> {
    return (await this.#find(runId, file, mayBeMissing)) !== undefined;
  }

  /** Returns the bytes of a value that is here, by its size: nothing is read yet. A value that is lost is logged, also when it is read. */
  async open(runId: string, file: RecordedFile): Promise<AwayBytes | undefined> {
    const files = await this.#find(runId, file, false);
    return files?.bytesOf({ runId, ...file }, file, (lost) => this.#lost(runId, lost));
  }

  /** Where a value is, if it is here. */
  async #find(runId: string, file: RecordedFile, mayBeMissing: boolean): Promise<ValueFiles | undefined> {
    if (file.dataDir !== this.dataDir) return undefined;
    try {
      const name = { runId, ...file };
      const { lost, files } = await this.#work.run(async () => {
        const own = await this.#files.find(name, file);
        if (own?.loss !== 'missing') return { lost: own, files: this.#files };
        return { lost: await this.#ofOthers.find(name, file), files: this.#ofOthers };
      });
      if (!lost) return files;
      if (!(mayBeMissing && lost.loss === 'missing')) this.#lost(runId, lost);
    } catch (error) {
      this.#logger.warn({ runId, err: error }, 'a recorded value cannot be read: it counts as lost');
    }
    return undefined;
  }

  /** Deletes a value. */
  remove(runId: string, { epoch, index }: RecordedFile): Promise<void> {
    return this.#work.run(async () => {
      await this.#files.remove({ runId, epoch, index });
      await this.#ofOthers.remove({ runId, epoch, index });
    });
  }

  /** Deletes all values of a run that this node does not drive. */
  forget(runId: string): Promise<void> {
    return this.#work.run(async () => {
      await this.#files.removeRun(runId);
      await this.#ofOthers.removeRun(runId);
    });
  }

  /** Deletes the values of a run which this node drives, but for these; also those that it made while another node drove the run. */
  removeOthers(runId: string, kept: readonly RecordedFile[]): Promise<void> {
    const names = kept.map(({ epoch, index }) => ({ runId, epoch, index }));
    return this.#work.run(async () => {
      await this.#files.removeOthers(runId, names);
      await this.#ofOthers.removeOthers(runId, names);
    });
  }

  /** The disk is full: deletes the values that nothing is left to need. Returns whether there were any. */
  async makeRoom(): Promise<boolean> {
    let removed = 0;
    for (const run of [...this.#runs.values()]) removed += await run.removeUnneeded();
    if (removed > 0) this.#logger.info({ removed }, 'the disk is full: the files of values that nothing needs any more were deleted');
    return removed > 0;
  }

  /** The size of all files, bytes, since `takeStock`. */
  get bytes(): number {
    return this.#files.bytes + this.#ofOthers.bytes;
  }

  /** Deletes what a crash left half written, and measures the rest. To be called before anything is written. */
  async takeStock(): Promise<void> {
    await this.#work.run(() => this.#files.takeStock());
    await this.#work.run(() => this.#ofOthers.takeStock());
  }

  /**
   * Deletes the values of those runs of which `isOver` says so; it gets the time when something of them was last written or deleted. Those
   * of runs of others go when that was before `untilMs`.
   */
  async sweep(isOver: (runId: string, changedAtMs: number) => Promise<boolean>, untilMs: number): Promise<void> {
    for (const runId of await this.#ofOthers.runs()) {
      if ((await this.#ofOthers.changedAtMs(runId)) <= untilMs) await this.#work.run(() => this.#ofOthers.removeRun(runId));
    }
    for (const runId of await this.#files.runs()) {
      if (this.#runs.has(runId) || !(await isOver(runId, await this.#files.changedAtMs(runId)))) continue;
      if (!this.#runs.has(runId)) await this.removeOthers(runId, []);
    }
  }

  /** Resolves when nothing is written or read any more. */
  close(): Promise<void> {
    return this.#work.idle();
  }

  #lost(runId: string, { loss, path }: LostValue): void {
    this.#logger.warn({ runId, path, loss }, 'a recorded value is not whole: it counts as lost');
  }
}
