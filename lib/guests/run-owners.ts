import { keepNewest } from '../base/index.js';

/** How many runs of one driver are remembered. Beyond that the oldest are forgotten. */
const MOST_OF_ONE = 2000;

/** How many durable runs of drivers that are gone are remembered. */
const MOST_PAST = 10_000;

/** The driver of a run, and the epoch in which it drives it: 0 for a run that is not durable. */
export interface RunOwner {
  readonly driver: string;
  readonly epoch: number;
}

/**
 * How a message about a run stands to what is known of its owner. `first`: nothing is known. `own`: it is of the owner. `heir`: it is of a
 * later epoch, so its sender is the new owner. `outdated`: it is of an earlier epoch. `foreign`: it is of another node in the same epoch.
 * A run that is not durable cannot be taken over: all other nodes are foreign.
 */
export type Standing = 'first' | 'own' | 'heir' | 'outdated' | 'foreign';

/** Returns how a message of `from` in `epoch` stands to a run's owner. */
export function standingOf(owner: RunOwner | undefined, from: string, epoch: number): Standing {
  if (!owner) return 'first';
  if (owner.epoch > 0 && epoch !== owner.epoch) return epoch > owner.epoch ? 'heir' : 'outdated';
  return owner.driver === from ? 'own' : 'foreign';
}

/**
 * Records the driver of each run that other nodes drive, and the highest epoch seen. A driver announces a run to every member before
 * another node can know its id, so the first node that mentions a run owns it. A durable run is then owned by the node that goes on with it
 * in a higher epoch. Pure.
 */
export class RunOwners {
  readonly #byRun = new Map<string, RunOwner>();
  readonly #byDriver = new Map<string, Set<string>>();
  /** Durable runs whose driver is gone. It may come back and know of no later epoch. */
  readonly #past = new Map<string, RunOwner>();

  ownerOf(runId: string): RunOwner | undefined {
    return this.#byRun.get(runId) ?? this.#past.get(runId);
  }

  /** `driver` claims the run. Ignored unless it is the first, or its heir. */
  claim(driver: string, runId: string, epoch: number): void {
    const owner = this.ownerOf(runId);
    const standing = standingOf(owner, driver, epoch);
    if (standing === 'outdated' || standing === 'foreign') return;
    if (owner) this.#remove(runId);
    const runs = this.#byDriver.get(driver) ?? new Set();
    this.#byDriver.set(driver, runs);
    this.#byRun.set(runId, { driver, epoch });
    runs.add(runId);
    const [oldest] = runs;
    if (runs.size > MOST_OF_ONE) this.#remove(oldest!);
  }

  /** A run is over. A durable one is remembered: its epoch may come back, and a lower one must be refused. */
  forget(runId: string): void {
    if (this.#byRun.get(runId)?.epoch === 0) this.#remove(runId);
  }

  /** A driver is gone. When it comes back it reports its runs anew. Epochs are remembered. */
  forgetAll(driver: string): void {
    for (const runId of [...(this.#byDriver.get(driver) ?? [])]) {
      const owner = this.#byRun.get(runId)!;
      this.#remove(runId);
      if (owner.epoch > 0) keepNewest(this.#past, runId, owner, MOST_PAST);
    }
  }

  #remove(runId: string): void {
    this.#past.delete(runId);
    const owner = this.#byRun.get(runId);
    if (!owner) return;
    this.#byRun.delete(runId);
    const runs = this.#byDriver.get(owner.driver)!;
    runs.delete(runId);
    if (runs.size === 0) this.#byDriver.delete(owner.driver);
  }
}
