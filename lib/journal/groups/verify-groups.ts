import type { RecordedGroup } from '../journal.js';
import { groupChecksum, isSameBytes } from './checksum.js';

/** A group as it lies in a journal: with what is needed to see that it is whole. */
export interface StoredGroup extends RecordedGroup {
  /** How long the bytes were when they were written. */
  readonly sizeBytes: number;
  readonly checksum: Uint8Array;
}

/**
 * Passes on the groups that are whole. A last group that is shorter than it was is torn, and left out. Any other difference is damage:
 * `damaged` makes the error that the iteration ends with, and says what is wrong.
 */
export async function* verifiedGroups(
  runId: string,
  groups: AsyncIterable<StoredGroup>,
  damaged: (what: string) => Error,
): AsyncGenerator<RecordedGroup> {
  let torn: StoredGroup | undefined;
  for await (const group of groups) {
    if (torn) throw damaged(`group ${torn.sequence} of epoch ${torn.epoch} is shorter than it was`);
    const { epoch, sequence, bytes } = group;
    if (bytes.length < group.sizeBytes) torn = group;
    else if (!isSameBytes(group.checksum, groupChecksum(runId, epoch, sequence, bytes))) {
      throw damaged(`group ${sequence} of epoch ${epoch} is not what was written`);
    } else yield { epoch, sequence, bytes };
  }
}
