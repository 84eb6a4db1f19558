import { createHash, type Hash } from 'node:crypto';

/** The length of a checksum, bytes: a changed byte goes unnoticed once in 2^64 times. */
const CHECKSUM_BYTES = 8;

const finished = (hash: Hash): Uint8Array => new Uint8Array(hash.digest().subarray(0, CHECKSUM_BYTES));

/** Covers the bytes of a group and where they belong, so that a group in another's place is noticed too. */
export function groupChecksum(runId: string, epoch: number, sequence: number, bytes: Uint8Array): Uint8Array {
  return finished(createHash('sha256').update(`${runId} ${epoch} ${sequence} `).update(bytes));
}

/** Covers the fields of a row, in order. */
export function rowChecksum(fields: readonly (string | number | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const field of fields) {
    const bytes = typeof field === 'object' ? field : Buffer.from(`${field}`);
    hash.update(`${bytes.length} `).update(bytes);
  }
  return finished(hash);
}

/** Whether two sequences of bytes, such as checksums, are the same. */
export const isSameBytes = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
