/** The parts of a journal's URL: the database, for `pg`, and the schema of its tables. */
export interface PostgresPlace {
  /** For `pg` alone: it may hold a password. */
  readonly connectionString: string;
  readonly schema: string;
}

/** What PostgreSQL takes for a name without quotes; it cuts longer ones off. */
const SCHEMA_FORM = /^[a-z_][a-z0-9_]{0,62}$/;
const DEFAULT_SCHEMA = 'handoff';

/**
 * Reads the URL of a journal: `postgres://user@host/db?schema=handoff`. Throws a `TypeError` for any other URL, and a `RangeError` for a
 * schema that is not of the form `[a-z_][a-z0-9_]{0,62}`. No message contains the rest of the URL, as it may hold a password.
 */
export function parsePostgresUrl(url: string): PostgresPlace {
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw new TypeError('Cannot use the journal: its URL does not begin with "postgres://"');
  const [, base = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const schema = parameters.get('schema') ?? DEFAULT_SCHEMA;
  if (!SCHEMA_FORM.test(schema)) {
    throw new RangeError(`Cannot use the journal: its schema is ${JSON.stringify(schema)}, not of the form [a-z_][a-z0-9_]{0,62}`);
  }
  parameters.delete('schema');
  const rest = `${parameters}`;
  return { connectionString: `${base}${rest && `?${rest}`}${fragment}`, schema };
}

/** Throws as `parsePostgresUrl` does. */
export function checkJournalUrl(url: string): void {
  parsePostgresUrl(url);
}
