/** How many bytes the files in the folders of runs have, as they come and go: nobody looks at the disk to know. */
export class FileSizes {
  readonly #folders = new Map<string, Map<string, number>>();
  #bytes = 0;

  /** The size of all files, bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A file is there, in place of one of the same name. */
  put(folder: string, file: string, bytes: number): void {
    const files = this.#folders.get(folder) ?? new Map<string, number>();
    this.#folders.set(folder, files);
    this.#bytes += bytes - (files.get(file) ?? 0);
    files.set(file, bytes);
  }

  /** A file is gone. Returns its size. */
  remove(folder: string, file: string): number {
    const files = this.#folders.get(folder);
    const bytes = files?.get(file) ?? 0;
    this.#bytes -= bytes;
    files?.delete(file);
    if (files?.size === 0) this.#folders.delete(folder);
    return bytes;
  }

  /** A folder is gone with its files. */
  removeAll(folder: string): void {
    for (const bytes of this.#folders.get(folder)?.values() ?? []) this.#bytes -= bytes;
    this.#folders.delete(folder);
  }
}
