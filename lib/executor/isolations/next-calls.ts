/** How many calls lie at a thread at most. */
export const MOST_LYING = 4;

/** No call may begin. Keys of calls count from 1. */
const NONE = 0;

/** The largest key that a word of memory holds. */
const LAST_KEY = 2 ** 31 - 1;

/** Returns the key of the call after one: by the time that keys begin anew, the calls that had them are long over. */
export const keyAfter = (key: number): number => (key === LAST_KEY ? 1 : key + 1);

/**
 * Says which calls that lie at a thread may begin there when the one before has ended, in their order. The pool and the thread share a word
 * of memory for each: the first change decides whether the call begins, or is taken back.
 */
export class NextCalls {
  /** By place, the key of a call that may begin; negative once it has begun. One more than lie: what has just begun keeps its own. */
  readonly words = new Int32Array(new SharedArrayBuffer((MOST_LYING + 1) * Int32Array.BYTES_PER_ELEMENT));
  readonly #free = Array.from(this.words.keys()).reverse();

  /** Allows a call to begin. Returns its place, which is its own until it is taken back or given free. */
  allow(key: number): number {
    const place = this.#free.pop()!;
    Atomics.store(this.words, place, key);
    return place;
  }

  /** Takes a call back. Returns false if it has begun. */
  takeBack(place: number, key: number): boolean {
    const isBack = Atomics.compareExchange(this.words, place, key, NONE) === key;
    if (isBack) this.#free.push(place);
    return isBack;
  }

  /** Whether a call has begun. */
  hasBegun(place: number, key: number): boolean {
    return Atomics.load(this.words, place) === -key;
  }

  /** A call that lay has ended. */
  free(place: number): void {
    this.#free.push(place);
  }
}

/** Taken before user code can change it. */
const { compareExchange } = Atomics;

/** In the thread: begins a call that lies. Returns false if it was taken back. */
export const beginCall = (words: Int32Array, place: number, key: number): boolean => compareExchange(words, place, key, -key) === key;
