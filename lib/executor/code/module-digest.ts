import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, type Stats, statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepNewest } from '../../base/index.js';
import { type CodeRoot, resolveModule } from './module-resolution.js';

/** A longer file is read piece by piece, bytes; it exceeds any module that a person wrote. Reading 1 MiB at once takes some 2 ms. */
const AT_ONCE_BYTES = 1024 * 1024;

/** How many digests of long files are remembered. */
const REMEMBERED = 100;

/** Digests by path, so that no node can have a file of gigabytes read again and again. */
const remembered = new Map<string, { readonly version: string; readonly digest: Promise<string | undefined> }>();

/**
 * Returns the digest of a module's file on this node, as `.ts sha256`, or `undefined` if there is no such file. Nodes with different files
 * under one name run different code.
 *
 * Modules are small, and are about to be loaded or have been, so the digest is computed at once. A file of more than 1 MiB is read in the
 * background.
 */
export function moduleDigest(module: string, place: CodeRoot): string | undefined | Promise<string | undefined> {
  try {
    const path = fileURLToPath(resolveModule(module, place));
    const file = statSync(path);
    if (!file.isFile()) return undefined;
    if (file.size > AT_ONCE_BYTES) return longDigest(path, file);
    return `${extname(path)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  } catch {
    return undefined;
  }
}

function longDigest(path: string, { size, mtimeMs, ino }: Stats): Promise<string | undefined> {
  const version = `${size} ${mtimeMs} ${ino}`;
  const known = remembered.get(path);
  if (known?.version === version) return known.digest;
  const digest = new Promise<string | undefined>((resolve) => {
    const hash = createHash('sha256');
    // No further than its former length: it may grow as fast as it is read.
    createReadStream(path, { end: size - 1 })
      .on('data', (bytes) => hash.update(bytes))
      .on('error', () => resolve(undefined))
      .on('end', () => resolve(`${extname(path)} ${hash.digest('hex')}`));
  });
  keepNewest(remembered, path, { version, digest }, REMEMBERED);
  return digest;
}

/** Whether two digests are of the same content; `undefined` if unknown, as compiled code is not compared with its source. */
export function sameDigest(one: string | undefined, other: string): boolean | undefined {
  if (one === undefined || one.split(' ', 1)[0] !== other.split(' ', 1)[0]) return undefined;
  return one === other;
}
