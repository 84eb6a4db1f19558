import { readdirSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeOptions } from '../../lib/index.js';
import { smallDisk } from '../support/small-disk.js';
import type { Harm } from './assault.js';
import { mapWorkload, type ValueSizes, type Workload } from './workload.js';

const NODES = 4;
const CPU = 2;
const MIB = 2 ** 20;
/** So much of its values stays in the memory of a node. A run makes several times as much. */
const VALUE_MEMORY_MIB = 16;
/** The disk of all nodes. */
const DISK_MIB = 640;
const FILLED_WITH = Buffer.alloc(MIB);

/** Values that do not fit into memory, on a small disk that is full from time to time. */
export interface ValueMode {
  readonly nodes: readonly NodeOptions[];
  readonly sizes: ValueSizes;
  readonly slots: number;
  /** What a run may fail with beside losses: a value that fits nowhere while the disk is full. */
  readonly explained: ReadonlySet<string>;
  /** Makes a map over a large array. */
  map(dagId: string, salt: number, random: () => number): Workload;
  readonly harms: readonly Harm[];
  /** What is left of values on the disk once the nodes have stopped. */
  left(): readonly string[];
  close(): Promise<void>;
}

/** Opens the disk. Without the right to mount one, nothing fills it. */
export async function openValueMode(): Promise<ValueMode> {
  const disk = await smallDisk(DISK_MIB * 1024);
  const path = disk?.path ?? (await mkdtemp(join(tmpdir(), 'handoff-soak-')));
  if (!disk) console.log('this user may not mount a small disk: none is filled');
  const filler = join(path, 'filler');
  const fill = async (): Promise<void> => {
    const file = await open(filler, 'w');
    try {
      for (;;) await file.write(FILLED_WITH);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  };
  const full: Harm = { kind: 'disk full', holds: ['disk'], wrong: fill, repair: () => rm(filler, { force: true }), forMs: [500, 8000] };
  return {
    nodes: Array.from({ length: NODES }, (_, at) => ({
      capabilities: { cpu: CPU },
      threadHeapMiB: 256,
      valueMemoryMiB: VALUE_MEMORY_MIB,
      dataDir: join(path, `n${at + 1}`),
    })),
    sizes: { least: 70 * 1024, most: 6 * MIB, shrunk: 16 },
    slots: NODES * CPU,
    explained: new Set(['HANDOFF_NODE_LOST', 'HANDOFF_RESULT_LOST', 'HANDOFF_STORAGE_FAILED']),
    map: (dagId, salt, random) => mapWorkload(dagId, 8 + Math.floor(random() * 60), MIB, salt),
    harms: disk ? [full] : [],
    left: () => filesIn(path).filter((file) => /\/spill\/./.test(file)),
    close: async () => {
      await (disk ? disk.remove() : rm(path, { recursive: true, force: true }));
    },
  };
}

function filesIn(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
