import type { Clock, Timer } from '../base/index.js';
import { countLarge, type StoredValue } from '../value/index.js';
import { losesNothing } from './backends/memory.js';
import { leaveOnly } from './leave-only.js';
import { Locations } from './locations.js';
import type { StoreBackend, ValueShelf } from './store.js';
import { type Waiter, Waiters } from './waiters.js';

interface RunShelf {
  readonly dagId: string;
  /** The epoch of the run, in which its values were made, but for those in `epochs`; 0 if it is not durable. */
  epoch: number;
  shelf: ValueShelf;
  /** What was put together here of the parts of maps and expansions, in the run's epoch. It stands in for no value of its own. */
  composites: ValueShelf | undefined;
  /** For values of other epochs, in which each was made. */
  epochs: Map<string, number> | undefined;
  /** For values made elsewhere, the node that made each. */
  origins: Map<string, string> | undefined;
  /** The timer that drops the values. Set once the run has ended. */
  retention: Timer | undefined;
  /** The ids of the values that it left, if its shelf may lose some. Set once it has ended. */
  kept: readonly string[];
  /** Called when the values of an ended run are dropped. */
  dropped: ((runId: string) => void) | undefined;
}

/** What a DAG id holds besides its runs. */
interface DagShelf {
  /** Values from `storeValue`, kept until `clear`. */
  readonly values: ValueShelf;
  /** Results from `storeResult`, kept until the next run of the id starts. */
  results: ValueShelf;
  /** Copies of other nodes' values, kept until their originals go, or until the next run of the id starts. */
  copies: ValueShelf;
}

/** A copy that is on its way to this node. */
interface ExpectedCopy {
  readonly dagId: string;
  isStale: boolean;
}

/**
 * The table behind the LocalStore actor: every value on this node. It outlives each incarnation of the actor, so a crash costs no result.
 *
 * Values are kept per run. A question by DAG id is answered from the run that started last, then from values stored by hand.
 */
export class ValueStore {
  readonly locations = new Locations();
  readonly #node: string;
  readonly #backend: StoreBackend;
  readonly #clock: Clock;
  readonly #retainedBytesLimit: number;
  readonly #runs = new Map<string, RunShelf>();
  /** Runs in progress. They are few beside those that have ended. */
  readonly #open = new Set<RunShelf>();
  #retainedBytes = 0;
  readonly #latest = new Map<string, string>();
  readonly #dags = new Map<string, DagShelf>();
  readonly #waiters = new Waiters();
  /** For each DAG id, the nodes that fetched a value of it and may have kept a copy. */
  readonly #copiedTo = new Map<string, Set<string>>();
  readonly #expected = new Set<ExpectedCopy>();
  /** Called when `node` may have copies of values that are no longer here. */
  onCopiesStale: (node: string, dagId: string) => void = () => {};

  constructor(options: { node: string; backend: StoreBackend; clock: Clock; retainedBytesLimit: number }) {
    this.#node = options.node;
    this.#backend = options.backend;
    this.#clock = options.clock;
    this.#retainedBytesLimit = options.retainedBytesLimit;
  }

  /** Bytes of all values on this node. */
  get heldBytes(): number {
    let bytes = this.#retainedBytes;
    for (const { shelf, composites } of this.#open) bytes += shelf.sizeBytes + (composites?.sizeBytes ?? 0);
    for (const { values, results, copies } of this.#dags.values()) bytes += values.sizeBytes + results.sizeBytes + copies.sizeBytes;
    return bytes;
  }

  /** Opens the shelf of a run. Results of the DAG's previous run are dropped, unless another driver's run is still in progress. */
  openRun(runId: string, dagId: string, epoch = 0): void {
    const before = this.#latest.get(dagId);
    if (before !== undefined && this.#runs.get(before)?.retention) this.dropRun(before);
    this.#forgetResults(dagId);
    const shelf = this.#backend.open();
    const run: RunShelf = {
      dagId,
      epoch,
      shelf,
      composites: undefined,
      epochs: undefined,
      origins: undefined,
      retention: undefined,
      kept: NONE,
      dropped: undefined,
    };
    this.#runs.set(runId, run);
    this.#open.add(run);
    this.#latest.set(dagId, runId);
  }

  /** Whether the store has anything of a run, in progress or retained. */
  hasRun(runId: string): boolean {
    return this.#runs.has(runId);
  }

  /**
   * Records that a run of that DAG has started on another node. From now on it answers questions by DAG id; earlier results are dropped.
   */
  runStarted(runId: string, dagId: string): void {
    if (this.#runs.has(runId)) return;
    this.#forgetResults(dagId);
    const before = this.#latest.get(dagId);
    if (before === undefined) return;
    if (this.#runs.get(before)?.retention) this.dropRun(before);
    // One that is in progress here started earlier.
    else this.#latest.set(dagId, runId);
  }

  /** Returns the epoch of a run that the store has anything of. */
  epochOf(runId: string): number | undefined {
    return this.#runs.get(runId)?.epoch;
  }

  /** The run goes on in a higher epoch. What is here keeps the epochs in which it was made. */
  raiseEpoch(runId: string, epoch: number): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    const epochs = new Map<string, number>();
    for (const id of run.shelf.ids()) epochs.set(id, run.epochs?.get(id) ?? run.epoch);
    run.epochs = epochs;
    run.epoch = epoch;
    run.composites = undefined;
  }

  /** The driver of the present epoch has taken a value over: it counts as made in it. */
  adoptValue(runId: string, id: string): void {
    this.#runs.get(runId)?.epochs?.delete(id);
  }

  /** Iterates over all values of a run in progress, with the epochs in which they were made. */
  *valuesOf(runId: string): Generator<HeldValue, void, void> {
    const run = this.#runs.get(runId);
    if (!run || run.retention) return;
    for (const id of run.shelf.ids()) yield { id, epoch: run.epochs?.get(id) ?? run.epoch, value: run.shelf.get(id)! };
  }

  /**
   * Stores a value. `origin` is the node that made it; the default is this one. `epoch` is that in which it was made; the default is the
   * run's.
   */
  put(runId: string, id: string, value: StoredValue, origin = this.#node, epoch?: number): void {
    const run = this.#runs.get(runId);
    // The run is over: the value comes too late.
    if (!run || run.retention) return;
    run.shelf.put(id, value);
    if (origin !== this.#node) run.origins = (run.origins ?? new Map<string, string>()).set(id, origin);
    else run.origins?.delete(id);
    if (epoch !== undefined && epoch !== run.epoch) run.epochs = (run.epochs ?? new Map<string, number>()).set(id, epoch);
    else run.epochs?.delete(id);
    if (this.#waiters.size > 0) this.#waiters.wake(run.dagId, id, value);
  }

  /** Returns a value of a run in progress, if it was made in `epoch`; the default is any. */
  get(runId: string, id: string, epoch?: number): StoredValue | undefined {
    const run = this.#runs.get(runId);
    if (!run || (epoch !== undefined && epoch !== (run.epochs?.get(id) ?? run.epoch))) return undefined;
    return run.shelf.get(id);
  }

  /** Keeps what was put together of the parts of a map or an expansion, in that epoch of its run, besides a value of its own. */
  putComposite(runId: string, id: string, whole: StoredValue, epoch: number): void {
    const run = this.#runs.get(runId);
    if (!run || run.retention || run.epoch !== epoch) return;
    run.composites ??= this.#backend.open();
    run.composites.put(id, whole);
  }

  /** Returns what was put together in that epoch of a run in progress. */
  getComposite(runId: string, id: string, epoch: number): StoredValue | undefined {
    const run = this.#runs.get(runId);
    return run?.epoch === epoch ? run.composites?.get(id) : undefined;
  }

  /** Drops a value, and what was put together under its id. */
  release(runId: string, id: string): void {
    const run = this.#runs.get(runId);
    if (!run || run.retention) return;
    run.shelf.delete(id);
    run.composites?.delete(id);
  }

  /**
   * Ends a run. The values of `keep` stay for `retainMs`, all others are dropped at once. The ids in `keep` must exist and differ. The
   * total size of ended runs is bounded: the oldest is dropped first, the one ending now last.
   *
   * `dropped` is called once, when the values go, which may be now.
   */
  retainRun(runId: string, keep: readonly string[], retainMs: number, dropped?: (runId: string) => void): void {
    const run = this.#runs.get(runId);
    if (!run || run.retention) return dropped?.(runId);
    run.dropped = dropped;
    run.composites = undefined;
    const beforeBytes = run.shelf.sizeBytes;
    const left = leaveOnly(run.shelf, keep, this.#backend);
    if (left !== run.shelf) countLarge(beforeBytes - left.sizeBytes);
    run.shelf = left;
    // Questions by DAG id go to the run that started last. Values that no question can reach are not kept.
    const isLatest = this.#latest.get(run.dagId) === runId;
    if (retainMs <= 0 || keep.length === 0 || !isLatest) return this.dropRun(runId);
    if (!losesNothing(run.shelf)) run.kept = keep;
    run.retention = this.#clock.after(retainMs, () => this.dropRun(runId));
    this.#runs.delete(runId);
    this.#runs.set(runId, run);
    this.#open.delete(run);
    this.#retainedBytes += run.shelf.sizeBytes;
    for (const [id, other] of this.#runs) {
      if (this.#retainedBytes <= this.#retainedBytesLimit) break;
      if (other.retention) this.dropRun(id);
    }
  }

  /** Drops everything of a run. */
  dropRun(runId: string): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    if (run.retention) this.#retainedBytes -= run.shelf.sizeBytes;
    run.retention?.cancel();
    countLarge(run.shelf.sizeBytes);
    this.#open.delete(run);
    this.#runs.delete(runId);
    if (this.#latest.get(run.dagId) === runId) this.#latest.delete(run.dagId);
    run.dropped?.(runId);
    this.#copiesStale(run.dagId);
  }

  /** Keeps a value given by hand: a `result` until the next run of the DAG starts, a `value` until `clear`. */
  keep(dagId: string, id: string, value: StoredValue, as: 'value' | 'result'): void {
    const dag = this.#shelfOf(dagId);
    (as === 'value' ? dag.values : dag.results).put(id, value);
    this.locations.register(dagId, id, this.#node);
    this.#waiters.wake(dagId, id, value);
  }

  /**
   * Announces a fetch of another node's value. Returns a function that keeps the copy, and must be called in any case. The copy is not kept
   * if a run of the DAG has started meanwhile.
   */
  expectCopy(dagId: string, id: string): (value: StoredValue | undefined, origin: string) => void {
    const expected: ExpectedCopy = { dagId, isStale: false };
    this.#expected.add(expected);
    return (value, origin) => {
      this.#expected.delete(expected);
      if (expected.isStale || !value) return;
      this.#shelfOf(dagId).copies.put(id, value);
      this.locations.register(dagId, id, origin);
    };
  }

  /** Records that another node fetched a value of a DAG and may keep a copy. It is notified when the value goes. */
  copyGiven(dagId: string, node: string): void {
    const nodes = this.#copiedTo.get(dagId);
    if (nodes) nodes.add(node);
    else this.#copiedTo.set(dagId, new Set([node]));
  }

  /** Drops copies whose originals are gone. */
  forgetCopies(dagId: string): void {
    for (const expected of this.#expected) if (expected.dagId === dagId) expected.isStale = true;
    const dag = this.#dags.get(dagId);
    if (!dag) return;
    for (const id of dag.copies.ids()) this.locations.forget(dagId, id);
    dag.copies = this.#backend.open();
    this.#tidy(dagId, dag);
  }

  /** Drops all copies of nodes that were unreachable: they could not send notice that an original is gone. */
  forgetAllCopies(isReachable: (node: string) => boolean): void {
    for (const dagId of [...this.#dags.keys()]) {
      const ids = [...this.#dags.get(dagId)!.copies.ids()];
      if (ids.length > 0 && ids.every((id) => isReachable(this.locations.lookup(dagId, id) ?? ''))) this.forgetCopies(dagId);
    }
  }

  /** Returns the value that `storeValue` left for an input. */
  storedValue(dagId: string, id: string): StoredValue | undefined {
    return this.#dags.get(dagId)?.values.get(id);
  }

  /** Returns the value that this node has under a DAG id. */
  find(dagId: string, id: string): StoredValue | undefined {
    const runId = this.#latest.get(dagId);
    const ofRun = runId === undefined ? undefined : this.#runs.get(runId)?.shelf.get(id);
    if (ofRun) return ofRun;
    const dag = this.#dags.get(dagId);
    return dag?.results.get(id) ?? dag?.copies.get(id) ?? dag?.values.get(id);
  }

  /** Returns the run that answers questions about a DAG id; `undefined` if this node has nothing of any. */
  latestRun(dagId: string): string | undefined {
    return this.#latest.get(dagId);
  }

  /** Whether the run that answers for a DAG id left a value, and the backend has lost it. */
  isLost(dagId: string, id: string): boolean {
    const run = this.#runs.get(this.#latest.get(dagId) ?? '');
    return run !== undefined && run.shelf.get(id) === undefined && run.kept.includes(id);
  }

  /** Returns the node where a value was made, if this node knows it. */
  locate(dagId: string, id: string): string | undefined {
    const runId = this.#latest.get(dagId);
    const run = runId === undefined ? undefined : this.#runs.get(runId);
    if (run?.shelf.get(id)) return run.origins?.get(id) ?? this.#node;
    return this.locations.lookup(dagId, id);
  }

  /** Drops everything kept under a DAG id: values, results and locations. */
  clear(dagId: string): void {
    for (const [runId, run] of [...this.#runs]) if (run.dagId === dagId) this.dropRun(runId);
    this.forgetCopies(dagId);
    this.#copiesStale(dagId);
    this.#dags.delete(dagId);
    this.locations.clear(dagId);
  }

  /** Calls `found` once when the value appears, or now if it is here. Returns a function that stops waiting. */
  await(dagId: string, id: string, waiter: Waiter): () => void {
    const value = this.find(dagId, id);
    if (value) {
      waiter.found(value);
      return () => {};
    }
    return this.#waiters.add(dagId, id, waiter);
  }

  /** Cancels every timer. */
  close(): void {
    for (const run of this.#runs.values()) run.retention?.cancel();
  }

  #copiesStale(dagId: string): void {
    const nodes = this.#copiedTo.get(dagId);
    if (!nodes) return;
    this.#copiedTo.delete(dagId);
    for (const node of nodes) this.onCopiesStale(node, dagId);
  }

  /** Values stored by hand, and copies, are dropped when a run starts. */
  #forgetResults(dagId: string): void {
    const dag = this.#dags.get(dagId);
    if (dag) {
      for (const id of dag.results.ids()) this.locations.forget(dagId, id);
      dag.results = this.#backend.open();
    }
    this.forgetCopies(dagId);
  }

  #tidy(dagId: string, { values, results, copies }: DagShelf): void {
    for (const shelf of [values, results, copies]) for (const _ of shelf.ids()) return;
    this.#dags.delete(dagId);
  }

  #shelfOf(dagId: string): DagShelf {
    let dag = this.#dags.get(dagId);
    if (!dag) {
      dag = { values: this.#backend.open(), results: this.#backend.open(), copies: this.#backend.open() };
      this.#dags.set(dagId, dag);
    }
    return dag;
  }
}

const NONE: readonly string[] = [];

/** A value of a run on this node. */
export interface HeldValue {
  readonly id: string;
  /** The epoch of the run in which it was made. */
  readonly epoch: number;
  readonly value: StoredValue;
}
