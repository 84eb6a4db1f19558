import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDir, DiskShelf, type NewResult, type RememberedFile, type RememberedShelf } from '../../../lib/journal/index.js';
import { spyLogger } from '../../support/spy-logger.js';
import { testClock } from '../../support/test-clock.js';

/** A shelf of a folder, with what it was opened with. */
export interface ShelfPlace {
  readonly shelf: RememberedShelf;
  readonly clock: ReturnType<typeof testClock>;
  readonly lines: ReturnType<typeof spyLogger>['lines'];
  close(): Promise<void>;
}

/** Opens the shelf of a folder as a node does. */
export async function shelfIn(folder: string, limitBytes = 1 << 20, clock = testClock()): Promise<ShelfPlace> {
  const dataDir = await DataDir.open(folder);
  const logger = spyLogger();
  const shelf = new DiskShelf(dataDir, { limitBytes, clock, logger });
  return {
    shelf,
    clock,
    lines: logger.lines,
    async close() {
      await shelf.close();
      dataDir.close();
    },
  };
}

/** Some bytes, told apart by a number. */
export const bytesOf = (size: number, content: number): Uint8Array => new Uint8Array(size).fill(content);

/** The content that names a file. */
export const contentOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url');

/** The path of a file in its folder. */
export function pathOf(folder: string, { contentDigest }: RememberedFile): string {
  const name = Buffer.from(contentDigest, 'base64url').toString('hex');
  return join(folder, 'remembered', name.slice(0, 2), name);
}

/** A result in an entry. */
export const small = (content: number, size = 100): NewResult => ({
  digest: `digest ${content}`,
  held: { packed: bytesOf(size, content) },
});

/** A result in a file. */
export const large = (file: RememberedFile): NewResult => ({ digest: `digest of ${file.contentDigest}`, held: { file } });

/** The names of all files that lie in the folder of large values. */
export async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(join(folder, 'remembered'), { recursive: true, withFileTypes: true }).catch(() => []);
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}
