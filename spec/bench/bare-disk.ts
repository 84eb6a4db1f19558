import { closeSync, mkdtempSync, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK_BYTES = 4 * 2 ** 20;

/** How fast a disk takes files and gives them back, bytes a second. */
export interface DiskRates {
  readonly writeRate: number;
  readonly readRate: number;
}

/** Writes so many bytes as files of one size, then reads and deletes them in another order. Nothing else goes on in its process. */
export function bareDisk({ folder, totalBytes, fileBytes }: BareWork): Promise<DiskRates> {
  const home = mkdtempSync(join(folder, 'handoff-bench-'));
  try {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, fileBytes), 7);
    const paths = Array.from({ length: Math.ceil(totalBytes / fileBytes) }, (_, at) => join(home, String(at)));
    const begunMs = performance.now();
    for (const path of paths) {
      const file = openSync(path, 'w', 0o600);
      for (let done = 0; done < fileBytes; done += chunk.length) writeSync(file, chunk);
      closeSync(file);
    }
    const writtenMs = performance.now();
    for (const [at] of paths.entries()) {
      const path = paths[(at * 7919) % paths.length]!;
      const file = openSync(path, 'r');
      for (let done = 0; done < fileBytes; done += chunk.length) readSync(file, chunk);
      closeSync(file);
    }
    const readMs = performance.now();
    for (const path of paths) unlinkSync(path);
    const bytes = paths.length * fileBytes;
    return Promise.resolve({ writeRate: (bytes / (writtenMs - begunMs)) * 1000, readRate: (bytes / (readMs - writtenMs)) * 1000 });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** What is to be written and read. */
export interface BareWork {
  readonly folder: string;
  readonly totalBytes: number;
  readonly fileBytes: number;
}
