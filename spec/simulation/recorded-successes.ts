import { readEntries } from '../../lib/runner/durable/records.js';
import type { SimulatedJournals } from '../../lib/testing/simulation/simulated-journals.js';

/** Reads which successes of a run its journal has acknowledged, with values that are recorded too: the ids of the functions. */
export function recordedSuccesses({ acknowledged }: SimulatedJournals, runId: string): ReadonlySet<string> {
  const found = new Set<string>();
  let ids: readonly string[] = [];
  const nodes = new Map<number, string>();
  for (const group of acknowledged) {
    if (group.runId !== runId) continue;
    readEntries(group.bytes, group.epoch, nodes, {
      opening: ({ planned }) => {
        ids = planned?.plan.ids ?? ids;
      },
      success: (index, { value }) => {
        if (value) found.add(ids[index]!);
      },
      failure: (index) => void found.delete(ids[index]!),
    });
  }
  return found;
}
