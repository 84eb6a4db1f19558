import { HandoffError } from '../../base/index.js';
import type { AttemptHandle } from '../executor.js';
import { type GatherDeps, type GatheredOutcome, startGathered, type UngatheredAttempt } from '../values/gathered-attempt.js';
import type { WatchAttempt, WatchedAttempt } from './attempt-watch.js';
import type { AttemptOrigin, AttemptTrace } from './trace-context.js';

/** Starts an attempt on this node as `startGathered` does, within the trace of its run if that is traced. */
export const startWatched = (attempt: TraceableAttempt, deps: WatchDeps): AttemptHandle<GatheredOutcome> =>
  attempt.origin ? new TracedAttempt(attempt, attempt.origin, deps) : startGathered(attempt, deps);

/**
 * An attempt of a traced run. Its watcher hears of its end once, although the attempt may have other listeners by then: they change when
 * another node takes the run over. Where nothing watches, its code still gets the place of its run in the trace.
 */
class TracedAttempt implements AttemptHandle<GatheredOutcome> {
  readonly #handle: AttemptHandle<GatheredOutcome>;
  #stoppedFor: HandoffError | undefined;
  #outcome: GatheredOutcome | undefined;
  #heard: ((outcome: GatheredOutcome) => void) | undefined;

  /** Throws what starting it throws. */
  constructor(attempt: TraceableAttempt, origin: AttemptOrigin, deps: WatchDeps) {
    const watched = deps.watchAttempt?.(attempt.context, origin);
    const trace: AttemptTrace = watched?.trace ?? { ...origin.parent, activate: (body) => body() };
    try {
      this.#handle = startGathered({ ...attempt, trace }, deps);
    } catch (error) {
      watched?.ended(error);
      throw error;
    }
    this.#handle.listen((outcome) => this.#ended(outcome, watched));
  }

  get slot(): number {
    return this.#handle.slot;
  }

  listen(heard: (outcome: GatheredOutcome) => void): void {
    this.#heard = heard;
    if (this.#outcome) heard(this.#outcome);
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (!this.#outcome) this.#stoppedFor ??= reason;
    this.#handle.stop(reason, graceMs);
  }

  #ended(outcome: GatheredOutcome, watched: WatchedAttempt | undefined): void {
    watched?.ended(failureOf(outcome, this.#stoppedFor));
    const span = watched?.span;
    this.#outcome = span !== undefined && outcome.type === 'succeeded' ? { ...outcome, span } : outcome;
    this.#heard?.(this.#outcome);
  }
}

/** Returns why an attempt has made no value. */
function failureOf(outcome: GatheredOutcome, stoppedFor: Error | undefined): unknown {
  if (outcome.type === 'succeeded') return undefined;
  if (outcome.type !== 'stopped') return outcome.error;
  return stoppedFor ?? new HandoffError('HANDOFF_STOPPED', 'The attempt was stopped: its node no longer runs it');
}

/** An attempt, and where it belongs in a trace if its run is traced. */
export interface TraceableAttempt extends UngatheredAttempt {
  readonly origin: AttemptOrigin | undefined;
}

/** The parts of the node that starting such an attempt needs. */
export interface WatchDeps extends GatherDeps {
  /** Watches the attempts of traced runs. By default nothing does. */
  readonly watchAttempt?: WatchAttempt | undefined;
}
