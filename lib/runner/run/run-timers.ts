import type { Clock, Timer } from '../../base/index.js';
import type { RunCommand, RunHappening } from '../brain/messages.js';

/** What a run waits for by itself: the rests of its functions, and its next turn of the event loop. */
export class RunTimers {
  readonly #clock: Clock;
  readonly #feed: (happening: RunHappening) => void;
  /** Made when the first function rests: most runs have none. */
  #rests: Map<number, Timer> | undefined;
  #nextTurn: Timer | undefined;

  constructor(clock: Clock, feed: (happening: RunHappening) => void) {
    this.#clock = clock;
    this.#feed = feed;
  }

  /** Lets a function rest. */
  rest({ index, attempt, delayMs }: Extract<RunCommand, { type: 'rest-function' }>): void {
    this.#rests ??= new Map();
    const rests = this.#rests;
    const over = (): void => {
      rests.delete(index);
      this.#feed({ type: 'function-rested', index, attempt });
    };
    rests.set(index, this.#clock.after(delayMs, over));
  }

  /** The run goes on when the event loop has had its turn. */
  takeTurn(): void {
    this.#nextTurn = this.#clock.after(0, () => this.#feed({ type: 'turn-taken' }));
  }

  /** Nothing is waited for any more. */
  clear(): void {
    for (const rest of this.#rests?.values() ?? []) rest.cancel();
    this.#rests = undefined;
    this.#nextTurn?.cancel();
  }
}
