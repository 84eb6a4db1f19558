/** How many dials of unproved addresses may be in progress at once. */
const MOST = 8;

/** How many of those may come from one reporter, so that dials for other reporters need not wait for them. */
const MOST_OF_ONE = 4;

interface Waiting {
  readonly teller: string;
  readonly begin: () => void;
}

/**
 * Limits the dials in progress to addresses that other nodes reported: four for each reporter, eight in all, taken in turn. A node that
 * reports thousands of addresses cannot keep this node from dialling those that another reported.
 */
export class DialGate {
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #inside = new Map<string, number>();
  #count = 0;

  /** Calls `begin`, now or later. Returns a function that gives the place back, or leaves the queue. Call it once the dial is over. */
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
      // Moves the reporter to the end.
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
