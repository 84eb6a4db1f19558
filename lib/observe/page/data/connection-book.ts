// Brain: pure.
import type { Connection } from './data-source.js';

const RANK: readonly Connection['state'][] = ['refused', 'lost', 'connecting', 'open', 'embedded'];

/** How the page is connected, from how each of its streams is: the worst counts, and of lost ones the earliest. */
export class ConnectionBook {
  readonly #streams = new Map<object, Connection>();

  set(stream: object, connection: Connection): void {
    this.#streams.set(stream, connection);
  }

  delete(stream: object): void {
    this.#streams.delete(stream);
  }

  /** `undefined` without streams: nothing is known anew. */
  get connection(): Connection | undefined {
    let worst: Connection | undefined;
    for (const one of this.#streams.values()) {
      const order = worst ? RANK.indexOf(one.state) - RANK.indexOf(worst.state) : -1;
      const isEarlier = one.state === 'lost' && worst?.state === 'lost' && one.sinceMs < worst.sinceMs;
      if (order < 0 || isEarlier) worst = one;
    }
    return worst;
  }
}
