import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CodePlace, resolveModule } from './code.js';

/**
 * What the file of a module holds on this node, as `.ts sha256`: nodes that have different files under one name run different code. `undefined` where
 * there is no such file. The extension is part of it: what was compiled is not compared with its source.
 */
export async function moduleDigest(module: string, place: CodePlace): Promise<string | undefined> {
  try {
    const path = fileURLToPath(resolveModule(module, place));
    const content = await readFile(path);
    return `${extname(path)} ${createHash('sha256').update(content).digest('hex')}`;
  } catch {
    return undefined;
  }
}
