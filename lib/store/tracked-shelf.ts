import { MOVABLE_BYTES, type StoredValue } from '../value/index.js';
import { IndexedShelf } from './indexed-shelf.js';
import { leaveOnly } from './leave-only.js';
import type { StoreBackend, ValueShelf } from './store.js';
import type { ValueMemory } from './value-memory.js';

/** A shelf that owns its values: the memory knows of those that may move. A lost value is not there any more. */
export class TrackedShelf {
  #shelf: ValueShelf;
  /** `undefined` where nothing ever leaves the memory, and for a shelf of a user's backend, which owns its values itself. */
  readonly #memory: ValueMemory | undefined;
  /** The values that may move, by id. */
  #movable: Map<string, StoredValue> | undefined;

  constructor(shelf: ValueShelf, memory: ValueMemory | undefined) {
    this.#shelf = shelf;
    this.#memory = memory;
  }

  get sizeBytes(): number {
    return this.#shelf.sizeBytes;
  }

  get shelf(): ValueShelf {
    return this.#shelf;
  }

  put(id: string, value: StoredValue, isSole = false): void {
    this.#shelf.put(id, value);
    this.#own(id, value, isSole);
  }

  get(id: string): StoredValue | undefined {
    const value = this.#shelf.get(id);
    return value?.isLost ? undefined : value;
  }

  delete(id: string): void {
    this.#shelf.delete(id);
    this.#disown(id);
  }

  /** The same by the number of a function, whose id is `id`. */
  putAt(index: number, id: string, value: StoredValue, isSole: boolean): void {
    const shelf = this.#shelf;
    if (shelf instanceof IndexedShelf) shelf.putAt(index, value);
    else shelf.put(id, value);
    this.#own(id, value, isSole);
  }

  at(index: number, ids: readonly string[]): StoredValue | undefined {
    const shelf = this.#shelf;
    const value = shelf instanceof IndexedShelf ? shelf.at(index) : shelf.get(ids[index]!);
    return value?.isLost ? undefined : value;
  }

  deleteAt(index: number, id: string): void {
    const shelf = this.#shelf;
    if (shelf instanceof IndexedShelf) shelf.deleteAt(index);
    else shelf.delete(id);
    this.#disown(id);
  }

  ids(): Iterable<string> {
    return this.#shelf.ids();
  }

  /** Keeps the values of these ids only, which exist and differ. */
  leaveOnly(keep: readonly string[], backend: StoreBackend): void {
    this.#shelf = leaveOnly(this.#shelf, keep, backend);
    for (const [id, value] of this.#movable ?? []) if (this.#shelf.get(id) !== value) this.#disown(id);
  }

  /** Nobody needs any of its values any more. */
  close(): void {
    for (const value of this.#movable?.values() ?? []) this.#memory!.disown(value);
    this.#movable = undefined;
  }

  #own(id: string, value: StoredValue, isSole: boolean): void {
    if (!this.#memory) return;
    const isMovable = value.sizeBytes >= MOVABLE_BYTES;
    const before = this.#movable?.get(id);
    if (!isMovable && !before) return;
    if (before === value) return;
    if (isMovable) {
      this.#movable ??= new Map();
      this.#movable.set(id, value);
      this.#memory.own(value, id, isSole);
    } else this.#movable!.delete(id);
    if (before) this.#memory.disown(before);
  }

  #disown(id: string): void {
    const value = this.#movable?.get(id);
    if (!value) return;
    this.#movable!.delete(id);
    this.#memory!.disown(value);
  }
}
