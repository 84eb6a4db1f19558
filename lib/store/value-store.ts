import type { Clock } from '../base/index.js';
import { type AwayBytes, countLarge, type StoredValue } from '../value/index.js';
import { losesNothing } from './backends/memory.js';
import { DagShelves } from './dag-shelves.js';
import { type IndexedIds, IndexedShelf } from './indexed-shelf.js';
import type { Locations } from './locations.js';
import { awayIn, type HereListener, readUnowned } from './memory-entry.js';
import { type HeldValue, RunShelf, type RunShelfOf } from './run-shelf.js';
import { TrackedShelf } from './tracked-shelf.js';
import { ValueMemory } from './value-memory.js';
import type { ValueStoreOptions } from './value-store-options.js';
import { type Waiter, Waiters } from './waiters.js';

/**
 * The table behind the LocalStore actor: every value on this node. It outlives each incarnation of the actor, so a crash costs no result.
 *
 * Values are kept per run. A question by DAG id is answered from the run that started last, then from values stored by hand.
 */
export class ValueStore {
  readonly #options: ValueStoreOptions;
  readonly #node: string;
  readonly #clock: Clock;
  readonly #runs = new Map<string, RunShelf>();
  /** Runs in progress. They are few beside those that have ended. */
  readonly #open = new Set<RunShelf>();
  #retainedBytes = 0;
  readonly #latest = new Map<string, string>();
  readonly #dags: DagShelves;
  readonly #waiters = new Waiters();
  readonly #shelfOf: RunShelfOf;
  /** Whether the shelves of the backend lose nothing. Known once one has been opened. */
  #losesNothing: boolean | undefined;
  /** `undefined` where no value leaves the memory: without a disk, and with a backend of the user, which owns its values itself. */
  readonly #memory: ValueMemory | undefined;
  /** Values that are kept for something besides their runs, and for how many. */
  readonly #kept = new Map<StoredValue, number>();
  #keptBytes = 0;
  /** What holds results: it lives as long as this store, until it has none. */
  readonly resultHolders = new Set<object>();

  constructor(options: ValueStoreOptions) {
    const { node, backend, clock, disk, freeze = true } = options;
    this.#options = options;
    this.#node = node;
    this.#clock = clock;
    const limitBytes = (): number => this.#limitBytes;
    const totalBytes = (): number => this.heldBytes;
    if (disk && losesNothing(backend.open())) this.#memory = new ValueMemory({ node, disk, clock, freeze, limitBytes, totalBytes });
    const open = (functions?: IndexedIds): TrackedShelf => this.#openShelf(functions);
    this.#dags = new DagShelves(open);
    this.#shelfOf = { node, memory: this.#memory, waiters: this.#waiters, open };
  }

  /** Where values were made, as far as it is known. */
  get locations(): Locations {
    return this.#dags.locations;
  }

  /** Called when `node` may have copies of values that are no longer here. */
  set onCopiesStale(told: (node: string, dagId: string) => void) {
    this.#dags.onCopiesStale = told;
  }

  /** Bytes of all values on this node, in memory and on the disk. One with two owners may count twice. */
  get heldBytes(): number {
    let bytes = this.#retainedBytes + this.#keptBytes + this.#dags.sizeBytes;
    for (const run of this.#open) bytes += run.sizeBytes;
    return bytes;
  }

  /** Bytes of the values in memory. */
  get memoryBytes(): number {
    return this.#memory ? this.#memory.memoryBytes(this.heldBytes) : this.heldBytes;
  }

  /** Bytes that values take on the disk, for want of memory. */
  get spilledBytes(): number {
    return this.#options.disk?.usedBytes ?? 0;
  }

  /** Whether the disk is taking values, or will by itself: waiting helps when there is too little memory. */
  get isSpilling(): boolean {
    return this.#memory?.isSpilling === true;
  }

  get #limitBytes(): number {
    return this.#options.memoryLimitBytes?.() ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Whether there is room for a value, in memory or on the disk, if all goes that may; `releasedBytes` go when it is there. Small values
   * always fit, and all do without a disk.
   */
  fits(sizeBytes: number, releasedBytes: number): boolean {
    return this.#memory ? this.#memory.fits(sizeBytes, releasedBytes, this.heldBytes) : true;
  }

  /**
   * Brings a value into memory, with all that it is put together of, and calls `here` or `lost` once: now, if it is there. It stays there
   * as long as the call takes. A lost value is not in the store any more.
   */
  whenHere(value: StoredValue, listener: HereListener): void {
    if (this.#memory) return this.#memory.whenHere(value, listener);
    const [away, ...more] = awayIn(value);
    if (!away) return listener.here();
    readUnowned(away, { here: () => (more.length === 0 ? listener.here() : this.whenHere(value, listener)), lost: listener.lost });
  }

  /** Opens a value once it is in memory. Rejects with `HANDOFF_RESULT_LOST`, and with what opening throws. */
  opened(value: StoredValue, freeze: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const here = (): void => {
        try {
          resolve(value.open(freeze));
        } catch (error) {
          reject(error);
        }
      };
      this.whenHere(value, { here, lost: reject });
    });
  }

  /** A file has the bytes of a value too, which may leave the memory without being written. */
  filed(runId: string, id: string, file: AwayBytes): void {
    const value = this.#memory && this.get(runId, id);
    if (value) this.#memory!.filed(value, file);
  }

  /**
   * Keeps a value for something besides its run, until the returned function is called. It counts as the others do, may go to the disk
   * meanwhile, and can be read also when the run is dropped.
   */
  keepFor(value: StoredValue): () => void {
    let isKept = true;
    this.#kept.set(value, (this.#kept.get(value) ?? 0) + 1);
    this.#keptBytes += value.sizeBytes;
    this.#memory?.own(value, 'result');
    return () => {
      if (!isKept) return;
      isKept = false;
      const others = this.#kept.get(value)! - 1;
      if (others > 0) this.#kept.set(value, others);
      else this.#kept.delete(value);
      this.#keptBytes -= value.sizeBytes;
      this.#memory?.disown(value);
    };
  }

  /** The same for a result that a caller may look at later. Where no value goes to the disk, it is the caller's alone. */
  holdResult(value: StoredValue): () => void {
    return this.#memory ? this.keepFor(value) : () => {};
  }

  /**
   * Opens the shelf of a run; that of one with `functions` by their numbers. Results of the DAG's previous run are dropped, unless another
   * driver's run is still in progress.
   */
  openRun(runId: string, dagId: string, epoch = 0, functions?: IndexedIds): RunShelf {
    const before = this.#latest.get(dagId);
    if (before !== undefined && this.#runs.get(before)?.retention) this.dropRun(before);
    this.#dags.forgetResults(dagId);
    const run = new RunShelf(dagId, epoch, functions, this.#shelfOf);
    this.#runs.set(runId, run);
    this.#open.add(run);
    this.#latest.set(dagId, runId);
    return run;
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
    this.#dags.forgetResults(dagId);
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
    this.#runs.get(runId)?.raiseEpoch(epoch);
  }

  /** The driver of the present epoch has taken a value over: it counts as made in it. */
  adoptValue(runId: string, id: string): void {
    this.#runs.get(runId)?.epochs?.delete(id);
  }

  /** Iterates over all values of a run in progress, with the epochs in which they were made. */
  *valuesOf(runId: string): Generator<HeldValue, void, void> {
    const run = this.#runs.get(runId);
    if (run && !run.retention) yield* run.all();
  }

  /**
   * Stores a value. `origin` is the node that made it; the default is this one. `epoch` is that in which it was made; the default is the
   * run's.
   */
  put(runId: string, id: string, value: StoredValue, origin?: string, epoch?: number): void {
    this.#runs.get(runId)?.put(id, value, origin, epoch);
  }

  /** Returns a value of a run in progress, if it was made in `epoch`; the default is any. */
  get(runId: string, id: string, epoch?: number): StoredValue | undefined {
    const run = this.#runs.get(runId);
    return run && (epoch === undefined || epoch === run.epochOf(id)) ? run.values.get(id) : undefined;
  }

  /** Keeps what was put together of the parts of a map or an expansion, in that epoch of its run, besides a value of its own. */
  putComposite(runId: string, id: string, whole: StoredValue, epoch: number): void {
    const run = this.#runs.get(runId);
    if (!run || run.retention || run.epoch !== epoch) return;
    run.putComposite(id, whole);
  }

  /** Returns what was put together in that epoch of a run in progress. */
  getComposite(runId: string, id: string, epoch: number): StoredValue | undefined {
    const run = this.#runs.get(runId);
    const whole = run?.epoch === epoch ? run.composites?.get(id) : undefined;
    if (!whole || !this.hasLost(whole)) return whole;
    run!.composites!.delete(id);
    return undefined;
  }

  /** Whether some of what a value is put together of is lost. */
  hasLost(whole: StoredValue): boolean {
    return this.#memory?.hasLost(whole) === true;
  }

  /** Drops a value, and what was put together under its id. */
  release(runId: string, id: string): void {
    this.#runs.get(runId)?.delete(id);
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
    run.dropComposites();
    run.dropInputs();
    const { values } = run;
    const beforeBytes = values.sizeBytes;
    values.leaveOnly(keep, this.#options.backend);
    countLarge(beforeBytes - values.sizeBytes);
    // Questions by DAG id go to the run that started last. Values that no question can reach are not kept.
    const isLatest = this.#latest.get(run.dagId) === runId;
    if (retainMs <= 0 || keep.length === 0 || !isLatest) return this.dropRun(runId);
    if (!losesNothing(values.shelf)) run.kept = keep;
    run.retain(this.#clock.after(retainMs, () => this.dropRun(runId)));
    this.#runs.delete(runId);
    this.#runs.set(runId, run);
    this.#open.delete(run);
    this.#retainedBytes += values.sizeBytes;
    for (const [id, other] of this.#runs) {
      if (this.#retainedBytes <= this.#retainedLimit) break;
      if (other.retention) this.dropRun(id);
    }
  }

  /** Drops everything of a run. */
  dropRun(runId: string): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    if (run.retention) this.#retainedBytes -= run.values.sizeBytes;
    run.retention?.cancel();
    countLarge(run.values.sizeBytes);
    run.close();
    this.#open.delete(run);
    this.#runs.delete(runId);
    if (this.#latest.get(run.dagId) === runId) this.#latest.delete(run.dagId);
    run.dropped?.(runId);
    this.#dags.copiesStale(run.dagId);
  }

  /** Keeps a value given by hand: a `result` until the next run of the DAG starts, a `value` until `clear`. */
  keep(dagId: string, id: string, value: StoredValue, as: 'value' | 'result'): void {
    this.#dags.keep(dagId, id, value, as);
    this.locations.register(dagId, id, this.#node);
    this.#waiters.wake(dagId, id, value);
  }

  /**
   * Announces a fetch of another node's value. Returns a function that keeps the copy, and must be called in any case. The copy is not kept
   * if a run of the DAG has started meanwhile.
   */
  expectCopy(dagId: string, id: string): (value: StoredValue | undefined, origin: string) => void {
    return this.#dags.expectCopy(dagId, id);
  }

  /** Records that another node fetched a value of a DAG and may keep a copy. It is notified when the value goes. */
  copyGiven(dagId: string, node: string): void {
    this.#dags.copyGiven(dagId, node);
  }

  /** Drops copies whose originals are gone. */
  forgetCopies(dagId: string): void {
    this.#dags.forgetCopies(dagId);
  }

  /** Drops all copies of nodes that were unreachable: they could not send notice that an original is gone. */
  forgetAllCopies(isReachable: (node: string) => boolean): void {
    this.#dags.forgetAllCopies(isReachable);
  }

  /** Returns the value that `storeValue` left for an input. */
  storedValue(dagId: string, id: string): StoredValue | undefined {
    return this.#dags.valueOf(dagId, id);
  }

  /** Returns the value that this node has under a DAG id. */
  find(dagId: string, id: string): StoredValue | undefined {
    const runId = this.#latest.get(dagId);
    const ofRun = runId === undefined ? undefined : this.#runs.get(runId)?.values.get(id);
    return ofRun ?? this.#dags.find(dagId, id);
  }

  /** Returns the run that answers questions about a DAG id; `undefined` if this node has nothing of any. */
  latestRun(dagId: string): string | undefined {
    return this.#latest.get(dagId);
  }

  /** Whether the run that answers for a DAG id left a value, and the backend has lost it. */
  isLost(dagId: string, id: string): boolean {
    const run = this.#runs.get(this.#latest.get(dagId) ?? '');
    return run !== undefined && run.values.get(id) === undefined && run.kept.includes(id);
  }

  /** Returns the node where a value was made, if this node knows it. */
  locate(dagId: string, id: string): string | undefined {
    const runId = this.#latest.get(dagId);
    const run = runId === undefined ? undefined : this.#runs.get(runId);
    if (run?.values.get(id)) return run.origins?.get(id) ?? this.#node;
    return this.locations.lookup(dagId, id);
  }

  /** Drops everything kept under a DAG id: values, results and locations. */
  clear(dagId: string): void {
    for (const [runId, run] of [...this.#runs]) if (run.dagId === dagId) this.dropRun(runId);
    this.#dags.clear(dagId);
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

  /** Cancels every timer. Values stay where they are: results that were not looked at can be read until the end of the process. */
  close(): void {
    for (const run of this.#runs.values()) run.retention?.cancel();
    for (const value of this.#kept.keys()) this.#memory?.keepReadable(value);
    this.#memory?.close();
  }

  /** Values of ended runs may be on the disk too, but leave half of what is free there. */
  get #retainedLimit(): number {
    const { retainedBytesLimit, disk } = this.#options;
    return retainedBytesLimit + (this.#memory ? disk!.freeBytes / 2 : 0);
  }

  #openShelf(functions?: IndexedIds): TrackedShelf {
    if (functions && this.#losesNothing) return new TrackedShelf(new IndexedShelf(functions), this.#memory);
    const shelf = this.#options.backend.open();
    this.#losesNothing ??= losesNothing(shelf);
    return functions && this.#losesNothing ? this.#openShelf(functions) : new TrackedShelf(shelf, this.#memory);
  }
}
