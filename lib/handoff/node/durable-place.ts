import { DataDir, journals } from '../../journal/index.js';
import type { DurablePlace } from '../../runner/index.js';
import type { CheckedNodeOptions } from '../options/node-options.js';
import type { Environment } from './environment.js';

/** How long a silent driver keeps its runs where several nodes share a journal, ms. */
const LEASE_MS = 10_000;

/**
 * Opens the place where the node's durable runs are recorded; `undefined` where its options name none. Rejects with
 * `HANDOFF_STORAGE_FAILED` and its reason.
 */
export async function openDurablePlace(
  { name, dataDir, journalWaitMs }: CheckedNodeOptions,
  { openJournal, clock }: Environment,
): Promise<DurablePlace | undefined> {
  if (openJournal) {
    const journal = await openJournal({ node: name, clock, leaseMs: LEASE_MS });
    return { journal, journalWaitMs, close: () => journal.close() };
  }
  if (dataDir === undefined) return undefined;
  const folder = await DataDir.open(dataDir);
  try {
    const journal = await journals.sqlite(folder, { node: name, clock });
    const close = async (): Promise<void> => {
      await journal.close();
      folder.close();
    };
    return { journal, journalWaitMs, close };
  } catch (error) {
    folder.close();
    throw error;
  }
}
