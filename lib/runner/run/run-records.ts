import { isSnapshot } from '../../dag/index.js';
import { type Fetches, isRemote, packedDag } from '../../executor/index.js';
import { StoredValue } from '../../value/index.js';
import type { RunCommand, RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';
import { type Recorder, toleratedAt } from '../durable/record/recorder.js';
import type { RunDeps, RunJob } from './run-job.js';
import type { RunValues } from './values/run-values.js';

/** Writes down what a durable run must not lose. */
export class RunRecords {
  readonly #of: RecordedRunParts;
  /** The expansions whose DAGs are on their way to the driver; the attempt of each. */
  readonly #coming = new Map<number, number>();

  constructor(of: RecordedRunParts) {
    this.#of = of;
  }

  /** Performs a command of the brain. */
  write(command: RecordCommand): void {
    const { recorder, state, values } = this.#of;
    const { index } = command;
    if (command.type === 'record-failure') recorder.failure(index, toleratedAt(state, index));
    else if (state.plan.growth?.expansions.has(index)) this.#expansion(command);
    else recorder.success(index, command.attempt, command.receipt, values.held(index));
  }

  /** The DAG that an expansion has made is recorded whole, wherever it was made: so it comes to the driver first. */
  #expansion(command: Extract<RecordCommand, { type: 'record-success' }>): void {
    const { recorder, values, node, root, fetches, state, feed } = this.#of;
    const { index, attempt, receipt } = command;
    const given = values.ownOf(index, node);
    if (!isRemote(given)) return recorder.expansion(index, attempt, receipt, recordableDag(given, root));
    if (this.#coming.get(index) === attempt) return;
    this.#coming.set(index, attempt);
    const isAwaited = (): boolean => this.#coming.delete(index) && state.recording.has(index) && state.attempts[index] === attempt;
    fetches.fetch(given, undefined, {
      found: (held) => {
        if (!isAwaited()) return;
        values.keep(index, held);
        this.#expansion(command);
      },
      missing: () => {
        if (isAwaited()) feed({ type: 'values-lost', indices: [index] });
      },
    });
  }
}

/** Returns what writes the record of a run; `undefined` if it is not durable. */
export function runRecordsOf(
  { recorder }: RunJob,
  run: Omit<RecordedRunParts, 'recorder' | 'node' | 'root' | 'fetches'>,
  deps: RunDeps,
): RunRecords | undefined {
  const { node, root, fetches } = deps;
  return recorder && new RunRecords({ ...run, recorder, node, root, fetches });
}

/** Returns the DAG as data; `undefined` if it has plain functions or constants that cannot be packed: then it is not recorded. */
function recordableDag(held: StoredValue, root: string): StoredValue | undefined {
  if (held.partCount !== undefined) return held;
  const dag = held.open(false);
  if (!isSnapshot(dag)) return undefined;
  try {
    return StoredValue.packed(packedDag(dag, root));
  } catch {
    return undefined;
  }
}

type RecordCommand = Extract<RunCommand, { type: 'record-success' | 'record-failure' }>;

/** The run that is recorded. */
export interface RecordedRunParts {
  readonly recorder: Recorder;
  readonly state: RunState;
  readonly values: RunValues;
  /** The folder that modules are relative to. */
  readonly root: string;
  /** The driver. */
  readonly node: string;
  readonly fetches: Pick<Fetches, 'fetch'>;
  feed(happening: RunHappening): void;
}
