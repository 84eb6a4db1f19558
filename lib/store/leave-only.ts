import { losesNothing } from './backends/memory.js';
import type { StoreBackend, ValueShelf } from './store.js';

/** If at most one in so many values stays, they are moved: deleting a million others takes a second. */
const FEW = 4;

/** Returns a shelf with the values of `keep` alone, which all exist. A set of perhaps a million ids is built only if that is needed. */
export function leaveOnly(shelf: ValueShelf, keep: readonly string[], backend: StoreBackend): ValueShelf {
  let count = 0;
  for (const _ of shelf.ids()) count += 1;
  if (count === keep.length) return shelf;
  if (losesNothing(shelf) && keep.length * FEW <= count) {
    const few = backend.open();
    for (const id of keep) few.put(id, shelf.get(id)!);
    return few;
  }
  const kept = new Set(keep);
  const gone: string[] = [];
  for (const id of shelf.ids()) if (!kept.has(id)) gone.push(id);
  for (const id of gone) shelf.delete(id);
  return shelf;
}
