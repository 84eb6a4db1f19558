import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { TlsOptions } from '../lib/index.js';
import { UsageError } from './exit-codes.js';
import { systemErrorText } from './report/system-error.js';

/** The files of a command that joins or listens, as commander reads them. */
export interface SecretFlags {
  readonly cookieFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
}

/** The engine's limit, characters. Also checked here, to name the source of the cookie. */
const SHORTEST_COOKIE = 16;

/** The most that is read from a file, bytes. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/** How long a pipe, such as the shell's `<(command)`, may take to deliver its content, ms. */
const LONGEST_READ_MS = 10_000;
const REST_MS = 20;

/** Permissions of other users to read or write the file. */
const OTHERS = 0o077;

/**
 * The secrets from the environment, if there are some: a URL may hold a password. They are removed at once, before any user module is
 * loaded: modules, functions and the processes that they start must not see them.
 */
const environmentCookie = takenFromEnvironment('HANDOFF_COOKIE');
const environmentJournal = takenFromEnvironment('HANDOFF_JOURNAL');

function takenFromEnvironment(name: string): string | undefined {
  const value = process.env[name];
  delete process.env[name];
  return value;
}

/**
 * Returns the secret of the cluster: from its file, else from `HANDOFF_COOKIE`, without the line end that editors leave. Throws
 * `UsageError` for a file that cannot be read, that others may read, or that holds no cookie.
 */
export function cookieOf({ cookieFile }: SecretFlags, inEnvironment = environmentCookie): string | undefined {
  const from = cookieFile === undefined ? 'HANDOFF_COOKIE' : `--cookie-file: "${cookieFile}"`;
  const cookie = (cookieFile === undefined ? inEnvironment : textOf(from, secret('--cookie-file', cookieFile)))?.trim();
  if (cookie === undefined || (cookie === '' && cookieFile === undefined)) return undefined;
  if (cookie === '') throw new UsageError(`${from} is empty`);
  if (cookie.length < SHORTEST_COOKIE) {
    throw new UsageError(
      `${from} has ${cookie.length} characters: a cookie needs at least ${SHORTEST_COOKIE}, as a shorter one can be guessed`,
    );
  }
  return cookie;
}

/** Returns the token of a dashboard from its file. Throws `UsageError` as `cookieOf` does. */
export function dashboardTokenOf(file: string): string {
  const from = `--dashboard-token-file: "${file}"`;
  const token = textOf(from, secret('--dashboard-token-file', file)).trim();
  if (token.length < SHORTEST_COOKIE)
    throw new UsageError(
      `${from} has ${token.length} characters: a token needs at least ${SHORTEST_COOKIE}, as a shorter one can be guessed`,
    );
  return token;
}

/** Returns the URL of the journal: that of `--journal`, else that of `HANDOFF_JOURNAL`. */
export const journalOf = (given: string | undefined, inEnvironment = environmentJournal): string | undefined =>
  given ?? (inEnvironment || undefined);

/** Returns the certificate of this node, if one is given. Throws `UsageError` as `cookieOf` does; only the key must be secret. */
export function tlsOf({ tlsCert, tlsKey, tlsCa }: SecretFlags): TlsOptions | undefined {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) throw new UsageError('TLS needs --tls-cert and --tls-key');
  return {
    cert: pem('--tls-cert', tlsCert, content('--tls-cert', tlsCert).bytes),
    key: pem('--tls-key', tlsKey, secret('--tls-key', tlsKey)),
    ...(tlsCa !== undefined && { ca: pem('--tls-ca', tlsCa, content('--tls-ca', tlsCa).bytes), requestCert: true }),
  };
}

/** Reads a file that no other user may read. Like ssh, it does not check the permissions of a file that belongs to another user. */
function secret(option: string, file: string): Buffer {
  const { bytes, stats } = content(option, file);
  const mode = stats.mode & 0o777;
  if (stats.isFile() && stats.uid === process.getuid?.() && (mode & OTHERS) !== 0) {
    const shown = mode.toString(8).padStart(4, '0');
    throw new UsageError(`${option}: "${file}" is open to others, its permissions are ${shown}: chmod 600 ${file}`);
  }
  return bytes;
}

function content(option: string, file: string): { readonly bytes: Buffer; readonly stats: Stats } {
  let descriptor: number | undefined;
  try {
    // A pipe without a writer would block everything, including signals.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor);
    return { bytes: whole(descriptor), stats };
  } catch (error) {
    throw new UsageError(`${option}: Cannot read "${file}": ${systemErrorText(error as Error)}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function whole(descriptor: number): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  for (let waitedMs = 0; ; ) {
    const room = Buffer.alloc(64 * 1024);
    try {
      const bytes = readSync(descriptor, room);
      if (bytes === 0) return Buffer.concat(parts);
      size += bytes;
      if (size > LARGEST_FILE_BYTES) throw new Error('it is larger than 1 MiB');
      parts.push(room.subarray(0, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      if (waitedMs >= LONGEST_READ_MS) throw new Error(`nothing came within ${LONGEST_READ_MS / 1000} s`);
      waitedMs += REST_MS;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REST_MS);
    }
  }
}

function textOf(from: string, bytes: Buffer): string {
  if (!isUtf8(bytes) || bytes.includes(0)) throw new UsageError(`${from} is not text`);
  return bytes.toString('utf8');
}

function pem(option: string, file: string, bytes: Buffer): Buffer {
  if (bytes.includes('-----BEGIN ')) return bytes;
  throw new UsageError(`${option}: "${file}" is not in PEM`);
}
