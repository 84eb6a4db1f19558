import { textOf } from '../../base/index.js';
import { isStorageFailed, type StorageFault, storageFailed } from '../../files/storage-failed.js';
import type { SqlRow, SqlValue } from '../sql/dialect.js';

/** An open database of SQLite. Its calls block, so use it in a thread of its own, or for short work. */
export interface SqliteConnection {
  /** Runs a statement; `$1` and so on stand for `values`. */
  query(text: string, values?: readonly SqlValue[]): readonly SqlRow[];
  close(): void;
}

/** A statement of `libsql` and of `node:sqlite`. */
interface BoundStatement {
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): unknown;
}
interface BoundDatabase {
  prepare(text: string): BoundStatement;
  close(): void;
}

/** Opens a file with one of the bindings. Rejects if the binding is missing. */
export type SqliteBinding = (path: string) => Promise<SqliteConnection>;

/** How many statements are kept prepared: the operations have some twenty. */
const PREPARED = 100;

/** The statements of a database, each prepared once. `rowsOf` runs one. */
function connect(database: BoundDatabase, rowsOf: (statement: BoundStatement, text: string, values: readonly unknown[]) => unknown[]) {
  const prepared = new Map<string, BoundStatement>();
  const connection: SqliteConnection = {
    query(text, values = []) {
      try {
        const numbered = text.replace(/\$(\d+)/g, '?$1');
        const statement = prepared.get(numbered) ?? database.prepare(numbered);
        if (prepared.size < PREPARED) prepared.set(numbered, statement);
        return rowsOf(statement, text, values) as SqlRow[];
      } catch (error) {
        throw sqliteFailed(error);
      }
    },
    close() {
      prepared.clear();
      database.close();
    },
  };
  return connection;
}

const GIVES_ROWS = /^\s*(?:SELECT|PRAGMA)\b|\bRETURNING\b/i;

/** Brings its binary within npm packages, for Linux (glibc and musl), macOS and Windows, and is the same on every Node. */
export const libsqlBinding: SqliteBinding = async (path) => {
  const { default: Database } = await import('libsql');
  return connect(new Database(path) as BoundDatabase, (statement, text, values) => {
    if (GIVES_ROWS.test(text)) return statement.all([...values]);
    statement.run([...values]);
    return [];
  });
};

/** Node's own, from 22.13 without a flag: for platforms for which `libsql` has no binary. It warns that it is experimental. */
export const nodeBinding: SqliteBinding = async (path) => {
  const name: string = 'node:sqlite';
  const { DatabaseSync } = (await import(name)) as { DatabaseSync: new (path: string) => BoundDatabase };
  return connect(new DatabaseSync(path), (statement, _, values) => statement.all(...values));
};

/** In one order everywhere: two bindings in one process would not see each other's locks. */
export const sqliteBindings: readonly SqliteBinding[] = [libsqlBinding, nodeBinding];

const isMissing = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_UNKNOWN_BUILTIN_MODULE', 'ERR_DLOPEN_FAILED'].includes(
    `${(error as NodeJS.ErrnoException)?.code}`,
  );

/** Opens the file of a database, which is made where it is missing. Rejects with `HANDOFF_STORAGE_FAILED`. */
export async function openSqlite(path: string, bindings = sqliteBindings): Promise<SqliteConnection> {
  for (const open of bindings) {
    try {
      return await open(path);
    } catch (error) {
      if (!isMissing(error)) throw openingFailed(path, error);
    }
  }
  const message = `Cannot open ${JSON.stringify(path)}: there is no SQLite for this platform; install libsql, or Node 22.13 or later`;
  throw storageFailed('not-writable', message, { path });
}

/** The bindings do not always say why a file cannot be opened. */
function openingFailed(path: string, error: unknown): unknown {
  const failed = sqliteFailed(error);
  if (isStorageFailed(failed)) return failed;
  return storageFailed('not-writable', `Cannot open ${JSON.stringify(path)}: ${textOf(error)}`, { path, cause: error });
}

/** SQLite's primary result codes: the low byte of what the bindings give. */
const FAULTS: Readonly<Record<number, StorageFault>> = {
  3: 'not-writable',
  5: 'in-use',
  6: 'in-use',
  8: 'not-writable',
  10: 'not-writable',
  11: 'damaged',
  13: 'full',
  14: 'not-writable',
  23: 'not-writable',
  26: 'damaged',
};

/** Returns an error of SQLite as ours. An error that means a wrong statement is a bug, and is returned as it is. */
export function sqliteFailed(error: unknown): unknown {
  const { rawCode, errcode } = error as { readonly rawCode?: unknown; readonly errcode?: unknown };
  const code = typeof rawCode === 'number' ? rawCode : errcode;
  const reason = typeof code === 'number' ? FAULTS[code & 0xff] : undefined;
  return reason ? storageFailed(reason, `SQLite failed: ${textOf(error)}`, { cause: error }) : error;
}
