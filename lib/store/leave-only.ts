import type { ValueShelf } from './store.js';

/** Deletes all values except `keep`, which all exist. A set of perhaps a million ids is built only if there is something to delete. */
export function leaveOnly(shelf: ValueShelf, keep: readonly string[]): void {
  let count = 0;
  for (const _ of shelf.ids()) count += 1;
  if (count === keep.length) return;
  const kept = new Set(keep);
  const gone: string[] = [];
  for (const id of shelf.ids()) if (!kept.has(id)) gone.push(id);
  for (const id of gone) shelf.delete(id);
}
