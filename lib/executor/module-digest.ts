import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CodePlace, resolveModule } from './module-resolution.js';

/**
 * What the file of a module holds on this node, as `.ts sha256`: nodes that have different files under one name run different code. `undefined` where
 * there is no such file. Read at once, as it is small and is about to be loaded, or has been.
 */
export function moduleDigest(module: string, place: CodePlace): string | undefined {
  try {
    const path = fileURLToPath(resolveModule(module, place));
    return `${extname(path)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  } catch {
    return undefined;
  }
}

/** Whether two digests are of the same content; `undefined` where that cannot be told: what was compiled is not compared with its source. */
export function sameDigest(one: string | undefined, other: string): boolean | undefined {
  if (one === undefined || one.split(' ', 1)[0] !== other.split(' ', 1)[0]) return undefined;
  return one === other;
}
