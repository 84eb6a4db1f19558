import { checkedNumber, HandoffError } from '../base/index.js';
import { isStorageFailed, storageFailed } from '../files/index.js';
import { LONGEST_NODE_NAME } from '../peer/index.js';
import { inMemory, type StoredValue, snapshot } from '../value/index.js';
import type { NodeParts } from './node/node-parts.js';
import { checkId, type StationClient } from './node/station-client.js';

/** How long members have to report a copy of a value that is lost at its origin, ms. */
const COPY_MS = 5000;

/** The part of `Handoff` that keeps, finds and fetches values by DAG id, wherever they are. */
export class NodeValues {
  readonly #node: string;
  readonly #freeze: boolean;
  readonly #tables: NodeParts;
  readonly #desk: StationClient;

  constructor(node: string, freeze: boolean, tables: NodeParts, desk: StationClient) {
    this.#node = node;
    this.#freeze = freeze;
    this.#tables = tables;
    this.#desk = desk;
  }

  async keep(dagId: string, id: string, value: unknown, as: 'value' | 'result', node: string): Promise<void> {
    checkId(dagId, 'dagId');
    checkId(id, as === 'value' ? 'id' : 'functionId');
    const { cluster } = this.#tables;
    // Before any `await`: the caller may change the value as soon as the call has returned.
    const held = snapshot(value, { where: 'value', freeze: true });
    await this.#member(node);
    if (node !== this.#node) return cluster.keep(node, dagId, id, held, as);
    await this.#desk.ask('LocalStore', (replyTo) => ({ type: 'keep-value', dagId, id, value: held, as, replyTo }));
    cluster.tellLocation(dagId, id, node);
  }

  /** Resolves to the first of these: the value appears here, on another node and is fetched, or it is in the journal alone. */
  async await(dagId: string, id: string, given: { timeoutMs?: number }): Promise<unknown> {
    checkId(dagId, 'dagId');
    checkId(id, 'id');
    const timeoutMs = checkedNumber('timeoutMs', given.timeoutMs, { or: 5000 });
    const here = this.#desk.ask<StoredValue | undefined, 'LocalStore'>('LocalStore', (replyTo) => ({
      type: 'await-value',
      dagId,
      id,
      timeoutMs,
      replyTo,
    }));
    const held = await firstFound([
      here,
      this.#tables.cluster.awaitElsewhere(dagId, id, timeoutMs),
      this.#recordedAlone(dagId, id, timeoutMs),
    ]);
    if (held) return this.#tables.store.opened(held, this.#freeze);
    // A run could have made it again until now, so that it is lost is said only at the end.
    const origin = await this.#knownLocation(dagId, id);
    if (origin !== undefined && this.#tables.membership.isGone(origin)) throw this.#gone(dagId, id, origin);
    throw new HandoffError('HANDOFF_TIMEOUT', `No result of "${id}" of DAG "${dagId}" within ${timeoutMs} ms`, { dagId, functionId: id });
  }

  /** Forgets what the `dataDir` of this node remembers, if it has one. */
  async clearCache(): Promise<void> {
    const { shelf } = this.#tables.durable ?? {};
    if (!shelf || (await shelf.clear())) return;
    throw storageFailed('not-writable', `Cannot forget the remembered results of node "${this.#node}": the log says why`, {
      node: this.#node,
    });
  }

  async local(dagId: string, id: string): Promise<unknown> {
    const held = (await this.#find(dagId, id)) ?? (await this.#recorded(dagId, id));
    if (held) return this.#tables.store.opened(held, this.#freeze);
    throw this.#notFound(dagId, id, this.#node);
  }

  async from(dagId: string, id: string, fromNode: string | undefined): Promise<unknown> {
    const { cluster } = this.#tables;
    if (fromNode !== undefined) await this.#member(fromNode);
    let held = await this.#find(dagId, id);
    if (!held) {
      const late: string[] = [];
      const origin = fromNode ?? (await cluster.locate(dagId, id, (name) => late.push(name))) ?? this.#node;
      if (origin !== this.#node) held = await cluster.fetch(origin, dagId, id);
      // Its origin may be gone while others have a copy: the driver, or another node that needed it.
      if (!held && origin !== this.#node && fromNode === undefined) held = await cluster.awaitElsewhere(dagId, id, 0, COPY_MS);
      if (!held && (fromNode === undefined || fromNode === this.#node)) held = await this.#recorded(dagId, id);
      if (!held) throw this.#tables.membership.isGone(origin) ? this.#gone(dagId, id, origin) : this.#notFound(dagId, id, origin, late);
    }
    return this.#tables.store.opened(held, this.#freeze);
  }

  async registerLocation(dagId: string, dataId: string, node: string): Promise<void> {
    checkId(dagId, 'dagId');
    checkId(dataId, 'dataId');
    checkId(node, 'node');
    if (node.length > LONGEST_NODE_NAME) throw new TypeError(`node must have at most ${LONGEST_NODE_NAME} characters, not ${node.length}`);
    await this.#desk.ask('LocalStore', (replyTo) => ({ type: 'register-location', dagId, dataId, node, replyTo }));
    this.#tables.cluster.tellLocation(dagId, dataId, node);
  }

  async locate(dagId: string, dataId: string): Promise<string> {
    checkId(dagId, 'dagId');
    checkId(dataId, 'dataId');
    const here = await this.#knownLocation(dagId, dataId);
    const late: string[] = [];
    const { cluster, findRecorded } = this.#tables;
    const node = here ?? (await cluster.locate(dagId, dataId, (name) => late.push(name))) ?? (await findRecorded?.(dagId, dataId))?.node;
    if (node !== undefined) return node;
    const message = `No location is known of "${dataId}" of DAG "${dagId}"${unheard(late)}`;
    throw new HandoffError('HANDOFF_NOT_FOUND', message, { dagId, functionId: dataId });
  }

  /** Clears on every node. Nothing is dropped here while a run of the DAG is in progress anywhere. */
  async clear(dagId: string): Promise<void> {
    checkId(dagId, 'dagId');
    const { runs, cluster } = this.#tables;
    if (runs.isRunning(dagId)) {
      throw new HandoffError('HANDOFF_DAG_RUNNING', `Cannot clear DAG "${dagId}": a run of it has not ended`, { dagId });
    }
    const late: string[] = [];
    await cluster.askAll({ kind: 'clear-dag', dagId }, undefined, (name) => late.push(name));
    await this.#desk.ask('LocalStore', (replyTo) => ({ type: 'clear-dag', dagId, replyTo }));
    if (late.length === 0) return;
    throw new HandoffError('HANDOFF_TIMEOUT', `Cleared DAG "${dagId}" wherever it could be${unheard(late)}`, { dagId, node: late[0]! });
  }

  /**
   * Returns what the journal has; `undefined` if nothing is recorded, or the run will make it again. Throws `HANDOFF_RESULT_LOST` for what
   * is recorded and lost.
   */
  async #recorded(dagId: string, id: string): Promise<StoredValue | undefined> {
    const { store, findRecorded } = this.#tables;
    if (store.isLost(dagId, id))
      throw this.#lost(dagId, id, this.#node, `the store backend of node "${this.#node}" does not have it any more`);
    const recorded = await findRecorded?.(dagId, id);
    const held = await recorded?.open().then((found) => found && inMemory(found).catch(() => undefined));
    if (!held && recorded?.isOver) throw this.#lost(dagId, id, recorded.node, 'it was too large for the journal, and its file is gone');
    return held;
  }

  /** The same, unless any member says within `timeoutMs` that it has the value in memory. */
  async #recordedAlone(dagId: string, id: string, timeoutMs: number): Promise<StoredValue | undefined> {
    const { store, cluster } = this.#tables;
    if (store.find(dagId, id)) return undefined;
    if ((await cluster.locate(dagId, id, undefined, timeoutMs)) !== undefined) return undefined;
    try {
      return await this.#recorded(dagId, id);
    } catch (error) {
      // A journal that is away may be back in time.
      if (isStorageFailed(error, 'unreachable')) return undefined;
      throw error;
    }
  }

  async #find(dagId: string, id: string): Promise<StoredValue | undefined> {
    checkId(dagId, 'dagId');
    checkId(id, 'id');
    return this.#desk.ask<StoredValue | undefined, 'LocalStore'>('LocalStore', (replyTo) => ({ type: 'find-value', dagId, id, replyTo }));
  }

  /** Returns the location that this node knows, without asking others. */
  #knownLocation(dagId: string, dataId: string): Promise<string | undefined> {
    return this.#desk.ask<string | undefined, 'LocalStore'>('LocalStore', (replyTo) => ({
      type: 'lookup-location',
      dagId,
      dataId,
      replyTo,
    }));
  }

  /** Asks the NodeRegistry, so that a stopped node reports that. */
  async #member(node: string): Promise<void> {
    checkId(node, 'node');
    const member = await this.#desk.ask('NodeRegistry', (replyTo) => ({ type: 'find-member', name: node, replyTo }));
    if (!member) throw new HandoffError('HANDOFF_NODE_UNKNOWN', `Node "${node}" is not a member`, { node });
  }

  #gone(dagId: string, id: string, node: string): HandoffError {
    return this.#lost(dagId, id, node, `node "${node}", which had it, is gone`);
  }

  #lost(dagId: string, id: string, node: string, why: string): HandoffError {
    return new HandoffError('HANDOFF_RESULT_LOST', `The value of "${id}" of DAG "${dagId}" is lost: ${why}`, {
      dagId,
      functionId: id,
      node,
    });
  }

  #notFound(dagId: string, id: string, node: string, late: readonly string[] = []): HandoffError {
    return new HandoffError('HANDOFF_NOT_FOUND', `Node "${node}" has no value of "${id}" of DAG "${dagId}"${unheard(late)}`, {
      dagId,
      functionId: id,
      node,
    });
  }
}

/** Returns a text with the members that have not answered. */
const unheard = (late: readonly string[]): string =>
  late.length === 0 ? '' : `; ${late.map((name) => `node "${name}"`).join(', ')} did not answer within 5000 ms`;

/** Resolves to the first value found, or to `undefined` if there is none. Rejects with the first failure before that. */
function firstFound<T>(searches: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  let open = searches.length;
  return new Promise((resolve, reject) => {
    for (const search of searches) {
      search.then((found) => {
        open -= 1;
        if (found !== undefined || open === 0) resolve(found);
      }, reject);
    }
  });
}
