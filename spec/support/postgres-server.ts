import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

/** A server of PostgreSQL in a temporary folder, on a free port of this machine. */
export interface PostgresServer {
  readonly port: number;
  /** The URL of a journal in a schema. */
  url(schema: string): string;
  /** Runs one statement as the superuser. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Ends the server as a loss of power would: connections are cut. */
  stop(): Promise<void>;
  /** Starts it again, on the same port, unless it runs. */
  start(): Promise<void>;
  /** Makes all its processes silent: connections stay, and nothing answers. */
  pause(): void;
  /** Ends that. */
  resume(): void;
  /** Stops it and deletes everything. */
  remove(): Promise<void>;
}

/** The superuser of each server. */
export const POSTGRES_USER = 'tester';
/** The password of each server: no log and no error may tell it. */
export const POSTGRES_PASSWORD = 'only for specs';

/** Signals the server and each of its processes: every one of them has a group of its own. */
function signalAll(pid: number, signal: NodeJS.Signals): void {
  process.kill(pid, signal);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  for (const child of children) {
    try {
      process.kill(child, signal);
    } catch (error) {
      // One of its connections has ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** The folder of the programs: where Debian has them, or on the path. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** PostgreSQL, and poolers, refuse to run as root: another user's numbers. */
export function otherUser(): { uid?: number; gid?: number } {
  if (process.geteuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const number = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: number('-u'), gid: number('-g') };
    } catch {
      // There is no such user.
    }
  }
  return {};
}

/** A port of this machine that nothing listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Makes and starts a server; `undefined`, and a line that says so, where there is no PostgreSQL. */
export async function postgresServer(): Promise<PostgresServer | undefined> {
  const programs = binaries();
  if (!programs) {
    console.log('    there is no PostgreSQL here: its specs are skipped');
    return undefined;
  }
  const identity = otherUser();
  const folder = await mkdtemp(join(tmpdir(), 'handoff-postgres-'));
  if (identity.uid !== undefined) await chown(folder, identity.uid, identity.gid!);
  const data = join(folder, 'data');
  const env = { ...process.env, LC_ALL: 'C' };
  const secret = join(folder, 'password');
  await writeFile(secret, `${POSTGRES_PASSWORD}\n`, { mode: 0o644 });
  const initdb = ['-D', data, '-U', POSTGRES_USER, '-A', 'scram-sha-256', `--pwfile=${secret}`, '--no-sync', '-E', 'UTF8'];
  await promisify(execFile)(join(programs, 'initdb'), initdb, { ...identity, cwd: folder, env });
  const port = await freePort();
  let child: ChildProcess | undefined;
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;

  const server: PostgresServer = {
    port,
    url: (schema) => `postgres://${POSTGRES_USER}:${encodeURIComponent(POSTGRES_PASSWORD)}@127.0.0.1:${port}/postgres?schema=${schema}`,
    async query(text, values) {
      const client = new pg.Client({ host: '127.0.0.1', port, user: POSTGRES_USER, password: POSTGRES_PASSWORD, database: 'postgres' });
      client.on('error', () => {});
      await client.connect();
      try {
        return (await client.query(text, values)).rows as Record<string, unknown>[];
      } finally {
        await client.end();
      }
    },
    async start() {
      if (isRunning()) return;
      const options = ['-D', data, '-p', `${port}`, '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=60'];
      child = spawn(join(programs, 'postgres'), options, {
        ...identity,
        cwd: folder,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      });
      const exited = once(child, 'exit');
      let told = '';
      await new Promise<void>((resolve, reject) => {
        child!.stderr!.on('data', (chunk) => {
          told += chunk;
          if (told.includes('database system is ready to accept connections')) resolve();
        });
        exited.then(() => reject(new Error(`PostgreSQL ended: ${told}`)));
      });
    },
    pause: () => signalAll(child!.pid!, 'SIGSTOP'),
    resume: () => signalAll(child!.pid!, 'SIGCONT'),
    async stop() {
      if (!isRunning()) return;
      server.resume();
      child!.kill('SIGQUIT');
      await once(child!, 'exit');
    },
    async remove() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/**
 * Called in a `describe`: one server for its specs, and a schema of its own for each of them. They are skipped where there is no PostgreSQL.
 * The server and the schema are there from the first hook on.
 */
export function postgresForEach(): { readonly server: PostgresServer; readonly schema: string; readonly url: string } {
  let server: PostgresServer | undefined;
  let count = 0;
  before(async function () {
    server = await postgresServer();
    if (!server) this.skip();
  });
  after(() => server?.remove());
  beforeEach(() => {
    count += 1;
  });
  return {
    get server() {
      return server!;
    },
    get schema() {
      return `spec_${count}`;
    },
    get url() {
      return server!.url(this.schema);
    },
  };
}
