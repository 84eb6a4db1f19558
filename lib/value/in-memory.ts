import { JoinedBytes } from './joined-bytes.js';
import { StoredValue } from './stored-value.js';

/** Returns a value that is in memory as a whole: this one, if it is, else a copy. Rejects as reading does. */
export async function inMemory(held: StoredValue): Promise<StoredValue> {
  if (!held.hasAway) return held;
  return StoredValue.packed(await (held.away ?? new JoinedBytes(held.toSources('result'))).read(), held.origin);
}
