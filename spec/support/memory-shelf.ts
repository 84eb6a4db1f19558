import { createHash } from 'node:crypto';
import type { NewResult, RememberedFile, RememberedResult, RememberedShelf } from '../../lib/journal/index.js';
import type { AwayBytes } from '../../lib/value/index.js';

/** What remembers results, in memory, for nodes one after the other. It counts what is asked of it. */
export class MemoryShelf implements RememberedShelf {
  readonly dataDir: string;
  readonly entries = new Map<string, RememberedResult>();
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  /** How often a value in a file was read. */
  reads = 0;
  finds = 0;
  hits = 0;
  /** The wall clock of what is remembered. */
  nowMs = (): number => Date.now();

  constructor(dataDir = 'folder') {
    this.dataDir = dataDir;
  }

  get stats() {
    return { entries: this.entries.size, bytes: 0, hits: this.hits };
  }

  async find(key: string, madeSinceMs: number): Promise<RememberedResult | undefined> {
    this.finds += 1;
    const found = this.entries.get(key);
    if (!found || found.madeAtMs < madeSinceMs) return undefined;
    this.hits += 1;
    const { held } = found;
    if ('packed' in held) return found;
    if (held.file.dataDir !== this.dataDir) return found;
    const bytes = await this.openFile(held.file);
    return bytes && { ...found, held: { file: held.file, bytes } };
  }

  async remember(key: string, result: NewResult): Promise<boolean> {
    this.entries.set(key, { ...result, madeAtMs: this.nowMs() });
    return true;
  }

  async writeFile(parts: readonly Uint8Array[]): Promise<RememberedFile> {
    const bytes = new Uint8Array(Buffer.concat(parts));
    const contentDigest = createHash('sha256').update(bytes).digest('base64url');
    this.files.set(contentDigest, bytes);
    return { dataDir: this.dataDir, contentDigest, sizeBytes: bytes.byteLength };
  }

  async openFile({ contentDigest, sizeBytes }: RememberedFile): Promise<AwayBytes | undefined> {
    if (!this.files.has(contentDigest)) return undefined;
    const read = (): Uint8Array<ArrayBuffer> => {
      this.reads += 1;
      const bytes = this.files.get(contentDigest);
      if (!bytes) throw new Error('it is gone');
      return bytes.slice();
    };
    let at = 0;
    const next = async (most: number): Promise<Uint8Array> => {
      at += most;
      return read().subarray(at - most, at);
    };
    const reader = { read: next, close: () => {} };
    return { sizeBytes, read: async () => read(), readNow: read, reader: () => reader };
  }

  async clear(): Promise<boolean> {
    this.entries.clear();
    this.files.clear();
    return true;
  }

  async close(): Promise<void> {}
}
