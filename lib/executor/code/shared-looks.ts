/**
 * Shares looks at things that may change. A look begins after it was asked for: all that ask for one while another is under way share the
 * next. If a look rejects, it does so for all that share it.
 */
export class SharedLooks<T> {
  readonly #running = new Map<string, { readonly look: Promise<T>; next: Promise<T> | undefined }>();

  /** `take` looks at what has that name. */
  look(name: string, take: () => Promise<T>): Promise<T> {
    const running = this.#running.get(name);
    if (!running) return this.#begin(name, take);
    const begin = (): Promise<T> => this.#begin(name, take);
    running.next ??= running.look.then(begin, begin);
    return running.next;
  }

  #begin(name: string, take: () => Promise<T>): Promise<T> {
    const running = { look: take(), next: undefined };
    this.#running.set(name, running);
    const over = (): void => {
      if (running.next === undefined) this.#running.delete(name);
    };
    running.look.then(over, over);
    return running.look;
  }
}
