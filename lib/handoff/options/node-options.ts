import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type Capabilities, checkedCapabilities } from '../../allocator/index.js';
import { checkedNumber, defaultLogger, guardedLogger, type Logger, type NodeLogger, nameFault } from '../../base/index.js';
import { ISOLATION_NAMES, type Isolation, isIsolation } from '../../dag/index.js';
import { defaultCapabilities } from './container-limits.js';
import { checkedNetwork, type NetworkOptions, type TlsOptions } from './network-options.js';

/** What `Handoff.start` takes; everything has a default. */
export interface NodeOptions {
  /** Unique in the cluster. Default: the host's name and a short random suffix. */
  name?: string;
  /**
   * Replaces the defaults whole. Default: `cpu` the available parallelism, or the container's CPU quota where that is less, but at least 1;
   * `memory` the MiB of the machine, or of the container's limit where that is less.
   */
  capabilities?: Capabilities;
  /**
   * Worker threads at most, and child processes, started when first needed. Both together run no more functions at once. Default: max(3,
   * cpu rounded up).
   */
  threads?: number;
  /** The heap of each thread, and of each child process, MiB. Default: `memory` / threads. */
  threadHeapMiB?: number;
  /**
   * Where functions of modules run that name no `isolation` themselves, in the runs of this node, on whichever node. Default `'thread'`.
   */
  isolation?: Isolation;
  /** How many loop functions run at once. Default 256. */
  loopConcurrency?: number;
  /**
   * Whether functions are kept from seeing each other's changes: results are frozen (plain objects and arrays, deeply), and what cannot be
   * frozen (binary data, Map, Set, Date, RegExp, Error) is copied for each loop function, unless that is its only user. Without it loop
   * functions share values as they are, and may pass what is no value.
   * @default true
   */
  freeze?: boolean;
  /**
   * What happens to a function of a module whose file differs between this node, as driver, and a node that could run it: `'warn'` says so
   * in the log, once a run; `'refuse'` does not place it there. A file that this node has not, or that has another extension there
   * (compiled), is not compared. Default `'warn'`.
   */
  codeSkew?: 'warn' | 'refuse';
  /**
   * `'host:port'`, port 0 picks one. Default: not listening, the node reaches others and nobody reaches it. Off loopback it takes a cookie.
   */
  listen?: string;
  /**
   * The URL, `ws://host:port`, at which others reach this node, where that is not the one it listens at: behind NAT, in a container with
   * mapped ports, behind a proxy. Default: where it listens.
   */
  advertise?: string;
  /** URLs of members, `ws://host:port`; any one that answers will do. */
  join?: readonly string[];
  /** How long to try, ms. A refusal is final at once. Default 10,000. */
  joinTimeoutMs?: number;
  /** What every node of the cluster knows, at least 16 characters. It proves itself and is never sent. */
  cookie?: string;
  /** With it, links are `wss://`. */
  tls?: TlsOptions;
  /** How often this node says that it lives, default 500 ms, and how long one that is silent counts as alive, default 5000 ms. */
  heartbeat?: { intervalMs?: number; timeoutMs?: number };
  /** The folder that relative modules are found under. Default: that of the nearest package.json above the working directory. */
  root?: string;
  /**
   * Where the node writes what happens. What it throws, and a promise of its that rejects, ends nothing: `status()` then says
   * `log: 'lost'`. Default: pino, JSON lines on standard error; lines that cannot be written, or that nobody reads, are dropped and
   * counted.
   */
  logger?: Logger;
}

/** The options, checked, with their defaults. */
export interface CheckedNodeOptions {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly threads: number;
  readonly threadHeapMiB: number;
  readonly isolation: Isolation;
  readonly loopConcurrency: number;
  readonly freeze: boolean;
  readonly codeSkew: 'warn' | 'refuse';
  readonly root: string;
  /** What values of ended runs may occupy in all. */
  readonly retainedBytesLimit: number;
  readonly logger: NodeLogger;
  readonly network: NetworkOptions;
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
  'isolation',
  'loopConcurrency',
  'freeze',
  'codeSkew',
  'root',
  'logger',
]);
const MIB = 2 ** 20;

/** A name is part of each greeting, which may have 4 KiB. */
const LONGEST_NAME = 255;

/** Throws `TypeError` or `RangeError` naming the option that is wrong. */
export function checkedNodeOptions(given: unknown): CheckedNodeOptions {
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw new TypeError('options must be an object');
  const options = (given ?? {}) as Readonly<Record<string, unknown>>;
  for (const option of Object.keys(options)) if (!KNOWN.has(option)) throw new TypeError(`unknown option "${option}"`);
  const { name = `${hostname()}-${randomBytes(3).toString('hex')}` } = options;
  if (typeof name !== 'string' || name === '') throw new TypeError('name must be a non-empty string');
  const fault = nameFault(name);
  if (fault !== undefined) throw new TypeError(`name ${fault}`);
  if (name.length > LONGEST_NAME) throw new TypeError(`name must have at most ${LONGEST_NAME} characters, not ${name.length}`);
  const own = defaultCapabilities();
  const capabilities = checkedCapabilities(options.capabilities ?? own, 'capabilities');
  const threads = checkedNumber('threads', options.threads, { or: Math.max(3, Math.ceil(capabilities.cpu ?? 0)), least: 1, integer: true });
  const memoryMiB = capabilities.memory ?? own.memory;
  const network = checkedNetwork(options);
  const { freeze = true, codeSkew = 'warn', isolation = 'thread' } = options;
  if (!isIsolation(isolation)) throw new TypeError(`isolation must be ${ISOLATION_NAMES}, not ${String(isolation)}`);
  if (codeSkew !== 'warn' && codeSkew !== 'refuse') throw new TypeError(`codeSkew must be 'warn' or 'refuse', not ${String(codeSkew)}`);
  if (typeof freeze !== 'boolean') throw new TypeError(`freeze must be true or false, not ${String(freeze)}`);
  return {
    name,
    capabilities,
    threads,
    threadHeapMiB: checkedNumber('threadHeapMiB', options.threadHeapMiB, { or: Math.max(64, Math.floor(memoryMiB / threads)), least: 16 }),
    isolation,
    loopConcurrency: checkedNumber('loopConcurrency', options.loopConcurrency, { or: 256, least: 1, integer: true }),
    freeze,
    codeSkew,
    root: checkedRoot(options.root),
    retainedBytesLimit: (memoryMiB * MIB) / 4,
    logger: checkedLogger(options.logger, name),
    network,
    isAlone: network.listen === undefined && network.join.length === 0,
  };
}

/**
 * The folder that modules lie in, absolute. Default: that of the nearest package.json at or above the working directory. `TypeError` for
 * what is none.
 */
export function checkedRoot(given: unknown): string {
  if (given === undefined) return nearestPackage(process.cwd());
  if (typeof given !== 'string' || given === '') throw new TypeError('root must be the path of a folder');
  const root = resolve(given);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new TypeError(`root must be the path of a folder: ${root} is none`);
  return root;
}

/** The folder of the nearest package.json at or above `from`; `from` itself where there is none. */
function nearestPackage(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(resolve(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) return from;
  }
}

function checkedLogger(given: unknown, node: string): NodeLogger {
  if (given === undefined) return defaultLogger(node);
  const methods = ['debug', 'info', 'warn', 'error'] as const;
  const isLogger =
    typeof given === 'object' && given !== null && methods.every((method) => typeof (given as Logger)[method] === 'function');
  if (!isLogger) throw new TypeError('logger must have the methods debug, info, warn and error');
  return guardedLogger(given as Logger);
}
