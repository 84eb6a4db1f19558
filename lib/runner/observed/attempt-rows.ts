// Brain: pure.

/** A row takes 48 bytes: its end in 8, then ten numbers of 4 bytes each. */
export const ROW_BYTES = 48;
/** How many numbers of 4 bytes a row takes. */
export const WORDS = ROW_BYTES / 4;
/** The same in numbers of 8 bytes. */
export const DOUBLES = ROW_BYTES / 8;
/** The places of the numbers of 4 bytes in a row. The end comes first, and the slot shares its place with the outcome. */
export const [WAIT, FETCH, LOAD, RUN, PACK, HAND_OVER, INDEX, ATTEMPT, NODE, SLOT] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;
/** The outcome has the lowest bits of its place, the slot the others. */
export const OUTCOME_BITS = 3;
/** The bits of the outcome. */
export const OUTCOME_MASK = (1 << OUTCOME_BITS) - 1;
/** A slot has 29 bits: a larger number is kept as the largest. */
export const MOST_SLOT = 2 ** (32 - OUTCOME_BITS) - 1;

/** A run with at most so many rows shares a block with others. */
const SHARED_UP_TO = 32;

/** The rows of a shared block: 24 KiB stay as long as one of its runs does. */
const SHARED_ROWS = 512;

/** Rows in one piece of memory, seen as numbers of each kind. */
export class RowBlock {
  readonly ends: Float64Array;
  readonly phases: Float32Array;
  readonly words: Uint32Array;

  constructor(rows: number) {
    const block = new ArrayBuffer(rows * ROW_BYTES);
    this.ends = new Float64Array(block);
    this.phases = new Float32Array(block);
    this.words = new Uint32Array(block);
  }
}

/** The block of all runs before their first attempt. */
export const NO_ROWS = new RowBlock(0);

/**
 * The block that small runs share. A block of memory with three views of it costs more than a small run has otherwise for its attempts.
 * Rows are taken once, and not given back: the block goes with the last of its runs.
 */
class SharedRows {
  #block = NO_ROWS;
  #taken = SHARED_ROWS;

  /** The block of the rows that were taken last. */
  get block(): RowBlock {
    return this.#block;
  }

  /** Takes rows that follow each other. Returns the first. */
  take(rows: number): number {
    if (rows > SHARED_UP_TO) {
      this.#block = new RowBlock(rows);
      this.#taken = SHARED_ROWS;
      return 0;
    }
    if (this.#taken + rows > SHARED_ROWS) {
      this.#block = new RowBlock(SHARED_ROWS);
      this.#taken = 0;
    }
    const first = this.#taken;
    this.#taken += rows;
    return first;
  }
}

/** The rows of all runs. */
export const sharedRows = new SharedRows();
