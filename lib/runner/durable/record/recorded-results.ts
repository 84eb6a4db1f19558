import type { Clock } from '../../../base/index.js';
import { WireRows } from '../../../dag/index.js';
import type { Fetches } from '../../../executor/index.js';
import type { RecordedRun } from '../../../journal/index.js';
import { StoredValue } from '../../../value/index.js';
import type { DurablePlace } from '../../run/run-job.js';
import type { RunHistory } from './record-reader.js';
import { isWhole } from './recorded-counts.js';
import type { RecordedSuccesses } from './recorded-successes.js';
import { isHolding, readRecord } from './run-record.js';

/** A record that was read, as long as memory allows: a million results take a second to read. */
interface ReadRecord {
  readonly run: RecordedRun;
  readonly history: WeakRef<RunHistory>;
}

/** The results of durable runs, by DAG id, as the journal has them. The run that was opened last answers, with what it has. */
export class RecordedResults {
  readonly #deps: RecordedResultsDeps;
  #latest: ReadRecord | undefined;

  constructor(deps: RecordedResultsDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the record of a function's success; `undefined` if there is none. `known`: the run that answers for the DAG id by what this
   * node has in memory; the record of another one is older. Rejects with `HANDOFF_STORAGE_FAILED`.
   */
  async find(dagId: string, functionId: string, known: string | undefined): Promise<RecordedResult | undefined> {
    const runs = await this.#deps.place.journal.findRuns({ dagId });
    const run = runs.reduce<RecordedRun | undefined>((one, other) => (one && one.openedAtMs >= other.openedAtMs ? one : other), undefined);
    if (!run || (known !== undefined && known !== run.runId)) return undefined;
    const history = await this.#read(run);
    const at = history?.plan.ids.indexOf(functionId) ?? -1;
    if (!history || at < 0) return undefined;
    const isOver = run.state !== 'running' && run.state !== 'interrupted';
    if (new WireRows(history.plan).of(at).type !== 'regular') {
      if (run.state === 'completed' && isEmptyMap(history, at)) {
        return { node: run.node, isOver, open: async () => StoredValue.ofParts([], undefined) };
      }
      if (!history.parts.of(at) || (run.state !== 'completed' && !isWhole(history, at))) return undefined;
      return { node: run.node, isOver, open: () => this.#wholeOf(run.runId, history, at, functionId) };
    }
    if (!isHolding(history, at)) return undefined;
    const { successes } = history;
    return { node: successes.nodeOf(at), isOver, open: () => this.#valueOf(run.runId, successes, at, functionId) };
  }

  /** Puts the value of a map or expansion together; `undefined` if one of its parts is lost. */
  async #wholeOf(runId: string, history: RunHistory, composite: number, id: string): Promise<StoredValue | undefined> {
    const { parts } = history;
    const { start, total, plan, sinks } = parts.of(composite)!;
    const held: StoredValue[] = [];
    for (let k = 0; k < (plan ? sinks.length : total); k += 1) {
      const number = plan ? sinks[k]! : k;
      const part = start + number;
      const functionId = plan ? `${id}/${plan.ids[number]!}` : `${id}[${number}]`;
      const isMade = parts.successes.epochOf(part) > 0 && !parts.failed.has(part);
      // What is not recorded was not taken, or failed as it may.
      let value: StoredValue | undefined = StoredValue.nothing;
      if (parts.of(~part)) value = await this.#wholeOf(runId, history, ~part, functionId);
      else if (isMade) value = await this.#valueOf(runId, parts.successes, part, functionId);
      if (!value) return undefined;
      held.push(value);
    }
    return StoredValue.ofParts(held, plan && sinks.map((number) => plan.ids[number]!));
  }

  async #valueOf(runId: string, successes: RecordedSuccesses, at: number, functionId: string): Promise<StoredValue | undefined> {
    if (successes.hasValue(at)) return successes.valueOf(at);
    const { largeValues } = this.#deps.place;
    const file = successes.fileOf(at);
    if (!file) return undefined;
    if (file.dataDir === largeValues?.dataDir) {
      const bytes = await largeValues.open(runId, file);
      return bytes && StoredValue.away(bytes);
    }
    const from = (await this.#deps.folders()).get(file.dataDir);
    if (from === undefined) return undefined;
    const whole = { epoch: successes.epochOf(at), functionId, origin: from, file, part: null } as const;
    const value = { kind: 'of-file', runId, ...whole } as const;
    return new Promise((found) => {
      this.#deps.fetches().fetch({ from, value, sizeBytes: file.sizeBytes }, undefined, { found, missing: () => found(undefined) });
    });
  }

  async #read(run: RecordedRun): Promise<RunHistory | undefined> {
    const known = this.#latest;
    const history = known && isAsRead(known.run, run) ? known.history.deref() : undefined;
    if (history) return history;
    const read = await readRecord(this.#deps.place.journal, run, this.#deps.clock);
    this.#latest = read && { run, history: new WeakRef(read) };
    return read;
  }
}

/** Whether a map went over an array without elements, so that it has added nothing. */
function isEmptyMap({ plan, parts, successes }: RunHistory, map: number): boolean {
  const rows = new WireRows(plan);
  let at = map;
  // One that goes over another map is as long as that.
  for (let left = rows.count; left > 0 && at >= 0 && rows.of(at).type === 'map' && !parts.of(at); left -= 1) at = rows.of(at).over;
  if (at < 0 || rows.of(at).type !== 'regular') return false;
  const split = successes.factsOf(at)?.split;
  return split !== undefined && 'count' in split && split.count === 0;
}

const isAsRead = (one: RecordedRun, other: RecordedRun): boolean =>
  one.runId === other.runId && one.epoch === other.epoch && one.groupCount === other.groupCount;

/** The parts of the node that finding recorded results needs. */
export interface RecordedResultsDeps {
  readonly place: DurablePlace;
  readonly clock: Clock;
  /** Returns the members that have a `dataDir`, by its id. */
  readonly folders: () => Promise<ReadonlyMap<string, string>>;
  /** They are made later. */
  readonly fetches: () => Fetches;
}

/** Finds the record of a result by DAG id; `undefined` if there is none. */
export type FindRecorded = (dagId: string, functionId: string) => Promise<RecordedResult | undefined>;

/** A result according to its record. */
export interface RecordedResult {
  /** The node that made it. */
  readonly node: string;
  /** Whether its run has ended, and makes nothing again. */
  readonly isOver: boolean;
  /** Finds it. Resolves to `undefined` if it is lost. What is in files of this node is not read yet. */
  open(): Promise<StoredValue | undefined>;
}
