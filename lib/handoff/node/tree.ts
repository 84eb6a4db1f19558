import {
  type ActorRef,
  type ActorSystem,
  type CrashReport,
  openActorSystem,
  type Parent,
  type Supervisor,
  startSupervisor,
  tell,
} from '../../actor/index.js';
import { type AllocatorMessage, startAllocator } from '../../allocator/index.js';
import { startExecutor } from '../../executor/index.js';
import { type NodeRegistryMessage, startNodeRegistry } from '../../nodes/index.js';
import { startPeerHub } from '../../peer/index.js';
import { type LocalStoreMessage, startLocalStore } from '../../store/index.js';
import type { CheckedNodeOptions } from '../options/node-options.js';
import type { Environment } from './environment.js';
import type { NodeParts } from './node-parts.js';

/** The supervision tree of a node. */
export interface Tree {
  readonly system: ActorSystem;
  readonly root: Supervisor;
  /** Returns the present or last incarnation of an actor. */
  ref<N extends keyof Stations>(name: N): ActorRef<Stations[N]>;
  /** Resolves when another incarnation has replaced `gone`. */
  replaced<N extends keyof Stations>(name: N, gone: ActorRef<Stations[N]>): Promise<void>;
}

/** Grows the tree: a one-for-one root over the stations, in the order in which they need each other. */
export async function growTree(options: CheckedNodeOptions, tables: NodeParts, { clock }: Environment): Promise<Tree> {
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
  // A node without peers sends no beats.
  const heart = options.isAlone ? undefined : clock;
  tables.crashes.bind((boundary, error) => {
    const ref = present.get(boundary) as ActorRef<CrashReport> | undefined;
    return ref !== undefined && tell(ref, { type: 'crash', error });
  });
  const startRuns = async (parent: Parent): Promise<Supervisor> => {
    const runs = await startSupervisor(parent, { name: 'Runs' });
    tables.runs.superviseUnder(runs);
    return runs;
  };
  const root = await startSupervisor(system, {
    name: options.name,
    children: [
      child('LocalStore', (parent) => startLocalStore(parent, tables.store, clock)),
      child('PeerHub', (parent) => startPeerHub(parent)),
      child('NodeRegistry', (parent) => startNodeRegistry(parent, tables.membership, heart)),
      child('Allocator', (parent) => startAllocator(parent, tables.allocation)),
      child('Executor', (parent) => startExecutor(parent)),
      { ...child('Runs', startRuns), type: 'supervisor' },
    ],
  });
  return {
    system,
    root,
    ref: (name) => present.get(name) as ActorRef<Stations[typeof name]>,
    replaced: (name, gone) => changed(name, gone),
  };
}

/** The supervised actors that can be asked, with their messages. */
export interface Stations {
  LocalStore: LocalStoreMessage;
  PeerHub: CrashReport;
  NodeRegistry: NodeRegistryMessage;
  Allocator: AllocatorMessage;
  Executor: CrashReport;
}

/** The supervised actors that `whereis` knows. `'DagRunner'` is that of the latest run, `'DagRunner <run id>'` that of the given run. */
export type SupervisedName = 'LocalStore' | 'PeerHub' | 'NodeRegistry' | 'Allocator' | 'Executor' | 'DagRunner' | (string & {});
