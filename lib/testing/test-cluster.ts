import { HandoffError, keepAlive } from '../base/index.js';
import type { Handoff, NodeOptions, SupervisedName } from '../handoff/index.js';
import { realEnvironment } from '../handoff/index.js';
import type { ClusterEnvironment, ClusterHost, HostedNode } from './cluster-host.js';
import {
  type CheckedClusterOptions,
  type ClusterOptions,
  checkedClusterOptions,
  checkedFailure,
  checkedFaults,
  type FaultyLink,
} from './cluster-options.js';
import { FunctionFailures } from './function-failures.js';
import { hosts } from './hosts/index.js';
import { LinkBook } from './link-book.js';
import { seededRandom, shuffled } from './seeded-random.js';

/** Starts a cluster in other surroundings than the machine's: for simulations. */
export const startCluster: unique symbol = Symbol('startCluster');

/**
 * How long nodes may take to link each other once all have started, ms; one that is restarted while others are harmed; and how often one is
 * asked.
 */
const MESH_MS = 30_000;
const REJOIN_MS = 5000;
const LOOK_MS = 10;

/** What can be made to fail within nodes. */
export interface ClusterFaults {
  /**
   * Makes the next `times` (1) attempts of a function fail, on any node, in the runs that nodes of this process drive: each begins, and
   * fails with `error` `beforeMs` (0) after it has begun, whatever it came to by then, and is stopped. An attempt that fails by itself
   * before counts; one that is stopped, or lost with its node, does not. Inline functions have no attempts of their own.
   */
  failFunction(functionId: string, options?: { times?: number; error?: Error; beforeMs?: number }): Promise<void>;
  /**
   * Ends a supervised actor of a node abnormally, as a bug would; resolves when it has ended. Its supervisor starts it again; the fourth
   * time within 5 s it gives up, and the node ends. `'DagRunner'` is that of the run that the node drives and that started last.
   * `TypeError` when there is no such actor now.
   */
  crashActor(node: string, actor: SupervisedName): Promise<void>;
}

/**
 * Some nodes that are a cluster, to be harmed: for tests of what your DAGs do when nodes die, networks are cut and functions fail. Every
 * call resolves when what it does is done; `TypeError` for names that are none of the cluster's, `HANDOFF_STOPPED` after `stop`.
 */
export class TestCluster implements AsyncDisposable {
  /** The names of all nodes, dead or alive, in the order in which they were started first. */
  readonly names: readonly string[];
  readonly faults: ClusterFaults;
  readonly #options: CheckedClusterOptions;
  readonly #surroundings: ClusterEnvironment;
  readonly #links = new LinkBook();
  readonly #failures = new FunctionFailures();
  readonly #host: ClusterHost;
  /** The last incarnation of each. */
  readonly #nodes = new Map<string, HostedNode>();
  readonly #paused = new Set<string>();
  /** What is being done to a node: one thing after the other. */
  readonly #doing = new Map<string, Promise<unknown>>();
  #stopping: Promise<void> | undefined;

  private constructor(options: CheckedClusterOptions, surroundings: ClusterEnvironment) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.names = [...options.nodes.keys()];
    this.#host = hosts[options.transport]({ ...surroundings, names: this.names, links: this.#links, failures: this.#failures });
    this.faults = {
      failFunction: async (functionId, given = {}) => this.#failFunction(functionId, given),
      crashActor: async (node, actor) => {
        if (typeof actor !== 'string' || actor === '') throw new TypeError('actor must be the name of an actor');
        const living = this.#living(node);
        this.#note(`crash ${actor} of ${node}`);
        await living.crashActor(actor);
      },
    };
  }

  /**
   * Starts the nodes: the first, then the others, which join it; resolves when every one knows every other. `TypeError` or `RangeError` for
   * wrong options; what one of them cannot start with rejects, and nothing is left of the others then.
   */
  static async start(options: ClusterOptions): Promise<TestCluster> {
    const checked = checkedClusterOptions(options);
    const { clock, defer } = realEnvironment;
    const { seed } = checked;
    const streams = new Map([undefined, ...checked.nodes.keys()].map((name, at) => [name, seededRandom((seed ?? 0) + at * 0x9e3779b1)]));
    const randomOf = (name: string | undefined): (() => number) => (seed === undefined ? realEnvironment.random : streams.get(name)!);
    return TestCluster.#started(checked, { clock, defer, randomOf });
  }

  /** As `start`, with another time or chance; on `'memory'` nothing else happens than what they say. @internal */
  static async [startCluster](options: ClusterOptions, surroundings: ClusterEnvironment): Promise<TestCluster> {
    return TestCluster.#started(checkedClusterOptions(options), surroundings);
  }

  static async #started(options: CheckedClusterOptions, surroundings: ClusterEnvironment): Promise<TestCluster> {
    const cluster = new TestCluster(options, surroundings);
    try {
      await awake(() => cluster.#startAll());
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** The names of those nodes that live, paused or not. */
  get living(): readonly string[] {
    return this.names.filter((name) => this.#nodes.get(name)?.isAlive);
  }

  /** A node, as its last incarnation is or was. `TypeError` for one that lives in another process. */
  node(name: string): Handoff {
    this.#known(name);
    const { handoff } = this.#nodes.get(name)!;
    if (!handoff) throw new TypeError(`Node "${name}" lives in a process of its own: only "${this.names[0]}" is in this one`);
    return handoff;
  }

  /**
   * Ends a node without a word, as when its process dies: its address refuses, its connections are reset. What is left of a node of this
   * process is stopped in the background; only what its loop functions do cannot be. Nothing happens to one that is dead.
   */
  kill(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      this.#note(`kill ${name}`);
      this.#paused.delete(name);
      await this.#nodes.get(name)!.kill();
    });
  }

  /**
   * Starts a node anew, with the same name and options: another incarnation, which joins any of the living that it can reach, or is the
   * first of a new cluster when all are dead. One that lives is killed before. Rejects when it cannot join, and is dead then.
   */
  restart(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      this.#note(`restart ${name}`);
      this.#paused.delete(name);
      await this.#nodes.get(name)!.kill();
      await this.#startAgain(name);
      await this.#meshed(name, this.names, REJOIN_MS);
    });
  }

  /**
   * Makes a node stand still: a process is stopped (SIGSTOP); of a node of this process the timers are held and the links stall, but what
   * is already being executed goes on, as do calls of its `Handoff` that need no other node. `TypeError` for one that is dead.
   */
  pause(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      const node = this.#living(name);
      this.#note(`pause ${name}`);
      this.#paused.add(name);
      await node.pause();
    });
  }

  /** Lets it go on. Nothing happens to one that was not paused. */
  resume(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      const node = this.#living(name);
      this.#note(`resume ${name}`);
      if (this.#paused.delete(name)) await node.resume();
    });
  }

  /**
   * Cuts sides off from each other, as a network is cut: nothing arrives, and nothing is lost unless a connection is given up. Who is in no
   * side is cut off from nobody. Comes beside the partitions that there are.
   */
  async partition(...sides: readonly (readonly string[])[]): Promise<void> {
    this.#refuseStopped();
    if (sides.length < 2) throw new RangeError('a partition needs at least two sides');
    const seen = new Set<string>();
    for (const side of sides) {
      if (!Array.isArray(side)) throw new TypeError('a side must be a list of names');
      for (const name of side as readonly string[]) {
        this.#known(name);
        if (seen.has(name)) throw new TypeError(`node "${name}" can be on one side only`);
        seen.add(name);
      }
    }
    this.#note(`partition ${sides.map((side) => side.join('+')).join(' | ')}`);
    this.#links.partition(sides);
  }

  /** Ends all partitions. Faults of links stay. */
  async heal(): Promise<void> {
    this.#refuseStopped();
    this.#note('heal');
    this.#links.heal();
  }

  /** The link between two nodes. `set` replaces its faults, in both directions, for the connections that there are too; `{}` is none. */
  link(a: string, b: string): FaultyLink {
    this.#known(a);
    this.#known(b);
    if (a === b) throw new TypeError(`node "${a}" has no link with itself`);
    return {
      set: async (faults) => {
        this.#refuseStopped();
        this.#note(`link ${a} ${b} ${JSON.stringify(faults)}`);
        this.#links.set(a, b, checkedFaults(faults));
      },
    };
  }

  /** Ends everything, killed nodes included: no timer, socket or process is left when this resolves. Repeated calls are one. */
  stop(): Promise<void> {
    // What is being started is waited for, so that it can be ended too.
    this.#stopping ??= awake(() => Promise.all(this.#doing.values()).then(() => this.#host.stop()));
    return this.#stopping;
  }

  /** Stops the cluster, as `stop` does: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #startAll(): Promise<void> {
    const [first, ...others] = this.names as readonly [string, ...string[]];
    await this.#start(first, undefined);
    if (this.#host.startsTogether) {
      const started = await Promise.allSettled(others.map((name) => this.#start(name, first)));
      for (const one of started) if (one.status === 'rejected') throw one.reason;
    } else {
      for (const name of others) await this.#start(name, first);
    }
    for (const name of this.names) {
      if (!(await this.#meshed(name, this.names, MESH_MS))) throw new Error(`Node "${name}" has found no link with each of the others`);
    }
  }

  async #start(name: string, contact: string | undefined): Promise<void> {
    const options: NodeOptions = this.#options.nodes.get(name)!;
    this.#nodes.set(name, await this.#host.start(name, options, contact === undefined ? [] : [this.#nodes.get(contact)!.address]));
  }

  /** As `#start`, for one whose name others may still believe to be taken: it is, until they have noticed that it is not. */
  async #startAgain(name: string): Promise<void> {
    const { clock } = this.#surroundings;
    const untilMs = clock.now() + MESH_MS;
    for (;;) {
      try {
        return await this.#start(name, this.#contact(name));
      } catch (error) {
        if (this.#stopping || clock.now() > untilMs || !isNameTaken(error)) throw error;
      }
      await this.#look();
    }
  }

  /**
   * Resolves when a node has a link with every one of `others` that it could have one with. One who joins has, when it has started, unless
   * others start at the same time, or the machine is too slow. False after `withinMs`.
   */
  async #meshed(name: string, others: readonly string[], withinMs: number): Promise<boolean> {
    const { clock } = this.#surroundings;
    const untilMs = clock.now() + withinMs;
    const isInReach = (other: string): boolean =>
      other !== name && !this.#paused.has(other) && this.#nodes.get(other)!.isAlive && !this.#links.conditions(name, other).stall;
    const node = this.#nodes.get(name)!;
    while (node.isAlive && !this.#stopping) {
      const linked = new Set(await node.links());
      if (others.filter(isInReach).every((other) => linked.has(other))) return true;
      if (clock.now() > untilMs) return false;
      await this.#look();
    }
    return false;
  }

  /** Time passes: some things are told to nobody. */
  #look(): Promise<void> {
    return new Promise((resolve) => void this.#surroundings.clock.after(LOOK_MS, resolve));
  }

  /** Whom a node joins through: of the living, one that it can reach, if there is any. */
  #contact(name: string): string | undefined {
    const living = shuffled(
      this.names.filter((other) => other !== name && this.#nodes.get(other)!.isAlive),
      this.#surroundings.randomOf(undefined),
    );
    return living.find((other) => !this.#paused.has(other) && !this.#links.conditions(name, other).stall) ?? living[0];
  }

  #failFunction(functionId: string, given: unknown): void {
    this.#refuseStopped();
    if (typeof functionId !== 'string' || functionId === '') throw new TypeError('functionId must be a non-empty string');
    const { times, beforeMs, error = new Error(`Function "${functionId}" was made to fail by the testing kit`) } = checkedFailure(given);
    this.#failures.plan(functionId, times, { error, beforeMs });
  }

  #note(text: string): void {
    this.#surroundings.note?.(text);
  }

  #known(name: string): void {
    if (this.#options.nodes.has(name)) return;
    throw new TypeError(
      `The cluster has no node ${typeof name === 'string' ? `"${name}"` : String(name)}: it has ${this.names.join(', ')}`,
    );
  }

  #living(name: string): HostedNode {
    this.#refuseStopped();
    this.#known(name);
    const node = this.#nodes.get(name)!;
    if (!node.isAlive) throw new TypeError(`Node "${name}" is dead`);
    return node;
  }

  /** After whatever is being done to the node now. */
  async #inTurn(name: string, work: () => Promise<void>): Promise<void> {
    this.#refuseStopped();
    this.#known(name);
    const before = this.#doing.get(name);
    const ignore = (): void => {};
    const done = (before ?? Promise.resolve()).then(() => {
      this.#refuseStopped();
      return awake(work);
    });
    this.#doing.set(name, done.catch(ignore));
    return done;
  }

  #refuseStopped(): void {
    if (this.#stopping) throw this.#stopped();
  }

  #stopped(): HandoffError {
    return new HandoffError('HANDOFF_STOPPED', 'The cluster has been stopped');
  }
}

/** The error of a node in another process is only what that said. */
const isNameTaken = (error: unknown): boolean => /a living node has this name/.test((error as Error).message);

/** Timers of the kit do not keep the process alive; what it does, does. */
async function awake<T>(work: () => Promise<T>): Promise<T> {
  const alive = keepAlive();
  try {
    return await work();
  } finally {
    alive.cancel();
  }
}
