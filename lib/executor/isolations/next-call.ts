/** No call may begin. Keys of calls count from 1. */
const NONE = 0;

/**
 * Says which call that lies at a thread may begin there next. The pool and the thread share one word of memory for it: the first change
 * decides whether the call begins, or is taken back. There are two words in turn: when a call has moved up, and may not have begun
 * yet, the next one can lie already.
 */
export class NextCall {
  /** By place, the key of the call that may begin; negative once it has begun. */
  readonly words = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  /** The place of the call that lies. */
  #place = 0;

  /** Allows a call to begin when the one before it ends. Returns its place. */
  allow(key: number): number {
    Atomics.store(this.words, this.#place, key);
    return this.#place;
  }

  /** The call before it has ended: what lies begins, and cannot be taken back any more. */
  moveUp(): void {
    this.#place = 1 - this.#place;
  }

  /** Takes the call back that lies. Returns false if it has begun. */
  takeBack(key: number): boolean {
    return Atomics.compareExchange(this.words, this.#place, key, NONE) === key;
  }

  /** Whether the call that lies has begun. */
  hasBegun(key: number): boolean {
    return Atomics.load(this.words, this.#place) === -key;
  }
}

/** Taken before user code can change it. */
const { compareExchange } = Atomics;

/** In the thread: begins a call that lies. Returns false if it was taken back. */
export const beginCall = (words: Int32Array, place: number, key: number): boolean => compareExchange(words, place, key, -key) === key;
