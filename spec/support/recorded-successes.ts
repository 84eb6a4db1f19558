import { OpeningReader } from '../../lib/runner/durable/record/opening-record.js';
import { readEntries, readSuccess, type SuccessFields } from '../../lib/runner/durable/record/records.js';

/** Reads which successes the groups of one run hold, with values that are in the record too: the ids of the functions. */
export function recordedSuccesses(groups: Iterable<{ readonly bytes: Uint8Array }>): ReadonlySet<string> {
  const found = new Set<string>();
  const fields: SuccessFields = { attempt: 0, node: 0, sizeBytes: 0, tookMs: 0, begin: 0, end: 0, file: undefined, facts: undefined };
  const openings = new OpeningReader();
  let ids: readonly string[] = [];
  for (const { bytes } of groups) {
    readEntries(bytes, {
      opening: (reader) => {
        ids = openings.read(reader)?.planned?.plan.ids ?? ids;
      },
      node: () => {},
      success: (reader) => {
        readSuccess(reader, fields);
        if (fields.end > 0) found.add(ids[reader.index]!);
      },
      failure: (index) => void found.delete(ids[index]!),
    });
  }
  return found;
}
