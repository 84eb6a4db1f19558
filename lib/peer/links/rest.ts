import type { Clock, Timer } from '../../base/index.js';
import type { WireMessage } from '../protocol/messages.js';
import type { Defer } from '../transport.js';

/** For how many turns of the event loop a message rests that nobody waits for. A run asks for its first function after three. */
const REST_TURNS = 3;

/** For how long a message rests for which its receiver has time, ms. */
const REST_MS = 1;

/** How long a message may wait for others that go with it: not at all, for some turns of the event loop, or about a millisecond. */
export type Rest = 'none' | 'turns' | 'time';

/** Messages that nobody waits for, and that something else follows mostly. They leave with that, or some turns later. */
const RESTING: ReadonlySet<string> = new Set<WireMessage['type']>(['run-begun', 'end-run', 'release-values']);

/** Returns how long a message may wait whatever its sender says. */
export const restOf = ({ type }: WireMessage): Rest => (RESTING.has(type) ? 'turns' : 'none');

/** The time that messages of one outbox rest. */
export class Rests {
  readonly #outbox: RestingOutbox;
  /** For how many more turns what may rest does so; 0 if nothing does. */
  #turns = 0;
  #timer: Timer | undefined;

  constructor(outbox: RestingOutbox) {
    this.#outbox = outbox;
  }

  /** A message may rest. */
  begin(rest: Exclude<Rest, 'none'>): void {
    if (rest === 'time') {
      this.#timer ??= this.#outbox.clock.after(REST_MS, this.#rested);
      return;
    }
    if (this.#turns === 0) this.#outbox.defer(this.#turn);
    this.#turns = REST_TURNS;
  }

  readonly #turn = (): void => {
    this.#turns = this.#outbox.isWaiting() ? this.#turns - 1 : 0;
    if (this.#turns > 0) this.#outbox.defer(this.#turn);
    else this.#outbox.over();
  };

  readonly #rested = (): void => {
    this.#timer = undefined;
    this.#outbox.over();
  };

  close(): void {
    this.#timer?.cancel();
  }
}

/** The outbox whose messages rest. */
interface RestingOutbox {
  readonly clock: Clock;
  readonly defer: Defer;
  /** Whether any message waits. */
  readonly isWaiting: () => boolean;
  /** What has rested is due, if it still waits. */
  readonly over: () => void;
}
