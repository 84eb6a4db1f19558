// Brain: pure.

/** Why the disk takes nothing now. */
export type SpillRefusal = 'full' | 'not-writable';

/**
 * How much room there is for spilled values: what is left of the bound, and nothing while the disk itself refuses. Each change of state is
 * news once, so that one line is logged of it.
 */
export class SpillRoom {
  /** The most that files may take, bytes. */
  readonly limitBytes: number;
  #usedBytes = 0;
  #refusal: SpillRefusal | undefined;
  /** The size of the smallest value that the disk refused, or that did not fit into the bound; 0 if there is none. */
  #refusedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes that files take, and those that are being written will. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** How many more bytes there is room for. */
  get freeBytes(): number {
    return this.#refusal ? 0 : Math.max(0, this.limitBytes - this.#usedBytes);
  }

  /** Why the disk refuses; `undefined` while it does not. */
  get refusal(): SpillRefusal | undefined {
    return this.#refusal;
  }

  /** How much it must take to be asked again, bytes. */
  get refusedBytes(): number {
    return this.#refusedBytes;
  }

  /** Takes room for a value, if there is some. Returns why not; `isNews` the first time. */
  take(sizeBytes: number): { readonly refusal: SpillRefusal; readonly isNews: boolean } | undefined {
    if (this.#refusal) return { refusal: this.#refusal, isNews: false };
    if (sizeBytes > this.freeBytes) {
      const isNews = this.#refusedBytes === 0;
      this.#smallestRefused(sizeBytes);
      return { refusal: 'full', isNews };
    }
    this.#usedBytes += sizeBytes;
    return undefined;
  }

  /** Room is free again. Returns whether there is enough now for what did not fit. */
  give(sizeBytes: number): boolean {
    this.#usedBytes -= sizeBytes;
    if (this.#refusal || this.#refusedBytes === 0 || this.freeBytes < this.#refusedBytes) return false;
    this.#refusedBytes = 0;
    return true;
  }

  /** The disk has refused a value. Returns whether that is news. */
  refuse(refusal: SpillRefusal, sizeBytes: number): boolean {
    const isNews = this.#refusal !== refusal;
    if (!this.#refusal) this.#refusedBytes = 0;
    this.#refusal = refusal;
    this.#smallestRefused(sizeBytes);
    return isNews;
  }

  /** The disk takes values again. */
  accept(): void {
    this.#refusal = undefined;
    this.#refusedBytes = 0;
  }

  #smallestRefused(sizeBytes: number): void {
    this.#refusedBytes = this.#refusedBytes === 0 ? sizeBytes : Math.min(this.#refusedBytes, sizeBytes);
  }
}
