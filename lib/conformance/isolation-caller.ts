import { silentLogger, systemClock } from '../base/index.js';
import type { CallOutcome, IsolationFactory, IsolationOptions, IsolationRunner, RunningCall } from '../executor/index.js';
import { check, StoredValue } from '../value/index.js';

/** Calls an isolation as a node does. */
export class IsolationCaller {
  readonly isolation: IsolationRunner;
  /** What functions wrote, in order. */
  readonly heard: HeardLine[] = [];
  readonly #freeze: boolean;
  #heardLine: (() => void) | undefined;

  constructor(make: IsolationFactory, options: Pick<IsolationOptions, 'root'> & Partial<IsolationOptions>) {
    const { freeze = true } = options;
    this.#freeze = freeze;
    this.isolation = make({
      node: 'here',
      clock: systemClock,
      threads: 2,
      loopConcurrency: 256,
      threadHeapMiB: 64,
      freeze,
      logger: silentLogger,
      onOutput: ({ functionId }, stream, text) => {
        this.heard.push({ functionId, stream, text });
        this.#heardLine?.();
      },
      ...options,
    });
  }

  /** Resolves when a line has been heard. */
  nextLine(): Promise<void> {
    return new Promise((resolve) => {
      if (this.heard.length > 0) resolve();
      this.#heardLine = resolve;
    });
  }

  /** Returns a value as a result of another function. */
  result(value: unknown): StoredValue {
    return StoredValue.live(value, check(value, { where: 'result', freeze: this.#freeze }));
  }

  /** Starts a call of one function. */
  begin(
    name: string,
    inputs: readonly StoredValue[] = [],
    { module = './tasks.mjs', extra }: CallShape = {},
  ): { readonly outcome: Promise<CallOutcome>; readonly running: RunningCall } {
    let settle!: (outcome: CallOutcome) => void;
    let times = 0;
    const outcome = new Promise<CallOutcome>((resolve) => {
      settle = (ended) => {
        times += 1;
        if (times > 1) throw new Error('settled twice');
        resolve(ended);
      };
    });
    const step = {
      role: 'function',
      functionId: name,
      code: { module, name },
      inputs,
      asList: false,
      extra: extra && StoredValue.live(extra, 0, 'caller'),
      wanted: true,
    } as const;
    const context = { dagId: 'd', runId: 'r', functionId: name, attempt: 1, node: 'here' };
    const running = this.isolation.start({ context, steps: [step] }, settle);
    return { outcome, running };
  }

  /** Calls one function with these arguments, as results of others, and returns how that ended. */
  call(name: string, ...args: readonly unknown[]): Promise<CallOutcome> {
    return this.begin(
      name,
      args.map((value) => this.result(value)),
    ).outcome;
  }

  /** Runs a call that must succeed. Returns the value. */
  async value(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const outcome = await this.call(name, ...args);
    if (outcome.type !== 'succeeded') throw new Error(`${name} ${outcome.type}`, { cause: outcome });
    return outcome.values[0]!.open(false);
  }

  /** Runs a call that must fail. Returns the error. */
  async failure(name: string, ...args: readonly unknown[]): Promise<{ error: Error & Record<string, unknown>; final: boolean }> {
    const outcome = await this.call(name, ...args);
    if (outcome.type !== 'failed') throw new Error(`${name} ${outcome.type}`);
    return { error: outcome.error as Error & Record<string, unknown>, final: outcome.final };
  }
}

/** A line that a function wrote, as the isolation passed it on. */
export interface HeardLine {
  readonly functionId: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** How a call is made, if not of `./tasks.mjs` with nothing but results. */
export interface CallShape {
  readonly module?: string;
  /** Constants behind the inputs. */
  readonly extra?: readonly unknown[];
}
