import { losesNothing } from './backends/memory.js';
import { IndexedShelf } from './indexed-shelf.js';
import type { StoreBackend, ValueShelf } from './store.js';

/** If at most one in so many values stays, they are moved: deleting a million others takes a second. */
const FEW = 4;

/** So many are always moved from a shelf by number, which refers to the ids of its run. */
const SOON_MOVED = 64;

/** Returns a shelf with the values of `keep` alone. A set of perhaps a million ids is built only if that is needed. */
export function leaveOnly(shelf: ValueShelf, keep: readonly string[], backend: StoreBackend): ValueShelf {
  const isByNumber = shelf instanceof IndexedShelf;
  const count = isByNumber ? shelf.count : countOf(shelf);
  const isSoonMoved = isByNumber && keep.length <= SOON_MOVED;
  if (isByNumber && !isSoonMoved) shelf.forgetPlan();
  if (count === keep.length && !isSoonMoved) return shelf;
  if (isSoonMoved || (losesNothing(shelf) && keep.length * FEW <= count)) {
    const few = backend.open();
    for (const id of keep) {
      const value = shelf.get(id);
      if (value) few.put(id, value);
    }
    return few;
  }
  const kept = new Set(keep);
  const gone: string[] = [];
  for (const id of shelf.ids()) if (!kept.has(id)) gone.push(id);
  for (const id of gone) shelf.delete(id);
  return shelf;
}

function countOf(shelf: ValueShelf): number {
  let count = 0;
  for (const _ of shelf.ids()) count += 1;
  return count;
}
