// Brain: pure.
import { keepNewest } from '../../base/index.js';
import type { BeatContent, MemberEvent, MemberState, Resources } from '../../nodes/index.js';
import type { PlacementNode } from '../queue/claim-class.js';
import type { Claim } from './capacity.js';
import { UsageEstimate } from './usage-estimate.js';
import type { UsageReport } from './usage-report.js';

/** How many former members are remembered. */
const GONE_KEPT = 1000;

interface Neighbour extends PlacementNode {
  readonly capacity: UsageEstimate;
  isOpen: boolean;
  incarnation: string;
  /** Its latest report. */
  content: BeatContent | undefined;
  /** How often in a row it did not run a function, and until when nothing is placed there. */
  turnedDown: number;
  restsUntilMs: number;
}

const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 30_000;

/**
 * The other members as places for functions, learnt from the membership. A member that has not reported its capabilities can hold nothing.
 * A suspect, disconnected or leaving one gets nothing new.
 */
export class RemoteNodes {
  readonly #node: string;
  readonly #byName = new Map<string, Neighbour>();
  /** Former members that have not come back, the latest last. */
  readonly #gone = new Map<string, UsageEstimate>();
  /** Members that did not run a function, until their rest is over. */
  readonly #resting = new Set<string>();

  /** `node` is this node, to distinguish its own claims from those of others. */
  constructor(node: string) {
    this.#node = node;
  }

  /** The members by name. */
  get members(): readonly PlacementNode[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Applies an event. Returns whether the nodes or their capabilities have changed. `nowMs` ends rests; by default all of them. */
  applyMemberEvent(event: MemberEvent, nowMs = Number.POSITIVE_INFINITY): boolean {
    const { name, incarnation } = event.member;
    switch (event.type) {
      case 'member-left':
      case 'member-lost':
        return this.#byName.get(name)?.incarnation === incarnation && this.#left(name);
      case 'member-told':
      case 'member-untold':
        return false;
      case 'member-beat': {
        const isNew = !this.#byName.has(name);
        const neighbour = this.#neighbour(event.member);
        const { content: before } = neighbour;
        const { content } = event;
        neighbour.content = content;
        this.#openOrShut(neighbour, event.member, nowMs);
        // An idle node sends the same beat every time, and fifty of them send a hundred a second.
        if (before && saysTheSame(before, content)) neighbour.capacity.toldAgain();
        else neighbour.capacity.applyReport(usageOf(content, this.#node));
        neighbour.capacity.setValueLoad(content);
        return isNew || !before || !sameResources(before.capabilities, content.capabilities);
      }
      default: {
        const neighbour = this.#byName.get(name);
        if (neighbour) this.#openOrShut(neighbour, event.member, nowMs);
        return false;
      }
    }
  }

  /** Returns the estimate of a member's use. */
  roomOf(name: string): UsageEstimate | undefined {
    return this.#byName.get(name)?.capacity;
  }

  /** Returns the former members that could have held all of these claims, the latest last. */
  goneThatCouldHold(claims: readonly Claim[]): readonly string[] {
    return [...this.#gone].filter(([, room]) => claims.every((claim) => room.canEverHold(claim))).map(([name]) => name);
  }

  /** A node did not run a function that it had room for. Nothing is placed there until its rest is over. */
  turnedDown(name: string, claim: Claim, isSilent: boolean, nowMs: number): void {
    const neighbour = this.#byName.get(name);
    if (!neighbour?.isOpen || !neighbour.capacity.canEverHold(claim)) return;
    neighbour.turnedDown += 1;
    const restMs = isSilent ? LONGEST_REST_MS : Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(neighbour.turnedDown - 1, 10));
    neighbour.restsUntilMs = nowMs + restMs;
    neighbour.isOpen = false;
    this.#resting.add(name);
  }

  /** A node has run a function to its end. */
  served(name: string): void {
    const neighbour = this.#byName.get(name);
    if (!neighbour || neighbour.turnedDown === 0) return;
    neighbour.turnedDown = 0;
    neighbour.restsUntilMs = 0;
  }

  isResting(name: string): boolean {
    return this.#resting.has(name);
  }

  get isAnyResting(): boolean {
    return this.#resting.size > 0;
  }

  /** A rest ends with the first beat after its time. */
  #openOrShut(neighbour: Neighbour, member: MemberState, nowMs: number): void {
    const rests = nowMs < neighbour.restsUntilMs;
    if (!rests) this.#resting.delete(neighbour.name);
    neighbour.isOpen = isOpen(member) && !rests;
  }

  #left(name: string): boolean {
    this.#resting.delete(name);
    const room = this.#byName.get(name)!.capacity;
    keepNewest(this.#gone, name, room, GONE_KEPT);
    return this.#byName.delete(name);
  }

  /** A node that declined has reported its use. */
  refused(name: string, usage: UsageReport, claim: Claim): void {
    const neighbour = this.#byName.get(name);
    if (!neighbour) return;
    // Its next beat counts as news.
    neighbour.content = undefined;
    neighbour.capacity.refused(usage, claim);
  }

  #neighbour({ name, incarnation }: MemberState): Neighbour {
    let neighbour = this.#byName.get(name);
    if (!neighbour || neighbour.incarnation !== incarnation) {
      this.#gone.delete(name);
      this.#resting.delete(name);
      const fresh = { content: undefined, turnedDown: 0, restsUntilMs: 0 };
      neighbour = { name, incarnation, isSelf: false, isOpen: false, capacity: new UsageEstimate(), ...fresh };
      this.#byName.set(name, neighbour);
    }
    return neighbour;
  }
}

const isOpen = ({ status, reach }: MemberState): boolean => status === 'up' && reach === 'linked';

const sameResources = (one: Resources, other: Resources): boolean =>
  one.length === other.length && one.every(([name, amount], at) => other[at]![0] === name && other[at]![1] === amount);

/** Whether two beats report the same free capacity. Not checked for nodes that are in use. */
const saysTheSame = (one: BeatContent, other: BeatContent): boolean =>
  one.byDriver.length === 0 &&
  other.byDriver.length === 0 &&
  sameResources(one.capabilities, other.capabilities) &&
  sameResources(one.used, other.used);

function usageOf({ capabilities, used, byDriver }: BeatContent, driver: string): UsageReport {
  const [, usedByYou] = byDriver.find(([name]) => name === driver) ?? [driver, []];
  return {
    capabilities: Object.fromEntries(capabilities),
    used: Object.fromEntries(used),
    usedByYou: Object.fromEntries(usedByYou),
    otherDrivers: byDriver.filter(([name]) => name !== driver).length,
  };
}
