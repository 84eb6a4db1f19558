import type { CallOutcome, IsolationCall } from '../../lib/executor/attempts/attempt.js';
import type { IsolationRunner } from '../../lib/executor/isolation.js';
import { StoredValue } from '../../lib/value/index.js';

/** A call that has been started, which ends when a spec says so. */
export interface FakeCall extends IsolationCall {
  /** `stop`, with its reason and grace, in order. */
  readonly stops: string[];
  end(outcome: CallOutcome): void;
  /** Ends with a value. */
  succeed(value: unknown): void;
}

/** An isolation that runs nothing: calls wait in `calls` until the spec ends them. */
export class FakeIsolation implements IsolationRunner {
  readonly calls: FakeCall[] = [];

  start(call: IsolationCall, settle: (outcome: CallOutcome) => void): { stop(reason: Error, graceMs: number): void } {
    const stops: string[] = [];
    const end = (outcome: CallOutcome): void => {
      this.calls.splice(this.calls.indexOf(started), 1);
      settle(outcome);
    };
    const started: FakeCall = {
      ...call,
      stops,
      end,
      succeed: (value) => end({ type: 'succeeded', values: [StoredValue.live(value, 8)], tookMs: 1 }),
    };
    this.calls.push(started);
    return { stop: (reason, graceMs) => void stops.push(`${(reason as { code?: string }).code} ${graceMs}`) };
  }

  /** The call of that function that was started first. */
  of(functionId: string): FakeCall {
    const found = this.calls.find(({ context }) => context.functionId === functionId);
    if (!found) throw new Error(`"${functionId}" does not run; ${this.calls.map(({ context }) => context.functionId)} do`);
    return found;
  }

  /** The ids of the functions that run, in the order in which they were started. */
  get running(): string[] {
    return this.calls.map(({ context }) => context.functionId);
  }

  async close(): Promise<number> {
    return 0;
  }
}
