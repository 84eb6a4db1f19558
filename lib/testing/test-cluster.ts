import { HandoffError, keepAlive } from '../base/index.js';
import type { Handoff, NodeOptions, SupervisedName } from '../handoff/index.js';
import { realEnvironment } from '../handoff/index.js';
import type { JournalFaults } from '../journal/index.js';
import type { ClusterEnvironment, ClusterHost, ClusterJournals, HostedNode } from './cluster-host.js';
import {
  type CheckedClusterOptions,
  type ClusterOptions,
  checkedClusterOptions,
  checkedFailure,
  checkedFaults,
  checkedJournalFaults,
  type FaultyLink,
} from './cluster-options.js';
import { FunctionFailures } from './function-failures.js';
import { hosts } from './hosts/index.js';
import { LinkBook } from './link-book.js';
import { seededRandom, shuffled } from './seeded-random.js';

/** Starts a cluster in another environment than the machine's: for simulations. */
export const startCluster: unique symbol = Symbol('startCluster');

/** The journals of a simulation, which can make a node die between two steps. */
export const journalsOf: unique symbol = Symbol('journalsOf');

/**
 * How long nodes may take to link each other once all have started, ms; how long a node that is restarted among faults may take; and the
 * interval of checks.
 */
const MESH_MS = 30_000;
const REJOIN_MS = 5000;
const LOOK_MS = 10;

/**
 * A cluster of nodes that can be harmed. It tests how your DAGs behave when nodes die, networks are cut and functions fail.
 *
 * Every call resolves when it has taken effect. Calls reject with `TypeError` for names that are not in the cluster, and with
 * `HANDOFF_STOPPED` after `stop`.
 */
export class TestCluster implements AsyncDisposable {
  /** The names of all nodes, dead or alive, in the order in which they were first started. */
  readonly names: readonly string[];
  /** Failures within nodes: of functions, of supervised actors, and of journals. */
  readonly faults: ClusterFaults;
  readonly #options: CheckedClusterOptions;
  readonly #surroundings: ClusterEnvironment;
  readonly #links = new LinkBook();
  readonly #failures = new FunctionFailures();
  readonly #host: ClusterHost;
  /** The last incarnation of each node. */
  readonly #nodes = new Map<string, HostedNode>();
  readonly #paused = new Set<string>();
  /** The operation in progress on each node: one after the other. */
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
      journal: async (node, faults) => {
        const checked = checkedJournalFaults(faults);
        this.#living(node).harmJournal(checked);
        this.#note(`journal of ${node} ${JSON.stringify(checked)}`);
      },
    };
  }

  /**
   * Starts the nodes: the first, then the others, which join it. Resolves when every node knows every other.
   * @throws `TypeError` or `RangeError` for wrong options, and the error of a node that cannot start; nothing of the others is left
   * then.
   */
  static async start(options: ClusterOptions): Promise<TestCluster> {
    const checked = checkedClusterOptions(options);
    const { clock, defer } = realEnvironment;
    const { seed } = checked;
    const streams = new Map([undefined, ...checked.nodes.keys()].map((name, at) => [name, seededRandom((seed ?? 0) + at * 0x9e3779b1)]));
    const randomOf = (name: string | undefined): (() => number) => (seed === undefined ? realEnvironment.random : streams.get(name)!);
    return TestCluster.#started(checked, { clock, defer, randomOf });
  }

  /** Like `start`, with another time or chance. On `'memory'` nothing else influences the cluster. @internal */
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

  /** The journals of a simulation; `undefined` elsewhere. @internal */
  get [journalsOf](): ClusterJournals | undefined {
    return this.#surroundings.journals;
  }

  /** The names of the living nodes, paused or not. */
  get living(): readonly string[] {
    return this.names.filter((name) => this.#nodes.get(name)?.isAlive);
  }

  /**
   * Returns a node, in its last incarnation.
   * @throws `TypeError` for one that lives in another process.
   */
  node(name: string): Handoff {
    this.#known(name);
    const { handoff } = this.#nodes.get(name)!;
    if (!handoff) throw new TypeError(`Node "${name}" lives in a process of its own: only "${this.names[0]}" is in this one`);
    return handoff;
  }

  /**
   * Ends a node abruptly, as when its process dies: its address refuses, its connections are reset. What is left of a node in this process
   * is stopped in the background, except running loop functions, which cannot be stopped. Does nothing if it is dead.
   *
   * Nothing more of its durable runs is recorded, and its `dataDir` is free. Its lease on runs in a shared `journal` runs out by itself.
   */
  kill(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      this.#note(`kill ${name}`);
      this.#paused.delete(name);
      await this.#nodes.get(name)!.kill();
    });
  }

  /**
   * Starts a node anew with the same name and options, so with its `dataDir` and `journal` too: what was recorded there goes on when it is
   * executed again. This incarnation joins any living node that it can reach, or is the first of a new
   * cluster if all are dead. A living node is killed first. Rejects if it cannot join; it is dead then.
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
   * Makes a node stand still. A process is stopped (SIGSTOP). For a node in this process, timers are held and links stall; code that is
   * already running goes on, and so do calls of its `Handoff` that need no other node.
   * @throws `TypeError` if it is dead.
   */
  pause(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      const node = this.#living(name);
      this.#note(`pause ${name}`);
      this.#paused.add(name);
      await node.pause();
    });
  }

  /** Resumes a paused node. Does nothing if it is not paused. */
  resume(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      const node = this.#living(name);
      this.#note(`resume ${name}`);
      if (this.#paused.delete(name)) await node.resume();
    });
  }

  /**
   * Cuts sides off from each other, as a broken network does. Nothing arrives, and nothing is lost unless a connection is given up. A node
   * in no side stays connected to all. Partitions add up.
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

  /** The link between two nodes. `set` replaces its faults in both directions, also for existing connections; `{}` removes them. */
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

  /** Ends everything, including killed nodes. When it resolves, no timer, socket or process is left. Repeated calls share one stop. */
  stop(): Promise<void> {
    // Waits for starting nodes, so that they can be ended too.
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

  /** Like `#start`, for a name that others may still believe to be in use. It retries until they have noticed that it is not. */
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
   * Resolves to true when a node has a link with every one of `others` that it could have one with. A joining node has them once it has
   * started, unless others start at the same time or the machine is too slow. Resolves to false after `withinMs`.
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

  /** Lets time pass, for changes that cause no event. */
  #look(): Promise<void> {
    return new Promise((resolve) => void this.#surroundings.clock.after(LOOK_MS, resolve));
  }

  /** Returns the living node through which a node joins; one that it can reach if possible. */
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

  /** Runs after the operation in progress on the node. */
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

/** The error of a node in another process has only a message. */
const isNameTaken = (error: unknown): boolean => /a living node has this name/.test((error as Error).message);

/** Keeps the process alive during the kit's own work; its timers do not. */
async function awake<T>(work: () => Promise<T>): Promise<T> {
  const alive = keepAlive();
  try {
    return await work();
  } finally {
    alive.cancel();
  }
}

/** Failures that can be caused within nodes. */
export interface ClusterFaults {
  /**
   * Makes the next `times` attempts of a function fail, on any node, in the runs that nodes of this process drive. Each attempt starts,
   * fails with `error` `beforeMs` after its start, whatever its own result, and is stopped. An attempt that fails by itself before that
   * counts. An attempt that is stopped, or lost with its node, does not. Inline functions have no attempts of their own. By default `times`
   * is 1 and `beforeMs` 0.
   */
  failFunction(functionId: string, options?: { times?: number; error?: Error; beforeMs?: number }): Promise<void>;
  /**
   * Ends a supervised actor of a node abnormally, as a bug would, and resolves when it has ended. Its supervisor restarts it; the fourth
   * time within 5 s it gives up, and the node ends. `'DagRunner'` means that of the node's latest run.
   * @throws `TypeError` if there is no such actor now.
   */
  crashActor(node: string, actor: SupervisedName): Promise<void>;
  /**
   * Replaces the faults of the journal in which a node records its durable runs; `{}` ends them. They end with the node too: a restarted
   * one has none. What was recorded before stays.
   * @throws `TypeError` if the node has neither a `dataDir` nor a `journal`, is dead, or lives in a process of its own.
   */
  journal(node: string, faults: JournalFaults): Promise<void>;
}
