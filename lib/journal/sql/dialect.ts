/** What the databases write differently. */
export interface Dialect {
  /** Stands before the name of each table. */
  readonly prefix: string;
  readonly bytes: string;
  readonly integer: string;
  /** A column that numbers the rows in the order in which they are made. */
  readonly ordinal: string;
  /** Milliseconds since 1970 by the database's clock, as an expression. */
  readonly nowMs: string;
  /** Locks the rows of a SELECT until the transaction ends: against all access, against changes, or only rows that are not locked. */
  readonly forUpdate: string;
  readonly forShare: string;
  readonly skipLocked: string;
  /** A parameter of a type: where the database cannot tell it from the place. */
  readonly typed: (parameter: string, type: string) => string;
  /** Whether the lease of a present session can hold. It cannot where a lock says that no node drives anything. */
  readonly hasLiveSessions: boolean;
}

/** SQLite has one writer at a time, and a lock of its own takes the place of rows that are locked. */
export const sqliteDialect = (hasLiveSessions: boolean): Dialect => ({
  prefix: '',
  bytes: 'BLOB',
  integer: 'INTEGER',
  ordinal: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  nowMs: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
  forUpdate: '',
  forShare: '',
  skipLocked: '',
  typed: (parameter) => parameter,
  hasLiveSessions,
});

/** PostgreSQL, with the schema named before each table: the search path is of a connection, and a pooler hands connections around. */
export const postgresDialect = (schema: string): Dialect => ({
  prefix: `"${schema}".`,
  bytes: 'bytea',
  integer: 'bigint',
  ordinal: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  nowMs: '(extract(epoch from clock_timestamp()) * 1000)::bigint',
  forUpdate: 'FOR UPDATE',
  forShare: 'FOR SHARE',
  skipLocked: 'FOR UPDATE SKIP LOCKED',
  typed: (parameter, type) => `${parameter}::${type}`,
  hasLiveSessions: true,
});

/** The rows of a database as values of ours: PostgreSQL gives large integers as text. */
export const numberIn = (row: SqlRow, column: string): number => Number(row[column] ?? 0);

/** The bytes of a column, whatever the binding gives for them; none for NULL. */
export function bytesIn(row: SqlRow, column: string): Uint8Array {
  const given = row[column];
  if (given instanceof Uint8Array) return given;
  return given instanceof ArrayBuffer ? new Uint8Array(given) : new Uint8Array();
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text as bytes: PostgreSQL refuses a text with a NUL, which keys and ids may have. */
export const textBytes = (text: string): Uint8Array => encoder.encode(text);
/** The text of a column of bytes. */
export const textIn = (row: SqlRow, column: string): string => decoder.decode(bytesIn(row, column));

/** What a parameter or a column may be. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** A row, by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Runs one statement of the transaction that is open: `$1` and so on stand for `values`. Returns the rows, if it gives any. */
export type SqlQuery = (text: string, values?: readonly SqlValue[]) => Promise<readonly SqlRow[]>;
