/** Asynchronous work of which only so much goes on at once; the rest waits in order. */
export class LimitedWork {
  readonly #most: number;
  #busy = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Begins the work when it is its turn: now, if there is room. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.#most) return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#perform(work));
    this.#busy += 1;
    return this.#perform(work);
  }

  /** Resolves when nothing goes on, and nothing waits. */
  async idle(): Promise<void> {
    while (this.#busy > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #perform<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#busy -= 1;
      if (this.#busy === 0) for (const tell of this.#idle.splice(0)) tell();
    }
  }
}
