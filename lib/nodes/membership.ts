import { type Clock, checkedNumber, newId, peerAddress } from '../base/index.js';
import { type Beat, type BeatContent, nothing } from './beat.js';
import { entryOf, type Links, type MembershipMessage } from './links.js';
import type { MemberEvent, MemberState, NodeIdentity } from './member-state.js';
import type { MembershipCommand, MembershipHappening } from './membership-messages.js';
import { type MembershipState, memberNamed, membersOf, newMembershipState, refusalOf } from './membership-state.js';
import { recoverMembership, stepMembership } from './membership-step.js';

/** What a membership can be told beside its node's name. */
export interface MembershipOptions {
  /** Default: a fresh one. */
  readonly incarnation?: string;
  /** Default: a clock that stands still, which is enough for a node without peers. */
  readonly clock?: Pick<Clock, 'now'>;
  /** `intervalMs` default 500, at least 1; `timeoutMs` default 5000, at least twice that. */
  readonly heartbeat?: { readonly intervalMs?: number; readonly timeoutMs?: number };
  /**
   * How long the address of a lost member is dialled for its return, as after a cut; default one hour. Serf, which does the same, takes 24
   * hours (`reconnect_timeout`) but dials one at a time.
   */
  readonly rememberMs?: number;
  /** What this node says of itself; asked once for each beat. Default: nothing. */
  readonly content?: () => BeatContent;
}

/** Is told of every change, in order, before the call that caused it returns. */
export type MemberListener = (event: MemberEvent) => void;

const DEFAULT_INTERVAL_MS = 500;
const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_REMEMBER_MS = 3_600_000;

/** How many others a node may tell of; of more the first are believed. */
const MOST_TOLD = 1000;

/**
 * The table behind the NodeRegistry: who is there. Feeds the brain with what the links tell and performs its commands. Outlives each
 * incarnation of the actor; a node without links is a member alone. What happens while something is being dealt with waits for its turn,
 * so that listeners may call anything here.
 */
export class Membership {
  readonly #state: MembershipState;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #content: () => BeatContent;
  readonly #listeners = new Set<MemberListener>();
  readonly #contents = new Map<string, BeatContent>();
  readonly #happenings: MembershipHappening[] = [];
  /** By member, how many bytes had come over its link when it was last heard. */
  readonly #receivedBytes = new Map<string, number>();
  #links: Links | undefined;
  #isBusy = false;
  #beats = 0;
  #lagMs = 0;
  #failure: { readonly error: unknown } | undefined;

  /** Throws `TypeError` or `RangeError` for times that cannot be. */
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
  }

  /** Who this node is. */
  get self(): NodeIdentity {
    return this.#state.self;
  }

  /** This node first, then the others by name; also those that are suspect, leaving, or only told of. */
  get members(): readonly MemberState[] {
    return membersOf(this.#state);
  }

  /** Whether somebody who listens is only known because others tell of it. */
  get isMeshing(): boolean {
    return this.#state.unproved.size > 0;
  }

  get intervalMs(): number {
    return this.#state.policy.intervalMs;
  }

  find(name: string): MemberState | undefined {
    return memberNamed(this.#state, name);
  }

  /** Whether somebody of that name was a member, is none any more, and is still remembered. */
  isGone(name: string): boolean {
    const phase = this.#state.peers.get(name)?.phase;
    return phase === 'lost' || phase === 'left';
  }

  /**
   * What a member said of itself with its last beat, this node what it would say now; `undefined` before the first, and for members only
   * told of.
   */
  contentOf(name: string): BeatContent | undefined {
    return name === this.#state.self.name ? this.#content() : this.#contents.get(name);
  }

  /**
   * Tells `listener` of every change from now on. Returns a function that ends that. What a listener throws is rethrown after all have been
   * told.
   */
  subscribe(listener: MemberListener): () => void {
    const own: MemberListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Puts the membership on the wire. */
  connect(links: Links): void {
    this.#links = links;
    this.recover();
  }

  /** This node can be dialled now. */
  listening(address: string): void {
    this.#happened({ type: 'self-listening', address });
  }

  /**
   * This node joined through that member, as it was told to: its address is dialled from now on whenever there is no link, also after a
   * goodbye.
   */
  joined({ address }: Pick<NodeIdentity, 'address'>): void {
    if (address !== undefined) this.#happened({ type: 'self-joined', address });
  }

  /** This node takes no more work; its members hear so at once. */
  leave(): void {
    this.#happened({ type: 'self-leaving' });
  }

  /** This node says goodbye to all and is a member no more: nothing is dialled, nothing that still comes changes anything. */
  goodbye(): void {
    this.#happened({ type: 'self-left' });
  }

  /** Why nobody with this identity is let in, for the greeting; `undefined`: it is. */
  refusalOf(identity: NodeIdentity): string | undefined {
    return refusalOf(this.#state, identity);
  }

  /** A link stands. One with another incarnation of the same name takes the place of the one before. */
  up(identity: NodeIdentity): void {
    const { name, incarnation, address } = identity;
    this.#receivedBytes.set(name, this.#links?.receivedBytes(name) ?? 0);
    this.#happened({ type: 'link-up', identity: { name, incarnation, address } });
  }

  /**
   * A link has ended: it closed, its other side is gone for certain, or it said goodbye. Told before `up` of the next link to the same
   * node.
   */
  down({ name, incarnation }: Pick<NodeIdentity, 'name' | 'incarnation'>, cause: 'closed' | 'refused' | 'goodbye'): void {
    this.#receivedBytes.delete(name);
    this.#happened({ type: 'link-down', name, incarnation, cause });
  }

  /** Nobody listens at an address that was to be kept. Not for dials that got no answer. */
  refused(name: string, address: string): void {
    this.#happened({ type: 'dial-refused', name, address });
  }

  /** A member has said something. */
  heard(from: string, message: MembershipMessage): void {
    if (this.#receivedBytes.has(from)) this.#receivedBytes.set(from, this.#links?.receivedBytes(from) ?? 0);
    switch (message.type) {
      case 'beat':
        return this.#happened({ type: 'beat-heard', from, isLeaving: message.leaving, content: message });
      case 'members': {
        const members = message.members.slice(0, MOST_TOLD).map(([name, incarnation, address]) => {
          return { name, incarnation, address: address === null ? undefined : peerAddress(address) };
        });
        return this.#happened({ type: 'members-told', from, members });
      }
      case 'goodbye': {
        const incarnation = this.#state.peers.get(from)?.incarnation;
        if (incarnation !== undefined) this.down({ name: from, incarnation }, 'goodbye');
      }
    }
  }

  /** Something that this node says of itself has changed: its members hear so before anything that is sent to them later. */
  beatNow(): void {
    this.#perform({ type: 'broadcast-beat' });
  }

  /** Time passes; to be called a few times per `intervalMs`. `lagMs`: how late this call is. */
  tick(lagMs: number): void {
    this.#lagMs = Math.max(this.#lagMs, lagMs);
    this.#hearBytes();
    this.#happened({ type: 'tick', lagMs });
  }

  /** Does again what was lost with those who did it: dials who is to be dialled, tells the members. */
  recover(): void {
    for (const command of recoverMembership(this.#state)) this.#perform(command);
    this.#throwFailure();
  }

  /** A beat waits for its turn behind what is sent before it, on a slow link for long: whatever comes of that is as good a sign of life. */
  #hearBytes(): void {
    for (const [name, before] of this.#receivedBytes) {
      const bytes = this.#links?.receivedBytes(name) ?? 0;
      if (bytes === before) continue;
      this.#receivedBytes.set(name, bytes);
      this.#happened({ type: 'bytes-heard', from: name });
    }
  }

  #happened(happening: MembershipHappening): void {
    this.#happenings.push(happening);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#happenings.shift(); next; next = this.#happenings.shift()) {
        const commands: MembershipCommand[] = [];
        stepMembership(this.#state, next, this.#clock.now(), commands);
        for (const command of commands) this.#perform(command);
      }
    } finally {
      this.#isBusy = false;
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

  /** A listener that throws must not keep others, or the wire, from what is due; but it is a bug, and its supervisor hears of it. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }
}
