import { createHash } from 'node:crypto';
import { bytesIn, numberIn, type SqlRow } from '../sql/dialect.js';
import type { SqliteConnection } from '../sqlite/sqlite-connection.js';
import type { FoundEntry, StoredContent } from './shelf-messages.js';

/** The version of the tables, and of what is in them. What is of another one is forgotten. */
export const SHELF_VERSION = 1;

/** What an entry takes beside its packed bytes, about: its key and digests, and its places in the indexes. */
const ENTRY_BYTES = 512;

/** A changed byte goes unnoticed once in 2^64 times. */
const CHECKSUM_BYTES = 8;

/** What an entry takes, without its file. */
export const entryBytes = ({ held }: FoundEntry): number => ENTRY_BYTES + ('packed' in held ? held.packed.byteLength : 0);

const TABLES = [
  'CREATE TABLE shelf (version INTEGER NOT NULL, hits INTEGER NOT NULL)',
  `CREATE TABLE entries (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, made_at_ms INTEGER NOT NULL, data_dir TEXT, content TEXT,
    size_bytes INTEGER NOT NULL, used INTEGER NOT NULL, bytes INTEGER NOT NULL, checksum BLOB NOT NULL, packed BLOB)`,
  'CREATE INDEX entries_by_use ON entries (used, bytes)',
  'CREATE INDEX entries_by_content ON entries (content) WHERE content IS NOT NULL',
  `CREATE TABLE files (
    content TEXT PRIMARY KEY, bytes INTEGER NOT NULL, used INTEGER NOT NULL, is_for_other INTEGER NOT NULL) WITHOUT ROWID`,
  'CREATE INDEX files_by_use ON files (used, bytes)',
];

/** What is read of an entry. Each column more costs as much as finding the row. */
const ENTRY = 'id, digest, made_at_ms, data_dir, content, size_bytes, bytes, checksum, packed';

/** Returns the version of the tables; 0 if there are none. */
export function shelfVersion(database: SqliteConnection): number {
  if (database.query(`SELECT name FROM sqlite_master WHERE name = 'shelf'`).length === 0) return 0;
  const [row] = database.query('SELECT version FROM shelf');
  return row ? numberIn(row, 'version') : 0;
}

/** Returns how much is remembered in a database of this version. */
export function shelfTotals(database: SqliteConnection): ShelfTotals {
  const totals = (table: string): SqlRow =>
    database.query(`SELECT COUNT(*) AS number, SUM(bytes) AS bytes, MAX(used) AS used FROM ${table}`)[0] ?? {};
  const [entries, files] = [totals('entries'), totals('files')];
  return {
    entries: numberIn(entries, 'number'),
    bytes: numberIn(entries, 'bytes') + numberIn(files, 'bytes'),
    hits: numberIn(database.query('SELECT hits FROM shelf')[0] ?? {}, 'hits'),
    used: Math.max(numberIn(entries, 'used'), numberIn(files, 'used')),
  };
}

/** What is on a shelf in all. */
export interface ShelfTotals {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  /** The number of the latest use. Uses are numbered: clocks can be set back. */
  readonly used: number;
}

/** The tables of a shelf: its entries by key, and the files of its folder by their content. Each call is one or two statements. */
export class ShelfTables {
  readonly #database: SqliteConnection;

  constructor(database: SqliteConnection) {
    this.#database = database;
  }

  /** Makes the tables anew, within the transaction that is open. */
  static make(database: SqliteConnection): void {
    for (const name of ['shelf', 'entries', 'files']) database.query(`DROP TABLE IF EXISTS ${name}`);
    for (const text of TABLES) database.query(text);
    database.query('INSERT INTO shelf (version, hits) VALUES ($1, 0)', [SHELF_VERSION]);
  }

  get totals(): ShelfTotals {
    return shelfTotals(this.#database);
  }

  /** Returns the entry of a key, if there is one. */
  entry(key: string): EntryRow | undefined {
    const [row] = this.#database.query(`SELECT ${ENTRY} FROM entries WHERE key = $1`, [key]);
    return row && readEntry(key, row);
  }

  /** Adds an entry; there is none with the key. Returns what it takes. */
  addEntry(key: string, entry: FoundEntry, used: number): number {
    const { digest, madeAtMs, held } = entry;
    const [packed, file] = 'file' in held ? [undefined, held.file] : [held.packed, undefined];
    const sizeBytes = file?.sizeBytes ?? packed?.byteLength ?? 0;
    const bytes = entryBytes(entry);
    const checksum = checksumOf(key, entry);
    this.#database.query(
      `INSERT INTO entries (key, digest, made_at_ms, data_dir, content, size_bytes, used, bytes, checksum, packed)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [key, digest, madeAtMs, file?.dataDir ?? null, file?.contentDigest ?? null, sizeBytes, used, bytes, checksum, packed ?? null],
    );
    return bytes;
  }

  removeEntry(id: number): void {
    this.#database.query('DELETE FROM entries WHERE id = $1', [id]);
  }

  useEntry(id: number, used: number): void {
    this.#database.query('UPDATE entries SET used = $2 WHERE id = $1', [id, used]);
  }

  /** Returns the entries of a file in a `dataDir`: their numbers, and what they take. */
  entriesOf(dataDir: string, content: string): readonly { readonly id: number; readonly bytes: number }[] {
    const rows = this.#database.query('SELECT id, bytes FROM entries WHERE content = $1 AND data_dir = $2', [content, dataDir]);
    return rows.map((row) => ({ id: numberIn(row, 'id'), bytes: numberIn(row, 'bytes') }));
  }

  /** Returns a file, if it is known. */
  file(content: string): FileRow | undefined {
    const [row] = this.#database.query('SELECT bytes, is_for_other FROM files WHERE content = $1', [content]);
    return row && { bytes: numberIn(row, 'bytes'), isForOther: numberIn(row, 'is_for_other') === 1 };
  }

  /** Adds a file, or changes what it is for. */
  putFile({ contentDigest, sizeBytes }: StoredContent, isForOther: boolean, used: number): void {
    this.#database.query('INSERT OR REPLACE INTO files (content, bytes, used, is_for_other) VALUES ($1, $2, $3, $4)', [
      contentDigest,
      sizeBytes,
      used,
      isForOther ? 1 : 0,
    ]);
  }

  removeFile(content: string): void {
    this.#database.query('DELETE FROM files WHERE content = $1', [content]);
  }

  useFile(content: string, used: number): void {
    this.#database.query('UPDATE files SET used = $2 WHERE content = $1', [content, used]);
  }

  /** The files that are known, and those of them that have neither an entry in this `dataDir` nor one of another driver. */
  files(dataDir: string): { readonly known: ReadonlySet<string>; readonly unneeded: readonly string[] } {
    const rows = this.#database.query(
      `SELECT content, is_for_other = 0 AND NOT EXISTS (
         SELECT 1 FROM entries WHERE entries.content = files.content AND entries.data_dir = $1) AS unneeded FROM files`,
      [dataDir],
    );
    const named = rows.map((row) => ({ content: `${row.content}`, isUnneeded: numberIn(row, 'unneeded') === 1 }));
    return {
      known: new Set(named.map(({ content }) => content)),
      unneeded: named.flatMap(({ content, isUnneeded }) => (isUnneeded ? content : [])),
    };
  }

  /** Returns the entries and files that were used least recently, so many at most, the oldest first. */
  oldest(most: number): readonly OldestRow[] {
    const rows = this.#database.query(
      `SELECT id, NULL AS content, used FROM entries UNION ALL SELECT NULL, content, used FROM files ORDER BY used LIMIT $1`,
      [most],
    );
    return rows.map((row) => ({
      used: numberIn(row, 'used'),
      ...(row.content === null ? { id: numberIn(row, 'id') } : { content: `${row.content}` }),
    }));
  }

  /** Returns an entry by its number. */
  entryById(id: number): EntryRow | undefined {
    const [row] = this.#database.query(`SELECT key, ${ENTRY} FROM entries WHERE id = $1`, [id]);
    return row && readEntry(`${row.key}`, row);
  }

  addHits(hits: number): void {
    this.#database.query('UPDATE shelf SET hits = hits + $1', [hits]);
  }
}

/** The checksum of an entry and its key. */
function checksumOf(key: string, { digest, madeAtMs, held }: FoundEntry): Uint8Array {
  const file = 'file' in held ? [held.file.dataDir, held.file.contentDigest, held.file.sizeBytes] : [];
  const hash = createHash('sha256').update(JSON.stringify([key, digest, madeAtMs, ...file]));
  if ('packed' in held) hash.update(held.packed);
  return hash.digest().subarray(0, CHECKSUM_BYTES);
}

function readEntry(key: string, row: SqlRow): EntryRow {
  const held =
    row.content === null
      ? { packed: ownBytes(bytesIn(row, 'packed')) }
      : { file: { dataDir: `${row.data_dir}`, contentDigest: `${row.content}`, sizeBytes: numberIn(row, 'size_bytes') } };
  const entry: FoundEntry = { digest: `${row.digest}`, madeAtMs: numberIn(row, 'made_at_ms'), held };
  const isWhole = Buffer.compare(checksumOf(key, entry), bytesIn(row, 'checksum')) === 0;
  return { id: numberIn(row, 'id'), bytes: numberIn(row, 'bytes'), entry, isWhole };
}

/** A message takes the whole memory behind a view with it. */
const ownBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes);

/** An entry with its number, and what it takes. */
export interface EntryRow {
  readonly id: number;
  readonly bytes: number;
  readonly entry: FoundEntry;
  /** Whether it is what was written. */
  readonly isWhole: boolean;
}

/** A file of the folder. */
export interface FileRow {
  readonly bytes: number;
  /** Whether it may have entries of other drivers, which are in their folders. */
  readonly isForOther: boolean;
}

/** An entry or a file, with the number of its latest use that is written. */
export type OldestRow = { readonly used: number } & ({ readonly id: number } | { readonly content: string });
