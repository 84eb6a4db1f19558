import { type Clock, HandoffError } from '../../base/index.js';
import { isStorageFailed } from '../../files/index.js';
import type { NodeOptions } from '../../handoff/index.js';
import {
  type Journal,
  type JournalOptions,
  type JournalStore,
  journals,
  MemoryDatabase,
  READ_OPERATIONS,
  type StoreOperation,
  type StoreOperations,
} from '../../journal/index.js';
import type { ClusterJournals } from '../cluster-host.js';

/** How long the way to a journal takes, and the way back, virtual ms; and how often it takes the longer time. */
const QUICK_MS = 5;
const SLOW_MS = 1500;
const SLOW_SHARE = 0.03;

/** How often the death of a node is a loss of power: then what was written and not synced is lost too. */
const POWER_SHARE = 0.5;

/** A group that a journal has acknowledged. It must outlive its node. */
export interface AcknowledgedGroup {
  readonly runId: string;
  readonly epoch: number;
  /** `undefined` for a group of an opening. */
  readonly sequence: number | undefined;
  readonly bytes: Uint8Array;
}

/** A folder, or a database: it outlives the nodes that use it. */
interface Place {
  readonly isFolder: boolean;
  readonly database: MemoryDatabase;
  readonly keys: Map<string, string>;
  /** Acknowledged and not synced. */
  unsynced: AcknowledgedGroup[];
}

/** The death that is planned for a node: after so many steps of its journal. */
interface PlannedDeath {
  stepsLeft: number;
  readonly die: () => void;
}

/**
 * The journals of a simulation, in memory: one for each `dataDir`, which one node uses at a time, and one for each `journal`, which nodes
 * share. They outlive their nodes. What was not written when a node dies is lost, as it is with a process; what was written and not synced
 * may be lost too, as it is when the power fails.
 *
 * Every write has two steps, each of which takes time: it is performed, then it is acknowledged. A node can be made to die at any of them.
 */
export class SimulatedJournals implements ClusterJournals {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #places = new Map<string, Place>();
  /** The stores of the living incarnations. */
  readonly #stores = new Map<string, SimulatedStore>();
  readonly #deaths = new Map<string, PlannedDeath>();
  #acknowledged: AcknowledgedGroup[] = [];

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** All groups that were acknowledged, in order, except those that a loss of power has taken since. */
  get acknowledged(): readonly AcknowledgedGroup[] {
    return this.#acknowledged;
  }

  /** Calls `die` at a step of the journal of a node, counted from now: 1 is the next. Replaces what was planned; `undefined` plans none. */
  planDeath(node: string, steps: number | undefined, die: () => void): void {
    if (steps === undefined) this.#deaths.delete(node);
    else this.#deaths.set(node, { stepsLeft: steps, die });
  }

  opener(node: string, { dataDir, journal }: NodeOptions): ((given: JournalOptions) => Promise<Journal>) | undefined {
    const name = journal ?? dataDir;
    if (name === undefined) return undefined;
    let place = this.#places.get(name);
    if (!place) {
      place = { isFolder: journal === undefined, database: new MemoryDatabase(this.#clock), keys: new Map(), unsynced: [] };
      this.#places.set(name, place);
    }
    return (given) => this.#open(node, place, given);
  }

  killed(node: string): void {
    const store = this.#stores.get(node);
    if (!store) return;
    this.#stores.delete(node);
    this.#deaths.delete(node);
    store.die();
    const { place } = store;
    if (!place.isFolder || this.#random() >= POWER_SHARE) return;
    const lost = new Set(place.unsynced);
    place.unsynced = [];
    this.#acknowledged = this.#acknowledged.filter((group) => !lost.has(group));
    for (const { runId, epoch, sequence } of lost) {
      const groups = place.database.groupsOf(place.keys.get(runId)!);
      const at = groups.findIndex((group) => group.epoch === epoch && group.sequence === sequence);
      if (at >= 0) groups.splice(at);
    }
  }

  async #open(node: string, place: Place, given: JournalOptions): Promise<Journal> {
    // The lock of a folder is released by the system when its node dies.
    if (place.isFolder) place.database.endLease(node);
    const around = (inner: JournalStore): JournalStore => {
      const store = new SimulatedStore(inner, place, {
        before: this.#clock,
        after: given.clock,
        delayMs: () => (this.#random() < SLOW_SHARE ? SLOW_MS : QUICK_MS) * this.#random(),
        dies: () => this.#diesNow(node),
        acknowledged: (group, isSynced) => {
          this.#acknowledged.push(group);
          if (isSynced) place.unsynced = [];
          else place.unsynced.push(group);
        },
      });
      this.#stores.set(node, store);
      return given.around?.(store) ?? store;
    };
    const leaseMs = place.isFolder ? Number.POSITIVE_INFINITY : given.leaseMs;
    try {
      return await journals.memory(place.database, { ...given, leaseMs, around });
    } catch (error) {
      if (!isStorageFailed(error)) this.#stores.delete(node);
      throw error;
    }
  }

  /** Counts a step; returns whether the node dies at it. */
  #diesNow(node: string): boolean {
    const planned = this.#deaths.get(node);
    if (!planned) return false;
    planned.stepsLeft -= 1;
    if (planned.stepsLeft > 0) return false;
    this.#deaths.delete(node);
    planned.die();
    return true;
  }
}

interface StoreWays {
  /** The clock of the way to the journal, which goes on while the node is paused, and that of the way back. */
  readonly before: Clock;
  readonly after: Clock;
  readonly delayMs: () => number;
  readonly dies: () => boolean;
  readonly acknowledged: (group: AcknowledgedGroup, isSynced: boolean) => void;
}

/** The way of one incarnation of a node to its journal. */
class SimulatedStore implements JournalStore {
  readonly place: Place;
  readonly #inner: JournalStore;
  readonly #ways: StoreWays;
  readonly #waiting = new Set<() => void>();
  #isDead = false;

  constructor(inner: JournalStore, place: Place, ways: StoreWays) {
    this.#inner = inner;
    this.place = place;
    this.#ways = ways;
  }

  async perform<Name extends StoreOperation>(name: Name, from: StoreOperations[Name]['from']): Promise<StoreOperations[Name]['to']> {
    const { before, after } = this.#ways;
    const isWrite = !READ_OPERATIONS.has(name);
    await this.#step(before, isWrite);
    const answer = await this.#inner.perform(name, from);
    await this.#step(after, isWrite);
    if (name === 'appendGroup' && answer === 'written') {
      const { runId, epoch, sequence, bytes, isSynced } = from as StoreOperations['appendGroup']['from'];
      this.#ways.acknowledged({ runId, epoch, sequence, bytes: bytes.slice() }, isSynced);
    }
    const opened = answer as StoreOperations['openRun']['to'];
    if (name === 'openRun' && opened.type === 'opened') {
      const { runId, epoch } = opened.stored!;
      const { key, opening } = from as StoreOperations['openRun']['from'];
      this.place.keys.set(runId, key);
      for (const bytes of opening) this.#ways.acknowledged({ runId, epoch, sequence: undefined, bytes: bytes.slice() }, true);
    }
    return answer;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Nothing that is under way is performed or acknowledged any more. */
  die(): void {
    this.#isDead = true;
    for (const end of this.#waiting) end();
  }

  async #step(clock: Clock, isWrite: boolean): Promise<void> {
    if (isWrite && !this.#isDead && this.#ways.dies()) await this.#wait(() => ({ cancel: () => {} }));
    else if (!this.#isDead) await this.#wait((resolve) => clock.after(this.#ways.delayMs(), resolve));
    if (this.#isDead) throw new HandoffError('HANDOFF_STOPPED', 'Cannot use the journal: its node was killed');
  }

  #wait(until: (resolve: () => void) => { cancel(): void }): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const timer = until(end);
      this.#waiting.add(end);
    });
  }
}
