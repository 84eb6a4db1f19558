import { existsSync, mkdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Logger, newId } from '../../base/index.js';
import { fileThread, isStorageFailed } from '../../files/index.js';
import type { AwayBytes } from '../../value/index.js';
import type { DataDir } from '../data-dir/data-dir.js';
import { shelfPath } from './opened-shelf.js';
import { RememberedBytes } from './remembered-bytes.js';
import type { NewResult, RememberedFile, RememberedResult, RememberedShelf, RememberedStats } from './remembered-shelf.js';
import { besideFolder, contentPath } from './shelf-folder.js';
import type { FoundEntry } from './shelf-messages.js';
import { ShelfThread } from './shelf-thread.js';

/** The shelf of a `dataDir`: entries in a database that a thread of its own keeps, large values in files named by their content. */
export class DiskShelf implements RememberedShelf {
  readonly dataDir: string;
  readonly #path: string;
  readonly #limitBytes: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #thread: ShelfThread;
  readonly #writing = new Set<Promise<unknown>>();
  /** Why the last file could not be written: it is logged once. */
  #toldFault: unknown;

  constructor({ id, path }: DataDir, { limitBytes, clock, logger }: DiskShelfOptions) {
    this.dataDir = id;
    this.#path = path;
    this.#limitBytes = limitBytes;
    this.#clock = clock;
    this.#logger = logger;
    this.#thread = new ShelfThread({ path, dataDir: id, limitBytes }, logger);
    // A folder in which nothing is remembered costs no thread.
    if (existsSync(shelfPath(path))) this.#thread.start();
  }

  get stats(): RememberedStats {
    return this.#thread.stats;
  }

  async find(key: string, madeSinceMs: number): Promise<RememberedResult | undefined> {
    const found = await this.#thread.call('find', { key, madeSinceMs });
    if (!found || 'packed' in found.held || found.held.file.dataDir !== this.dataDir) return found;
    const { file } = found.held;
    const bytes = this.#bytesOf(file);
    return bytes && { ...found, held: { file, bytes } };
  }

  async remember(key: string, { digest, held }: NewResult): Promise<boolean> {
    // The bytes must not change, nor take more memory with them than they are.
    const kept: FoundEntry['held'] = 'packed' in held ? { packed: held.packed.slice() } : held;
    return (await this.#thread.call('remember', { key, digest, madeAtMs: this.#clock.wallNow(), held: kept })) ?? false;
  }

  writeFile(parts: readonly Uint8Array[], isForOther: boolean): Promise<RememberedFile | undefined> {
    const writing = this.#writeFile(parts, isForOther);
    this.#writing.add(writing);
    return writing.finally(() => this.#writing.delete(writing));
  }

  async openFile(file: RememberedFile): Promise<AwayBytes | undefined> {
    if (file.dataDir !== this.dataDir) return undefined;
    return (await this.#thread.call('touch', file)) ? this.#bytesOf(file) : undefined;
  }

  async clear(): Promise<boolean> {
    return (await this.#thread.call('clear', undefined)) ?? false;
  }

  async close(): Promise<void> {
    await Promise.all(this.#writing);
    await this.#thread.close();
  }

  async #writeFile(parts: readonly Uint8Array[], isForOther: boolean): Promise<RememberedFile | undefined> {
    const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    if (sizeBytes > this.#limitBytes || !(await this.#thread.call('reserve', { sizeBytes }))) return undefined;
    const beside = join(besideFolder(this.#path), newId());
    try {
      await mkdir(besideFolder(this.#path), { recursive: true, mode: 0o700 });
      const { digest } = await fileThread.write(beside, parts, { kind: 'sha256' });
      const contentDigest = Buffer.from(digest as Uint8Array).toString('base64url');
      const isPlaced = await this.#thread.call('place', { contentDigest, sizeBytes, beside, isForOther });
      this.#toldFault = undefined;
      if (isPlaced) return { dataDir: this.dataDir, contentDigest, sizeBytes };
      await fileThread.remove(beside).catch(() => {});
    } catch (error) {
      this.#tell(error);
    }
    await this.#thread.call('giveUp', { sizeBytes });
    return undefined;
  }

  #tell(error: unknown): void {
    const reason = isStorageFailed(error) ? error.reason : error;
    if (reason !== this.#toldFault) this.#logger.warn({ err: error }, 'cannot remember a large result');
    this.#toldFault = reason;
  }

  #bytesOf({ contentDigest, sizeBytes }: RememberedFile): AwayBytes | undefined {
    const digest = new Uint8Array(Buffer.from(contentDigest, 'base64url'));
    const place = { path: contentPath(this.#path, contentDigest), sizeBytes, digest };
    const lost = (): void => void this.#thread.call('drop', { contentDigest, sizeBytes });
    return RememberedBytes.open(place, () => this.#otherPath(), lost);
  }

  /** Returns the path for a second name of a file. */
  #otherPath(): string {
    mkdirSync(besideFolder(this.#path), { recursive: true, mode: 0o700 });
    return join(besideFolder(this.#path), newId());
  }
}

/** What a shelf needs besides its folder. */
export interface DiskShelfOptions {
  /** The most that it takes. */
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}
