import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { guardedLogger, HandoffError, keepAlive, type Logger, newId, peerAddress, silentLogger, systemClock } from '../../base/index.js';
import { joinCluster } from '../../nodes/index.js';
import { type PeerIdentity, type PeerListener, PeerMesh, Requests, type Transport } from '../../peer/index.js';
import { checkedNetwork, type NetworkOptions, type TlsOptions } from '../options/network-options.js';
import { answerError } from './answer-error.js';
import { type ClusterStatus, openStatus } from './status.js';
import { statusFrom } from './status-answer.js';

const KNOWN = new Set(['join', 'joinTimeoutMs', 'cookie', 'tls', 'transport', 'logger']);

/** A member that has been silent for this long is not asked again, ms. */
const ANSWER_MS = 5000;

/** The most addresses that are tried at once. */
const MOST_ADDRESSES = 100;

/**
 * Observes a cluster without being a member: nothing is placed on it, no node waits for it, and it may ask for the status only. If the
 * member that it asks goes away, it asks another one.
 */
export class ClusterObserver implements AsyncDisposable {
  readonly #network: NetworkOptions;
  readonly #peers: PeerMesh;
  readonly #requests = new Requests((to, message) => this.#peers.send(to, message), systemClock);
  readonly #addresses = new Set<string>();

  private constructor(name: string, network: NetworkOptions, logger: Logger) {
    const { cookie, transport, join } = network;
    this.#network = network;
    for (const url of join) this.#addresses.add(url);
    this.#peers = new PeerMesh({
      name,
      incarnation: newId(),
      isObserver: true,
      transport,
      clock: systemClock,
      random: Math.random,
      logger,
      ...(cookie !== undefined && { cookie }),
    });
    this.#peers.attach(this.#listener());
  }

  /**
   * Connects to a member.
   * @throws `TypeError` or `RangeError` for wrong options, and `HANDOFF_JOIN_REFUSED` or `HANDOFF_PROTOCOL_MISMATCH` if no member
   * accepts it.
   */
  static async start(options: ObserverOptions): Promise<ClusterObserver> {
    if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
    for (const option of Object.keys(options)) if (!KNOWN.has(option)) throw new TypeError(`unknown option "${option}"`);
    const name = `${hostname()}-observer-${randomBytes(3).toString('hex')}`;
    const logger = guardedLogger(options.logger ?? silentLogger);
    const network = checkedNetwork({ ...options }, { name, logger });
    if (network.join.length === 0) throw new TypeError('join must name at least one member');
    const observer = new ClusterObserver(name, network, logger);
    try {
      await observer.#linked();
    } catch (error) {
      await observer.close();
      throw error;
    }
    return observer;
  }

  /**
   * Returns the present status of the cluster. If a member has not answered within 5000 ms, another one is asked.
   * @throws `HANDOFF_TIMEOUT` if all that are left were asked before, as `start` if no member can be found, and `HANDOFF_STOPPED`
   * after `close`.
   */
  async status(): Promise<ClusterStatus> {
    const alive = keepAlive();
    const silent = new Set<string>();
    try {
      for (;;) {
        const name = await this.#linked();
        try {
          const question = { kind: 'show-status', all: true } as const;
          const limit = { withinMs: ANSWER_MS, what: 'for the status' };
          const answer = await this.#requests.ask<unknown>(name, (id) => ({ type: 'ask', id, question }), limit);
          const status = openStatus(statusFrom(name, answer));
          this.#learn(status);
          return status;
        } catch (error) {
          // A member that answers nonsense does not help either.
          const isLate = HandoffError.is(error, 'HANDOFF_TIMEOUT') || HandoffError.is(error, 'HANDOFF_BAD_MESSAGE');
          if (isLate) this.#peers.drop(name);
          if ((isLate && silent.has(name)) || !(isLate || HandoffError.is(error, 'HANDOFF_NODE_LOST'))) throw error;
          silent.add(name);
        }
      }
    } finally {
      alive.cancel();
    }
  }

  /** Ends the observation. */
  async close(): Promise<void> {
    await this.#peers.close();
    this.#requests.close(new HandoffError('HANDOFF_STOPPED', 'The observer is closed'));
  }

  /** Closes the observer, as `close` does: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Remembers the addresses of other members, in case the asked one goes away. */
  #learn({ nodes }: ClusterStatus): void {
    for (const { address } of nodes) {
      const dialled = address === undefined ? undefined : peerAddress(address, this.#network.transport.schemes);
      if (dialled !== undefined && this.#addresses.size < MOST_ADDRESSES) this.#addresses.add(dialled);
    }
  }

  /** Returns the name of a member with a link. */
  async #linked(): Promise<string> {
    const [peer] = this.#peers.peers;
    if (peer) return peer.name;
    const { joinTimeoutMs } = this.#network;
    const join = (url: string): Promise<PeerIdentity> => this.#peers.join(url);
    return (await joinCluster({ urls: [...this.#addresses], join, clock: systemClock, joinTimeoutMs, random: Math.random })).name;
  }

  #listener(): PeerListener {
    return {
      up() {},
      down: ({ name }) => {
        this.#requests.gone(name, new HandoffError('HANDOFF_NODE_LOST', `Node "${name}" is gone before it answered`, { node: name }));
      },
      messages: (from, messages) => {
        for (const message of messages) {
          if (message.type !== 'answer') continue;
          if (!this.#requests.isOpen(from, message.id, 'ask')) continue;
          if (message.error) this.#requests.failed(from, message.id, answerError(from, message.error));
          else this.#requests.answered(from, message.id, message.value);
        }
      },
      notUnderstood: (from, { type, subject: { id }, fault }) => {
        const error = new HandoffError('HANDOFF_BAD_MESSAGE', `Cannot understand what node "${from}" sent: ${fault}`, { node: from });
        if (type === 'answer' && id !== undefined) this.#requests.failed(from, id, error);
      },
      value() {},
      expects: () => false,
      memoryFor: () => undefined,
      notDialled() {},
    };
  }
}

/** The options of `ClusterObserver.start`. */
export interface ObserverOptions {
  /** URLs of members, at least one. Any one that answers is enough. */
  join: readonly string[];
  /**
   * How long to look for a member that answers, ms. A refusal is final at once.
   * @default 10_000
   */
  joinTimeoutMs?: number;
  /** The secret of the cluster, as the nodes have it. The default is none. */
  cookie?: string;
  /** The observer's certificates. With them, links are `wss://`. The default is none. */
  tls?: TlsOptions;
  /** The transport of the nodes. The default is WebSockets. */
  transport?: Transport;
  /** Where the observer logs. The default is silence. */
  logger?: Logger;
}
