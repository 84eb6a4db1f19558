import type { Capabilities } from '../allocator/index.js';
import { HandoffError } from '../base/index.js';
import type { AttemptContext, Loan } from '../executor/index.js';
import type { WireMessageOf } from '../peer/index.js';
import { packThrownForWire } from '../value/index.js';
import type { DriverUse, GuestDeps } from './guest-deps.js';
import { GuestRun } from './guest-run.js';
import { RunOwners } from './run-owners.js';

/**
 * The attempts on this node that belong to other drivers' runs. They enter through the allocator like local ones, so that the node is not
 * over-committed and all drivers are served in turn. Outlives every actor.
 */
export class GuestRuns {
  readonly #deps: GuestDeps;
  readonly #runs = new Map<string, GuestRun>();
  readonly #owners = new RunOwners();
  /** Nodes that sent messages about runs of other drivers. Each is logged once. */
  readonly #intruders = new Set<string>();
  #isDraining = false;
  #idle: (() => void)[] = [];

  constructor(deps: GuestDeps) {
    this.#deps = deps;
  }

  /** The number of runs. */
  get size(): number {
    return this.#runs.size;
  }

  heard(from: string, message: DriverMessage): void {
    if (message.type === 'runs-under-way') return this.#reconcile(from, message.runs);
    const { runId } = message;
    const owner = this.#ownerOf(runId);
    if (owner !== undefined && owner !== from) return this.#refuse(from, message, owner);
    const known = this.#runs.get(runId);
    switch (message.type) {
      case 'run-begun':
        this.#owners.claim(from, runId);
        break;
      case 'run-attempt': {
        const run = known ?? this.#open(from, message);
        run.ask(message, this.#isDraining);
        break;
      }
      case 'stop-attempt':
        if (known) known.stop(message);
        // Nothing of the run is here, so nothing runs.
        else this.#deps.send(from, { type: 'attempt-ended', id: message.id, outcome: { type: 'stopped' } });
        break;
      case 'release-values':
        known?.release(message.ids);
        break;
      case 'end-run':
        if (known) this.#end(known, message.retainMs);
        this.#owners.forget(runId);
    }
    this.#tellIdle();
  }

  /**
   * Returns the driver of a run; `undefined` if no driver has mentioned it. A run that has ended here and is retained has no driver, as it
   * starts nothing any more.
   */
  #ownerOf(runId: string): string | undefined {
    const { drives, store, node } = this.#deps;
    const known = this.#runs.get(runId)?.driver ?? this.#owners.ownerOf(runId);
    return known ?? (drives(runId) || store.hasRun(runId) ? node : undefined);
  }

  /** Refuses messages about a run from any node but its driver, and answers them with the error. */
  #refuse(from: string, message: Exclude<DriverMessage, { type: 'runs-under-way' }>, owner: string): void {
    const { send, node, logger } = this.#deps;
    const { runId, type } = message;
    const text = `Node "${node}" does not take "${type}" from node "${from}": node "${owner}" drives the run`;
    const error = packThrownForWire(new HandoffError('HANDOFF_BAD_MESSAGE', text, { runId, node }));
    // Sent first, so that the true driver learns that no function of its run has failed. Another node may have claimed the run here before
    // this node knew its driver.
    if (type !== 'stop-attempt') send(from, { type: 'run-refused', runId, error });
    if (type === 'run-attempt' || type === 'stop-attempt') {
      send(from, { type: 'attempt-ended', id: message.id, outcome: { type: 'failed', error, final: true } });
    }
    if (this.#intruders.has(from)) return;
    this.#intruders.add(from);
    logger.warn({ code: 'HANDOFF_BAD_MESSAGE', peer: from, driver: owner, runId, type }, "refused a message about another node's run");
  }

  /** A driver is back and lists what it still wants. Everything else was given up while it could not say so. */
  #reconcile(driver: string, runs: WireMessageOf<'runs-under-way'>['runs']): void {
    const wanted = new Map(runs);
    for (const runId of wanted.keys()) if (this.#ownerOf(runId) === undefined) this.#owners.claim(driver, runId);
    for (const run of [...this.#runs.values()]) {
      if (run.driver !== driver) continue;
      const attempts = wanted.get(run.runId);
      if (attempts) run.keepOnly(new Set(attempts));
      else this.#end(run, 0);
    }
    this.#tellIdle();
  }

  /** A driver is gone: stop what runs for it and drop what is kept for its runs. */
  driverGone(name: string): void {
    for (const run of [...this.#runs.values()]) if (run.driver === name) this.#end(run, 0);
    this.#owners.forgetAll(name);
    this.#intruders.delete(name);
    this.#tellIdle();
  }

  /** Accepts nothing more. Waiting attempts are returned to their drivers. */
  drain(): void {
    this.#isDraining = true;
    for (const run of this.#runs.values()) run.giveBack();
    this.#tellIdle();
  }

  /** Ends at once everything that runs for others. */
  abortAll(): void {
    for (const run of this.#runs.values()) run.abort();
  }

  /** Calls `told` once nothing runs for others and no value is kept that a driver may still need. */
  whenIdle(told: () => void): void {
    this.#idle.push(told);
    this.#tellIdle();
  }

  /** Whether an attempt of a DAG may run here for another driver. */
  isRunning(dagId: string): boolean {
    for (const run of this.#runs.values()) if (run.dagId === dagId) return true;
    return false;
  }

  /** Returns the driver of a run that another node drives. */
  driverOf(runId: string): string | undefined {
    return this.#runs.get(runId)?.driver;
  }

  /** Returns what an attempt for another driver holds here, so that it can be lent. */
  loanFor({ runId, functionId, attempt }: AttemptContext): Loan | undefined {
    return this.#runs.get(runId)?.loanFor(functionId, attempt);
  }

  /** The number of attempts that wait for room. */
  get queued(): number {
    let queued = 0;
    for (const run of this.#runs.values()) queued += run.queued;
    return queued;
  }

  /** The use of this node, by driver. */
  use(): ReadonlyMap<string, DriverUse> {
    const byDriver = new Map<string, Map<string, number>>();
    for (const run of this.#runs.values()) {
      const use = byDriver.get(run.driver) ?? new Map<string, number>();
      byDriver.set(run.driver, use);
      run.addTo(use);
    }
    return byDriver;
  }

  /** Lists the attempts that wait on this node, with their driver and the resources they lack. */
  waiting(): readonly { readonly driver: string; readonly dagId: string; readonly functionId: string; readonly lacking: Capabilities }[] {
    return [...this.#runs.values()].flatMap((run) => run.waiting());
  }

  #open(driver: string, { runId, dagId }: WireMessageOf<'run-attempt'>): GuestRun {
    const run = new GuestRun(runId, dagId, driver, this.#deps, {
      // A frame full of small functions must not delay the heartbeat.
      begin: (action) => this.#deps.turn.take(action),
      use: () => this.use().get(driver),
      settled: () => this.#tellIdle(),
    });
    this.#runs.set(runId, run);
    this.#deps.store.openRun(runId, dagId);
    this.#deps.allocation.addRun(run);
    this.#deps.logger.info({ driver, dagId, runId }, 'run began here');
    return run;
  }

  #end(run: GuestRun, retainMs: number): void {
    const { store, allocation, logger } = this.#deps;
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

/** Messages of drivers about their runs. */
export type DriverMessage = WireMessageOf<'run-begun' | 'run-attempt' | 'runs-under-way' | 'stop-attempt' | 'release-values' | 'end-run'>;
