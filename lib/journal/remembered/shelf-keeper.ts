import type { SqliteConnection } from '../sqlite/sqlite-connection.js';
import type { RememberedStats } from './remembered-shelf.js';
import type { ShelfFolder } from './shelf-folder.js';
import type { FoundEntry, ShelfCall, ShelfNotice, StoredContent } from './shelf-messages.js';
import { type EntryRow, entryBytes, ShelfTables } from './shelf-tables.js';

/** How many of the least recently used are looked at at once. */
const OLDEST_AT_ONCE = 100;

/** How many uses are written at once. */
const USES_AT_ONCE = 200;

/** What is made free beyond what is needed: a part of the whole. */
const SPARE_PART = 64;

/**
 * Keeps a shelf within its bound. An entry of a file of this folder goes with the file, and the file with its last entry unless other
 * drivers may have one. Files go only once the database says so, and come before it does: what a crash leaves is files too many, which go
 * when stock is taken. A use changes nothing on the disk at once: it is written a little later, or when something goes.
 */
export class ShelfKeeper {
  readonly #database: SqliteConnection;
  readonly #tables: ShelfTables;
  readonly #folder: ShelfFolder;
  readonly #dataDir: string;
  readonly #limitBytes: number;
  readonly #notice: (notice: ShelfNotice) => void;
  /** Uses that are not written yet. */
  readonly #usedEntries = new Map<number, number>();
  readonly #usedFiles = new Map<string, number>();
  #unwrittenHits = 0;
  /** Files that go when the transaction is committed. */
  #leaving: string[] = [];
  /** Files that were placed in the transaction, and where each was before. */
  #placed = new Map<string, string>();
  #entries = 0;
  #bytes = 0;
  #hits = 0;
  #uses = 0;
  #reservedBytes = 0;

  constructor(database: SqliteConnection, { folder, dataDir, limitBytes, notice }: ShelfKeeperDeps) {
    this.#database = database;
    this.#tables = new ShelfTables(database);
    this.#folder = folder;
    this.#dataDir = dataDir;
    this.#limitBytes = limitBytes;
    this.#notice = notice;
    this.#count();
  }

  get stats(): RememberedStats {
    return { entries: this.#entries, bytes: this.#bytes, hits: this.#hits };
  }

  /** The most that one result may take: what is left when the rest has gone for it. */
  get #mostBytes(): number {
    return this.#limitBytes - Math.ceil(this.#limitBytes / SPARE_PART);
  }

  /** Whether uses are still to be written. */
  get hasUses(): boolean {
    return this.#usedEntries.size > 0 || this.#usedFiles.size > 0 || this.#unwrittenHits > 0;
  }

  /**
   * Brings files and tables together: files that nothing needs go, and entries whose file is not there. With `adopts`, files that are not
   * known may have entries of other drivers: the tables are new.
   */
  takeStock(present: readonly StoredContent[], adopts: boolean): void {
    this.#inTransaction(() => {
      const { known, unneeded } = this.#tables.files(this.#dataDir);
      const there = new Set(present.map(({ contentDigest }) => contentDigest));
      for (const content of unneeded) this.#dropFile(content);
      for (const content of known) if (!there.has(content)) this.#dropFile(content);
      for (const file of present) {
        if (known.has(file.contentDigest)) continue;
        if (adopts) {
          this.#tables.putFile(file, true, ++this.#uses);
          this.#bytes += file.sizeBytes;
        } else {
          this.#leaving.push(file.contentDigest);
        }
      }
      this.#makeRoom(0);
    });
  }

  /** Performs calls in one transaction: all of them, or it throws and has done nothing. */
  perform(calls: readonly ShelfCall[]): unknown[] {
    return this.#inTransaction(() => calls.map((call) => this.#perform(call)));
  }

  /** Writes uses, some at a time. Returns whether there are more. */
  writeUses(): boolean {
    this.#inTransaction(() => {
      let left = USES_AT_ONCE;
      for (const id of this.#usedEntries.keys()) if (left-- > 0) this.#writeUse({ id });
      for (const content of this.#usedFiles.keys()) if (left-- > 0) this.#writeUse({ content });
      if (this.#unwrittenHits > 0) this.#tables.addHits(this.#unwrittenHits);
      this.#unwrittenHits = 0;
    });
    return this.hasUses;
  }

  #perform({ name, from }: ShelfCall): unknown {
    switch (name) {
      case 'find':
        return this.#find(from.key, from.madeSinceMs);
      case 'remember':
        return this.#remember(from.key, from);
      case 'reserve':
        return this.#reserve(from.sizeBytes);
      case 'giveUp':
        return this.#giveUp(from.sizeBytes);
      case 'place':
        return this.#place(from, from.beside, from.isForOther);
      case 'touch':
        return this.#touch(from);
      case 'drop':
        return this.#drop(from);
      case 'clear':
        return this.#clear();
    }
  }

  #find(key: string, madeSinceMs: number): FoundEntry | undefined {
    const found = this.#tables.entry(key);
    if (!found) return undefined;
    const { entry, isWhole } = found;
    if (!isWhole) {
      this.#notice({ message: 'a remembered result is damaged: it is forgotten', fields: { key } });
      this.#dropEntry(found);
      return undefined;
    }
    if (entry.madeAtMs < madeSinceMs) return undefined;
    if ('file' in entry.held && entry.held.file.dataDir === this.#dataDir && !this.#touch(entry.held.file)) return undefined;
    this.#usedEntries.set(found.id, ++this.#uses);
    this.#unwrittenHits += 1;
    this.#hits += 1;
    return entry;
  }

  #remember(key: string, { digest, madeAtMs, held }: FoundEntry): boolean {
    const entry = { digest, madeAtMs, held };
    // Everything would go for it, and then itself.
    if (entryBytes(entry) > this.#mostBytes) return false;
    const own = 'file' in held && held.file.dataDir === this.#dataDir ? held.file : undefined;
    // Its file may have gone meanwhile.
    if (own && !this.#touch(own)) return false;
    const before = this.#tables.entry(key);
    if (before) this.#dropEntry(before, own?.contentDigest);
    this.#bytes += this.#tables.addEntry(key, entry, ++this.#uses);
    this.#entries += 1;
    return !this.#makeRoom(0) || this.#tables.entry(key) !== undefined;
  }

  #reserve(sizeBytes: number): boolean {
    if (sizeBytes + this.#reservedBytes > this.#mostBytes) return false;
    this.#makeRoom(sizeBytes);
    this.#reservedBytes += sizeBytes;
    return true;
  }

  /** What a keeper has reserved whose database was damaged since is not known here. */
  #giveUp(sizeBytes: number): undefined {
    this.#reservedBytes = Math.max(0, this.#reservedBytes - sizeBytes);
  }

  #place(file: StoredContent, beside: string, isForOther: boolean): boolean {
    this.#giveUp(file.sizeBytes);
    const { contentDigest } = file;
    const known = this.#tables.file(contentDigest);
    if (known && this.#folder.has(file)) {
      this.#folder.removeAt(beside);
    } else {
      this.#folder.place(beside, contentDigest);
      this.#placed.set(contentDigest, beside);
      // It is here again, whatever was to go.
      this.#leaving = this.#leaving.filter((leaving) => leaving !== contentDigest);
    }
    if (!known) this.#bytes += file.sizeBytes;
    this.#tables.putFile(file, isForOther || known?.isForOther === true, ++this.#uses);
    return true;
  }

  /** Whether a file is there: then it was used just now, else it is forgotten. */
  #touch(file: StoredContent): boolean {
    const { contentDigest } = file;
    const known = this.#tables.file(contentDigest);
    if (!known) return false;
    if (!this.#folder.has(file)) {
      this.#notice({ message: 'the file of a remembered result is not whole: it is forgotten', fields: { contentDigest } });
      this.#dropFile(contentDigest);
      return false;
    }
    this.#usedFiles.set(contentDigest, ++this.#uses);
    return true;
  }

  #drop({ contentDigest }: StoredContent): undefined {
    if (!this.#tables.file(contentDigest)) return;
    this.#notice({ message: 'the file of a remembered result is damaged: it is forgotten', fields: { contentDigest } });
    this.#dropFile(contentDigest);
  }

  #clear(): boolean {
    ShelfTables.make(this.#database);
    this.#folder.clear();
    this.#forgetUses();
    this.#unwrittenHits = 0;
    this.#count();
    return true;
  }

  /** Lets go what was used least recently, until there is so much room and a little more. Returns whether anything had to go. */
  #makeRoom(neededBytes: number): boolean {
    const mostBytes = this.#limitBytes - neededBytes - this.#reservedBytes;
    if (this.#bytes <= mostBytes) return false;
    const targetBytes = mostBytes - this.#limitBytes / SPARE_PART;
    while (this.#bytes > targetBytes) {
      const oldest = this.#tables.oldest(OLDEST_AT_ONCE);
      if (oldest.length === 0) break;
      // What was used since it was written takes its place among the others: from there on the list is asked for anew.
      let written = Number.POSITIVE_INFINITY;
      for (const one of oldest) {
        if (this.#bytes <= targetBytes || one.used > written) break;
        const used = this.#writeUse(one);
        if (used !== undefined) written = Math.min(written, used);
        else if ('content' in one) this.#dropFile(one.content);
        else this.#dropEntry(this.#tables.entryById(one.id));
      }
    }
    return true;
  }

  /** Writes when an entry or file was last used. Returns the number of that use, if it was not written yet. */
  #writeUse(one: { readonly id: number } | { readonly content: string }): number | undefined {
    if ('content' in one) {
      const used = this.#usedFiles.get(one.content);
      if (used !== undefined) this.#tables.useFile(one.content, used);
      this.#usedFiles.delete(one.content);
      return used;
    }
    const used = this.#usedEntries.get(one.id);
    if (used !== undefined) this.#tables.useEntry(one.id, used);
    this.#usedEntries.delete(one.id);
    return used;
  }

  /** An entry goes, and its file if nothing else needs it; not `keptContent`. */
  #dropEntry(found: EntryRow | undefined, keptContent?: string): void {
    if (!found) return;
    this.#removeEntry(found);
    const { held } = found.entry;
    if (!('file' in held) || held.file.dataDir !== this.#dataDir || held.file.contentDigest === keptContent) return;
    const { contentDigest } = held.file;
    const file = this.#tables.file(contentDigest);
    if (file && !file.isForOther && this.#tables.entriesOf(this.#dataDir, contentDigest).length === 0) this.#dropFile(contentDigest);
  }

  #removeEntry({ id, bytes }: { readonly id: number; readonly bytes: number }): void {
    this.#tables.removeEntry(id);
    this.#usedEntries.delete(id);
    this.#entries -= 1;
    this.#bytes -= bytes;
  }

  /** A file goes with its entries, if there are any. */
  #dropFile(content: string): void {
    for (const entry of this.#tables.entriesOf(this.#dataDir, content)) this.#removeEntry(entry);
    const file = this.#tables.file(content);
    if (!file) return;
    this.#tables.removeFile(content);
    this.#usedFiles.delete(content);
    this.#bytes -= file.bytes;
    this.#leaving.push(content);
  }

  #count(): void {
    const { entries, bytes, hits, used } = this.#tables.totals;
    this.#entries = entries;
    this.#bytes = bytes;
    this.#hits = hits + this.#unwrittenHits;
    this.#uses = Math.max(this.#uses, used);
  }

  #forgetUses(): void {
    this.#usedEntries.clear();
    this.#usedFiles.clear();
  }

  #inTransaction<T>(work: () => T): T {
    const [reservedBytes, unwrittenHits] = [this.#reservedBytes, this.#unwrittenHits];
    this.#database.query('BEGIN IMMEDIATE');
    try {
      const done = work();
      this.#database.query('COMMIT');
      for (const content of this.#leaving) this.#folder.remove(content);
      return done;
    } catch (error) {
      this.#reservedBytes = reservedBytes;
      this.#rollback(unwrittenHits);
      throw error;
    } finally {
      this.#leaving = [];
      this.#placed.clear();
    }
  }

  #rollback(unwrittenHits: number): void {
    try {
      this.#database.query('ROLLBACK');
    } catch {
      // A full disk rolls back by itself.
    }
    // Only the order of going depends on what was used.
    this.#forgetUses();
    this.#unwrittenHits = unwrittenHits;
    this.#count();
    // Calls that failed together are tried again, each for itself.
    for (const [content, beside] of this.#placed) if (!this.#tables.file(content)) this.#folder.takeBack(content, beside);
  }
}

/** What a keeper works with. */
export interface ShelfKeeperDeps {
  readonly folder: ShelfFolder;
  /** The id of the `dataDir`. */
  readonly dataDir: string;
  readonly limitBytes: number;
  readonly notice: (notice: ShelfNotice) => void;
}
