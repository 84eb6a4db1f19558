import type { LimitedWork } from '../../files/index.js';
import type { ValueStore } from '../../store/index.js';
import type { StoredValue } from '../../value/index.js';

/**
 * Writes a large value when it is its turn. Until then the store keeps it, counts it, and may have it on its disk. A live value is packed
 * now, as its user may change it. Rejects if it cannot be packed, read or written.
 */
export async function writeLarge<T>(
  value: StoredValue,
  write: (parts: readonly Uint8Array[]) => Promise<T>,
  { writing, store }: WritingPlace,
): Promise<T> {
  const live = value.isPacked ? undefined : [value.pack('result')];
  const letGo = store.keepFor(value);
  try {
    return await writing.run(async () => write(live ?? (value.away ? [await value.away.read()] : value.toParts('result'))));
  } finally {
    letGo();
  }
}

/** Where large values wait to be written. */
interface WritingPlace {
  readonly writing: LimitedWork;
  readonly store: Pick<ValueStore, 'keepFor'>;
}
