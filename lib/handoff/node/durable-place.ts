import { DataDir, DiskShelf, type Journal, type JournalOptions, journals, LargeValues, ValueSweep } from '../../journal/index.js';
import type { DurablePlace } from '../../runner/index.js';
import type { CheckedNodeOptions } from '../options/node-options.js';
import type { Environment } from './environment.js';

const MIB = 1 << 20;

/**
 * Opens the place where the node's durable runs are recorded; `undefined` where its options name none. Rejects with
 * `HANDOFF_STORAGE_FAILED` and its reason; with `unreachable` once a database has not answered for `joinTimeoutMs`.
 */
export async function openDurablePlace(options: CheckedNodeOptions, environment: Environment): Promise<DurablePlace | undefined> {
  const { name: node, dataDir, leaseMs, journalWaitMs, recordsForMs, network, values, logger } = options;
  const { openJournal, openShelf, aroundStore, clock } = environment;
  const openTimeoutMs = network.joinTimeoutMs;
  const given: JournalOptions = { node, clock, leaseMs, openTimeoutMs, ...(aroundStore && { around: aroundStore }) };
  if (!openJournal && dataDir === undefined && options.journal === undefined) return undefined;
  // With both, the records are in the database; the folder is this node's own all the same.
  const folder = dataDir === undefined ? undefined : await DataDir.open(dataDir);
  try {
    const journal = await (openJournal?.(given) ?? openNamed(options.journal, folder, given));
    const largeValues = folder && new LargeValues(folder, logger);
    const sweep = largeValues && new ValueSweep(largeValues, { journal, clock, recordsForMs, logger });
    await largeValues?.takeStock();
    sweep?.begin();
    const limitBytes = Math.floor(values.cacheMiB * MIB);
    const shelf = (await openShelf?.()) ?? (folder && new DiskShelf(folder, { limitBytes, clock, logger }));
    const close = async (): Promise<void> => {
      await sweep?.close();
      await shelf?.close();
      await journal.close();
      await largeValues?.close();
      folder?.close();
    };
    // A folder is locked, so no other node uses its journal.
    const isShared = openJournal !== undefined || options.journal !== undefined;
    return { journal, journalWaitMs, leaseMs: isShared ? leaseMs : Number.POSITIVE_INFINITY, largeValues, shelf, close };
  } catch (error) {
    folder?.close();
    throw error;
  }
}

const openNamed = (url: string | undefined, folder: DataDir | undefined, options: JournalOptions): Promise<Journal> =>
  url === undefined ? journals.sqlite(folder!, options) : journals.postgres(url, options);
