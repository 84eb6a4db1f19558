import { type Clock, HandoffError, keepAlive } from '../base/index.js';
import type { Fetches, Offers } from '../executor/index.js';
import { joinCluster, type MemberState, type Membership } from '../nodes/index.js';
import type { PeerTable, Question, Requests } from '../peer/index.js';
import type { StoreTable } from '../store/index.js';
import type { Held } from '../value/index.js';

/** From this size on a value is fetched by whoever is to keep it, and does not ride along, bytes. */
const OFFERED_FROM_BYTES = 64 * 1024;

/** How long a node that has joined waits for the others to know it too, ms. */
const MESH_MS = 5000;

/** Why a member has no answer. */
const UNANSWERED: ReadonlySet<string> = new Set(['HANDOFF_NODE_LOST', 'HANDOFF_NODE_UNKNOWN', 'HANDOFF_TIMEOUT']);

/** What asking other nodes needs of this one. */
export interface ClusterGround {
  readonly node: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly membership: Membership;
  readonly peers: PeerTable;
  readonly requests: Requests;
  readonly fetches: Fetches;
  readonly offers: Offers;
  readonly store: StoreTable;
}

/** What this node asks of others, and how it becomes one of them. */
export class Cluster {
  readonly #ground: ClusterGround;

  constructor(ground: ClusterGround) {
    this.#ground = ground;
  }

  /** The member of that name; `HANDOFF_NODE_UNKNOWN` when there is none. */
  member(name: string): MemberState {
    const member = this.#ground.membership.find(name);
    if (member) return member;
    throw new HandoffError('HANDOFF_NODE_UNKNOWN', `Node "${name}" is not a member`, { node: name });
  }

  /**
   * Asks one member. Rejects with `HANDOFF_NODE_UNKNOWN` when it is none or cannot be reached from here, with `HANDOFF_NODE_LOST` when it is
   * lost first, with `HANDOFF_TIMEOUT` after `withinMs`, default never.
   */
  async ask<T>(name: string, question: Question, withinMs?: number): Promise<T> {
    const { reach } = this.member(name);
    if (reach === 'told') {
      const message = `Node "${name}" cannot be asked from here: neither of the two listens, and there is no link`;
      throw new HandoffError('HANDOFF_NODE_UNKNOWN', message, { node: name });
    }
    const alive = keepAlive();
    try {
      return await new Promise<T>((answered, failed) => {
        const { requests, clock } = this.#ground;
        const timer =
          withinMs === undefined
            ? undefined
            : clock.after(withinMs, () => {
                giveUp();
                failed(new HandoffError('HANDOFF_TIMEOUT', `Node "${name}" has not answered within ${withinMs} ms`, { node: name }));
              });
        const end =
          <V>(how: (value: V) => void) =>
          (value: V): void => {
            timer?.cancel();
            how(value);
          };
        const requester = { answered: end(answered), failed: end(failed) };
        const giveUp = requests.request<T>(name, (id) => ({ type: 'ask', id, question }), requester);
      });
    } finally {
      alive.cancel();
    }
  }

  /** Asks every other member that there is a link to; who is lost meanwhile, or late, has no answer. Rejects with what one of them refused. */
  async askAll<T>(question: Question, withinMs?: number): Promise<readonly (readonly [string, T])[]> {
    const answers = await Promise.all(
      this.others.map(async (name): Promise<readonly [string, T] | undefined> => {
        try {
          return [name, await this.ask<T>(name, question, withinMs)];
        } catch (error) {
          if (HandoffError.is(error) && UNANSWERED.has(error.code)) return undefined;
          throw error;
        }
      }),
    );
    return answers.filter((answer) => answer !== undefined);
  }

  /** The other members that can be asked. */
  get others(): readonly string[] {
    const { membership } = this.#ground;
    return membership.members.filter(({ reach }) => reach === 'linked' || reach === 'cut').map(({ name }) => name);
  }

  /** Keeps a value on another node. */
  async keep(name: string, dagId: string, functionId: string, held: Held, as: 'value' | 'result'): Promise<void> {
    const { offers } = this.#ground;
    const packed = held.pack('value');
    if (packed.byteLength < OFFERED_FROM_BYTES) {
      await this.ask(name, { kind: 'keep-value', dagId, functionId, as, value: { packed } });
      return;
    }
    const offer = offers.add((listener) => listener.found(held));
    try {
      await this.ask(name, { kind: 'keep-value', dagId, functionId, as, value: { offer } });
    } finally {
      offers.drop(offer);
    }
  }

  /** Brings a value here from a node that has it, and keeps a copy; `undefined` when that has none. */
  async fetch(from: string, dagId: string, functionId: string): Promise<Held | undefined> {
    const { fetches, store } = this.#ground;
    const alive = keepAlive();
    try {
      const held = await new Promise<Held | undefined>((found) => {
        const far = { from, value: { kind: 'of-dag', dagId, functionId }, sizeBytes: 0 } as const;
        fetches.fetch(far, undefined, { found, missing: () => found(undefined) });
      });
      if (held) store.keepCopy(dagId, functionId, held, from);
      return held;
    } finally {
      alive.cancel();
    }
  }

  /** Tells everybody that this node has a value. */
  tellLocation(dagId: string, functionId: string, node: string): void {
    this.#ground.peers.broadcast({ type: 'tell-location', dagId, functionId, node });
  }

  /** Where a value was made, as far as anybody knows. */
  async locate(dagId: string, functionId: string): Promise<string | undefined> {
    const known = this.#ground.store.locate(dagId, functionId);
    if (known !== undefined) return known;
    const answers = await this.askAll<unknown>({ kind: 'lookup-location', dagId, functionId });
    for (const [, location] of answers) if (typeof location === 'string') return location;
    return undefined;
  }

  /** Waits until one of the other members has a value, and brings it here; `undefined` when none has it in time. */
  awaitElsewhere(dagId: string, functionId: string, timeoutMs: number): Promise<Held | undefined> {
    const { others } = this;
    let open = others.length;
    return new Promise((resolve) => {
      const none = (): void => {
        open -= 1;
        if (open <= 0) resolve(undefined);
      };
      if (open === 0) return resolve(undefined);
      for (const name of others) {
        this.ask<unknown>(name, { kind: 'await-value', dagId, functionId, timeoutMs })
          .then((isThere) => (isThere === true ? this.fetch(name, dagId, functionId) : undefined))
          .then((held) => (held ? resolve(held) : none()), none);
      }
    });
  }

  /** Listens at `host:port`; answers the URL. Others are told `advertise`, default that URL. */
  async listen(address: string, advertise?: string): Promise<string> {
    const { peers, membership } = this.#ground;
    const { url } = await peers.listen(address, advertise);
    membership.listening(advertise ?? url);
    return url;
  }

  /** Joins through any of the URLs, and waits until the nodes that it leads to know this one too. */
  async join(urls: readonly string[], joinTimeoutMs: number): Promise<void> {
    const { peers, membership, clock, random } = this.#ground;
    const joined = await joinCluster({ urls, join: (url) => peers.join(url), clock, random, joinTimeoutMs });
    membership.joined(joined);
    const alive = keepAlive();
    await new Promise<void>((resolve) => {
      const timer = clock.after(MESH_MS, resolve);
      void this.#meshed(joined.name).then(() => {
        timer.cancel();
        resolve();
      });
    });
    alive.cancel();
  }

  /**
   * Whoever has answered has heard this node's first beat, and has told before whom else it knows; so after the answer of the one who was joined, all
   * others are known; and after theirs, they know this one.
   */
  async #meshed(first: string): Promise<void> {
    const { membership } = this.#ground;
    const hello = { kind: 'check-room', required: [] } as const;
    const ignore = (): void => {};
    await this.ask(first, hello).catch(ignore);
    const isOpen = (): boolean => membership.members.some(({ reach, address }) => reach === 'told' && address !== undefined);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (isOpen()) return;
        unsubscribe();
        resolve();
      };
      const unsubscribe = membership.subscribe(look);
      look();
    });
    await Promise.all(this.others.map((name) => this.ask(name, hello).catch(ignore)));
  }
}
