import { fileURLToPath } from 'node:url';
import { systemClock } from '../../lib/base/index.js';
import type { CallOutcome } from '../../lib/executor/attempts/attempt.js';
import type { IsolationOptions, IsolationRunner } from '../../lib/executor/isolation.js';
import { check, StoredValue } from '../../lib/value/index.js';
import { spyLogger } from './spy-logger.js';

/** The folder of the modules that isolations are tried with. */
export const moduleRoot = fileURLToPath(new URL('../executor/modules/', import.meta.url));

/** A line that a function wrote, as the isolation passed it on. */
export interface HeardLine {
  readonly functionId: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** Calls an isolation as an executor does. */
export class Caller {
  readonly isolation: IsolationRunner;
  readonly heard: HeardLine[] = [];
  readonly logger = spyLogger();
  #heardLine: (() => void) | undefined;
  readonly #freeze: boolean;

  constructor(make: (options: IsolationOptions) => IsolationRunner, options: Partial<IsolationOptions> = {}) {
    const { freeze = true } = options;
    this.#freeze = freeze;
    this.isolation = make({
      node: 'here',
      clock: systemClock,
      root: moduleRoot,
      threads: 2,
      loopConcurrency: 256,
      threadHeapMiB: 64,
      freeze,
      logger: this.logger,
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

  /** A value as a result of another function. */
  result(value: unknown): StoredValue {
    return StoredValue.live(value, check(value, { where: 'result', freeze: this.#freeze }));
  }

  begin(
    name: string,
    inputs: readonly StoredValue[] = [],
    { module = './tasks.ts', extra }: { module?: string; extra?: readonly unknown[] } = {},
  ) {
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

  /** The outcome of one function, given these arguments as results of others. */
  call(name: string, ...args: readonly unknown[]): Promise<CallOutcome> {
    return this.begin(
      name,
      args.map((value) => this.result(value)),
    ).outcome;
  }

  /** What it gives, which must succeed. */
  async value(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const outcome = await this.call(name, ...args);
    if (outcome.type !== 'succeeded') throw new Error(`${name} ${outcome.type}`, { cause: outcome });
    return outcome.values[0]!.open(false);
  }

  /** What it fails with, which it must. */
  async failure(name: string, ...args: readonly unknown[]): Promise<{ error: Error & Record<string, unknown>; final: boolean }> {
    const outcome = await this.call(name, ...args);
    if (outcome.type !== 'failed') throw new Error(`${name} ${outcome.type}`);
    return { error: outcome.error as Error & Record<string, unknown>, final: outcome.final };
  }
}
