import { type Clock, HandoffError, NonRetryableError, type Timer } from '../base/index.js';
import type { AttemptContext, AttemptHandle, RemoteOutcome } from '../executor/index.js';
import type { StartAttempt, WrapAttempt } from '../runner/index.js';

/**
 * Makes attempts fail, whichever node they run on, from the side of the node that drives the run. Failing attempts use up plans in the
 * order of planning. Attempts that are declined, lost or stopped before give their plan back.
 */
export class FunctionFailures {
  readonly #planned = new Map<string, PlannedFailure[]>();

  plan(functionId: string, times: number, failure: PlannedFailure): void {
    const planned = this.#planned.get(functionId) ?? [];
    for (let n = 0; n < times; n += 1) planned.push(failure);
    this.#planned.set(functionId, planned);
  }

  /** Returns the wrapper for the runs that a node drives. The clock is that node's. */
  interpose(clock: Clock): WrapAttempt {
    return (context, start) => {
      const { functionId } = context;
      const failure = this.#planned.get(functionId)?.shift();
      if (!failure) return start();
      const giveBack = (): void => void this.#planned.get(functionId)!.unshift(failure);
      try {
        return new FailingAttempt(context, failure, { start, giveBack, clock });
      } catch (error) {
        giveBack();
        throw error;
      }
    };
  }
}

/**
 * A started attempt that fails some time later, unless it fails by itself before. If it succeeds before then, the success is not reported.
 */
class FailingAttempt implements AttemptHandle<RemoteOutcome> {
  readonly #context: AttemptContext;
  readonly #failure: PlannedFailure;
  readonly #giveBack: () => void;
  readonly #inner: AttemptHandle<RemoteOutcome>;
  #timer: Timer | undefined;
  #isDue = false;
  #isStopped = false;
  #hasSucceeded = false;
  #outcome: RemoteOutcome | undefined;
  #heard: ((outcome: RemoteOutcome) => void) | undefined;

  constructor(
    context: AttemptContext,
    failure: PlannedFailure,
    { start, giveBack, clock }: { start: StartAttempt; giveBack: () => void; clock: Clock },
  ) {
    this.#context = context;
    this.#failure = failure;
    this.#giveBack = giveBack;
    const started = (): void => {
      if (!this.#isStopped) this.#timer ??= clock.after(failure.beforeMs, () => this.#due());
    };
    this.#inner = start(started);
    this.#inner.listen((outcome) => this.#ended(outcome));
  }

  get slot(): number {
    return this.#inner.slot;
  }

  listen(heard: (outcome: RemoteOutcome) => void): void {
    this.#heard = heard;
    if (this.#outcome) heard(this.#outcome);
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#outcome) return;
    this.#isStopped = true;
    if (this.#hasSucceeded) this.#end({ type: 'stopped' });
    else this.#inner.stop(reason, graceMs);
  }

  #due(): void {
    if (this.#outcome || this.#isStopped) return;
    this.#isDue = true;
    if (this.#hasSucceeded) return this.#end(this.#failed());
    const { dagId, runId, functionId, node } = this.#context;
    const message = `Function "${functionId}" was made to fail by the testing kit`;
    this.#inner.stop(
      new HandoffError('HANDOFF_FUNCTION_FAILED', message, { dagId, runId, functionId, node, cause: this.#failure.error }),
      0,
    );
  }

  #ended(outcome: RemoteOutcome): void {
    if (this.#isStopped) this.#end(this.#isDue ? { type: 'stopped' } : outcome);
    else if (this.#isDue) this.#end(this.#failed());
    else if (outcome.type === 'succeeded' || outcome.type === 'kept') this.#hasSucceeded = true;
    else this.#end(outcome);
  }

  #failed(): RemoteOutcome {
    const { error } = this.#failure;
    return { type: 'failed', error, final: NonRetryableError.is(error) };
  }

  #end(outcome: RemoteOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#timer?.cancel();
    if (outcome.type !== 'failed') this.#giveBack();
    this.#heard?.(outcome);
  }
}

/** Planned failures of one function. */
export interface PlannedFailure {
  readonly error: Error;
  /** How long after its start an attempt fails, ms. */
  readonly beforeMs: number;
}
