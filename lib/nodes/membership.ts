import { type Clock, checkedNumber, newId, peerAddress, Trampoline } from '../base/index.js';
import { type Beat, type BeatContent, nothing } from './beat.js';
import { entryOf, type Links, type MembershipMessage } from './links.js';
import type { MemberEvent, MemberState, NodeIdentity } from './member-state.js';
import type { MembershipCommand, MembershipHappening } from './membership-messages.js';
import { type MembershipState, memberNamed, membersOf, newMembershipState, refusalOf, reportersOf } from './membership-state.js';
import { recoverMembership, stepMembership } from './membership-step.js';

const DEFAULT_INTERVAL_MS = 500;
const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_REMEMBER_MS = 3_600_000;

/** How many members a node may report; of a longer report the first ones are used. */
const MOST_TOLD = 1000;

/**
 * The table behind the NodeRegistry: the members of the cluster. It feeds the brain with what comes over the links, and performs its
 * commands. It outlives each incarnation of the actor. A node without links is a member alone.
 *
 * Events that occur while another is being processed are queued, so listeners may call any method.
 */
export class Membership {
  readonly #state: MembershipState;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #content: () => BeatContent;
  readonly #listeners = new Set<MemberListener>();
  readonly #contents = new Map<string, BeatContent>();
  readonly #happenings: MembershipHappening[] = [];
  /** Of members that were not heard for an interval, how many bytes had come over the link when that was seen. */
  readonly #quietBytes = new Map<string, number>();
  readonly #schemes: readonly string[] | undefined;
  #links: Links | undefined;
  /** Listeners call back: what happens while something is dealt with waits for its turn. */
  readonly #steps = new Trampoline();
  #beats = 0;
  #lagMs = 0;
  #failure: { readonly error: unknown } | undefined;

  /** Throws `TypeError` or `RangeError` for invalid times. */
  constructor(name: string, address: string | undefined, options: MembershipOptions = {}) {
    const { heartbeat = {}, incarnation = newId(), clock = { now: () => 0 }, content = () => nothing } = options;
    const intervalMs = checkedNumber('heartbeat.intervalMs', heartbeat.intervalMs, { or: DEFAULT_INTERVAL_MS, least: 1 });
    const timeoutMs = checkedNumber('heartbeat.timeoutMs', heartbeat.timeoutMs, {
      or: Math.max(DEFAULT_TIMEOUT_MS, 2 * intervalMs),
      least: 2 * intervalMs,
    });
    const rememberMs = checkedNumber('rememberMs', options.rememberMs, { or: DEFAULT_REMEMBER_MS, infinite: true });
    this.#state = newMembershipState({ name, incarnation, address }, { intervalMs, timeoutMs, rememberMs });
    this.#clock = clock;
    this.#content = content;
    this.#schemes = options.schemes;
  }

  /** The identity of this node. */
  get self(): NodeIdentity {
    return this.#state.self;
  }

  /** This node first, then the others by name. Includes members that are suspect, leaving, or known only through others. */
  get members(): readonly MemberState[] {
    return membersOf(this.#state);
  }

  /** Whether a member that listens is known only through others. */
  get isMeshing(): boolean {
    return this.#state.unproved.size > 0;
  }

  get intervalMs(): number {
    return this.#state.policy.intervalMs;
  }

  find(name: string): MemberState | undefined {
    return memberNamed(this.#state, name);
  }

  /** Returns the members with a link that say that they have a link with `name`. */
  reportersOf(name: string): string[] {
    return reportersOf(this.#state, name);
  }

  /** Whether a node of that name was a member and is remembered, but is no member now. */
  isGone(name: string): boolean {
    const phase = this.#state.peers.get(name)?.phase;
    return phase === 'lost' || phase === 'left';
  }

  /**
   * Returns what a member reported with its last beat; for this node, what it would report now. `undefined` before the first beat, and for
   * members known only through others.
   */
  contentOf(name: string): BeatContent | undefined {
    return name === this.#state.self.name ? this.#content() : this.#contents.get(name);
  }

  /**
   * Calls `listener` with every change from now on. Returns a function that ends that. An error thrown by a listener is rethrown after all
   * listeners have been called.
   */
  subscribe(listener: MemberListener): () => void {
    const own: MemberListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Connects the membership to the wire. */
  connect(links: Links): void {
    this.#links = links;
    this.recover();
  }

  /** Records that this node can be dialled at `address`. */
  listening(address: string): void {
    this.#happened({ type: 'self-listening', address });
  }

  /**
   * Records that this node joined through that member on request. Its address is dialled from now on whenever there is no link, also after
   * a goodbye.
   */
  joined({ address }: Pick<NodeIdentity, 'address'>): void {
    if (address !== undefined) this.#happened({ type: 'self-joined', address });
  }

  /** Records that this node accepts no more work. Its members are notified at once. */
  leave(): void {
    this.#happened({ type: 'self-leaving' });
  }

  /** Says goodbye to all members and leaves. Nothing is dialled any more, and later events change nothing. */
  goodbye(): void {
    this.#happened({ type: 'self-left' });
  }

  /** Returns why a node with this identity is refused, for the greeting; `undefined` if it is not. */
  refusalOf(identity: NodeIdentity): string | undefined {
    return refusalOf(this.#state, identity);
  }

  /** Records a new link. A link with another incarnation of the same name replaces the former one. */
  up(identity: NodeIdentity): void {
    const { name, incarnation, address } = identity;
    this.#quietBytes.delete(name);
    this.#happened({ type: 'link-up', identity: { name, incarnation, address } });
  }

  /**
   * Records the end of a link: it closed, its other side is certainly gone, or it said goodbye. Call it before `up` of the next link to the
   * same node.
   */
  down({ name, incarnation }: Pick<NodeIdentity, 'name' | 'incarnation'>, cause: 'closed' | 'refused' | 'goodbye'): void {
    this.#quietBytes.delete(name);
    this.#happened({ type: 'link-down', name, incarnation, cause });
  }

  /** Records that no node listens at a kept address. Do not call it for dials without an answer. */
  refused(name: string, address: string): void {
    this.#happened({ type: 'dial-refused', name, address });
  }

  /** Processes a member's message. */
  heard(from: string, message: MembershipMessage): void {
    this.#quietBytes.delete(from);
    switch (message.type) {
      case 'beat':
        return this.#happened({ type: 'beat-heard', from, isLeaving: message.leaving, content: message });
      case 'members': {
        const members = message.members.slice(0, MOST_TOLD).map(([name, incarnation, address]) => {
          return { name, incarnation, address: address === null ? undefined : peerAddress(address, this.#schemes) };
        });
        return this.#happened({ type: 'members-told', from, members });
      }
      case 'goodbye': {
        const incarnation = this.#state.peers.get(from)?.incarnation;
        if (incarnation !== undefined) this.down({ name: from, incarnation }, 'goodbye');
      }
    }
  }

  /** Sends a beat now, as this node's report has changed. Members receive it before anything that is sent to them later. */
  beatNow(): void {
    this.#perform({ type: 'broadcast-beat' });
  }

  /** Lets time pass. Call it a few times per `intervalMs`. `lagMs` is how late this call is. */
  tick(lagMs: number): void {
    this.#lagMs = Math.max(this.#lagMs, lagMs);
    this.#hearBytes();
    this.#happened({ type: 'tick', lagMs });
  }

  /** Repeats what was lost in a crash: dials, and reports to the members. */
  recover(): void {
    for (const command of recoverMembership(this.#state)) this.#perform(command);
    this.#throwFailure();
  }

  /** A beat queues behind what was sent before it, for long on a slow link. The bytes that arrive meanwhile are as good a sign of life. */
  #hearBytes(): void {
    const { peers, policy } = this.#state;
    const quietFromMs = this.#clock.now() - policy.intervalMs;
    for (const { name, phase, silentSinceMs } of peers.values()) {
      if (phase !== 'linked' || silentSinceMs > quietFromMs) continue;
      const bytes = this.#links?.receivedBytes(name) ?? 0;
      const before = this.#quietBytes.get(name);
      if (before === undefined) this.#quietBytes.set(name, bytes);
      else if (bytes !== before) {
        this.#quietBytes.delete(name);
        this.#happened({ type: 'bytes-heard', from: name });
      }
    }
  }

  #happened(happening: MembershipHappening): void {
    this.#happenings.push(happening);
    if (!this.#steps.enter()) return;
    try {
      for (let next = this.#happenings.shift(); next; next = this.#happenings.shift()) {
        const commands: MembershipCommand[] = [];
        stepMembership(this.#state, next, this.#clock.now(), commands);
        for (const command of commands) this.#perform(command);
      }
    } finally {
      this.#steps.leave();
    }
    this.#throwFailure();
  }

  #perform(command: MembershipCommand): void {
    const links = this.#links;
    switch (command.type) {
      case 'keep': {
        const { name, address, teller } = command;
        return teller === undefined ? links?.keep(name, address) : links?.keep(name, address, teller);
      }
      case 'forget':
        return links?.forget(command.name);
      case 'drop':
        return links?.drop(command.name);
      case 'send-members': {
        const message: MembershipMessage = { type: 'members', members: command.members.map(entryOf) };
        if (command.to === undefined) links?.broadcast(message);
        else links?.send(command.to, message);
        return;
      }
      case 'send-beat':
        links?.send(command.to, this.#beat());
        return;
      case 'broadcast-beat':
        links?.broadcast(this.#beat());
        this.#lagMs = 0;
        return;
      case 'broadcast-goodbye':
        return links?.broadcast({ type: 'goodbye' });
      case 'announce':
        return this.#announce(command.event);
    }
  }

  #beat(): Beat {
    this.#beats += 1;
    return { ...this.#content(), type: 'beat', seq: this.#beats, lagMs: this.#lagMs, leaving: this.#state.isLeaving };
  }

  #announce(event: MemberEvent): void {
    if (event.type === 'member-beat') this.#contents.set(event.member.name, event.content);
    else if (event.type === 'member-left' || event.type === 'member-lost') this.#contents.delete(event.member.name);
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#failure ??= { error };
      }
    }
  }

  /** A listener that throws must not stop the other listeners or the wire. But it is a bug, so the error is rethrown for the supervisor. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }
}

/** The options of a membership, besides its node's name. */
export interface MembershipOptions {
  /** The default is a fresh one. */
  readonly incarnation?: string;
  /** The default is a clock that stands still, which is enough for a node without peers. */
  readonly clock?: Pick<Clock, 'now'>;
  /** `intervalMs` is at least 1 (default 500), `timeoutMs` at least twice that (default 5000). */
  readonly heartbeat?: { readonly intervalMs?: number; readonly timeoutMs?: number };
  /**
   * How long the address of a lost member is dialled, ms, in case it returns, as after a cut. Serf, which does the same, takes 24 hours
   * (`reconnect_timeout`) but dials one member at a time.
   * @default 3_600_000
   */
  readonly rememberMs?: number;
  /** Returns what this node reports; called once for each beat. The default reports nothing. */
  readonly content?: () => BeatContent;
  /** The schemes of addresses. Addresses with others are dropped. The default is any. */
  readonly schemes?: readonly string[];
}

/** Called with every change, in order, before the call that caused it returns. */
export type MemberListener = (event: MemberEvent) => void;
