import type { BuiltInFactory, CallOutcome, IsolationCall, IsolationRunner, LyingCall, RunningCall } from '../../executor/index.js';

/** A call that runs, and the one that lies behind it. */
interface Place {
  next: SimulatedLyingCall | undefined;
}

/** Lets calls of an isolation lie as they do at threads: each behind one that runs, until that one ends. */
export const withLyingCalls =
  (make: BuiltInFactory): BuiltInFactory =>
  (options) => {
    const runner = make(options);
    const { together = (work) => work() } = options;
    const places = new Set<Place>();
    const start: IsolationRunner['start'] = (call, settle) => {
      const place: Place = { next: undefined };
      places.add(place);
      return runner.start(call, (outcome) => {
        places.delete(place);
        const { next } = place;
        if (!next) return settle(outcome);
        return together(() => {
          settle(outcome);
          next.promote();
        });
      });
    };
    return {
      ...runner,
      start,
      startAhead(call, settle, begun) {
        const lying = new SimulatedLyingCall(call, settle, begun, start);
        const place = [...places].find(({ next }) => next === undefined);
        if (place) place.next = lying;
        lying.place = place;
        return lying;
      },
      close: () => runner.close(),
    };
  };

class SimulatedLyingCall implements LyingCall {
  readonly #call: IsolationCall;
  readonly #settle: (outcome: CallOutcome) => void;
  readonly #begun: () => void;
  readonly #start: IsolationRunner['start'];
  #state: 'lying' | 'begun' | 'back' = 'lying';
  #running: RunningCall | undefined;
  place: Place | undefined;

  constructor(call: IsolationCall, settle: (outcome: CallOutcome) => void, begun: () => void, start: IsolationRunner['start']) {
    this.#call = call;
    this.#settle = settle;
    this.#begun = begun;
    this.#start = start;
  }

  promote(): void {
    if (this.#state !== 'lying') return;
    this.#state = 'begun';
    this.#leave();
    this.#begun();
    this.#running = this.#start(this.#call, this.#settle);
  }

  takeBack(): boolean {
    if (this.#state !== 'lying') return false;
    this.#state = 'back';
    this.#leave();
    return true;
  }

  stop(...how: Parameters<RunningCall['stop']>): void {
    this.#running?.stop(...how);
  }

  #leave(): void {
    if (this.place?.next === this) this.place.next = undefined;
  }
}
