import { checkedNumber, silentLogger } from '../base/index.js';
import { STORAGE_FAULTS } from '../files/index.js';
import { checkedNodeOptions, EXTENSIONS, type NodeOptions } from '../handoff/index.js';
import type { JournalFaults } from '../journal/index.js';
import type { LinkConditions } from '../peer/index.js';
import { hosts } from './hosts/index.js';

/** The options of `TestCluster.start`. */
export interface ClusterOptions {
  /**
   * How many nodes, named `n1`, `n2` and so on; or the options of each, as for `Handoff.start`. Names default to those, `listen` to a free
   * port of this machine. `join`, `advertise`, `tls` and `transport` are set by the kit.
   */
  nodes: number | readonly NodeOptions[];
  /**
   * Where the nodes live.
   * @default 'memory'
   */
  transport?: ClusterTransport;
  /** Fixes the kit's own random choices, and those of the nodes in this process (jitter). Without a seed they differ each time. */
  seed?: number;
}

/** The faults of the link between two nodes, in both directions. */
export interface LinkFaults {
  /**
   * How long each message is in transit, ms.
   * @default 0
   */
  delayMs?: number;
  /** The bandwidth, bytes a second. The default is no limit. */
  bytesPerSecond?: number;
  /**
   * Nothing arrives and nothing is lost: everything arrives when the stall ends.
   * @default false
   */
  stall?: boolean;
  /** Each connection is reset once it has carried this many bytes in one direction; bytes in transit are lost. The default is no reset. */
  resetAfterBytes?: number;
}

/** The link between two nodes of a cluster. */
export interface FaultyLink {
  /** Replaces the faults of the link, in both directions, also for existing connections. `{}` means no faults. */
  set(faults: LinkFaults): Promise<void>;
}

/** The checked options: those of each node are complete, by name, the first one first. */
export interface CheckedClusterOptions {
  readonly nodes: ReadonlyMap<string, NodeOptions>;
  readonly transport: ClusterTransport;
  readonly seed: number | undefined;
}

/** Options that the kit decides, with the reason. */
const KITS_OWN: Readonly<Record<string, string>> = {
  join: 'nodes join each other',
  advertise: 'others reach a node through the kit',
  tls: 'the faults of a link need to know who talks',
  transport: 'the faults of a link are those of a transport of the kit',
};

/** Throws `TypeError` or `RangeError` naming the wrong option. */
export function checkedClusterOptions(given: unknown): CheckedClusterOptions {
  const { nodes, transport = 'memory', seed } = fieldsOf(given, 'options', ['nodes', 'transport', 'seed']);
  if (typeof transport !== 'string' || !Object.hasOwn(hosts, transport)) {
    const known = Object.keys(hosts)
      .map((name) => `'${name}'`)
      .join(', ');
    throw new TypeError(`transport must be one of ${known}, not ${shown(transport)}`);
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    if (typeof seed !== 'number') throw new TypeError(`seed must be an integer, not ${shown(seed)}`);
    throw new RangeError(`seed must be an integer, not ${seed}`);
  }
  const checked = checkedNodes(nodes);
  if (transport === 'processes') refuseExtensions(checked);
  return { nodes: checked, transport: transport as ClusterTransport, seed: seed as number | undefined };
}

/** Throws `TypeError` if a node in another process has variants of its own: options reach it as text. */
function refuseExtensions(nodes: ReadonlyMap<string, NodeOptions>): void {
  for (const [at, options] of [...nodes.values()].entries()) {
    const option = at === 0 ? undefined : EXTENSIONS.find((name) => options[name] !== undefined);
    if (option !== undefined) throw new TypeError(`nodes[${at}].${option} cannot be given: it does not get into the process of the node`);
  }
}

function checkedNodes(given: unknown): ReadonlyMap<string, NodeOptions> {
  if (typeof given !== 'number' && !Array.isArray(given))
    throw new TypeError(`nodes must be a number or a list of options, not ${shown(given)}`);
  const list: readonly unknown[] = Array.isArray(given)
    ? given
    : Array.from({ length: checkedNumber('nodes', given, { or: 1, least: 1, integer: true }) }, () => ({}));
  if (list.length === 0) throw new RangeError('nodes must be at least one');
  const nodes = new Map<string, NodeOptions>();
  for (const [at, one] of list.entries()) {
    const where = `nodes[${at}]`;
    if (typeof one !== 'object' || one === null || Array.isArray(one)) throw new TypeError(`${where} must be the options of a node`);
    for (const [option, why] of Object.entries(KITS_OWN)) {
      if ((one as Record<string, unknown>)[option] !== undefined) throw new TypeError(`${where}.${option} cannot be given: ${why}`);
    }
    const { name = `n${at + 1}`, listen = '127.0.0.1:0', ...rest } = one as NodeOptions;
    const options = { ...rest, name, listen };
    // The message begins with the name of the wrong option.
    const { logger = silentLogger } = options;
    try {
      checkedNodeOptions({ ...options, logger });
    } catch (error) {
      (error as Error).message = `${where}: ${(error as Error).message}`;
      throw error;
    }
    if (nodes.has(name)) throw new TypeError(`${where}.name is taken: "${name}"`);
    nodes.set(name, options);
  }
  return nodes;
}

/** Throws `TypeError` or `RangeError` naming the wrong fault. */
export function checkedFaults(given: unknown): LinkConditions {
  const { delayMs, bytesPerSecond, stall, resetAfterBytes } = fieldsOf(given, 'faults', [
    'delayMs',
    'bytesPerSecond',
    'stall',
    'resetAfterBytes',
  ]);
  if (stall !== undefined && typeof stall !== 'boolean') throw new TypeError(`stall must be true or false, not ${shown(stall)}`);
  return {
    ...(delayMs !== undefined && { delayMs: checkedNumber('delayMs', delayMs, { or: 0 }) }),
    ...(bytesPerSecond !== undefined && { bytesPerSecond: checkedNumber('bytesPerSecond', bytesPerSecond, { or: 0, least: 1 }) }),
    ...(stall !== undefined && { stall }),
    ...(resetAfterBytes !== undefined && { resetAfterBytes: checkedNumber('resetAfterBytes', resetAfterBytes, { or: 0 }) }),
  };
}

/** Throws `TypeError` or `RangeError` naming the wrong fault. */
export function checkedJournalFaults(given: unknown): JournalFaults {
  const { failWrites, loseAnswers, delayMs, tearAt } = fieldsOf(given, 'faults', ['failWrites', 'loseAnswers', 'delayMs', 'tearAt']);
  if (failWrites !== undefined && typeof failWrites !== 'boolean' && !(STORAGE_FAULTS as readonly unknown[]).includes(failWrites)) {
    const reasons = STORAGE_FAULTS.map((reason) => `'${reason}'`).join(', ');
    throw new TypeError(`failWrites must be true, false, or one of ${reasons}, not ${shown(failWrites)}`);
  }
  if (loseAnswers !== undefined && typeof loseAnswers !== 'boolean')
    throw new TypeError(`loseAnswers must be true or false, not ${shown(loseAnswers)}`);
  return {
    ...(failWrites !== undefined && { failWrites: failWrites as NonNullable<JournalFaults['failWrites']> }),
    ...(loseAnswers !== undefined && { loseAnswers }),
    ...(delayMs !== undefined && { delayMs: checkedNumber('delayMs', delayMs, { or: 0 }) }),
    ...(tearAt !== undefined && { tearAt: checkedNumber('tearAt', tearAt, { or: 0, integer: true }) }),
  };
}

/** How attempts are to fail, checked. */
export interface CheckedFailure {
  readonly times: number;
  readonly error: Error | undefined;
  readonly beforeMs: number;
}

/** Throws `TypeError` or `RangeError` naming the wrong option. */
export function checkedFailure(given: unknown): CheckedFailure {
  const { times, error, beforeMs } = fieldsOf(given, 'options', ['times', 'error', 'beforeMs']);
  if (error !== undefined && !(error instanceof Error)) throw new TypeError(`error must be an Error, not ${shown(error)}`);
  return {
    times: checkedNumber('times', times, { or: 1, integer: true }),
    error,
    beforeMs: checkedNumber('beforeMs', beforeMs, { or: 0 }),
  };
}

function fieldsOf(given: unknown, what: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null) throw new TypeError(`${what} must be an object, not ${shown(given)}`);
  for (const field of Object.keys(given)) if (!known.includes(field)) throw new TypeError(`${what} has no field "${field}"`);
  return given as Readonly<Record<string, unknown>>;
}

const shown = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));

/**
 * Where the nodes live. `'memory'`: in this process, on a network in memory. `'websocket'`: in this process, on real sockets.
 * `'processes'`: all but the first in processes of their own.
 */
export type ClusterTransport = keyof typeof hosts;
