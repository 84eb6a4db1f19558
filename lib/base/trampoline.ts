/**
 * Keeps a piece of work from nesting in itself. Code that the work calls may ask for it again: that call is refused and remembered, and the
 * one inside looks once more before it leaves. So listeners and strategies may call anything, and the stack stays flat.
 *
 * ```ts
 * if (!trampoline.enter()) return;
 * try {
 *   while (trampoline.next()) work();
 * } finally {
 *   trampoline.leave();
 * }
 * ```
 *
 * Work that empties a queue of its own looks at that instead of `next`. Not a class around a callback: a call through a closure for each
 * event would show in a run of small functions.
 */
export class Trampoline {
  #isInside = false;
  #isWanted = false;

  /** Whether the work has been asked for and not been looked at by `next`. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Requests the work without doing it: the next caller that enters finds it requested. */
  want(): void {
    this.#isWanted = true;
  }

  /** Asks for the work. Returns whether the caller has to do it, and to `leave` after; false from within. */
  enter(): boolean {
    this.#isWanted = true;
    if (this.#isInside) return false;
    this.#isInside = true;
    return true;
  }

  /** Whether there is something to do: the work was asked for since the last call. */
  next(): boolean {
    const isWanted = this.#isWanted;
    this.#isWanted = false;
    return isWanted;
  }

  /** The work is done, or has failed: the next call may enter. */
  leave(): void {
    this.#isInside = false;
  }
}
