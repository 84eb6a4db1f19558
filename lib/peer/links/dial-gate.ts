/** How many dials of unproved addresses go on at once. */
const MOST = 8;

/** How many of those for what one node has told: another's word is not to wait for them. */
const MOST_OF_ONE = 4;

interface Waiting {
  readonly teller: string;
  readonly begin: () => void;
}

/**
 * Lets few dials go on at once to addresses that were only told of, whoever is there: of each teller four, of all eight, in turn. So
 * somebody who tells of thousands keeps nobody from finding those that another has told of.
 */
export class DialGate {
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #inside = new Map<string, number>();
  #count = 0;

  /** Calls `begin`, now or later. Returns how to leave, or to give up the place in the line; to be called once the dial is over. */
  enter(teller: string, begin: () => void): () => void {
    const one: Waiting = { teller, begin };
    const line = this.#waiting.get(teller) ?? new Set();
    this.#waiting.set(teller, line);
    line.add(one);
    this.#admit();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (this.#isWaiting(one)) return this.#leaveLine(one);
      this.#count -= 1;
      const inside = this.#inside.get(teller)! - 1;
      if (inside > 0) this.#inside.set(teller, inside);
      else this.#inside.delete(teller);
      this.#admit();
    };
  }

  #isWaiting(one: Waiting): boolean {
    return this.#waiting.get(one.teller)?.has(one) === true;
  }

  #leaveLine(one: Waiting): void {
    const line = this.#waiting.get(one.teller)!;
    line.delete(one);
    if (line.size === 0) this.#waiting.delete(one.teller);
  }

  #admit(): void {
    for (const [teller, line] of [...this.#waiting]) {
      if (this.#count >= MOST) return;
      if ((this.#inside.get(teller) ?? 0) >= MOST_OF_ONE) continue;
      const [one] = line;
      this.#leaveLine(one!);
      // To the end of the tellers.
      if (line.size > 0) {
        this.#waiting.delete(teller);
        this.#waiting.set(teller, line);
      }
      this.#count += 1;
      this.#inside.set(teller, (this.#inside.get(teller) ?? 0) + 1);
      one!.begin();
      return this.#admit();
    }
  }
}
