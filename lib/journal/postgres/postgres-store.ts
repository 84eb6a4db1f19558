import { createHash } from 'node:crypto';
import { type Clock, keepAlive } from '../../base/index.js';
import { isStorageFailed, storageFailed } from '../../files/index.js';
import { type Dialect, postgresDialect, type SqlQuery } from '../sql/dialect.js';
import { MIGRATIONS, type Migration, migrate, refuseOther } from '../sql/schema.js';
import { SqlOperations } from '../sql/sql-operations.js';
import type { JournalStore, StoreOperation, StoreOperations } from '../stored/operations.js';
import { isConflict, isRefusal } from './postgres-failed.js';
import { PostgresPool } from './postgres-pool.js';
import { parsePostgresUrl } from './postgres-url.js';

/** How long to wait for an answer to one statement: a plan of many MiB takes its time. A renewal has no longer than the lease. */
const STATEMENT_MS = 60_000;
/** How long at least to wait for the first answer when a journal is opened. A pooler lets in while its database is away, and is silent. */
const FIRST_ANSWER_MS = 1000;
/** How long to wait for a connection. */
const CONNECT_MS = 10_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
/** How often a transaction that conflicted is tried again. */
const CONFLICTS = 10;
/** The key of the lock under which tables are made has so many bytes. */
const LOCK_BYTES = 6;

/**
 * A store in PostgreSQL, shared by all nodes that name its schema. All locks are of one transaction, so that a pooler may stand between.
 */
export class PostgresStore implements JournalStore {
  readonly #pool: PostgresPool;
  readonly #dialect: Dialect;
  readonly #leaseMs: number;

  private constructor(pool: PostgresPool, dialect: Dialect, leaseMs: number) {
    this.#pool = pool;
    this.#dialect = dialect;
    this.#leaseMs = leaseMs;
  }

  /** Connects, and makes or migrates the tables. Rejects with `unreachable` or `version` after `openTimeoutMs`. */
  static async open(url: string, options: PostgresStoreOptions): Promise<PostgresStore> {
    const { connectionString, schema } = parsePostgresUrl(url);
    const pool = new PostgresPool(connectionString, CONNECT_MS);
    const alive = keepAlive();
    try {
      await prepared(pool, schema, options);
      return new PostgresStore(pool, postgresDialect(schema), options.leaseMs);
    } catch (error) {
      await pool.close();
      throw error;
    } finally {
      alive.cancel();
    }
  }

  async perform<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): Promise<StoreOperations[Name]['to']> {
    const isOneStatement = name === 'appendGroup' && !(from as StoreOperations['appendGroup']['from']).summary;
    const limitMs = name === 'renewSession' ? Math.min(this.#leaseMs, STATEMENT_MS) : STATEMENT_MS;
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        return await this.#pool.run(!isOneStatement, limitMs, (query) => new SqlOperations(query, this.#dialect).perform(name, from));
      } catch (error) {
        if (!isConflict(error) || conflicts === CONFLICTS) throw this.#pool.failed(error);
      }
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

async function prepared(pool: PostgresPool, schema: string, options: PostgresStoreOptions): Promise<void> {
  const { clock, openTimeoutMs } = options;
  const untilMs = clock.now() + openTimeoutMs;
  for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
    let failure: unknown;
    try {
      const firstLimitMs = Math.min(STATEMENT_MS, Math.max(FIRST_ANSWER_MS, untilMs - clock.now()));
      if ((await pool.run(true, STATEMENT_MS, (query) => makeTables(query, schema, options), firstLimitMs)) === 'done') return;
      failure = storageFailed('version', `Cannot migrate the journal at ${pool.place}: nodes of an older version use it`);
    } catch (error) {
      failure = pool.failed(error);
      const mayPass = isConflict(error) || (isStorageFailed(failure, 'unreachable') && !isRefusal(error));
      if (!mayPass) throw failure;
    }
    if (clock.now() + delayMs > untilMs) throw failure;
    await new Promise<void>((resolve) => clock.after(delayMs, resolve));
  }
}

async function makeTables(
  query: SqlQuery,
  schema: string,
  { isReadOnly, migrations = MIGRATIONS }: PostgresStoreOptions,
): Promise<'done' | 'wait'> {
  const dialect = postgresDialect(schema);
  const hasTables = async (): Promise<boolean> => {
    const [row] = await query('SELECT to_regclass($1) IS NOT NULL AS there', [`"${schema}".journal`]);
    return row?.there === true;
  };
  if (isReadOnly && !(await hasTables())) throw storageFailed('damaged', `Cannot read the journal: schema "${schema}" holds none`);
  if (isReadOnly) {
    await refuseOther(query, dialect);
    return 'done';
  }
  const digest = createHash('sha256').update(`handoff-dag journal ${schema}`).digest();
  await query('SELECT pg_advisory_xact_lock($1)', [digest.readUIntBE(0, LOCK_BYTES)]);
  const isThere = await hasTables();
  if (!isThere) {
    // A user who may make tables in a schema need not be allowed to make schemas.
    const [row] = await query('SELECT 1 AS there FROM pg_namespace WHERE nspname = $1', [schema]);
    if (!row) await query(`CREATE SCHEMA "${schema}"`);
  }
  const done = await migrate(query, dialect, isThere, migrations);
  // Packed bytes do not get smaller, and trying takes time.
  if (!isThere) await query(`ALTER TABLE ${dialect.prefix}groups ALTER COLUMN bytes SET STORAGE EXTERNAL`);
  return done;
}

/** How a store in PostgreSQL is opened. */
export interface PostgresStoreOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  /** How long to try while the database does not answer, or older nodes hold leases. */
  readonly openTimeoutMs: number;
  readonly isReadOnly: boolean;
  /** For specs. @default MIGRATIONS */
  readonly migrations?: readonly Migration[];
}
