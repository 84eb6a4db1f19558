import pg from 'pg';
import type { SqlQuery, SqlValue } from '../sql/dialect.js';
import { isAnswer, postgresFailed } from './postgres-failed.js';

/** The number of connections: a group, a renewal, a reader and a sweep at once. */
const CONNECTIONS = 4;
const IDLE_MS = 30_000;

/** Calls `found` with the password of the file that `PGPASSFILE` names, else of `~/.pgpass`. */
type ReadPasswordFile = (connection: unknown, found: (password: string | undefined) => void) => void;

/** A client of `pg`, as it is inside: it has no way to give up a connection that is being made. */
interface Connecting {
  readonly connection: { readonly stream: { destroy(): void } };
}

/** Asks the password file itself: `pg` still does, but warns that it will not. */
class PasswordClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const client = this as unknown as { password: unknown; connectionParameters: unknown };
    if (client.password !== null) return;
    client.password = async () => {
      const name: string = 'pgpass';
      const { default: read } = (await import(name)) as { default: ReadPasswordFile };
      return new Promise<string | undefined>((resolve) => read(client.connectionParameters, resolve));
    };
  }
}

/** Connections to a database of PostgreSQL. They do not keep the process alive while nothing is asked. */
export class PostgresPool {
  /** The address of the database, for messages: no user, no password, no query. */
  readonly place: string;
  readonly #pool: pg.Pool;
  readonly #inUse = new Set<pg.PoolClient>();
  /** The connections that are being made. */
  readonly #connecting = new Set<pg.Client>();
  /** What gives up the waits for a connection: the pool keeps them until their time is over. */
  readonly #giveUps = new Set<() => void>();

  constructor(connectionString: string, connectMs: number) {
    const config = { connectionString, application_name: 'handoff-dag', keepAlive: true, connectionTimeoutMillis: connectMs };
    const { host, port, database } = new pg.Client(config);
    this.place = `${host}:${port}, database ${JSON.stringify(database)}`;
    const connecting = this.#connecting;
    class Client extends PasswordClient {
      constructor(given?: string | pg.ClientConfig) {
        super(given);
        connecting.add(this);
        this.once('end', () => connecting.delete(this));
      }
    }
    this.#pool = new pg.Pool({ ...config, Client, max: CONNECTIONS, idleTimeoutMillis: IDLE_MS, allowExitOnIdle: true });
    // A lost connection also emits an error while it is in use, besides the query that fails. Without a listener that ends the process.
    this.#pool.on('connect', (client) => {
      connecting.delete(client as unknown as pg.Client);
      client.on('error', () => {});
    });
    this.#pool.on('error', () => {});
  }

  /**
   * Runs `work` in a transaction, or in none if it is one statement. The connection is closed after `limitMs` without an answer to a
   * statement, to the first of a transaction after `firstLimitMs`, and after any error of it. Rejects with what the database reported, or
   * with `HANDOFF_STORAGE_FAILED`.
   */
  async run<T>(isTransaction: boolean, limitMs: number, work: (query: SqlQuery) => Promise<T>, firstLimitMs = limitMs): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#connection();
      this.#inUse.add(client);
      const query = queryOf(client, limitMs);
      // Whatever the default of the database is: the operations lock what they rely on, and read what was committed since.
      if (isTransaction) await queryOf(client, firstLimitMs)('BEGIN ISOLATION LEVEL READ COMMITTED');
      const value = await work(query);
      if (isTransaction) await query('COMMIT');
      client.release();
      return value;
    } catch (error) {
      await this.#giveBack(client, isTransaction, error);
      throw error;
    } finally {
      if (client) this.#inUse.delete(client);
    }
  }

  /** An error of `run` as a `HANDOFF_STORAGE_FAILED`. */
  failed(error: unknown): unknown {
    return postgresFailed(error, this.place);
  }

  /** Closes all connections; what is under way fails. */
  async close(): Promise<void> {
    // With a statement under way this cuts the connection: the pool would wait for its answer.
    for (const client of this.#inUse) void (client as unknown as pg.Client).end().catch(() => {});
    for (const client of this.#connecting) (client as unknown as Connecting).connection.stream.destroy();
    for (const giveUp of this.#giveUps) giveUp();
    await this.#pool.end();
  }

  #connection(): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      let isGivenUp = false;
      const giveUp = (): void => {
        isGivenUp = true;
        reject(new Error('the journal was closed'));
      };
      this.#giveUps.add(giveUp);
      this.#pool
        .connect()
        .then((client) => (isGivenUp ? client.release(true) : resolve(client)), reject)
        .finally(() => this.#giveUps.delete(giveUp));
    });
  }

  async #giveBack(client: pg.PoolClient | undefined, isTransaction: boolean, error: unknown): Promise<void> {
    if (!client) return;
    const isUsable =
      isAnswer(error) &&
      (!isTransaction ||
        (await client
          .query('ROLLBACK')
          .then(() => true)
          .catch(() => false)));
    client.release(!isUsable);
  }
}

const queryOf =
  (client: pg.PoolClient, limitMs: number): SqlQuery =>
  async (text, values: readonly SqlValue[] = []) => {
    const parameters = values.map((value) => (value instanceof Uint8Array ? asBuffer(value) : value));
    const config: pg.QueryConfig & { query_timeout: number } = { text, values: parameters, query_timeout: limitMs };
    return (await client.query(config)).rows as Record<string, unknown>[];
  };

const asBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);
