import type { Timer } from '../../lib/base/index.js';
import { nothing } from '../../lib/nodes/beat.js';
import { startHeartbeat } from '../../lib/nodes/heartbeat.js';
import { type Links, type MemberEvent, Membership, type MembershipMessage, type NodeIdentity } from '../../lib/nodes/index.js';
import { testClock } from '../support/test-clock.js';

const LATENCY_MS = 1;
const REDIAL_MS = 1000;

/** A process: one incarnation of a node. */
export interface SimulatedNode {
  readonly identity: NodeIdentity;
  readonly membership: Membership;
  readonly events: MemberEvent[];
  readonly kept: Map<string, string>;
  /** Its ends of links, by the name at the other one. */
  readonly ends: Map<string, End>;
  readonly dialling: Set<string>;
  isAlive: boolean;
  hasJoined: boolean;
  blockedUntilMs: number;
  heart: Timer;
}

/** One end of a link, and what is under way from it. */
interface End {
  readonly node: SimulatedNode;
  other: End;
  isOpen: boolean;
  readonly sent: { readonly atMs: number; readonly arrive: () => void }[];
}

/**
 * Nodes on one virtual clock, and between them links as TCP has them: ordered, reliable until they close; a cut stalls what is sent, and
 * what is under way arrives when it heals, also the news that a link was closed. Addresses belong to names: a restarted node has its old one.
 */
export class SimulatedCluster {
  readonly clock = testClock();
  readonly #nodes = new Map<string, SimulatedNode>();
  readonly #cuts = new Set<string>();
  readonly #agenda = new Map<number, (() => void)[]>();
  #incarnations = 0;

  get living(): SimulatedNode[] {
    return [...this.#nodes.values()].filter((node) => node.isAlive);
  }

  node(name: string): SimulatedNode {
    return this.#nodes.get(name)!;
  }

  has(name: string): boolean {
    return this.#nodes.get(name)?.isAlive ?? false;
  }

  /** Starts a node, which joins through the first that answers. */
  start(name: string, { listens = true, join = [] }: { listens?: boolean; join?: readonly string[] } = {}): SimulatedNode {
    this.#incarnations += 1;
    const identity: NodeIdentity = {
      name,
      incarnation: `${name}!${this.#incarnations}`,
      address: listens ? addressOf(name) : undefined,
    };
    const membership = new Membership(name, identity.address, {
      incarnation: identity.incarnation,
      clock: this.clock,
      content: () => ({ ...nothing, capabilities: [[identity.incarnation, 1]] }),
    });
    const blank = {
      kept: new Map(),
      ends: new Map(),
      dialling: new Set<string>(),
      isAlive: true,
      hasJoined: false,
      blockedUntilMs: 0,
      events: [],
    };
    const node: SimulatedNode = { ...blank, identity, membership, heart: { cancel: () => {} } };
    this.#nodes.set(name, node);
    membership.subscribe((event) => node.events.push(event));
    membership.connect(this.#linksOf(node));
    const clock = { ...this.clock, after: (ms: number, action: () => void) => this.clock.after(ms, () => this.#awake(node, action)) };
    node.heart = startHeartbeat(clock, membership.intervalMs, (lagMs) => membership.tick(lagMs));
    for (const through of join) this.#join(node, through);
    return node;
  }

  /** No goodbye; its sockets close, as the operating system sees to. */
  kill(name: string): void {
    const node = this.node(name);
    node.isAlive = false;
    node.heart.cancel();
    for (const end of [...node.ends.values()]) this.#close(end);
  }

  /** Says goodbye and ends. */
  stop(name: string): void {
    const node = this.node(name);
    node.membership.goodbye();
    this.kill(name);
  }

  /** Its loop stands still: no timer fires, nothing is read. */
  block(name: string, ms: number): void {
    this.node(name).blockedUntilMs = this.clock.now() + ms;
  }

  cut(one: string, other: string): void {
    this.cutOneWay(one, other);
    this.cutOneWay(other, one);
  }

  /** What `from` sends does not arrive at `to`. */
  cutOneWay(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cuts.clear();
    for (const end of this.#stalled.splice(0)) this.#pump(end);
  }

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  readonly #stalled: End[] = [];

  #isCut = (from: SimulatedNode, to: SimulatedNode): boolean => this.#cuts.has(`${from.identity.name}>${to.identity.name}`);

  /** One timer for all that happens in one moment: thousands of timers would make the test clock slow. */
  #at(atMs: number, action: () => void): void {
    const agenda = this.#agenda.get(atMs);
    if (agenda) {
      agenda.push(action);
      return;
    }
    const actions = [action];
    this.#agenda.set(atMs, actions);
    this.clock.after(atMs - this.clock.now(), () => {
      this.#agenda.delete(atMs);
      for (const one of actions) one();
    });
  }

  /** A timer that fell due while the loop stood fires when it goes on; messages are read after that. */
  #awake(node: SimulatedNode, action: () => void): void {
    if (!node.isAlive) return;
    if (node.blockedUntilMs <= this.clock.now()) action();
    else this.#at(node.blockedUntilMs, () => this.#awake(node, action));
  }

  #linksOf(node: SimulatedNode): Links {
    const send = (end: End, message: MembershipMessage): void =>
      this.#post(end, () => end.other.node.membership.heard(node.identity.name, message));
    return {
      keep: (name, address) => {
        node.kept.set(name, address);
        this.#dial(node, name);
      },
      forget: (name) => void node.kept.delete(name),
      drop: (name) => {
        const end = node.ends.get(name);
        if (end) this.#close(end);
      },
      receivedBytes: () => 0,
      send: (to, message) => {
        const end = node.ends.get(to);
        if (end) send(end, message);
        return end !== undefined;
      },
      broadcast: (message) => {
        for (const end of node.ends.values()) send(end, message);
      },
    };
  }

  #post(end: End, arrive: () => void): void {
    end.sent.push({ atMs: this.clock.now() + LATENCY_MS, arrive: () => end.other.isOpen && arrive() });
    if (end.sent.length === 1) this.#pump(end);
  }

  #pump(end: End): void {
    const next = end.sent[0];
    if (!next) return;
    this.#at(Math.max(next.atMs, this.clock.now()), () => {
      const to = end.other.node;
      if (this.#isCut(end.node, to)) {
        this.#stalled.push(end);
        return;
      }
      if (to.isAlive && to.blockedUntilMs >= this.clock.now()) {
        this.#at(to.blockedUntilMs + 1, () => this.#pump(end));
        return;
      }
      end.sent.shift();
      if (to.isAlive) next.arrive();
      this.#pump(end);
    });
  }

  #close(end: End): void {
    if (!end.isOpen) return;
    this.#post(end, () => this.#ended(end.other));
    this.#ended(end);
  }

  #ended(end: End): void {
    const { node } = end;
    const { name, incarnation } = end.other.node.identity;
    end.isOpen = false;
    if (node.ends.get(name) === end) node.ends.delete(name);
    if (!node.isAlive) return;
    node.membership.down({ name, incarnation }, 'closed');
    if (node.kept.has(name)) this.#at(this.clock.now() + LATENCY_MS, () => this.#dial(node, name));
  }

  #join(node: SimulatedNode, through: string): void {
    if (!node.isAlive || node.hasJoined) return;
    this.#at(this.clock.now() + LATENCY_MS, () => {
      const target = this.#nodes.get(through);
      if (node.isAlive && !node.hasJoined && target?.isAlive && this.#meet(node, target)) {
        node.hasJoined = true;
        node.membership.joined(target.identity);
      } else this.#at(this.clock.now() + REDIAL_MS / 4, () => this.#join(node, through));
    });
  }

  #dial(node: SimulatedNode, name: string): void {
    if (node.dialling.has(name)) return;
    node.dialling.add(name);
    this.#at(this.clock.now() + LATENCY_MS, () => {
      node.dialling.delete(name);
      const address = node.kept.get(name);
      if (!node.isAlive || address === undefined || node.ends.has(name)) return;
      const target = this.#nodes.get(name)!;
      const isPath = !this.#isCut(node, target) && !this.#isCut(target, node);
      if (isPath && !target.isAlive) this.#awake(node, () => node.membership.refused(name, address));
      else if (isPath) this.#meet(node, target);
      if (!node.ends.has(name)) this.#at(this.clock.now() + REDIAL_MS, () => this.#dial(node, name));
    });
  }

  /** The greeting, both ways. */
  #meet(dialler: SimulatedNode, target: SimulatedNode): boolean {
    const isDeaf = [dialler, target].some(({ blockedUntilMs }) => blockedUntilMs >= this.clock.now());
    if (isDeaf || this.#isCut(dialler, target) || this.#isCut(target, dialler)) return false;
    const there = target.ends.get(dialler.identity.name);
    if (there && there.other.node === dialler && there.other.isOpen) return true;
    // What is open at one end only gives way to whoever dials, when it is the same process.
    if (there?.other.node === dialler) this.#ended(there);
    if (target.membership.refusalOf(dialler.identity) ?? dialler.membership.refusalOf(target.identity)) return false;
    if (there) this.#ended(there);
    const a = { node: dialler, isOpen: true, sent: [] } as unknown as End;
    const b: End = { node: target, isOpen: true, sent: [], other: a };
    a.other = b;
    dialler.ends.set(target.identity.name, a);
    target.ends.set(dialler.identity.name, b);
    target.membership.up(dialler.identity);
    dialler.membership.up(target.identity);
    return true;
  }
}

const addressOf = (name: string): string => `ws://${name}:1`;

/** The members of a node as `name!incarnation:reach`, itself left out. */
export const seenBy = ({ membership }: SimulatedNode): string[] =>
  membership.members.slice(1).map(({ incarnation, status, reach }) => `${incarnation} ${reach} ${status}`);

/** What a node of `cluster` ought to see of the others once all is well. */
export const expectedBy = (cluster: SimulatedCluster, node: SimulatedNode): string[] =>
  cluster.living
    .filter((other) => other !== node)
    .sort((one, other) => (one.identity.name < other.identity.name ? -1 : 1))
    .map(
      ({ identity }) =>
        `${identity.incarnation} ${identity.address === undefined && node.identity.address === undefined ? 'told' : 'linked'} up`,
    );
