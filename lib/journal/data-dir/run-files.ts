import type { AwayBytes } from '../../value/index.js';
import type { FileValueName, RecordedFile } from './value-files.js';

/** The files of a run's large values, while this node drives it. */
export class RunFiles {
  readonly #of: RunFilesOf;
  readonly #folder: RunFolder;
  readonly #closed: () => void;
  /** By function. */
  readonly #files: Map<number, RecordedFile>;
  readonly #unneeded = new Set<number>();
  #functions: FunctionsOfFiles;
  /** Called when the value of a function has a file. One that the run's caller gets is left out: its file may go before the first look. */
  onWritten: (index: number, bytes: AwayBytes) => void = () => {};

  constructor(of: RunFilesOf, folder: RunFolder, closed: () => void) {
    this.#of = of;
    this.#folder = folder;
    this.#closed = closed;
    this.#files = new Map(of.recorded);
    this.#functions = of;
  }

  /** Writes the value of a function. Rejects with `HANDOFF_STORAGE_FAILED`. */
  async write(index: number, parts: readonly Uint8Array[], isSynced: boolean): Promise<RecordedFile> {
    const { runId, epoch } = this.#of;
    const file = await this.#folder.write({ runId, epoch, index }, parts, isSynced);
    this.#files.set(index, file);
    if (!this.#functions.isCollected(index)) await this.#tellWritten(index, file);
    return file;
  }

  async #tellWritten(index: number, file: RecordedFile): Promise<void> {
    const bytes = await this.#folder.open(this.#of.runId, file);
    if (bytes && this.#files.get(index) === file) this.onWritten(index, bytes);
  }

  /** The run that has the files may add functions to those of its DAG: from now on it says where they are, and what of it is kept. */
  openFor(functions: FunctionsOfFiles): void {
    this.#functions = functions;
  }

  /** The recorded value of a function has this file. */
  recorded(index: number, file: RecordedFile): void {
    this.#files.set(index, file);
  }

  /** Whether the value of a function has a file here. */
  has(index: number): boolean {
    return this.#files.has(index);
  }

  /** Returns the bytes of the value of a function, which are not read yet; `undefined` if it has no file, or is lost. */
  async open(functionId: string): Promise<AwayBytes | undefined> {
    const index = this.#functions.indexOf.get(functionId) ?? -1;
    const file = this.#files.get(index);
    const bytes = file && (await this.#folder.open(this.#of.runId, file));
    if (!bytes && this.#files.get(index) === file) this.#files.delete(index);
    return bytes;
  }

  /** The value of a function is not needed any more, unless the run is resumed and a function is another one then. */
  unneeded(index: number): void {
    if (this.#files.has(index)) this.#unneeded.add(index);
  }

  /** Deletes the values that are not needed any more. Returns how many there were. */
  async removeUnneeded(): Promise<number> {
    const files = [...this.#unneeded].flatMap((index) => this.#files.get(index) ?? []);
    for (const index of this.#unneeded) this.#files.delete(index);
    this.#unneeded.clear();
    for (const file of files) await this.#folder.remove(this.#of.runId, file).catch(() => {});
    return files.length;
  }

  /** The run has ended. If it has completed, the values that are not collected are deleted. */
  close(hasCompleted: boolean): void {
    this.#closed();
    if (!hasCompleted) return;
    const kept = [...this.#files].flatMap(([index, file]) => (this.#functions.isCollected(index) ? file : []));
    // What cannot be deleted now goes when its time is over.
    this.#folder.removeOthers(this.#of.runId, kept).catch(() => {});
  }
}

/** The run of some files. */
export interface RunFilesOf extends FunctionsOfFiles {
  readonly runId: string;
  readonly epoch: number;
  /** The files that were recorded earlier and still hold, by function. */
  readonly recorded: ReadonlyMap<number, RecordedFile>;
}

/** The functions whose values are in files. */
export interface FunctionsOfFiles {
  /** The number of each function. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Whether the run's caller gets the value of a function. */
  isCollected(index: number): boolean;
}

/** Where the files of runs lie. */
export interface RunFolder {
  write(name: FileValueName, parts: readonly Uint8Array[], isSynced: boolean): Promise<RecordedFile>;
  open(runId: string, file: RecordedFile): Promise<AwayBytes | undefined>;
  remove(runId: string, file: RecordedFile): Promise<void>;
  removeOthers(runId: string, kept: readonly RecordedFile[]): Promise<void>;
}
