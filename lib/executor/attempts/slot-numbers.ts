/** How many slots one word of bits stands for. */
const BITS = 32;

/** Numbers what runs at once: each takes the lowest number that is free, and gives it back. */
export class SlotNumbers {
  /** A bit for each number that is taken. */
  readonly #words: number[] = [0];
  /** No number below those of this word is free. */
  #from = 0;

  /** Takes the lowest free number. */
  take(): number {
    const words = this.#words;
    while (words[this.#from] === -1) {
      this.#from += 1;
      if (this.#from === words.length) words.push(0);
    }
    const word = words[this.#from]!;
    const lowest = ~word & (word + 1);
    words[this.#from] = word | lowest;
    return this.#from * BITS + (BITS - 1 - Math.clz32(lowest));
  }

  /** Gives a number back that was taken. */
  free(number: number): void {
    const at = Math.floor(number / BITS);
    this.#words[at]! &= ~(1 << (number % BITS));
    if (at < this.#from) this.#from = at;
  }
}
