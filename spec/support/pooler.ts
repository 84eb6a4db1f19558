import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, otherUser, POSTGRES_PASSWORD, POSTGRES_USER, type PostgresServer } from './postgres-server.js';

/** PgBouncer in front of a server: after each transaction it gives the connection to another client. */
export interface Pooler {
  /** The URL of a journal in a schema, by way of the pooler. */
  url(schema: string): string;
  remove(): Promise<void>;
}

const PROGRAMS = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'];

/** Starts a pooler with so many connections to the server; `undefined`, and a line that says so, where there is no PgBouncer. */
export async function poolerOf(server: PostgresServer, connections: number): Promise<Pooler | undefined> {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (!program) {
    console.log('    there is no PgBouncer here: its specs are skipped');
    return undefined;
  }
  const identity = otherUser();
  const folder = await mkdtemp(join(tmpdir(), 'handoff-pooler-'));
  if (identity.uid !== undefined) await chown(folder, identity.uid, identity.gid!);
  const port = await freePort();
  const settings = join(folder, 'pgbouncer.ini');
  const database = `host=127.0.0.1 port=${server.port} dbname=postgres user=${POSTGRES_USER} password='${POSTGRES_PASSWORD}'`;
  const lines = [
    ...['[databases]', `postgres = ${database}`, '[pgbouncer]', 'listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir ='],
    ...['auth_type = any', 'pool_mode = transaction', `default_pool_size = ${connections}`],
  ];
  await writeFile(settings, `${lines.join('\n')}\n`, { mode: 0o644 });
  const child = spawn(program, [settings], { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  let told = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      told += chunk;
      if (told.includes('process up')) resolve();
    });
    exited.then(() => reject(new Error(`PgBouncer ended: ${told}`)));
  });
  return {
    url: (schema) => server.url(schema).replace(`:${server.port}/`, `:${port}/`),
    async remove() {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
