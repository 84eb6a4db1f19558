import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  type AllocationStrategy,
  type Capabilities,
  checkedCapabilities,
  type NamedStrategies,
  namedStrategies,
} from '../../allocator/index.js';
import {
  checkedFlag,
  checkedNumber,
  defaultLogger,
  entriesOf,
  givenObject,
  guardedLogger,
  type Logger,
  type NodeLogger,
  nameFault,
  refuseRevoked,
} from '../../base/index.js';
import type { Isolation } from '../../dag/index.js';
import { isolations as builtIn, type IsolationFactory } from '../../executor/index.js';
import type { Transport } from '../../peer/index.js';
import { defaultBackend, guardedBackend, type StoreBackend } from '../../store/index.js';
import { defaultCapabilities } from './container-limits.js';
import { checkedNetwork, type NetworkOptions, type TlsOptions } from './network-options.js';
import { checkedDataDir, checkedJournal, checkedRoot } from './node-places.js';
import { checkedThreadSetup } from './thread-setup.js';
import { checkedValueOptions, type ValueOptions } from './value-options.js';
import { checkedWeb, type WebOptions } from './web-options.js';

/** Isolations of a user's own: the factory of each name that has been added to `Isolations`. */
export type OwnIsolations = { readonly [Name in Exclude<Isolation, 'thread' | 'loop' | 'process'>]?: IsolationFactory };

/** The options of `Handoff.start`. All have a default. */
export interface NodeOptions {
  /** The node's name, unique in the cluster: 1 to 255 characters. The default is the host's name and a short random suffix. */
  name?: string;
  /**
   * What the node has. Replaces the defaults whole. By default `cpu` is the available parallelism, or the container's CPU quota if that is
   * less, but at least 1; `memory` is the MiB of the machine, or of the container's limit if that is less.
   */
  capabilities?: Capabilities;
  /**
   * The most worker threads, and the most child processes; they are started when first needed. Both together run at most this many
   * functions at once. The default is max(3, cpu rounded up).
   */
  threads?: number;
  /** The heap of each thread, and of each child process, MiB. The default is `memory` / threads. */
  threadHeapMiB?: number;
  /**
   * A module that each worker thread and child process loads before its first function, as to set up tracing there: a path below `root`, an
   * absolute path or `file:` URL, or a package that `root` depends on. If it fails, so do the functions. The default is none.
   */
  threadSetup?: string;
  /**
   * Where functions of modules run that name no `isolation` themselves, in the runs of this node, on whichever node.
   * @default 'thread'
   */
  isolation?: Isolation;
  /**
   * Isolations of your own, by the name that functions give as their `isolation`. Each node that is to run such functions is started with
   * them. The names are added to `Isolations` by declaration merging. The default is none.
   */
  isolations?: OwnIsolations;
  /**
   * How many loop functions run at once.
   * @default 256
   */
  loopConcurrency?: number;
  /**
   * Whether functions are protected from each other's changes. If so, results are frozen (plain objects and arrays, deeply). What cannot be
   * frozen (binary data, Map, Set, Date, RegExp, Error) is copied for each loop function, unless that is its only user. Otherwise loop
   * functions share values as they are, and may pass things that are not values.
   * @default true
   */
  freeze?: boolean;
  /**
   * The reaction to a function whose file differs between this node, as driver, and a node that could run it: `'warn'` logs it once a run;
   * `'refuse'` does not place the function there. A file that this node does not have, or that has another extension there (compiled), is
   * not compared.
   * @default 'warn'
   */
  codeSkew?: 'warn' | 'refuse';
  /**
   * Where the node listens: `'host:port'`; port 0 picks one. Beyond this machine it requires a cookie. By default the node does not listen:
   * it reaches others, and no node reaches it.
   */
  listen?: string;
  /**
   * The URL, `ws://host:port`, at which others reach this node, if it differs from the one it listens at: behind NAT, in a container with
   * mapped ports, behind a proxy. The default is where it listens.
   */
  advertise?: string;
  /** URLs of members, `ws://host:port`. Any one that answers is enough. The default is to join none. */
  join?: readonly string[];
  /**
   * How long to try to join, ms. A refusal is final at once.
   * @default 10_000
   */
  joinTimeoutMs?: number;
  /** The secret of the cluster, the same on every node, at least 16 characters. It is proved and never sent. */
  cookie?: string;
  /** The node's certificates. With them, links are `wss://`. */
  tls?: TlsOptions;
  /**
   * `intervalMs`: how often this node reports that it lives (default 500). `timeoutMs`: how long a silent node counts as alive (default
   * 5000).
   */
  heartbeat?: { intervalMs?: number; timeoutMs?: number };
  /**
   * A folder in which durable runs are recorded, and which one node uses at a time. It is made, for you alone, where it is missing. The
   * default is none: nothing touches a disk. Without a `journal` too, `execute` takes no `key`.
   */
  dataDir?: string;
  /**
   * The database in which durable runs are recorded, `postgres://user@host/db?schema=handoff`. All nodes that name it share the runs, and
   * a run has one driver at a time. With a `dataDir` too, the records are in the database. `PGPASSWORD` and `.pgpass` hold the password.
   * The default is none.
   */
  journal?: string;
  /**
   * Whether interrupted runs go on by themselves on this node: at its start and, where nodes share a `journal`, whenever the lease of a
   * driver runs out. Only runs of which every function is of a module and the same here. Needs a `dataDir` or a `journal`.
   * @default false
   */
  resume?: boolean;
  /**
   * For how long a node that is silent keeps the runs that it drives, where nodes share a `journal`, ms. Afterwards others may go on with
   * them. It renews its lease every third of that.
   * @default 10_000
   */
  leaseMs?: number;
  /**
   * How long a journal that cannot be written may stay away, ms: a full disk, a database that does not answer. Until then durable runs
   * pause, afterwards they reject with `HANDOFF_STORAGE_FAILED` and go on when they are executed again.
   * @default 60_000
   */
  journalWaitMs?: number;
  /**
   * How long the files of large values are kept in the `dataDir` once a durable run has ended: all of them where it can go on, and the
   * collected ones where it has completed; ms.
   * @default 604_800_000
   */
  recordsForMs?: number;
  /**
   * For how long this node keeps what it has of a durable run whose driver is gone, ms: values, and attempts that run. The node that goes
   * on with the run takes them over.
   * @default 60_000
   */
  orphanMs?: number;
  /**
   * How much of this node's values stays in memory, MiB. Beyond it those that have not been used for longest go to the disk. Functions that
   * only make more wait while the memory is over it. The default is half of `memory`.
   */
  valueMemoryMiB?: number;
  /**
   * Whether values go to the disk when the memory for them is full: below the `dataDir`, else in a private folder among the temporary
   * ones. With `false` functions that only make more wait instead.
   * @default true
   */
  spill?: boolean;
  /** The most that such values may take on the disk, MiB. The default is 0.9 of what is free there at the start. */
  spillMiB?: number;
  /**
   * The most that remembered results may take in the `dataDir`, MiB. Those that have not been used for longest go first.
   * @default 1024
   */
  cacheMiB?: number;
  /**
   * Where a dashboard is served, with `/metrics` and `/healthz`: `'host:port'`; port 0 picks one. On the loopback it is open, elsewhere it
   * needs a token. With `tls` it is https. The default is none.
   */
  dashboard?: string;
  /**
   * The token that visitors of the dashboard, and of the metrics, must show: at least 16 visible ASCII characters. The default is none on
   * the loopback. Elsewhere one is made, and stands in the fragment of `dashboardUrl`.
   */
  dashboardToken?: string;
  /** Where `/metrics` and `/healthz` are served without a dashboard: `'host:port'`, under the same rules. The default is none. */
  metrics?: string;
  /** The folder that relative modules are found under. The default is that of the nearest package.json above the working directory. */
  root?: string;
  /**
   * The log of the node. If it throws, or returns a promise that rejects, nothing ends; `status()` then says `log: 'lost'`. The default is
   * pino, with JSON lines on standard error; lines that cannot be written, or that are not read, are dropped and counted.
   */
  logger?: Logger;
  /** Your own strategies, by the name that `allocationStrategy` gives. Each is made anew for each run. The default is none. */
  strategies?: Readonly<Record<string, () => AllocationStrategy>>;
  /** Where the values of this node are kept. The default is memory. */
  storeBackend?: StoreBackend;
  /** How this node and others reach each other. All nodes of a cluster use the same. The default is WebSockets. */
  transport?: Transport;
}

/** The options of a node that are the user's own variants. A module for `--extensions` may export them. A new one is one name here. */
export const EXTENSIONS = ['strategies', 'isolations', 'storeBackend', 'transport'] as const satisfies readonly (keyof NodeOptions)[];

/** The user's own variants, as options of a node. */
export type Extensions = Pick<NodeOptions, (typeof EXTENSIONS)[number]>;

/** The checked options, with their defaults. */
export interface CheckedNodeOptions {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly threads: number;
  readonly threadHeapMiB: number;
  readonly threadSetup: string | undefined;
  readonly isolation: Isolation;
  readonly isolations: ReadonlyMap<string, IsolationFactory>;
  readonly loopConcurrency: number;
  readonly freeze: boolean;
  readonly codeSkew: 'warn' | 'refuse';
  readonly root: string;
  readonly dataDir: string | undefined;
  readonly journal: string | undefined;
  readonly resume: boolean;
  readonly leaseMs: number;
  readonly journalWaitMs: number;
  readonly recordsForMs: number;
  readonly orphanMs: number;
  readonly values: ValueOptions;
  /** The most memory of the values of ended runs, bytes. */
  readonly retainedBytesLimit: number;
  readonly logger: NodeLogger;
  readonly strategies: NamedStrategies;
  readonly backend: StoreBackend;
  readonly network: NetworkOptions;
  readonly web: WebOptions;
  /** Whether it neither listens nor joins. */
  readonly isAlone: boolean;
}

const KNOWN = new Set<string>([
  'listen',
  'advertise',
  'join',
  'joinTimeoutMs',
  'cookie',
  'tls',
  'heartbeat',
  'name',
  'capabilities',
  'threads',
  'threadHeapMiB',
  'threadSetup',
  'isolation',
  'loopConcurrency',
  'freeze',
  'codeSkew',
  'dashboard',
  'dashboardToken',
  'metrics',
  'root',
  'dataDir',
  'journal',
  'resume',
  'leaseMs',
  'journalWaitMs',
  'recordsForMs',
  'orphanMs',
  'valueMemoryMiB',
  'spill',
  'spillMiB',
  'cacheMiB',
  'logger',
  ...EXTENSIONS,
]);
const MIB = 2 ** 20;

/** A shorter lease would run out while a database answers. */
const SHORTEST_LEASE_MS = 100;

/** Each is told with every beat. */
const MOST_ISOLATIONS = 50;

/** The longest name, characters: it is part of each greeting, which may have 4 KiB. */
const LONGEST_NAME = 255;

/**
 * Throws `TypeError` or `RangeError` naming the wrong option. `environmentTransport` replaces the default transport, for the testing kit.
 */
export function checkedNodeOptions(given: unknown, environmentTransport?: Transport): CheckedNodeOptions {
  const options = given === undefined ? {} : givenObject(given, 'options');
  for (const option of Object.keys(options)) {
    if (!KNOWN.has(option)) throw new TypeError(`unknown option "${option}"`);
    refuseRevoked(options[option], option);
  }
  const { name = `${hostname()}-${randomBytes(3).toString('hex')}` } = options;
  if (typeof name !== 'string' || name === '') throw new TypeError('name must be a non-empty string');
  const fault = nameFault(name);
  if (fault !== undefined) throw new TypeError(`name ${fault}`);
  if (name.length > LONGEST_NAME) throw new TypeError(`name must have at most ${LONGEST_NAME} characters, not ${name.length}`);
  const own = defaultCapabilities();
  const capabilities = checkedCapabilities(options.capabilities === undefined ? own : options.capabilities, 'capabilities');
  const threads = checkedNumber('threads', options.threads, { or: Math.max(3, Math.ceil(capabilities.cpu ?? 0)), least: 1, integer: true });
  const memoryMiB = capabilities.memory ?? own.memory;
  const root = checkedRoot(options.root);
  const logger = checkedLogger(options.logger, name);
  const network = checkedNetwork(options, { name, logger, transport: environmentTransport });
  const { codeSkew = 'warn', isolation = 'thread' } = options;
  const isolations = checkedIsolations(options.isolations);
  if (!builtIn.has(isolation as string) && !isolations.has(isolation as string)) {
    const known = [...builtIn.keys(), ...isolations.keys()].map((one) => `'${one}'`).join(', ');
    throw new TypeError(`isolation must be one of ${known}, not ${String(isolation)}`);
  }
  if (codeSkew !== 'warn' && codeSkew !== 'refuse') throw new TypeError(`codeSkew must be 'warn' or 'refuse', not ${String(codeSkew)}`);
  const resume = checkedFlag('resume', options.resume, false);
  const freeze = checkedFlag('freeze', options.freeze, true);
  return {
    name,
    capabilities,
    threads,
    threadHeapMiB: checkedNumber('threadHeapMiB', options.threadHeapMiB, { or: Math.max(64, Math.floor(memoryMiB / threads)), least: 16 }),
    threadSetup: checkedThreadSetup(options.threadSetup, { root, node: name }),
    isolation: isolation as Isolation,
    isolations,
    loopConcurrency: checkedNumber('loopConcurrency', options.loopConcurrency, { or: 256, least: 1, integer: true }),
    freeze,
    codeSkew,
    root,
    dataDir: checkedDataDir(options.dataDir),
    journal: checkedJournal(options.journal),
    resume,
    leaseMs: checkedNumber('leaseMs', options.leaseMs, { or: 10_000, least: SHORTEST_LEASE_MS }),
    journalWaitMs: checkedNumber('journalWaitMs', options.journalWaitMs, { or: 60_000 }),
    recordsForMs: checkedNumber('recordsForMs', options.recordsForMs, { or: 604_800_000 }),
    orphanMs: checkedNumber('orphanMs', options.orphanMs, { or: 60_000 }),
    values: checkedValueOptions(options, own.memory),
    retainedBytesLimit: (memoryMiB * MIB) / 4,
    logger,
    strategies: namedStrategies(options.strategies),
    backend: options.storeBackend === undefined ? defaultBackend() : guardedBackend(options.storeBackend, logger),
    network,
    web: checkedWeb(options),
    isAlone: network.listen === undefined && network.join.length === 0,
  };
}

/** The isolations of a user's own, by name. Throws `TypeError` or `RangeError` naming the one that is wrong. */
function checkedIsolations(given: unknown): ReadonlyMap<string, IsolationFactory> {
  if (given === undefined) return new Map();
  const entries = entriesOf(given, 'isolations', 'factories').filter(([, factory]) => factory !== undefined);
  if (entries.length > MOST_ISOLATIONS) throw new RangeError(`isolations must be at most ${MOST_ISOLATIONS}, not ${entries.length}`);
  for (const [name, factory] of entries) {
    const fault = nameFault(name);
    if (fault !== undefined) throw new TypeError(`isolations: the name ${JSON.stringify(name)} ${fault}`);
    if (name.length > LONGEST_NAME)
      throw new TypeError(`isolations: a name must have at most ${LONGEST_NAME} characters, not ${name.length}`);
    if (builtIn.has(name)) throw new TypeError(`isolations.${name}: this name is that of a built-in isolation`);
    if (typeof factory !== 'function')
      throw new TypeError(`isolations.${name} must be a function that makes an isolation, not ${typeof factory}`);
  }
  return new Map(entries as [string, IsolationFactory][]);
}

function checkedLogger(given: unknown, node: string): NodeLogger {
  if (given === undefined) return defaultLogger(node);
  const methods = ['debug', 'info', 'warn', 'error'] as const;
  const isLogger =
    typeof given === 'object' && given !== null && methods.every((method) => typeof (given as Logger)[method] === 'function');
  if (!isLogger) throw new TypeError('logger must have the methods debug, info, warn and error');
  return guardedLogger(given as Logger);
}
