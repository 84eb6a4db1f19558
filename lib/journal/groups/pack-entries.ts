// Brain: pure.
/** The longest varint of a number below 2^53, bytes. */
const LONGEST_VARINT = 8;
const LOW_BITS = 0x7f;
const MORE = 0x80;

/** Grows by doubling, so that a group is copied at most once on average. */
class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  number(value: number): void {
    let rest = value;
    while (rest > LOW_BITS) {
      this.bytes[this.length++] = (rest % MORE) + MORE;
      rest = Math.floor(rest / MORE);
    }
    this.bytes[this.length++] = rest;
  }
}

/**
 * Packs the entries of a group into the bytes that `append` takes, some 3 to 6 bytes each beside their own. The result has memory of its
 * own, no larger than twice what it needs.
 */
export function packEntries(entries: readonly JournalEntry[]): Uint8Array {
  const writer = new ByteWriter(64 + entries.length * 32);
  for (const { kind, index, bytes } of entries) {
    writer.reserve(1 + 2 * LONGEST_VARINT + bytes.length);
    writer.bytes[writer.length++] = kind;
    writer.number(index);
    writer.number(bytes.length);
    writer.bytes.set(bytes, writer.length);
    writer.length += bytes.length;
  }
  return writer.bytes.subarray(0, writer.length);
}

/**
 * Returns the entries of a group. Their bytes are views of `group`. Throws a `RangeError` for bytes that `packEntries` did not make, which
 * the checksum of a group detects first.
 */
export function unpackEntries(group: Uint8Array): JournalEntry[] {
  const entries: JournalEntry[] = [];
  let at = 0;
  const number = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = group[at++];
      if (byte === undefined || scale > Number.MAX_SAFE_INTEGER) throw new RangeError(`Cannot unpack a group: it ends at byte ${at}`);
      value += (byte % MORE) * scale;
      if (byte < MORE) return value;
      scale *= MORE;
    }
  };
  while (at < group.length) {
    const kind = group[at++]!;
    const index = number();
    const end = number() + at;
    if (end > group.length) throw new RangeError(`Cannot unpack a group: an entry ends at byte ${end} of ${group.length}`);
    entries.push({ kind, index, bytes: group.subarray(at, end) });
    at = end;
  }
  return entries;
}

/** One recorded thing of a run. The journal does not look into it. */
export interface JournalEntry {
  /** The kind of the record, 0 to 127: the runner's own numbers. */
  readonly kind: number;
  /** The number of the function in the plan, from 0; 0 if the entry belongs to no function. */
  readonly index: number;
  /** The record, packed. It may be a view of memory that is shared or used again: it is copied. */
  readonly bytes: Uint8Array;
}
