import type { Clock, Timer } from '../../base/index.js';
import type { LimitedCapacity } from './limited-capacity.js';
import type { ValueLoad } from './memory.js';

/** The interval at which this node measures its values, ms. Other nodes report theirs with each beat. */
const LOOK_MS = 20;

/** The least time between two reports to other nodes that the memory is full, or is not any more, ms. */
const TELL_MS = 100;

/**
 * Looks at the values of this node for its ledger: at each placement, and while they exceed their part of the memory at intervals, as the
 * disk takes them when nothing else happens.
 */
export class ValueLoadWatch {
  readonly #capacity: LimitedCapacity;
  readonly #clock: Clock;
  readonly #measure: () => ValueLoad;
  /** Called when there is room again, or the memory is full for good. */
  readonly #changed: () => void;
  /** Called when it is full, or is not any more, at most every 100 ms. */
  onTurned: () => void = () => {};
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #told = 'room';
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(capacity: LimitedCapacity, clock: Clock, measure: () => ValueLoad, changed: () => void) {
    this.#capacity = capacity;
    this.#clock = clock;
    this.#measure = measure;
    this.#changed = changed;
  }

  /** Looks, unless it has a moment ago. What has become full since is looked at once more: the disk may be taking some by now. */
  look(nowMs: number): void {
    if (nowMs - this.#lookedAtMs >= LOOK_MS || this.#capacity.isUnsure) {
      this.#lookedAtMs = nowMs;
      this.#capacity.setValueLoad(this.#measure());
    }
    const isToBeTold = this.#told !== this.#state;
    if (isToBeTold && nowMs - this.#toldAtMs >= TELL_MS) {
      this.#told = this.#state;
      this.#toldAtMs = nowMs;
      this.onTurned();
    }
    if ((this.#capacity.excessMiB > 0 || this.#told !== this.#state) && !this.#isClosed) {
      this.#timer ??= this.#clock.after(LOOK_MS, this.#lookAgain);
    }
  }

  /** Looks no more by itself. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  readonly #lookAgain = (): void => {
    this.#timer = undefined;
    const before = this.#state;
    this.look(this.#clock.now());
    if (this.#state !== before) this.#changed();
  };

  /** What functions that only make more may do. */
  get #state(): 'room' | 'wait' | 'full' {
    if (this.#capacity.excessMiB === 0) return 'room';
    return this.#capacity.isEasing ? 'wait' : 'full';
  }
}
