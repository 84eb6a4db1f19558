import { type ActorRef, type NactRef, openPlainActor, type SupervisionTree, supervisionTree, tellNact } from '../actor/index.js';
import type { Capabilities } from '../allocator/index.js';
import { type Clock, callSite, checkedNumber, type HandoffError, newRunId, systemClock, withCallSite } from '../base/index.js';
import type { DagLike, Regular, ResultsOf } from '../dag/index.js';
import { currentLoan } from '../executor/index.js';
import type { ClusterStatus, WatchOptions } from '../observe/index.js';
import {
  type PreparedRun,
  type RunEvent,
  type RunOutcome,
  type RunRecord,
  type RunRecordQuery,
  type RunSummary,
  recordOf,
} from '../runner/index.js';
import { type HandoffMessage, LaunchRun, receiveApiMessage } from './actor-api.js';
import { type Environment, realEnvironment, startNode } from './node/environment.js';
import { inspect, inspectNode, type NodeInspection } from './node/inspection.js';
import { Lifecycle } from './node/lifecycle.js';
import { listening, started, starting } from './node/node-channels.js';
import { assembleNode, type NodeParts } from './node/node-parts.js';
import { openStorage } from './node/node-storage.js';
import { checkId, StationClient } from './node/station-client.js';
import { growTree, type Stations, type SupervisedName, type Tree } from './node/tree.js';
import { type NodeInfo, NodeResources } from './node-resources.js';
import { NodeValues } from './node-values.js';
import { type ExecuteOptions, executeFault, statedDagId } from './options/execute-options.js';
import { type CheckedNodeOptions, checkedNodeOptions, type NodeOptions } from './options/node-options.js';
import { openRun, type Run } from './run.js';
import { RunWait } from './run-wait.js';

/** A method of a node. */
type Method = (...args: never[]) => unknown;

/**
 * A node: it runs functions and drives DAGs.
 *
 * Every call returns a promise that ends with a value, or with a `HandoffError` whose `code` says what happened. After `stop` all calls
 * reject with `HANDOFF_STOPPED`.
 */
export class Handoff implements AsyncDisposable {
  /** The node's name, unique in the cluster. */
  readonly name: string;
  /** A nact reference for other actors. It stays valid while the node lives. */
  readonly actor: NactRef<HandoffMessage>;
  /** Resolves when the node has stopped: to the `HANDOFF_RESTARTS_EXCEEDED` that ended it, else to `undefined`. */
  readonly stopped: Promise<HandoffError | undefined>;
  readonly #tables: NodeParts;
  readonly #tree: Tree;
  readonly #lifecycle: Lifecycle;
  readonly #resources: NodeResources;
  readonly #values: NodeValues;
  #address: string | undefined;

  private constructor(options: CheckedNodeOptions, tables: NodeParts, tree: Tree, clock: Clock) {
    this.name = options.name;
    this.#tables = tables;
    this.#tree = tree;
    const parts = { runs: tables.runs, logger: options.logger };
    this.actor = openPlainActor(tree.system, 'handoff', (message) => receiveApiMessage(message, parts));
    this.#lifecycle = new Lifecycle(options.name, tables, tree, this.actor, { logger: options.logger, clock });
    this.stopped = this.#lifecycle.stopped;
    const desk = new StationClient(tree, this.#lifecycle);
    this.#resources = new NodeResources(this.name, tables, desk);
    this.#values = new NodeValues(this.name, options.freeze, tables, desk);
  }

  /** The URL at which others reach this node: `ws://host:port`, or what it advertises. `undefined` if it does not listen. */
  get address(): string | undefined {
    return this.#address;
  }

  /** The URL of the dashboard, with the token in its fragment if one was made; `undefined` without a dashboard. */
  get dashboardUrl(): string | undefined {
    return this.#tables.web.dashboardUrl;
  }

  /** The URL of the metrics, likewise: on a server of their own, or on the dashboard's. */
  get metricsUrl(): string | undefined {
    return this.#tables.web.metricsUrl;
  }

  /**
   * Starts a node. When it resolves, the supervision tree runs, and the node listens and has joined as its options say.
   * If it rejects, nothing of the node is left.
   * @throws `TypeError` or `RangeError` for wrong options, `HANDOFF_JOIN_REFUSED` or `HANDOFF_PROTOCOL_MISMATCH` if it cannot join,
   * and the system's error if it cannot listen.
   */
  static async start(options?: NodeOptions): Promise<Handoff> {
    const site = callSite();
    try {
      return await Handoff[startNode](options, realEnvironment);
    } catch (error) {
      throw withCallSite(error, site);
    }
  }

  /** Like `start`, with another time, chance or network. @internal */
  static async [startNode](options: NodeOptions | undefined, surroundings: Environment): Promise<Handoff> {
    const own = starting.hasSubscribers ? { ...options } : options;
    starting.publish(own);
    const checked = checkedNodeOptions(own, surroundings.transport);
    const tables = assembleNode(checked, surroundings, await openStorage(checked, surroundings));
    const handoff = new Handoff(checked, tables, await growTree(checked, tables, surroundings), surroundings.clock);
    const { listen, advertise, join, joinTimeoutMs } = checked.network;
    try {
      if (listen !== undefined) {
        const url = await tables.cluster.listen(listen, advertise);
        handoff.#address = advertise ?? url;
        listening.publish({ name: checked.name, url });
      }
      await tables.web.open();
      if (join.length > 0) await tables.cluster.join(join, joinTimeoutMs);
      if (checked.resume) tables.runs.resumeByItself();
    } catch (error) {
      await handoff.stop({ graceMs: 0 });
      throw error;
    }
    started.publish(handoff);
    return handoff;
  }

  /**
   * Runs a DAG wherever its functions fit. Never throws: every error rejects the run.
   *
   * A run that a function on a node's own loop starts belongs to that function. It ends with `HANDOFF_RUN_CANCELLED` when the attempt fails
   * or is stopped, with the reason as its `cause`, and the attempt is over when the run is. What a function leaves behind when it succeeds
   * ends so with the function's own run, unless that completes. A durable run goes on for other calls that wait for it.
   */
  execute<
    V extends object,
    In extends string,
    Inl extends string,
    Used extends string,
    const Collect extends 'all' | 'sinks' | readonly Regular<V, In, Inl>[] = 'all',
  >(dag: DagLike<V, In, Inl, Used>, options?: ExecuteOptions<V, In, Inl, Collect>): Run<ResultsOf<V, In, Inl, Used, Collect>> {
    return this.#execute(dag, options, 'cluster', Handoff.prototype.execute);
  }

  /** The same as `execute`. */
  executeDistributed<
    V extends object,
    In extends string,
    Inl extends string,
    Used extends string,
    const Collect extends 'all' | 'sinks' | readonly Regular<V, In, Inl>[] = 'all',
  >(dag: DagLike<V, In, Inl, Used>, options?: ExecuteOptions<V, In, Inl, Collect>): Run<ResultsOf<V, In, Inl, Used, Collect>> {
    return this.#execute(dag, options, 'cluster', Handoff.prototype.executeDistributed);
  }

  /**
   * Runs every function on this node, whatever its `node` and `cost` say. Threads and `loopConcurrency` still limit how many run at once.
   */
  executeLocal<
    V extends object,
    In extends string,
    Inl extends string,
    Used extends string,
    const Collect extends 'all' | 'sinks' | readonly Regular<V, In, Inl>[] = 'all',
  >(dag: DagLike<V, In, Inl, Used>, options?: ExecuteOptions<V, In, Inl, Collect>): Run<ResultsOf<V, In, Inl, Used, Collect>> {
    return this.#execute(dag, options, 'local', Handoff.prototype.executeLocal);
  }

  /**
   * Goes on with a durable run by its key alone: all its functions must be of modules. `options` are those of `execute`; what is not given
   * is as it was. Rejects with `HANDOFF_NOT_FOUND` for an unknown key, and with `HANDOFF_INVALID_DAG` for a DAG with plain functions:
   * execute that with its key.
   */
  resume(key: string, options?: Omit<ExecuteOptions, 'key' | 'durable'>): Run<Readonly<Record<string, unknown>>> {
    return this.#open('', options, () => this.#tables.runs.prepareAgain(key, options), Handoff.prototype.resume);
  }

  /** Returns the durable runs in the journal of this node, newest first: all that match the fields of `query`. */
  async runs(query?: RunRecordQuery): Promise<RunRecord[]> {
    return this.#asked(this.#whileUp(() => this.#tables.runs.durable('runs').recorded(query)));
  }

  /**
   * Deletes a durable run from the journal: with its key, the next run starts anew. Rejects with `HANDOFF_NOT_FOUND` for an unknown key,
   * and with `HANDOFF_DAG_RUNNING` while it is driven.
   */
  async forget(key: string): Promise<void> {
    return this.#asked(this.#whileUp(() => this.#tables.runs.durable('forget').forget(key)));
  }

  /** Registers what this node has, in place of the former capabilities. If more is in use, new functions wait. */
  async registerLocalNode(capabilities: Capabilities): Promise<void> {
    return this.registerNode(this.name, capabilities);
  }

  /**
   * Registers what a node has, in its own ledger, until its process ends.
   * @throws `HANDOFF_NODE_UNKNOWN` if it is no member.
   */
  async registerNode(node: string, capabilities: Capabilities): Promise<void> {
    return this.#asked(this.#resources.register(node, capabilities));
  }

  /** Returns what every member has, exactly as registered, including this node. */
  async discoverNodes(): Promise<Record<string, Capabilities>> {
    return recordOf(await this.#resources.capabilities());
  }

  /** Whether a node has `required` free now, according to its own ledger. */
  async resourcesAvailable(node: string, required: Capabilities): Promise<boolean> {
    return this.#asked(this.#resources.areAvailable(node, required));
  }

  /** Stores a result by hand, on `originNode` only. It is dropped when the next run of the DAG starts. */
  async storeResult(dagId: string, functionId: string, value: unknown, originNode: string = this.name): Promise<void> {
    return this.#asked(this.#values.keep(dagId, functionId, value, 'result', originNode));
  }

  /**
   * Waits for a result to appear, also of a DAG that has not been started.
   * @throws after `timeoutMs` (default 5000): `HANDOFF_RESULT_LOST` if the node that had it is gone, else `HANDOFF_TIMEOUT`.
   */
  async getResult(dagId: string, id: string, options: { timeoutMs?: number } = {}): Promise<unknown> {
    return this.#asked(this.#values.await(dagId, id, options));
  }

  /** Stores a value for an input of the DAG on this node, for any number of runs, until `clear`. The `inputs` of a run take precedence. */
  async storeValue(dagId: string, id: string, value: unknown): Promise<void> {
    return this.#asked(this.#values.keep(dagId, id, value, 'value', this.name));
  }

  /** Returns a value that this node has. Rejects with `HANDOFF_NOT_FOUND` if it has none. */
  async getLocalValue(dagId: string, id: string): Promise<unknown> {
    return this.#asked(this.#values.local(dagId, id));
  }

  /**
   * Returns a value from this node, else from `fromNode` or from the node that is known to have it.
   * @throws `HANDOFF_NOT_FOUND` if no node has it, and `HANDOFF_RESULT_LOST` if every node that had it is gone.
   */
  async getValue(dagId: string, id: string, fromNode?: string): Promise<unknown> {
    return this.#asked(this.#values.from(dagId, id, fromNode));
  }

  /** Records which node has a value. Whether the node exists is not checked. */
  async registerDataLocation(dagId: string, dataId: string, node: string): Promise<void> {
    return this.#asked(this.#values.registerLocation(dagId, dataId, node));
  }

  /**
   * Returns the name of the node that made a value.
   * @throws `HANDOFF_NOT_FOUND` if no member knows.
   */
  async lookupDataLocation(dagId: string, dataId: string): Promise<string> {
    return this.#asked(this.#values.locate(dagId, dataId));
  }

  /**
   * Drops every value, result and location under a DAG id, on all nodes.
   * @throws `HANDOFF_DAG_RUNNING` while it runs.
   */
  async clear(dagId: string): Promise<void> {
    return this.#asked(this.#values.clear(dagId));
  }

  /** Forgets all results that this node's `dataDir` remembers. Runs under way go on. Rejects with `HANDOFF_STORAGE_FAILED`. */
  async clearCache(): Promise<void> {
    return this.#asked(this.#whileUp(() => this.#values.clearCache()));
  }

  /** Returns the members, this node first. */
  async nodes(): Promise<readonly NodeInfo[]> {
    return this.#asked(this.#resources.nodes());
  }

  /**
   * Returns the present status of the cluster: each member's use and values, the runs in progress, and the functions that wait, with what
   * they lack. A member that does not answer within a second is left out; two seconds where neither listens and another passes it on.
   */
  async status(): Promise<ClusterStatus> {
    return this.#whileUp(() => this.#tables.views.status());
  }

  /** Returns the runs under way, and the last hundred that have ended, of every driver that answers within 2000 ms: the latest first. */
  async allRuns(): Promise<readonly RunSummary[]> {
    return this.#asked(this.#tables.views.allRuns());
  }

  /**
   * Follows a run of any driver: its events from the first that is kept (the last 10,000 are) to its end. `output` adds the lines that its
   * functions write; `follow: false` ends with what there is now. A slow iteration misses events, is told how many (`events-missed`), and
   * slows nothing. From another node `run-completed` comes without results.
   *
   * Iterating throws `HANDOFF_NOT_FOUND` if no node knows the run, `HANDOFF_NODE_LOST` if its driver is gone, and `HANDOFF_STOPPED`.
   */
  watch(runId: string, options?: WatchOptions): AsyncIterable<RunEvent> {
    checkId(runId, 'runId');
    return this.#tables.views.watch(runId, options);
  }

  /** Returns what this node counts of itself and its runs, as text for Prometheus: what its `/metrics` shows. */
  async metrics(): Promise<string> {
    return this.#whileUp(async () => (await this.#tables.metrics('')).text);
  }

  /** What the node holds and runs at this moment. @internal */
  [inspectNode](): NodeInspection {
    return inspect(this.#tables);
  }

  /** Returns a supervised actor as it is now: a reference to one incarnation. */
  whereis(name: SupervisedName): ActorRef<unknown> | undefined {
    if (this.#lifecycle.isOver) return undefined;
    const [, ofRun] = /^DagRunner(?: (.+))?$/.exec(name) ?? [name, null];
    const ref = ofRun === null ? this.#tree.ref(name as keyof Stations) : this.#tables.runs.runner(ofRun);
    return ref as ActorRef<unknown> | undefined;
  }

  /** Returns the supervised actors, from the root down, with each one's restarts. */
  async supervisionTree(): Promise<SupervisionTree> {
    return this.#whileUp(async () => supervisionTree(this.#tree.root));
  }

  /**
   * Stops the node. It accepts no more work, gives attempts `graceMs` to end (default 10,000), then ends the rest. Runs that have not ended
   * reject with `HANDOFF_RUN_ABORTED`. Repeated calls share one stop.
   */
  async stop(options: { graceMs?: number } = {}): Promise<void> {
    const graceMs = checkedNumber('graceMs', options.graceMs, { or: 10_000 });
    return this.#lifecycle.stop(graceMs);
  }

  /**
   * Ends every worker thread of this node at once, whatever runs in it. Call it after `stop`, or instead of it just before the process
   * ends. Runs that have not ended reject with `HANDOFF_RUN_ABORTED`, and the node stops.
   *
   * Resolves within half a second to the number of threads that could not be ended, as they are blocked in a system call; where no function
   * runs in them, within three, as the machine may be slow. `process.exit()` would wait for those that are blocked. Only a signal such as
   * `process.kill(process.pid, 'SIGKILL')` does not; in the first process of a container, `process.abort()`.
   */
  async endThreads(): Promise<number> {
    return this.#lifecycle.endThreads();
  }

  /** Stops the node without a grace, as `stop({ graceMs: 0 })` does: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ graceMs: 0 });
  }

  /** Passes an answer of the node on. A rejection gets the frames of the caller. */
  #asked<T>(answer: Promise<T>): Promise<T> {
    const site = callSite();
    return answer.catch((error: unknown) => {
      throw withCallSite(error, site);
    });
  }

  async #whileUp<T>(read: () => Promise<T>): Promise<T> {
    this.#lifecycle.refuse();
    return read();
  }

  #execute<R>(dag: DagLike, options: object | undefined, mode: 'cluster' | 'local', method: Method): Run<R> {
    return this.#open<R>(dag, options, () => this.#tables.runs.prepare(dag, options, mode), method);
  }

  #open<R>(dag: unknown, options: object | undefined, prepare: () => PreparedRun, method: Method): Run<R> {
    const { runs } = this.#tables;
    const site = callSite(method);
    let prepared: PreparedRun;
    try {
      this.#lifecycle.refuse();
      runs.inner.refuse(() => statedDagId(dag, options));
      prepared = prepare();
    } catch (thrown) {
      const error = executeFault(thrown);
      const dagId = statedDagId(dag, options);
      return openRun<R>({ type: 'refused', id: newRunId(), dagId, error, atMs: systemClock.wallNow() }, (_resolve, reject) =>
        reject(withCallSite(error, site)),
      );
    }
    const cancel = (reason: unknown): Promise<void> => prepared.cancel?.(reason) ?? runs.cancel(prepared.run.runId, reason);
    const loan = currentLoan();
    const wait = loan && new RunWait(loan);
    const link = runs.inner.link(prepared);
    const run = openRun<R>({ type: 'prepared', prepared, cancel, wait, nodes: () => this.#resources.nodes() }, (resolve, reject) => {
      prepared.onEnd = (end) => {
        link?.over();
        // Nobody is left to hear that it was ended with its caller.
        if (link?.isEnded) void Promise.prototype.then.call(run, undefined, () => {});
        const settle = (): void =>
          end.type === 'completed' ? resolve(end.outcome as RunOutcome<R>) : reject(withCallSite(end.error, site));
        if (wait) wait.end(settle);
        else settle();
      };
    });
    tellNact(this.actor, new LaunchRun(prepared));
    return run;
  }
}
