import type { Capabilities } from '../allocator/index.js';
import { HandoffError } from '../base/index.js';
import type { AttemptContext, Loan } from '../executor/index.js';
import type { Inheritance, WireMessageOf } from '../peer/index.js';
import { packThrownForWire } from '../value/index.js';
import type { DriverUse, GuestDeps } from './guest-deps.js';
import { GuestRun } from './guest-run.js';
import type { HandedOver } from './handed-over.js';
import { type RunOwner, RunOwners, standingOf } from './run-owners.js';

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
  readonly #whenOver = new Set<{ readonly dagId: string; readonly told: () => void }>();

  constructor(deps: GuestDeps) {
    this.#deps = deps;
  }

  /** The number of runs. */
  get size(): number {
    return this.#runs.size;
  }

  heard(from: string, message: DriverMessage): void {
    if (message.type === 'runs-under-way') return this.#reconcile(from, message.runs);
    const [runId, epoch] = runOf(message);
    const refusal = this.#admit(from, runId, epoch, message.type);
    if (refusal) return this.#refuse(from, message, refusal);
    const known = this.#runs.get(runId);
    switch (message.type) {
      case 'run-begun':
        this.#owners.claim(from, runId, epoch);
        break;
      case 'run-attempt': {
        const run = known ?? this.#open({ driver: from, epoch }, runId, message.dagId);
        if (run) run.ask(message, this.#isDraining);
        else this.#deps.send(from, { type: 'attempt-refused', of: message.of, usage: this.#usageFor(from) });
        break;
      }
      case 'stop-attempt':
        if (known) known.stop(message);
        // Nothing of the run is here, so nothing runs.
        else this.#deps.send(from, { type: 'attempt-ended', of: message.of, outcome: { type: 'stopped' } });
        break;
      case 'take-back-attempt':
        if (known) known.takeBack(message);
        else this.#deps.send(from, { type: 'attempt-taken-back', of: message.of, ask: message.ask });
        break;
      case 'adopt-attempts':
        known?.adopt(message.attempts);
        break;
      case 'release-values':
        known?.release(message.ids);
        break;
      case 'end-run':
        known?.files.end(message.retainMs > 0 && !message.isInterrupted);
        if (known && message.isInterrupted && epoch > 0) this.#orphan(known);
        else if (known) this.#end(known, message.retainMs);
        this.#owners.forget(runId);
    }
    this.#tellIdle();
  }

  /** Another node drives the run now, and asks what is here of it. Throws `HANDOFF_RUN_TAKEN_OVER` if a higher epoch is known. */
  inherit(from: string, runId: string, epoch: number): Inheritance {
    const refusal = this.#admit(from, runId, epoch, 'inherit-run');
    if (refusal) throw refusal.error;
    this.#owners.claim(from, runId, epoch);
    return this.#runs.get(runId)?.inheritance() ?? { attempts: [], values: [] };
  }

  /** This node drives a durable run. Returns what it has had of the run as a guest. */
  drive(runId: string, epoch: number): HandedOver | undefined {
    this.#owners.claim(this.#deps.node, runId, epoch);
    const run = this.#runs.get(runId);
    if (!run) return undefined;
    this.#runs.delete(runId);
    this.#logTakeOver(run.driver, this.#deps.node, runId, epoch);
    const handedOver = run.handOver();
    this.#deps.store.dropRun(runId);
    this.#tellOver(run.dagId);
    this.#tellIdle();
    return handedOver;
  }

  /**
   * Returns what is known of a run's driver; `undefined` if no driver has mentioned it. A run that has ended here and is retained belongs
   * to this node, as it starts nothing any more.
   */
  #ownerOf(runId: string): RunOwner | undefined {
    const { drivenEpoch, store, node } = this.#deps;
    const own = drivenEpoch(runId);
    if (own !== undefined) return { driver: node, epoch: own };
    const known = this.#runs.get(runId) ?? this.#owners.ownerOf(runId);
    return known ?? (store.hasRun(runId) ? { driver: node, epoch: store.epochOf(runId)! } : undefined);
  }

  /** Decides whether a node may say something about a run. If its epoch is the highest so far, it is the driver from now on. */
  #admit(from: string, runId: string, epoch: number, type: string): Refusal | undefined {
    const owner = this.#ownerOf(runId);
    const standing = standingOf(owner, from, epoch);
    if (standing === 'heir') this.#takeOver(owner!, { driver: from, epoch }, runId);
    if (standing !== 'outdated' && standing !== 'foreign') return undefined;
    const { node } = this.#deps;
    const { driver } = owner!;
    if (standing === 'outdated') return { owner: owner!, isOutdated: true, error: this.#takenOver(runId, owner!) };
    const text = `Node "${node}" does not take "${type}" from node "${from}": node "${driver}" drives the run`;
    return { owner: owner!, isOutdated: false, error: new HandoffError('HANDOFF_BAD_MESSAGE', text, { runId, node }) };
  }

  /** An heir is heard at once, also while the former driver is alive. */
  #takeOver({ driver: former }: RunOwner, heir: RunOwner, runId: string): void {
    const { node, store, send, takenOver, drivenEpoch } = this.#deps;
    const error = this.#takenOver(runId, heir);
    this.#owners.claim(heir.driver, runId, heir.epoch);
    const run = this.#runs.get(runId);
    const isDriven = drivenEpoch(runId) !== undefined;
    const isRetained = !run && !isDriven && store.hasRun(runId);
    const isOrphan = run?.isOrphan === true;
    run?.takeOver(heir);
    if (isDriven) takenOver(runId, heir.epoch, error);
    else if (isRetained) store.dropRun(runId);
    else if (!isOrphan && former !== heir.driver && former !== node) {
      send(former, { type: 'run-refused', runId, epoch: heir.epoch, error: packThrownForWire(error) });
    }
    this.#logTakeOver(former, heir.driver, runId, heir.epoch);
  }

  #logTakeOver(from: string, heir: string, runId: string, epoch: number): void {
    this.#deps.logger.info({ runId, driver: from, heir, epoch }, 'another node goes on with a run');
  }

  #takenOver(runId: string, { driver, epoch }: RunOwner): HandoffError {
    const message = `Cannot go on with the run: node "${driver}" has taken it over in epoch ${epoch}`;
    return new HandoffError('HANDOFF_RUN_TAKEN_OVER', message, { runId, node: driver });
  }

  /** Refuses messages about a run from any node but its driver, and answers them with the error. */
  #refuse(from: string, message: Exclude<DriverMessage, { type: 'runs-under-way' }>, { owner, isOutdated, error: why }: Refusal): void {
    const { send, logger } = this.#deps;
    const { type } = message;
    const [runId] = runOf(message);
    const error = packThrownForWire(why);
    // Sent first, so that the true driver learns that no function of its run has failed. Another node may have claimed the run here before
    // this node knew its driver.
    if (isOutdated || type !== 'stop-attempt') send(from, { type: 'run-refused', runId, epoch: owner.epoch, error });
    if (type === 'run-attempt' || type === 'stop-attempt') {
      const outcome = isOutdated
        ? ({ type: 'stopped' } as const)
        : ({ type: 'failed', error, final: true, phases: null, slot: 0 } as const);
      send(from, { type: 'attempt-ended', of: message.of, outcome });
    }
    if (isOutdated || this.#intruders.has(from)) return;
    this.#intruders.add(from);
    const fields = { code: 'HANDOFF_BAD_MESSAGE', peer: from, driver: owner.driver, runId, type };
    logger.warn(fields, "refused a message about another node's run");
  }

  /** A driver is back and lists what it still wants. Everything else was given up while it could not say so. */
  #reconcile(driver: string, runs: WireMessageOf<'runs-under-way'>['runs']): void {
    const wanted = new Map(runs.map(([runId, epoch, attempts]) => [runId, { epoch, attempts }]));
    for (const [runId, { epoch }] of wanted) {
      const refusal = this.#admit(driver, runId, epoch, 'runs-under-way');
      if (!refusal) this.#owners.claim(driver, runId, epoch);
      else if (refusal.isOutdated) {
        const error = packThrownForWire(refusal.error);
        this.#deps.send(driver, { type: 'run-refused', runId, epoch: refusal.owner.epoch, error });
      }
    }
    for (const run of [...this.#runs.values()]) {
      if (run.driver !== driver) continue;
      const one = wanted.get(run.runId);
      if (one?.epoch === run.epoch) {
        run.adopt(one.attempts);
        run.keepOnly(one.attempts);
        // One that has lost its driver may have another one of that name now, which knows nothing of the run.
      } else if (!one && !run.isOrphan) this.#end(run, 0);
    }
    this.#tellIdle();
  }

  /** A driver is gone: stop what runs for it and drop what is kept for its runs; durable runs may find an heir. */
  driverGone(name: string): void {
    for (const run of [...this.#runs.values()]) {
      if (run.driver !== name) continue;
      if (run.epoch > 0) this.#orphan(run);
      else this.#end(run, 0);
    }
    this.#owners.forgetAll(name);
    this.#intruders.delete(name);
    this.#tellIdle();
  }

  #orphan(run: GuestRun): void {
    if (run.isOrphan) return;
    const { driver, dagId, runId } = run;
    this.#deps.logger.info({ driver, dagId, runId, orphanMs: this.#deps.orphanMs }, 'run waits for another driver');
    run.orphan(() => {
      this.#end(run, 0);
      this.#tellIdle();
    });
  }

  /** The node has stopped: nothing waits for an heir any more. */
  close(): void {
    for (const run of [...this.#runs.values()]) if (run.isOrphan) this.#end(run, 0);
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

  /** Calls `told` as soon as no run of a DAG is here for another driver. Returns a function that calls this off. */
  whenOver(dagId: string, told: () => void): () => void {
    const waiting = { dagId, told };
    this.#whenOver.add(waiting);
    return () => void this.#whenOver.delete(waiting);
  }

  /** Returns the driver of a run that another node drives, with the epoch; `undefined` also while it has none. */
  driverOf(runId: string): RunOwner | undefined {
    const run = this.#runs.get(runId);
    return run?.isOrphan ? undefined : run;
  }

  /** Returns what an attempt for another driver holds here, so that it can be lent. */
  loanFor({ runId, functionId, attempt }: AttemptContext): Loan | undefined {
    return this.#runs.get(runId)?.loanFor(functionId, attempt);
  }

  /** The number of attempts that wait for room. */
  get queued(): number {
    let queued = 0;
    for (const run of this.#runs.values()) queued += run.table.queued;
    return queued;
  }

  /** The use of this node, by driver. Of orphans nobody knows: they are just in use. */
  use(): ReadonlyMap<string, DriverUse> {
    const byDriver = new Map<string, Map<string, number>>();
    for (const run of this.#runs.values()) {
      if (run.isOrphan) continue;
      const use = byDriver.get(run.driver) ?? new Map<string, number>();
      byDriver.set(run.driver, use);
      run.table.addTo(use);
    }
    return byDriver;
  }

  /** Lists the attempts that wait on this node, with their driver and the resources they lack. */
  waiting(): readonly { readonly driver: string; readonly dagId: string; readonly functionId: string; readonly lacking: Capabilities }[] {
    const { allocation } = this.#deps;
    return [...this.#runs.values()].flatMap(({ driver, dagId, table }) =>
      table.waiting.map(({ of: [, functionId], kind }) => ({ driver, dagId, functionId, lacking: allocation.lackOf(kind) })),
    );
  }

  /** Returns `undefined` while this node's own last attempts of the run have not ended. */
  #open(owner: RunOwner, runId: string, dagId: string): GuestRun | undefined {
    if (this.#deps.drivenEpoch(runId) !== undefined) return undefined;
    const run: GuestRun = new GuestRun(runId, dagId, owner, this.#deps, {
      // A frame full of small functions must not delay the heartbeat.
      begin: (action) => this.#deps.turn.take(action),
      use: () => this.use().get(run.driver),
      settled: () => this.#tellIdle(),
    });
    this.#owners.claim(owner.driver, runId, owner.epoch);
    this.#runs.set(runId, run);
    this.#deps.store.openRun(runId, dagId, owner.epoch);
    this.#deps.allocation.addRun(run);
    this.#deps.logger.info({ driver: owner.driver, dagId, runId }, 'run began here');
    return run;
  }

  #tellOver(dagId: string): void {
    if (this.#whenOver.size === 0 || this.isRunning(dagId)) return;
    for (const waiting of [...this.#whenOver]) if (waiting.dagId === dagId && this.#whenOver.delete(waiting)) waiting.told();
  }

  #end(run: GuestRun, retainMs: number): void {
    const { store, allocation, logger } = this.#deps;
    const { driver, dagId, runId, table } = run;
    this.#runs.delete(runId);
    logger.info({ driver, dagId, runId, attempts: table.asked }, 'run ended here');
    run.end();
    if (retainMs > 0) {
      const kept = [...run.kept].filter((id) => store.get(runId, id));
      store.retainRun(runId, kept, retainMs);
    } else store.dropRun(runId);
    this.#tellOver(dagId);
    allocation.pump();
  }

  /** How this node stands, as it tells a driver that it refuses. */
  #usageFor(driver: string): WireMessageOf<'attempt-refused'>['usage'] {
    return { ...this.#deps.allocation.ledger.report, usedByYou: [...(this.use().get(driver) ?? [])] };
  }

  #tellIdle(): void {
    if (this.#idle.length === 0 || [...this.#runs.values()].some((run) => run.isNeeded)) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const told of idle) told();
  }
}

/** Why a message about a run is refused. */
interface Refusal {
  readonly owner: RunOwner;
  /** Whether its driver is known to have an heir. */
  readonly isOutdated: boolean;
  readonly error: HandoffError;
}

/** Returns the run of a message, and its epoch. */
function runOf(message: Exclude<DriverMessage, { type: 'runs-under-way' }>): readonly [runId: string, epoch: number] {
  return 'of' in message ? [message.of[0], message.of[3]] : [message.runId, message.epoch];
}

/** Messages of drivers about their runs. */
export type DriverMessage = WireMessageOf<
  'run-begun' | 'run-attempt' | 'runs-under-way' | 'stop-attempt' | 'take-back-attempt' | 'adopt-attempts' | 'release-values' | 'end-run'
>;
