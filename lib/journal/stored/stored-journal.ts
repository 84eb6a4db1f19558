import { type Clock, HandoffError, newId } from '../../base/index.js';
import { type StoredGroup, verifiedGroups } from '../groups/verify-groups.js';
import type { Journal, Lease, OpenRunAnswer, OpenRunRequest, RecordedGroup, RecordedRun, RunName, RunQuery } from '../journal.js';
import { LockedLease, RenewedLease } from '../lease/renewed-lease.js';
import { runDamaged } from '../run-faults.js';
import { OpenedRun } from './opened-run.js';
import type { JournalStore, Session, StoredRun } from './operations.js';

/** Before the first group of a run. */
const START = { epoch: 0, sequence: -1 };

/** So long what is under way may take when a journal is closed. */
const CLOSE_MS = 3_000;

/** A journal over any store: the runs that are open here, and the lease of this session. */
export class StoredJournal implements Journal {
  readonly name: string;
  readonly #store: JournalStore;
  readonly #clock: Clock;
  readonly #session: Session;
  readonly #lease: RenewedLease | LockedLease;
  readonly #isReadOnly: boolean;
  readonly #open = new Map<string, OpenedRun>();
  #closing: Promise<void> | undefined;

  private constructor({ name, store, clock, node, leaseMs, isReadOnly = false, around }: StoredJournalOptions) {
    this.name = name;
    this.#store = around ? around(store) : store;
    this.#clock = clock;
    this.#session = { id: newId(), node, leaseMs };
    this.#isReadOnly = isReadOnly;
    const isRenewed = Number.isFinite(leaseMs) && !isReadOnly;
    this.#lease = isRenewed ? new RenewedLease(clock, leaseMs, () => this.#renew()) : new LockedLease();
  }

  /** Opens a session, unless nothing is to be written. Closes the store where that fails. */
  static async open(options: StoredJournalOptions): Promise<StoredJournal> {
    const journal = new StoredJournal(options);
    try {
      if (journal.#lease instanceof RenewedLease) await journal.#lease.renewNow();
      else if (!journal.#isReadOnly) await journal.#renew();
    } catch (error) {
      journal.#lease.close();
      await journal.#store.close();
      throw error;
    }
    if (!journal.#isReadOnly) void journal.#sweep().catch(() => {});
    return journal;
  }

  get lease(): Lease {
    return this.#lease;
  }

  async openRun(request: OpenRunRequest): Promise<OpenRunAnswer> {
    this.#refuseClosed(true);
    const sentAtMs = this.#clock.now();
    const sentAtWallMs = this.#clock.wallNow();
    const isOpenHere = this.#isKeyOpen(request.key);
    const { type, stored } = await this.#store.perform('openRun', { ...request, session: this.#session, isOpenHere });
    if (type === 'damaged') throw runDamaged(request.key, stored?.runId ?? '', 'its row is not what was written');
    const recorded = stored && this.#recordedOf(stored);
    if (type === 'changed' || !recorded) return { type: 'changed', ...(recorded ? { recorded } : {}) };
    if (type === 'driven') return { type, recorded };
    if (this.#lease instanceof RenewedLease) this.#lease.heldSince(sentAtMs, sentAtWallMs);
    const run = new OpenedRun(this.#store, stored, request.opening.length, () => {
      if (this.#open.get(recorded.runId) === run) this.#open.delete(recorded.runId);
    });
    this.#open.get(recorded.runId)?.loseRun();
    this.#open.set(recorded.runId, run);
    return { type, run, recorded: this.#recordedOf(stored) };
  }

  async findRuns(query: RunQuery = {}): Promise<RecordedRun[]> {
    this.#refuseClosed(false);
    const { state, limit, ...rest } = query;
    const wanted = state === undefined ? undefined : new Set(typeof state === 'string' ? [state] : state);
    if (wanted?.size === 0) return [];
    const states = wanted && [...(wanted.has('interrupted') ? new Set([...wanted, 'running' as const]) : wanted)];
    // Whether a running run is interrupted is worked out when it is read, so that the store cannot stop at `limit` before that.
    const isAsStored = !wanted?.has('running') && !wanted?.has('interrupted');
    const asked = { ...rest, ...(states ? { states } : {}), ...(isAsStored && limit !== undefined ? { limit } : {}) };
    const stored = await this.#store.perform('findRuns', asked);
    const recorded = stored.map((run) => this.#recordedOf(run));
    return (wanted ? recorded.filter((run) => wanted.has(run.state)) : recorded).slice(0, limit);
  }

  readGroups({ key, runId }: RunName): AsyncIterable<RecordedGroup> {
    const damaged = (what: string): Error => runDamaged(key, runId, what);
    return verifiedGroups(runId, this.#storedGroups(runId), damaged);
  }

  async forgetRun(key: string): Promise<void> {
    this.#refuseClosed(true);
    const openHere = [...this.#open.keys()];
    const { type, stored } = await this.#store.perform('forgetRun', { key, session: this.#session, openHere });
    const name = JSON.stringify(key);
    if (type === 'unknown') throw new HandoffError('HANDOFF_NOT_FOUND', `Cannot forget the run of key ${name}: there is none`);
    if (type === 'driven') {
      const message = `Cannot forget the run of key ${name}: node ${JSON.stringify(stored?.node)} drives it`;
      throw new HandoffError('HANDOFF_DAG_RUNNING', message, { runId: stored?.runId, node: stored?.node });
    }
    await this.#sweep();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lease.close();
    const ended = this.#endSession();
    // A database that is silent is not waited for: the lease runs out by itself.
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(CLOSE_MS, resolve);
      void ended.then(() => {
        timer.cancel();
        resolve();
      });
    });
    await this.#store.close();
    await ended;
  }

  async #endSession(): Promise<void> {
    // What is under way comes first, so that it is not written after the lease is given up.
    await Promise.all(Array.from(this.#open.values(), (run) => run.close()));
    this.#open.clear();
    if (!this.#isReadOnly) await this.#store.perform('endSession', { session: this.#session }).catch(() => {});
  }

  async #renew(): Promise<void> {
    const open = Array.from(this.#open.values(), ({ runId, epoch }) => ({ runId, epoch }));
    const lost = await this.#store.perform('renewSession', { session: this.#session, open });
    for (const runId of lost) {
      const run = this.#open.get(runId);
      const asked = open.find((one) => one.runId === runId);
      if (run && run.epoch === asked?.epoch) run.loseRun();
    }
  }

  async #sweep(): Promise<void> {
    while (!this.#closing && (await this.#store.perform('sweep', {}))) {
      // One batch after the other, so that what is written meanwhile need not wait for all of them.
    }
  }

  async *#storedGroups(runId: string): AsyncGenerator<StoredGroup> {
    let after = START;
    for (;;) {
      this.#refuseClosed(false);
      const page = await this.#store.perform('readGroups', { runId, after });
      yield* page;
      const last = page.at(-1);
      if (!last) return;
      after = { epoch: last.epoch, sequence: last.sequence };
    }
  }

  #isKeyOpen(key: string): boolean {
    for (const run of this.#open.values()) if (run.key === key) return true;
    return false;
  }

  /** Without what only stores need. A run of this session that is not open here was opened by a call that failed halfway. */
  #recordedOf({ session, ...recorded }: StoredRun): RecordedRun {
    if (session !== this.#session.id || recorded.state !== 'running' || this.#open.has(recorded.runId)) return recorded;
    return { ...recorded, state: 'interrupted', leaseLeftMs: 0 };
  }

  #refuseClosed(isWriting: boolean): void {
    if (this.#closing) throw new HandoffError('HANDOFF_STOPPED', 'Cannot use the journal: it has been closed');
    if (isWriting && this.#isReadOnly) throw new TypeError('Cannot write to the journal: it was opened for reading');
  }
}

/** How a stored journal is opened. */
export interface StoredJournalOptions {
  readonly name: string;
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly node: string;
  /** `Infinity` where a lock takes the lease's place. */
  readonly leaseMs: number;
  readonly isReadOnly?: boolean;
  readonly around?: (store: JournalStore) => JournalStore;
}
