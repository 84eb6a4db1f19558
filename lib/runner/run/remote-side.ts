import type { Allocator, Capabilities, ClaimClass } from '../../allocator/index.js';
import { doUnattended, HandoffError, type StepwiseWork } from '../../base/index.js';
import { type FarHandle, type Fetches, isRemote, type RemoteAttempt, type RemoteExecutor } from '../../executor/index.js';
import type { WireMessage } from '../../peer/index.js';
import { type StoredValue, thrownData } from '../../value/index.js';
import type { AdoptedAttempt, Receipt, RunHappening } from '../brain/messages.js';
import type { RunState } from '../brain/run-state.js';
import type { CodeRefusals } from './code/code-refusals.js';
import { CodeWatch, type CodeWatchDeps } from './code/code-watch.js';
import { ComparedAttempt } from './code/compared-attempt.js';
import type { RunJob } from './run-job.js';
import type { RunValues } from './values/run-values.js';

/** How many functions are looked at in one step for values that a leaving node has. A value to fetch takes as long as 100 of them. */
const LOOKED_AT_IN_STEP = 4096;
const FETCH_LOOKS = 100;

/**
 * The part of a run on other nodes: its attempts, the values that come from there, and notices about values that are not needed any more.
 */
export class RemoteSide {
  readonly #run: RunOfRemoteSide;
  readonly #values: RunValues;
  readonly #deps: RemoteSideDeps;
  readonly #feed: (happening: RunHappening) => void;
  readonly #codeRefusals: Pick<CodeRefusals, 'differs'>;
  readonly #codeWatch: CodeWatch;
  /** The nodes that know of the run. */
  readonly #involvedNodes = new Set<string>();
  /** The nodes that are about to leave, and up to which function the values there have been looked at. */
  readonly #leaving = new Map<string, number>();
  #isOver = false;
  /** The functions whose attempts run there already, when they are asked for. */
  #adopted: Set<number> | undefined;
  /** What functions lack on the nodes where they wait for room. */
  readonly #queued = new Map<number, Capabilities>();
  /** By node, the values to release there. */
  readonly #releases = new Map<string, string[]>();

  constructor(
    run: RunOfRemoteSide,
    values: RunValues,
    deps: RemoteSideDeps,
    feed: (happening: RunHappening) => void,
    codeRefusals: Pick<CodeRefusals, 'differs'>,
  ) {
    this.#run = run;
    this.#values = values;
    this.#deps = deps;
    this.#feed = feed;
    this.#codeRefusals = codeRefusals;
    this.#codeWatch = new CodeWatch(run, deps);
  }

  /**
   * Starts an attempt. `started` is called once when it has started there. Throws `HANDOFF_NOT_SERIALIZABLE` for arguments that cannot
   * leave this node.
   */
  start(index: number, attempt: RemoteAttempt, kind: ClaimClass, started: () => void): FarHandle {
    const begin = (): FarHandle => this.#begin(index, attempt, kind, started);
    const { comparisons, refusesSkew } = this.#deps;
    const { node } = attempt.context;
    const modules = refusesSkew ? (kind.group?.claims ?? [kind]).flatMap((claim) => claim.modules ?? []) : [];
    if (modules.length === 0 || this.#adopted?.delete(index)) return begin();
    const differing = comparisons.differing(modules, node);
    if (differing === undefined) return begin();
    const mayBegin = Promise.resolve(differing).then((module) => {
      if (module !== undefined) this.#codeRefusals.differs(kind, node, module);
      return module === undefined;
    });
    return new ComparedAttempt(mayBegin, begin);
  }

  /**
   * Tells the `members` which attempts on them the run takes over; they stop what else they run of it. All of them are involved: each may
   * have something of an earlier epoch.
   */
  adopt(adopted: readonly AdoptedAttempt[], members: readonly string[]): void {
    const { node, send } = this.#deps;
    const { runId, epoch, order } = this.#run;
    const byNode = new Map(members.map((name) => [name, [] as [functionId: string, attempt: number][]]));
    this.#adopted = new Set(adopted.map(({ index }) => index));
    for (const { index, attempt, node: on } of adopted) {
      byNode.get(on)!.push([order.plan.ids[index]!, attempt]);
    }
    byNode.delete(node);
    for (const [name, attempts] of byNode) {
      this.#involvedNodes.add(name);
      send(name, { type: 'adopt-attempts', runId, epoch, attempts });
    }
  }

  #begin(index: number, attempt: RemoteAttempt, kind: ClaimClass, started: () => void): FarHandle {
    const { remote, allocation } = this.#deps;
    const { context, steps } = attempt;
    const { node } = context;
    this.#involvedNodes.add(node);
    this.#codeWatch.used(steps, node);
    return remote.start(attempt, {
      started: () => {
        if (this.#queued.size > 0) this.#queued.delete(index);
        started();
      },
      queued: (lacking) => {
        this.#queued.set(index, lacking);
        // What is missing there is a part of what it waits for.
        const whole = Object.entries(lacking).map(
          ([name, missing]) => [name, Object.hasOwn(kind.costs, name) ? kind.costs[name]! : missing] as const,
        );
        this.#feed({ type: 'functions-waited', indices: [index], lacking: Object.fromEntries(whole) });
      },
      refused: ({ capabilities, used, usedByYou }) => {
        const usage = {
          capabilities: Object.fromEntries(capabilities),
          used: Object.fromEntries(used),
          usedByYou: Object.fromEntries(usedByYou),
        };
        allocation.declined(node, usage, kind);
      },
      turnedDown: (isSilent) => allocation.turnedDown(node, kind, isSilent),
      served: () => allocation.served(node),
    });
  }

  /** Returns what a function lacks on the node where it was placed, and waits for room. */
  lackingThere(index: number): Capabilities | undefined {
    return this.#queued.get(index);
  }

  /** Fetches a collected value. */
  fetch(index: number, functionId: string, attempt: number): void {
    const { fetches, node } = this.#deps;
    const { runId, dagId } = this.#run;
    const given = this.#values.ownOf(index, node);
    if (!isRemote(given)) return this.#feed({ type: 'value-fetched', index, attempt });
    fetches.fetch(given, undefined, {
      found: (held) => {
        this.#values.keep(index, held);
        this.#copy(index, attempt, held);
        this.#feed({ type: 'value-fetched', index, attempt });
      },
      missing: (cause) => {
        const message = `The result of function "${functionId}" is lost: node "${given.from}" had it`;
        const error = new HandoffError('HANDOFF_RESULT_LOST', message, { dagId, runId, functionId, node: given.from, cause });
        this.#feed({ type: 'value-missing', index, attempt, error: thrownData(error) });
      },
    });
  }

  /** A collected value of a durable run gets a file here too: its run ends when that is recorded. */
  #copy(index: number, attempt: number, held: StoredValue): void {
    const { order, state, tookMs } = this.#run;
    if (!order.files || order.files.has(index)) return;
    const receipt = { node: state.nodes[index]!, sizeBytes: held.sizeBytes, tookMs: tookMs[index]!, isHere: true };
    order.recorder?.success(index, attempt, receipt, held);
  }

  /** A node is about to leave: its values that are still needed are fetched first. They are found in turns. */
  leaving(node: string, state: RunState): void {
    doUnattended(this.#bringAll(node, state));
  }

  /** A run that grows replaces its columns. */
  *#bringAll(node: string, state: RunState): StepwiseWork<void> {
    const { states, nodes, plan } = state;
    let left = LOOKED_AT_IN_STEP;
    for (let index = 0; index < plan.size && !this.#isOver; index += 1) {
      this.#leaving.set(node, index + 1);
      const isNeeded = state.consumersLeft[index]! > 0 || state.policy.collected[index] === 1;
      const isThere = nodes[index] === node && (states[index] === 'succeeded' || states[index] === 'recording');
      if (isThere && isNeeded && !this.#values.isComposite(index)) this.#bring(index, plan.ids[index]!);
      left -= isThere && isNeeded ? FETCH_LOOKS : 1;
      if (left > 0) continue;
      yield;
      left = LOOKED_AT_IN_STEP;
    }
  }

  /** A function has succeeded. If its node is about to leave, its value is fetched too, by the search if that has not come to it yet. */
  made(index: number, functionId: string, { node, isHere }: Receipt): void {
    if (!isHere && this.#leaving.size > 0 && index < (this.#leaving.get(node) ?? 0)) this.#bring(index, functionId);
  }

  /** A value that does not come in time is lost with the node. */
  #bring(index: number, functionId: string): void {
    const { fetches, node } = this.#deps;
    const given = this.#values.ownOf(index, node);
    if (!isRemote(given) || given.from === node) return this.#moved(index, functionId);
    const found = (held: StoredValue): void => {
      this.#values.keep(index, held);
      this.#moved(index, functionId);
    };
    fetches.fetch(given, undefined, { found, missing: () => {} });
  }

  #moved(index: number, functionId: string): void {
    this.release(index, functionId);
    this.flush();
    this.#values.moved(index);
  }

  /** The value is not needed any more. The nodes are notified with the next `flush`. */
  release(index: number, functionId: string): void {
    for (const node of this.#values.holdersOf(index)) {
      const ids = this.#releases.get(node);
      if (ids) ids.push(functionId);
      else this.#releases.set(node, [functionId]);
    }
  }

  flush(): void {
    if (this.#releases.size === 0) return;
    const { runId, epoch } = this.#run;
    for (const [node, ids] of this.#releases) this.#deps.send(node, { type: 'release-values', runId, epoch, ids });
    this.#releases.clear();
  }

  /** The run is over. Its remains may be kept there for `retainMs`, or, if it `isInterrupted`, for an heir. */
  end(retainMs: number, isInterrupted: boolean): void {
    this.#isOver = true;
    this.flush();
    const { runId, epoch } = this.#run;
    const { node: self, allocation, send } = this.#deps;
    // Of an earlier epoch something may be on a node that was away when this one began.
    if (epoch > 1) for (const { name } of allocation.members) if (name !== self) this.#involvedNodes.add(name);
    for (const node of this.#involvedNodes) send(node, { type: 'end-run', runId, epoch, retainMs, isInterrupted });
    this.#values.close();
  }
}

/** The run, as its remote side sees it. */
export interface RunOfRemoteSide {
  readonly runId: string;
  readonly dagId: string;
  /** The epoch of the run; 0 if it is not durable. */
  readonly epoch: number;
  readonly order: Pick<RunJob, 'recorder' | 'files'> & { readonly plan: { readonly ids: readonly string[] } };
  readonly state: Pick<RunState, 'nodes'>;
  /** By function, how long its last attempt took, ms. */
  readonly tookMs: Float64Array;
}

/** The parts of the node that the remote side of a run needs. */
export interface RemoteSideDeps extends CodeWatchDeps {
  readonly node: string;
  readonly allocation: Allocator;
  readonly remote: RemoteExecutor;
  readonly fetches: Fetches;
  readonly send: (to: string, message: WireMessage) => boolean;
}
