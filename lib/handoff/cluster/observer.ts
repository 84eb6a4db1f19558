import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { guardedLogger, HandoffError, keepAlive, type Logger, newId, peerAddress, silentLogger, systemClock } from '../../base/index.js';
import { joinCluster } from '../../nodes/index.js';
import {
  type ClusterStatus,
  checkedViewRequest,
  type ViewAnswers,
  type ViewRequest,
  type ViewSource,
  type WatchOptions,
} from '../../observe/index.js';
import {
  type PeerIdentity,
  type PeerListener,
  PeerMesh,
  type Question,
  Requests,
  type Transport,
  type WireMessage,
} from '../../peer/index.js';
import type { EventPosition, RunEvent, RunSummary } from '../../runner/index.js';
import { checkId } from '../node/station-client.js';
import { WebServers } from '../node/web-servers.js';
import { checkedNetwork, type NetworkOptions, type TlsOptions } from '../options/network-options.js';
import { checkedWeb, type WebOptions } from '../options/web-options.js';
import { answerError } from './answer-error.js';
import { checkedWatchOptions, eventsQuestion } from './runs/node-view-source.js';
import { receivedView } from './runs/received-view.js';
import { EVENTS_MS, VIEW_MS } from './runs/run-answers.js';
import { unpackRuns } from './runs/run-list.js';
import { PASSED_ON_MS } from './runs/run-questions.js';
import { type EventSource, type HowRead, watchedRun } from './runs/watched-run.js';
import { type EventBatch, unpackEvents } from './runs/wire-events.js';
import { askUntil } from './runs/withdrawable.js';
import { openStatus } from './status.js';
import { statusFrom } from './status-answer.js';

const KNOWN = new Set(['join', 'joinTimeoutMs', 'cookie', 'tls', 'transport', 'dashboard', 'dashboardToken', 'logger']);

/** A member that has been silent for this long is not asked again, ms. */
const ANSWER_MS = 5000;

/** The most addresses that are tried at once. */
const MOST_ADDRESSES = 100;

/**
 * Observes a cluster without being a member: nothing is placed on it, and no node waits for it. It may look at the cluster and its runs,
 * and cancel runs, nothing else. If the member that it asks goes away, it asks another one.
 *
 * Every call rejects with `HANDOFF_TIMEOUT` if all members that are left were asked before, as `start` does if no member can be found, and
 * with `HANDOFF_STOPPED` after `close`.
 */
export class ClusterObserver implements ViewSource, AsyncDisposable {
  readonly #network: NetworkOptions;
  readonly #peers: PeerMesh;
  readonly #requests = new Requests((to, message) => this.#peers.send(to, message), systemClock);
  readonly #way = { requests: this.#requests, send: (to: string, message: WireMessage): boolean => this.#peers.send(to, message) };
  readonly #addresses = new Set<string>();
  readonly #closed = new AbortController();
  readonly #name: string;
  readonly #web: WebServers;

  private constructor(name: string, network: NetworkOptions, web: WebOptions, logger: Logger) {
    const { cookie, transport, join } = network;
    this.#name = name;
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
    const { tls } = network;
    this.#web = new WebServers({ web, tls, source: this, metrics: undefined, logger, clock: systemClock });
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
    const web = checkedWeb({ dashboard: options.dashboard, dashboardToken: options.dashboardToken });
    const observer = new ClusterObserver(name, network, web, logger);
    try {
      await observer.#linked();
      // Learns of other members, in case this one goes before the first visitor comes.
      if (web.dashboard) await observer.status();
      await observer.#web.open();
    } catch (error) {
      await observer.close();
      throw error;
    }
    return observer;
  }

  /** The URL of the dashboard, with the token in its fragment if one was made; `undefined` without a dashboard. */
  get dashboardUrl(): string | undefined {
    return this.#web.dashboardUrl;
  }

  /** Returns the present status of the cluster. If a member has not answered within 5000 ms, another one is asked. */
  async status(): Promise<ClusterStatus> {
    return this.#awaited(async () => {
      const status = await this.#ask({ kind: 'show-status', all: true }, ANSWER_MS, this.#closed.signal, (answer, from) =>
        openStatus(statusFrom(from, answer)),
      );
      this.#learn(status);
      return status;
    });
  }

  /** Returns the runs under way, and the last hundred of each driver that have ended: the latest first. */
  async allRuns(): Promise<readonly RunSummary[]> {
    const question = { kind: 'list-runs', all: true, runId: null } as const;
    return this.#awaited(() => this.#ask(question, VIEW_MS, this.#closed.signal, (answer, from) => unpackRuns(from, answer)));
  }

  /**
   * Looks at one run.
   * @throws `HANDOFF_NOT_FOUND` if no node knows the run, `HANDOFF_NODE_LOST` if its driver is gone, and `TypeError` or `RangeError` for
   * what is no request.
   */
  async view<R extends ViewRequest>(runId: string, request: R): Promise<ViewAnswers[R['view']]> {
    checkId(runId, 'runId');
    const json = JSON.stringify(checkedViewRequest(request));
    const question = { kind: 'show-run', all: true, runId, request: json } as const;
    const withinMs = VIEW_MS + PASSED_ON_MS;
    return this.#awaited(() => this.#ask(question, withinMs, this.#closed.signal, (answer, from) => receivedView<R>(from, answer)));
  }

  /** Follows a run, as `Handoff.watch` does. */
  watch(runId: string, options?: WatchOptions): AsyncIterable<RunEvent> {
    checkId(runId, 'runId');
    const source: EventSource = {
      refuse: () => this.#closed.signal.throwIfAborted(),
      eventsOf: () => undefined,
      fetchEvents: (...of) => this.#fetchEvents(...of),
    };
    return watchedRun(source, runId, checkedWatchOptions(options));
  }

  /** Cancels a run. Resolves when its driver has begun to end it. Throws as `view` does. */
  async cancel(runId: string): Promise<void> {
    checkId(runId, 'runId');
    const question = { kind: 'cancel-run', all: true, runId, reason: `cancelled by observer "${this.#name}"` } as const;
    await this.#awaited(() => this.#ask(question, VIEW_MS + PASSED_ON_MS, this.#closed.signal, () => undefined));
  }

  /** Ends the observation. */
  async close(): Promise<void> {
    const error = new HandoffError('HANDOFF_STOPPED', 'The observer is closed');
    this.#requests.close(error);
    this.#closed.abort(error);
    await Promise.all([this.#web.close(), this.#peers.close()]);
  }

  /** Closes the observer, as `close` does: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #fetchEvents(runId: string, from: EventPosition | undefined, how: HowRead): Promise<EventBatch> {
    const question = { ...eventsQuestion(runId, from, how), all: true };
    return this.#ask(question, EVENTS_MS + PASSED_ON_MS, how.left, (answer, member) => unpackEvents(member, runId, answer));
  }

  /** Asks a member, and another one if that is gone, silent, or answers nonsense. */
  async #ask<T>(question: Question, withinMs: number, signal: AbortSignal, open: (answer: unknown, from: string) => T): Promise<T> {
    const silent = new Set<string>();
    for (;;) {
      const name = await this.#linked();
      try {
        return open(await askUntil<unknown>(this.#way, name, question, { withinMs, what: 'for what it knows', signal }), name);
      } catch (error) {
        signal.throwIfAborted();
        const isLate = HandoffError.is(error, 'HANDOFF_TIMEOUT') || HandoffError.is(error, 'HANDOFF_BAD_MESSAGE');
        const isStopped = HandoffError.is(error, 'HANDOFF_STOPPED');
        const isOfMember = isLate || isStopped || HandoffError.is(error, 'HANDOFF_NODE_LOST');
        // The fault of another node, which the member has passed on, is no reason to ask elsewhere.
        if (!isOfMember || (error as HandoffError).node !== name) throw error;
        if (isLate || isStopped) this.#peers.drop(name);
        if (isLate && silent.has(name)) throw error;
        silent.add(name);
      }
    }
  }

  /** A call keeps the process alive. */
  async #awaited<T>(call: () => Promise<T>): Promise<T> {
    this.#closed.signal.throwIfAborted();
    const alive = keepAlive();
    try {
      return await call();
    } finally {
      alive.cancel();
    }
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
  /** Where a dashboard of the cluster is served: `'host:port'`; see `NodeOptions.dashboard`. The default is none. */
  dashboard?: string;
  /** What visitors of the dashboard must show: see `NodeOptions.dashboardToken`. The default is as there. */
  dashboardToken?: string;
  /** The transport of the nodes. The default is WebSockets. */
  transport?: Transport;
  /** Where the observer logs. The default is silence. */
  logger?: Logger;
}
