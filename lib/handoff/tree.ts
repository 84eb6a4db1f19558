import { type ActorRef, type ActorSystem, openActorSystem, type Parent, type Supervisor, startSupervisor } from '../actor/index.js';
import { AllocationTable, type AllocatorMessage, Ledger, startAllocator } from '../allocator/index.js';
import { type Clock, systemClock } from '../base/index.js';
import { type AttemptContext, type ExecutorMessage, ExecutorTable, isolations, startExecutor } from '../executor/index.js';
import { Membership, type NodeRegistryMessage, startNodeRegistry } from '../nodes/index.js';
import { Runs } from '../runner/index.js';
import { backends, type LocalStoreMessage, StoreTable, startLocalStore } from '../store/index.js';
import type { CheckedNodeOptions } from './node-options.js';

/** The supervised actors that can be asked, and what they understand. */
export interface Stations {
  LocalStore: LocalStoreMessage;
  NodeRegistry: NodeRegistryMessage;
  Allocator: AllocatorMessage;
  Executor: ExecutorMessage;
}

/** The tables of a node: what its actors must not lose. Made once; every incarnation of an actor works on the same one. */
export interface Tables {
  readonly store: StoreTable;
  readonly membership: Membership;
  readonly allocation: AllocationTable;
  readonly executor: ExecutorTable;
  readonly runs: Runs;
}

/** Lays the tables, from the ground up. */
export function layTables(options: CheckedNodeOptions, clock: Clock): Tables {
  const { name, capabilities, threads, threadHeapMiB, loopConcurrency, freeze, strict, root, logger } = options;
  const backend = backends.get('memory')!();
  const store = new StoreTable({ node: name, backend, clock, retainedBytesLimit: options.retainedBytesLimit });
  const membership = new Membership(name, undefined);
  const ledger = new Ledger(capabilities, { thread: threads, loop: loopConcurrency });
  const allocation = new AllocationTable({ name, isSelf: true, room: ledger }, clock);
  const onOutput = (context: AttemptContext, stream: 'stdout' | 'stderr', text: string): void => {
    if (stream === 'stdout') logger.info({ ...context, stream }, text);
    else logger.warn({ ...context, stream }, text);
  };
  const made = [...isolations].map(
    ([kind, make]) => [kind, make({ node: name, clock, root, threads, threadHeapMiB, freeze, strict, logger, onOutput })] as const,
  );
  const executor = new ExecutorTable(new Map(made), clock);
  const ground = { node: name, clock, random: Math.random, allocation, executor, store, strict, freeze, logger };
  const runs = new Runs(ground, () => [ledger.capabilities]);
  return { store, membership, allocation, executor, runs };
}

/** The supervision tree of a node. */
export interface Tree {
  readonly system: ActorSystem;
  readonly root: Supervisor;
  /** The actor of that name as it is now, or was last. */
  ref<N extends keyof Stations>(name: N): ActorRef<Stations[N]>;
  /** The supervisor of runs that there is now, or will be after `gone`. */
  runs(gone?: Supervisor): Promise<Supervisor>;
  /** Resolves when another incarnation has taken the place of `gone`. */
  replaced<N extends keyof Stations>(name: N, gone: ActorRef<Stations[N]>): Promise<void>;
}

/** Grows the tree: root, one-for-one, over the stations in the order in which they need each other. */
export async function growTree(options: CheckedNodeOptions, tables: Tables, clock: Clock = systemClock): Promise<Tree> {
  const system = await openActorSystem({ name: options.name, clock, logger: options.logger });
  const present = new Map<string, unknown>();
  let waiting: (() => void)[] = [];
  const child = <R extends ActorRef<never> | Supervisor>(id: string, start: (parent: Parent) => Promise<R>) => ({
    id,
    start: async (parent: Parent): Promise<R> => {
      const started = await start(parent);
      present.set(id, started);
      const told = waiting;
      waiting = [];
      for (const tell of told) tell();
      return started;
    },
  });
  const changed = async (name: string, gone: unknown): Promise<void> => {
    while (present.get(name) === gone) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const root = await startSupervisor(system, {
    name: options.name,
    children: [
      child('LocalStore', (parent) => startLocalStore(parent, tables.store, clock)),
      child('NodeRegistry', (parent) => startNodeRegistry(parent, tables.membership)),
      child('Allocator', (parent) => startAllocator(parent, tables.allocation)),
      child('Executor', (parent) => startExecutor(parent, tables.executor)),
      { ...child('Runs', (parent) => startSupervisor(parent, { name: 'Runs' })), type: 'supervisor' },
    ],
  });
  return {
    system,
    root,
    ref: (name) => present.get(name) as ActorRef<Stations[typeof name]>,
    async runs(gone) {
      await changed('Runs', gone);
      return present.get('Runs') as Supervisor;
    },
    replaced: (name, gone) => changed(name, gone),
  };
}
