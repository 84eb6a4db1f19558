import { SHARED_FROM_BYTES } from '../value/index.js';

/** Parts in memory that no other thread can read are copied, so much at once, bytes: the event loop is blocked for some 0.3 ms. */
const COPIED_AT_ONCE = 1 << 20;

/** Parts of a value for the thread: shared memory as it is, everything else copied. */
export interface PartBundle {
  readonly pieces: readonly Uint8Array[];
  /** The memory of the copies, which the thread gets for its own. */
  readonly copies: readonly ArrayBuffer[];
  /** Whether it is the last one. */
  readonly isWhole: boolean;
}

/** Makes the parts ready for the thread, one bundle after the other. */
export function* bundlesOf(parts: readonly Uint8Array[]): Generator<PartBundle, void> {
  let left = parts.reduce((sum, { length }) => sum + length, 0);
  let bundle = new OpenBundle(left);
  for (const part of parts) {
    if (part.buffer instanceof SharedArrayBuffer && part.length >= SHARED_FROM_BYTES) {
      bundle.share(part);
      left -= part.length;
      continue;
    }
    for (let at = 0; at < part.length; ) {
      const count = bundle.copy(part, at);
      at += count;
      left -= count;
      if (bundle.isFull && left > 0) {
        yield bundle.close(false);
        bundle = new OpenBundle(left);
      }
    }
  }
  yield bundle.close(true);
}

class OpenBundle {
  readonly #left: number;
  readonly #pieces: Uint8Array[] = [];
  readonly #copies: ArrayBuffer[] = [];
  #memory: Uint8Array<ArrayBuffer> | undefined;
  /** Where the bytes of the memory begin that are no piece yet, and where they end. */
  #begin = 0;
  #end = 0;

  constructor(left: number) {
    this.#left = left;
  }

  get isFull(): boolean {
    return this.#end === this.#memory?.length;
  }

  share(part: Uint8Array): void {
    this.#endPiece();
    this.#pieces.push(part);
  }

  /** Copies as much as there is room for. */
  copy(part: Uint8Array, from: number): number {
    this.#memory ??= new Uint8Array(Math.min(COPIED_AT_ONCE, this.#left));
    const count = Math.min(part.length - from, this.#memory.length - this.#end);
    this.#memory.set(from === 0 && count === part.length ? part : part.subarray(from, from + count), this.#end);
    this.#end += count;
    return count;
  }

  close(isWhole: boolean): PartBundle {
    this.#endPiece();
    if (this.#memory) this.#copies.push(this.#memory.buffer);
    return { pieces: this.#pieces, copies: this.#copies, isWhole };
  }

  #endPiece(): void {
    if (this.#end > this.#begin) this.#pieces.push(this.#memory!.subarray(this.#begin, this.#end));
    this.#begin = this.#end;
  }
}
