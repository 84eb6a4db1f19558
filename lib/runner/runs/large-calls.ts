import { type Clock, doInTurns, type RunId, type StepwiseWork } from '../../base/index.js';
import { LargeCall, type LargeCallDeps } from './large-call.js';
import type { RunIdentity } from './open-run.js';
import type { CapturedRequest } from './run-request.js';

/** The calls for large DAGs that are still being checked and laid out. */
export class LargeCalls {
  readonly #clock: Clock;
  readonly #deps: LargeCallsDeps;
  readonly #calls = new Map<string, LargeCall>();

  constructor(clock: Clock, deps: LargeCallsDeps) {
    this.#clock = clock;
    this.#deps = deps;
  }

  /** The number of calls. */
  get size(): number {
    return this.#calls.size;
  }

  values(): Iterable<LargeCall> {
    return this.#calls.values();
  }

  get(runId: string): LargeCall | undefined {
    return this.#calls.get(runId);
  }

  /** Returns a call that waits for `begin`. */
  prepare(captured: CapturedRequest, runId: RunId): LargeCall {
    const { dagId, options, snapshot } = captured;
    const { prepare, refused, cancel, leave } = this.#deps;
    const requestedMs = this.#clock.now();
    const call = new LargeCall(
      { runId, dagId, total: snapshot.graph.regularCount, options },
      {
        prepare: (one) => doInTurns(prepare(one, captured, { runId, requestedMs })),
        settled: (one) => {
          this.#calls.delete(runId);
          if (one.isOver) refused(one);
        },
        cancel,
        leave,
        after: (delayMs, action) => this.#clock.after(delayMs, action),
        wallNow: () => this.#clock.wallNow(),
      },
    );
    this.#calls.set(runId, call);
    return call;
  }
}

/** The parts of `Runs` that its calls for large DAGs need. */
export interface LargeCallsDeps extends Pick<LargeCallDeps, 'cancel' | 'leave'> {
  /** Checks the DAG, lays it out, opens the run and launches it, unless the call is over by then. */
  prepare(call: LargeCall, captured: CapturedRequest, identity: RunIdentity): StepwiseWork<void>;
  /** The call is over, and there is no run. */
  refused(call: LargeCall): void;
}
