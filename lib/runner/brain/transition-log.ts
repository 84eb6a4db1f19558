// Brain: pure.
import type { FunctionEvent, FunctionState } from './function-state.js';

const LENGTH = 1000;

/** The last 1,000 transitions of a run, for the message of the error that should never be thrown. */
export class TransitionLog {
  readonly #entries: [number, number, FunctionState, FunctionEvent, FunctionState][] = [];
  #next = 0;

  add(atMs: number, index: number, from: FunctionState, event: FunctionEvent, to: FunctionState): void {
    const entry = this.#entries[this.#next];
    if (entry) {
      entry[0] = atMs;
      entry[1] = index;
      entry[2] = from;
      entry[3] = event;
      entry[4] = to;
    } else this.#entries.push([atMs, index, from, event, to]);
    this.#next = (this.#next + 1) % LENGTH;
  }

  /** One line a transition, the oldest first. */
  tell(nameOf: (index: number) => string): string {
    const inOrder = [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
    return inOrder.map(([atMs, index, from, event, to]) => `${atMs.toFixed(1)} ${nameOf(index)} ${from} --${event}--> ${to}`).join('\n');
  }
}
