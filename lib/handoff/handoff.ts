import { type ActorRef, ask, type NactRef, openDesk, type SupervisionTree, supervisionTree, tellNact } from '../actor/index.js';
import { type Capabilities, checkedCapabilities } from '../allocator/index.js';
import { checkedNumber, HandoffError, keepAlive, newRunId, systemClock } from '../base/index.js';
import type { DagLike, Regular, ResultsOf } from '../dag/index.js';
import type { NodeStatus } from '../nodes/index.js';
import { type PreparedRun, type RunOutcome, recordOf } from '../runner/index.js';
import { check, Held } from '../value/index.js';
import { type HandoffMessage, LaunchRun, receiveAtDesk } from './desk.js';
import type { ExecuteOptions } from './execute-options.js';
import { Lifecycle } from './lifecycle.js';
import { type CheckedNodeOptions, checkedNodeOptions, type NodeOptions } from './node-options.js';
import { openRun, type Run } from './run.js';
import { growTree, layTables, type Stations, type Tables, type Tree } from './tree.js';

/** A member of the cluster. */
export interface NodeInfo {
  readonly name: string;
  readonly address?: string;
  readonly status: NodeStatus;
  readonly capabilities: Capabilities;
  readonly used: Capabilities;
  /** Attempts under way. */
  readonly running: number;
}

/** The supervised actors that `whereis` knows. `'DagRunner'` is that of the run that started last, `'DagRunner <run id>'` that of the run. */
export type SupervisedName = 'LocalStore' | 'PeerHub' | 'NodeRegistry' | 'Allocator' | 'Executor' | 'DagRunner' | (string & {});

/** An answer that has not come after this long never will. */
const ANSWER_MS = 2 ** 40;

/**
 * A node: runs functions, and drives DAGs. Every call is a promise that ends: in a value, or in a `HandoffError` whose `code` says what
 * happened. After `stop` all of them reject with `HANDOFF_STOPPED`.
 */
export class Handoff implements AsyncDisposable {
  readonly name: string;
  /** Where others reach this node, `ws://host:port`; none while it does not listen. */
  readonly address: string | undefined = undefined;
  /** For other actors: a nact reference that stays valid while the node lives. */
  readonly actor: NactRef<HandoffMessage>;
  /** Resolves when the node has stopped: with the `HANDOFF_RESTARTS_EXCEEDED` that ended it, if one did. */
  readonly stopped: Promise<HandoffError | undefined>;
  readonly #options: CheckedNodeOptions;
  readonly #tables: Tables;
  readonly #tree: Tree;
  readonly #lifecycle: Lifecycle;

  private constructor(options: CheckedNodeOptions, tables: Tables, tree: Tree) {
    this.name = options.name;
    this.#options = options;
    this.#tables = tables;
    this.#tree = tree;
    const launch = (prepared: PreparedRun): void => tables.runs.launch(prepared, (gone) => tree.runs(gone));
    const parts = { runs: tables.runs, logger: options.logger, launch };
    this.actor = openDesk(tree.system, 'handoff', (message) => receiveAtDesk(message, parts));
    this.#lifecycle = new Lifecycle(options.name, tables, tree, this.actor);
    this.stopped = this.#lifecycle.stopped;
  }

  /** Starts a node: its supervision tree stands when this resolves. Rejects with `TypeError` or `RangeError` for wrong options. */
  static async start(options?: NodeOptions): Promise<Handoff> {
    const checked = checkedNodeOptions(options);
    const tables = layTables(checked, systemClock);
    return new Handoff(checked, tables, await growTree(checked, tables));
  }

  /** Runs a DAG wherever its functions fit. Never throws: what is wrong rejects the run. */
  execute<
    V extends object,
    In extends string,
    Inl extends string,
    Used extends string,
    const Collect extends 'all' | 'sinks' | readonly Regular<V, In, Inl>[] = 'all',
  >(dag: DagLike<V, In, Inl, Used>, options?: ExecuteOptions<V, In, Inl, Collect>): Run<ResultsOf<V, In, Inl, Used, Collect>> {
    return this.#execute(dag, options, 'cluster');
  }

  /** The same as `execute`. */
  executeDistributed<
    V extends object,
    In extends string,
    Inl extends string,
    Used extends string,
    const Collect extends 'all' | 'sinks' | readonly Regular<V, In, Inl>[] = 'all',
  >(dag: DagLike<V, In, Inl, Used>, options?: ExecuteOptions<V, In, Inl, Collect>): Run<ResultsOf<V, In, Inl, Used, Collect>> {
    return this.#execute(dag, options, 'cluster');
  }

  /** Runs every function on this node, whatever its `node` and `cost` say; threads and `loopConcurrency` still bound how many at once. */
  executeLocal<
    V extends object,
    In extends string,
    Inl extends string,
    Used extends string,
    const Collect extends 'all' | 'sinks' | readonly Regular<V, In, Inl>[] = 'all',
  >(dag: DagLike<V, In, Inl, Used>, options?: ExecuteOptions<V, In, Inl, Collect>): Run<ResultsOf<V, In, Inl, Used, Collect>> {
    return this.#execute(dag, options, 'local');
  }

  /** Registers what this node has, in place of what was registered before. Below what is in use it only delays. */
  async registerLocalNode(capabilities: Capabilities): Promise<void> {
    return this.registerNode(this.name, capabilities);
  }

  /** Registers what a node has, in its own ledger, until its process ends. `HANDOFF_NODE_UNKNOWN` for one that is no member. */
  async registerNode(node: string, capabilities: Capabilities): Promise<void> {
    const checked = checkedCapabilities(capabilities, 'capabilities');
    await this.#member(node);
    await this.#ask('Allocator', (replyTo) => ({ type: 'register-capabilities', capabilities: checked, replyTo }));
  }

  /** What every member has, exactly as registered; this node included. */
  async discoverNodes(): Promise<Record<string, Capabilities>> {
    return recordOf((await this.nodes()).map(({ name, capabilities }) => [name, { ...capabilities }] as const));
  }

  /** Whether a node has `required` free now, as its own ledger says. */
  async resourcesAvailable(node: string, required: Capabilities): Promise<boolean> {
    const checked = checkedCapabilities(required, 'required');
    await this.#member(node);
    return this.#ask<boolean, 'Allocator'>('Allocator', (replyTo) => ({ type: 'check-room', required: checked, replyTo }));
  }

  /** Stores a result by hand, on `originNode` only; it goes when the next run of the DAG starts. */
  async storeResult(dagId: string, functionId: string, value: unknown, originNode: string = this.name): Promise<void> {
    await this.#keep(dagId, functionId, value, 'result', originNode);
  }

  /** Waits for a result to appear, also of a DAG that nobody has started; `HANDOFF_TIMEOUT` after `timeoutMs` (5000). */
  async getResult(dagId: string, id: string, options: { timeoutMs?: number } = {}): Promise<unknown> {
    checkId(dagId, 'dagId');
    checkId(id, 'id');
    const timeoutMs = checkedNumber('timeoutMs', options.timeoutMs, { or: 5000 });
    const held = await this.#ask<Held | undefined, 'LocalStore'>('LocalStore', (replyTo) => ({
      type: 'await-value',
      dagId,
      id,
      timeoutMs,
      replyTo,
    }));
    if (held) return held.open(this.#options.freeze);
    throw new HandoffError('HANDOFF_TIMEOUT', `No result of "${id}" of DAG "${dagId}" within ${timeoutMs} ms`, { dagId, functionId: id });
  }

  /** Stores a value on this node until `clear`: for an input of the DAG, over any number of its runs. `inputs` win over it. */
  async storeValue(dagId: string, id: string, value: unknown): Promise<void> {
    await this.#keep(dagId, id, value, 'value', this.name);
  }

  /** A value that lies on this node; `HANDOFF_NOT_FOUND` if none does. */
  async getLocalValue(dagId: string, id: string): Promise<unknown> {
    checkId(dagId, 'dagId');
    checkId(id, 'id');
    const held = await this.#ask<Held | undefined, 'LocalStore'>('LocalStore', (replyTo) => ({ type: 'find-value', dagId, id, replyTo }));
    if (held) return held.open(this.#options.freeze);
    throw new HandoffError('HANDOFF_NOT_FOUND', `Node "${this.name}" has no value of "${id}" of DAG "${dagId}"`, {
      dagId,
      functionId: id,
      node: this.name,
    });
  }

  /** A value from here, else from `fromNode` or wherever it is known to lie; `HANDOFF_NOT_FOUND` if nobody has it. */
  async getValue(dagId: string, id: string, fromNode?: string): Promise<unknown> {
    if (fromNode !== undefined) await this.#member(fromNode);
    return this.getLocalValue(dagId, id);
  }

  /** Tells where a value lies. Whether the node exists is not checked. */
  async registerDataLocation(dagId: string, dataId: string, node: string): Promise<void> {
    checkId(dagId, 'dagId');
    checkId(dataId, 'dataId');
    checkId(node, 'node');
    await this.#ask('LocalStore', (replyTo) => ({ type: 'register-location', dagId, dataId, node, replyTo }));
  }

  /** The name of the node where a value was made; `HANDOFF_NOT_FOUND` if nobody knows. */
  async lookupDataLocation(dagId: string, dataId: string): Promise<string> {
    checkId(dagId, 'dagId');
    checkId(dataId, 'dataId');
    const node = await this.#ask<string | undefined, 'LocalStore'>('LocalStore', (replyTo) => ({
      type: 'lookup-location',
      dagId,
      dataId,
      replyTo,
    }));
    if (node !== undefined) return node;
    throw new HandoffError('HANDOFF_NOT_FOUND', `No location is known of "${dataId}" of DAG "${dagId}"`, { dagId, functionId: dataId });
  }

  /** Forgets every value, result and location under a DAG id; `HANDOFF_DAG_RUNNING` while it runs. */
  async clear(dagId: string): Promise<void> {
    checkId(dagId, 'dagId');
    if (this.#tables.runs.isRunning(dagId)) {
      throw new HandoffError('HANDOFF_DAG_RUNNING', `Cannot clear DAG "${dagId}": a run of it has not ended`, { dagId });
    }
    await this.#ask('LocalStore', (replyTo) => ({ type: 'clear-dag', dagId, replyTo }));
  }

  /** The members, this node first. */
  async nodes(): Promise<readonly NodeInfo[]> {
    const members = await this.#ask<readonly { name: string; address: string | undefined; status: NodeStatus }[], 'NodeRegistry'>(
      'NodeRegistry',
      (replyTo) => ({ type: 'list-members', replyTo }),
    );
    const running = await this.#ask<number, 'Executor'>('Executor', (replyTo) => ({ type: 'count-running', replyTo }));
    const { capabilities, used } = this.#tables.allocation.ledger;
    return members.map(({ address, ...member }) => ({
      ...member,
      ...(address === undefined ? {} : { address }),
      capabilities: { ...capabilities },
      used,
      running,
    }));
  }

  /** A supervised actor as it is now: a reference to one incarnation. */
  whereis(name: SupervisedName): ActorRef<unknown> | undefined {
    if (this.#lifecycle.isOver) return undefined;
    const [, ofRun] = /^DagRunner(?: (.+))?$/.exec(name) ?? [name, null];
    const ref = ofRun === null ? this.#tree.ref(name as keyof Stations) : this.#tables.runs.runner(ofRun);
    return ref as ActorRef<unknown> | undefined;
  }

  /** The supervised actors, from the root down, with the restarts of each. */
  async supervisionTree(): Promise<SupervisionTree> {
    this.#lifecycle.refuse();
    return supervisionTree(this.#tree.root);
  }

  /**
   * Takes no more work, lets attempts end for `graceMs` (10,000), then ends the rest: runs that have not ended reject with
   * `HANDOFF_RUN_ABORTED`. Repeated calls are one.
   */
  async stop(options: { graceMs?: number } = {}): Promise<void> {
    const graceMs = checkedNumber('graceMs', options.graceMs, { or: 10_000 });
    return this.#lifecycle.stop(graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ graceMs: 0 });
  }

  #execute<R>(dag: DagLike, options: object | undefined, mode: 'cluster' | 'local'): Run<R> {
    const { runs } = this.#tables;
    let prepared: PreparedRun;
    try {
      this.#lifecycle.refuse();
      prepared = runs.prepare(dag, options, mode);
    } catch (error) {
      const dagId = typeof dag?.id === 'string' ? dag.id : '';
      return openRun<R>({ type: 'refused', id: newRunId(), dagId, error, atMs: systemClock.wallNow() }, (_resolve, reject) =>
        reject(error),
      );
    }
    const cancel = (reason: unknown): Promise<void> => runs.cancel(prepared.run.runId, reason);
    const run = openRun<R>({ type: 'prepared', prepared, cancel }, (resolve, reject) => {
      prepared.onEnd = (end) => (end.type === 'completed' ? resolve(end.outcome as RunOutcome<R>) : reject(end.error));
    });
    tellNact(this.actor, new LaunchRun(prepared));
    return run;
  }

  async #keep(dagId: string, id: string, value: unknown, as: 'value' | 'result', node: string): Promise<void> {
    checkId(dagId, 'dagId');
    checkId(id, as === 'value' ? 'id' : 'functionId');
    await this.#member(node);
    const held = Held.live(value, check(value, { where: 'value', freeze: false }), 'caller');
    await this.#ask('LocalStore', (replyTo) => ({ type: 'keep-value', dagId, id, value: held, as, replyTo }));
  }

  async #member(node: string): Promise<void> {
    checkId(node, 'node');
    const member = await this.#ask('NodeRegistry', (replyTo) => ({ type: 'find-member', name: node, replyTo }));
    if (!member) throw new HandoffError('HANDOFF_NODE_UNKNOWN', `Node "${node}" is not a member`, { node });
  }

  /** Asks a supervised actor. When it crashes meanwhile, the next incarnation is asked again: every question may be repeated. */
  async #ask<R, N extends keyof Stations>(name: N, request: (replyTo: ActorRef<R>) => Stations[N]): Promise<R> {
    this.#lifecycle.refuse();
    const alive = keepAlive();
    try {
      for (;;) {
        const ref = this.#tree.ref(name);
        try {
          return await ask<Stations[N], R>(ref, request, ANSWER_MS);
        } catch (error) {
          if (!HandoffError.is(error, 'HANDOFF_STOPPED')) throw error;
          await Promise.race([this.#tree.replaced(name, ref), this.stopped]);
          this.#lifecycle.refuse();
        }
      }
    } finally {
      alive.cancel();
    }
  }
}

function checkId(given: unknown, what: string): void {
  if (typeof given !== 'string' || given === '') throw new TypeError(`${what} must be a non-empty string`);
}
