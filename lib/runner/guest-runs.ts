import type { AllocationTable, Capabilities } from '../allocator/index.js';
import type { Logger } from '../base/index.js';
import type { CodeRef } from '../dag/index.js';
import type { ExecutorTable, Fetches } from '../executor/index.js';
import type { WireMessage, WireMessageOf } from '../peer/index.js';
import type { StoreTable } from '../store/index.js';
import { GuestRun } from './guest-run.js';
import type { Turn } from './turn.js';

/** What running attempts for others needs of the node. */
export interface GuestGround {
  readonly node: string;
  readonly allocation: AllocationTable;
  readonly executor: ExecutorTable;
  readonly store: StoreTable;
  readonly fetches: Fetches;
  readonly refOf: (module: string, name: string) => CodeRef;
  readonly turn: Turn;
  readonly send: (to: string, message: WireMessage) => boolean;
  readonly logger: Logger;
}

/** What drivers tell of their runs. */
export type DriverMessage = WireMessageOf<'run-attempt' | 'runs-under-way' | 'stop-attempt' | 'release-values' | 'end-run'>;

/** What one driver has in use on this node: resources, threads, places on the loop. */
export interface DriverUse {
  readonly used: Map<string, number>;
  threads: number;
  loopPlaces: number;
}

/**
 * The runs of other drivers, as far as they happen on this node. Their attempts enter through the allocator like everybody's, so that nobody
 * over-commits the node and all are served in turn. Outlives every actor.
 */
export class GuestRuns {
  readonly #ground: GuestGround;
  readonly #runs = new Map<string, GuestRun>();
  #isDraining = false;
  #idle: (() => void)[] = [];

  constructor(ground: GuestGround) {
    this.#ground = ground;
  }

  /** How many there are. */
  get size(): number {
    return this.#runs.size;
  }

  heard(from: string, message: DriverMessage): void {
    if (message.type === 'runs-under-way') return this.#reconcile(from, message.runs);
    const { runId } = message;
    const known = this.#runs.get(runId);
    // A run has one driver; somebody else's word about it is none.
    if (known && known.driver !== from) return;
    switch (message.type) {
      case 'run-attempt': {
        const run = known ?? this.#open(from, message);
        run.ask(message, this.#isDraining);
        break;
      }
      case 'stop-attempt':
        known?.stop(message);
        break;
      case 'release-values':
        known?.release(message.ids);
        break;
      case 'end-run':
        if (known) this.#end(known, message.retainMs);
    }
    this.#tellIdle();
  }

  /** A driver is back, and says what it still wants: everything else it gave up while it could not say so. */
  #reconcile(driver: string, runs: WireMessageOf<'runs-under-way'>['runs']): void {
    const wanted = new Map(runs);
    for (const run of [...this.#runs.values()]) {
      if (run.driver !== driver) continue;
      const attempts = wanted.get(run.runId);
      if (attempts) run.keepOnly(new Set(attempts));
      else this.#end(run, 0);
    }
    this.#tellIdle();
  }

  /** A driver is gone: what runs for it is stopped, what is kept for its runs is dropped. */
  driverGone(name: string): void {
    for (const run of [...this.#runs.values()]) if (run.driver === name) this.#end(run, 0);
    this.#tellIdle();
  }

  /** Takes nothing more: what waits is given back to its driver. */
  drain(): void {
    this.#isDraining = true;
    for (const run of this.#runs.values()) run.giveBack();
    this.#tellIdle();
  }

  /** Ends at once what runs for others. */
  abortAll(): void {
    for (const run of this.#runs.values()) run.abort();
  }

  /** Calls `told` once nothing runs for others and no value is kept that a driver may still need. */
  whenIdle(told: () => void): void {
    this.#idle.push(told);
    this.#tellIdle();
  }

  /** Who drives a run that others than this node drive. */
  driverOf(runId: string): string | undefined {
    return this.#runs.get(runId)?.driver;
  }

  /** Attempts that wait for room. */
  get queued(): number {
    let queued = 0;
    for (const run of this.#runs.values()) queued += run.queued;
    return queued;
  }

  /** By driver. */
  use(): ReadonlyMap<string, DriverUse> {
    const byDriver = new Map<string, DriverUse>();
    for (const run of this.#runs.values()) {
      const use = byDriver.get(run.driver) ?? { used: new Map<string, number>(), threads: 0, loopPlaces: 0 };
      byDriver.set(run.driver, use);
      run.addTo(use);
    }
    return byDriver;
  }

  /** What waits on this node, for which driver, and for what. */
  waiting(): readonly { readonly driver: string; readonly dagId: string; readonly functionId: string; readonly lacking: Capabilities }[] {
    return [...this.#runs.values()].flatMap((run) => run.waiting());
  }

  #open(driver: string, { runId, dagId }: WireMessageOf<'run-attempt'>): GuestRun {
    const run = new GuestRun(runId, dagId, driver, this.#ground, {
      // A frame full of small functions must not hold up the heartbeat.
      begin: (action) => this.#ground.turn.take(action),
      use: () => this.use().get(driver),
      settled: () => this.#tellIdle(),
    });
    this.#runs.set(runId, run);
    this.#ground.store.openRun(runId, dagId);
    this.#ground.allocation.enrol(run);
    this.#ground.logger.info({ driver, dagId, runId }, 'run began here');
    return run;
  }

  #end(run: GuestRun, retainMs: number): void {
    const { store, allocation, logger } = this.#ground;
    const { driver, dagId, runId } = run;
    this.#runs.delete(runId);
    logger.info({ driver, dagId, runId, attempts: run.attempts }, 'run ended here');
    run.end();
    if (retainMs > 0) {
      const kept = [...run.kept].filter((id) => store.get(runId, id));
      store.retainRun(runId, kept, retainMs);
    } else store.dropRun(runId);
    allocation.pump();
  }

  #tellIdle(): void {
    if (this.#idle.length === 0 || [...this.#runs.values()].some((run) => run.isNeeded)) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const told of idle) told();
  }
}
