import { RecordReader, type RunHistory } from '../../lib/runner/durable/record/record-reader.js';
import { readEntries } from '../../lib/runner/durable/record/records.js';

/** Reads which successes the groups of one run hold, with values that are in the record too: the ids of the functions. */
export function recordedSuccesses(groups: Iterable<{ readonly epoch: number; readonly bytes: Uint8Array }>): ReadonlySet<string> {
  const reader = new RecordReader(false);
  for (const { epoch, bytes } of groups) {
    reader.begin({ epoch, sequence: 0, bytes });
    readEntries(bytes, reader);
  }
  const found = new Set<string>();
  const { history } = reader;
  if (!history) return found;
  const { plan, successes, failed } = history;
  for (let number = 0; number < plan.size; number += 1) {
    if (successes.epochOf(number) > 0 && successes.hasValue(number) && !failed.has(number)) found.add(plan.ids[number]!);
    addParts(history, number, plan.ids[number]!, found);
  }
  return found;
}

function addParts(history: RunHistory, composite: number, id: string, found: Set<string>): void {
  const { parts } = history;
  const known = parts.of(composite);
  if (!known) return;
  for (let place = 0; place < known.total; place += 1) {
    const part = known.start + place;
    const own = known.plan ? `${id}/${known.plan.ids[place]!}` : `${id}[${place}]`;
    if (parts.successes.epochOf(part) > 0 && parts.successes.hasValue(part) && !parts.failed.has(part)) found.add(own);
    addParts(history, ~part, own, found);
  }
}
