import type { Allocator, ClaimClass } from '../../allocator/index.js';
import type { Clock } from '../../base/index.js';
import type { RunPlan } from '../../dag/index.js';
import type { RunState } from '../brain/run-state.js';
import type { EventLog } from '../events/event-log.js';
import type { AttemptHistory } from '../observed/attempt-history.js';
import type { LineList, LiveRun } from '../observed/observed-dag-run.js';
import type { ObservedWait } from '../observed/observed-run.js';
import type { DagRunParts } from './dag-run-parts.js';
import type { RunColumns } from './run-columns.js';
import type { RunDeps, RunJob } from './run-job.js';

/** The tables of a run, for those who look at it. A class, as one is made for each run when it ends. */
export class RunTablesView implements LiveRun {
  readonly state: RunState;
  readonly plan: RunPlan;
  readonly kinds: readonly ClaimClass[];
  readonly key: string | undefined;
  readonly driver: string;
  readonly clock: Clock;
  readonly attempts: AttemptHistory;
  readonly maxConcurrency: number;
  readonly #run: LookedAtRun;
  readonly #parts: DagRunParts;
  readonly #columns: RunColumns;
  readonly #allocation: Allocator;

  constructor(run: LookedAtRun, parts: DagRunParts, columns: RunColumns, { node, clock, allocation }: RunDeps) {
    const { plan, kinds, runId, options } = run.order;
    this.state = run.state;
    this.plan = plan;
    this.kinds = kinds;
    this.key = options.isDurable ? (options.key ?? runId) : undefined;
    this.driver = node;
    this.clock = clock;
    this.attempts = parts.measured.history;
    this.maxConcurrency = options.maxConcurrency;
    this.#run = run;
    this.#parts = parts;
    this.#columns = columns;
    this.#allocation = allocation;
  }

  get changes(): number {
    return this.#run.changes;
  }

  get sizes(): Float64Array {
    return this.#columns.sizes;
  }

  get readyMs(): Float64Array {
    return this.#columns.readyMs;
  }

  get askedMs(): Float64Array {
    return this.#columns.askedMs;
  }

  get rows(): Int32Array {
    return this.#columns.rows;
  }

  get lines(): LineList | undefined {
    return this.#run.events.lines;
  }

  lackingFor(index: number): ObservedWait['lacking'] {
    return this.#allocation.lackingFor(this.kinds[index]!);
  }

  lackingThere(index: number): ReturnType<LiveRun['lackingThere']> {
    return this.#parts.farSide.lackingThere(index);
  }

  missedNode(index: number): ReturnType<LiveRun['missedNode']> {
    return this.#parts.places.missedNode(index);
  }
}

/** The run that is looked at. */
interface LookedAtRun {
  readonly order: RunJob;
  readonly state: RunState;
  readonly events: EventLog;
  /** Grows whenever something has happened. */
  readonly changes: number;
}
