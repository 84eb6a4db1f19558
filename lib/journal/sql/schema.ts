import { newId } from '../../base/index.js';
import { storageFailed } from '../../files/storage-failed.js';
import { type Dialect, numberIn, type SqlQuery } from './dialect.js';

/** The version of the tables. A journal of a higher one is left alone; one of a lower is migrated, a version at a time. */
export const JOURNAL_VERSION = 1;

/** The statements that make the tables of a version out of those before: `migrations[0]` makes version 1 out of nothing. */
export type Migration = (dialect: Dialect) => readonly string[];

const firstTables: Migration = ({ prefix, bytes, integer, ordinal }) => [
  `CREATE TABLE ${prefix}journal (id text NOT NULL, version ${integer} NOT NULL)`,
  `CREATE TABLE ${prefix}sessions (
    id text PRIMARY KEY, node ${bytes} NOT NULL, version ${integer} NOT NULL, ends_at_ms ${integer})`,
  `CREATE TABLE ${prefix}runs (
    ordinal ${ordinal}, run_id ${bytes} NOT NULL UNIQUE, key ${bytes} NOT NULL UNIQUE, dag_id ${bytes} NOT NULL, state text NOT NULL,
    epoch ${integer} NOT NULL, session text NOT NULL, node ${bytes} NOT NULL, resumptions ${integer} NOT NULL,
    opening_groups ${integer} NOT NULL, started_at_ms ${integer} NOT NULL, opened_at_ms ${integer} NOT NULL,
    ended_at_ms ${integer} NOT NULL, checksum ${bytes} NOT NULL, summary ${bytes} NOT NULL)`,
  `CREATE INDEX runs_by_dag_id ON ${prefix}runs (dag_id, ordinal)`,
  `CREATE INDEX runs_by_state ON ${prefix}runs (state, ordinal)`,
  `CREATE TABLE ${prefix}groups (
    run_id ${bytes} NOT NULL, epoch ${integer} NOT NULL, sequence ${integer} NOT NULL, size_bytes ${integer} NOT NULL,
    checksum ${bytes} NOT NULL, bytes ${bytes} NOT NULL, PRIMARY KEY (run_id, epoch, sequence))`,
  // What is forgotten, and may still have groups: they are deleted in batches.
  `CREATE TABLE ${prefix}forgotten (run_id ${bytes} PRIMARY KEY)`,
];

/** One step for each version, from the first on. */
export const MIGRATIONS: readonly Migration[] = [firstTables];

const otherVersion = (version: number): Error =>
  storageFailed('version', `Cannot use the journal: its version is ${version}, that of this handoff-dag is ${JOURNAL_VERSION}`);

/** Throws where the journal is of another version, as when it has been migrated since it was opened. */
export async function refuseOther(query: SqlQuery, { prefix }: Dialect): Promise<void> {
  const [row] = await query(`SELECT version FROM ${prefix}journal`);
  const version = row ? numberIn(row, 'version') : 0;
  if (version !== JOURNAL_VERSION) throw otherVersion(version);
}

/**
 * Brings the tables to the latest version, within the transaction that is open; `hasTables` says whether there are any. Returns `'wait'`
 * where an older node holds a lease: then nothing was changed.
 */
export async function migrate(
  query: SqlQuery,
  dialect: Dialect,
  hasTables: boolean,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<'done' | 'wait'> {
  const { prefix, nowMs } = dialect;
  const [row] = hasTables ? await query(`SELECT version FROM ${prefix}journal`) : [];
  const version = row ? numberIn(row, 'version') : 0;
  if (version > migrations.length) throw otherVersion(version);
  if (version === migrations.length) return 'done';
  if (version > 0) {
    const older = await query(`SELECT id FROM ${prefix}sessions WHERE version < $1 AND ends_at_ms > ${nowMs}`, [migrations.length]);
    if (older.length > 0) return 'wait';
  }
  for (const statements of migrations.slice(version)) for (const text of statements(dialect)) await query(text);
  if (version === 0) await query(`INSERT INTO ${prefix}journal (id, version) VALUES ($1, $2)`, [newId(), migrations.length]);
  else await query(`UPDATE ${prefix}journal SET version = $1`, [migrations.length]);
  return 'done';
}
