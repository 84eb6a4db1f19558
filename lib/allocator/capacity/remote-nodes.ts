import type { BeatContent, MemberEvent, MemberState, Resources } from '../../nodes/index.js';
import type { PlacementNode } from '../queue/claim-queue.js';
import type { Claim } from './capacity.js';
import { UsageEstimate, type UsageReport } from './usage-estimate.js';

/** How many members that are gone are remembered. */
const GONE_KEPT = 1000;

interface Neighbour extends PlacementNode {
  readonly capacity: UsageEstimate;
  isOpen: boolean;
  incarnation: string;
  /** What it said last. */
  content: BeatContent | undefined;
}

/**
 * The other members, as functions can be placed on them: learnt from what the membership tells. Who has not said yet what it has can hold nothing;
 * who is suspect, cut off or about to leave gets nothing new.
 */
export class RemoteNodes {
  readonly #node: string;
  readonly #byName = new Map<string, Neighbour>();
  /** Those that are gone and have not come back, the latest last. */
  readonly #gone = new Map<string, UsageEstimate>();

  /** `node` is this one, to tell its own claims from those of others. */
  constructor(node: string) {
    this.#node = node;
  }

  /** By name. */
  get members(): readonly PlacementNode[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Answers whether there are others now, or other capabilities. */
  applyMemberEvent(event: MemberEvent): boolean {
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
        neighbour.isOpen = isOpen(event.member);
        // An idle node says the same with every beat, and fifty of them say it a hundred times a second.
        if (before && saysTheSame(before, content)) neighbour.capacity.toldAgain();
        else neighbour.capacity.applyReport(usageOf(content, this.#node));
        neighbour.capacity.setValueBytes(content.heldBytes);
        return isNew || !before || !sameResources(before.capabilities, content.capabilities);
      }
      default: {
        const neighbour = this.#byName.get(name);
        if (neighbour) neighbour.isOpen = isOpen(event.member);
        return false;
      }
    }
  }

  /** What is known of a member's room. */
  roomOf(name: string): UsageEstimate | undefined {
    return this.#byName.get(name)?.capacity;
  }

  /** Those of the gone who could have held all of that, the latest last. */
  goneThatCouldHold(claims: readonly Claim[]): readonly string[] {
    return [...this.#gone].filter(([, room]) => claims.every(({ cost }) => room.canEverHold(cost))).map(([name]) => name);
  }

  #left(name: string): boolean {
    const room = this.#byName.get(name)!.capacity;
    this.#gone.delete(name);
    this.#gone.set(name, room);
    if (this.#gone.size > GONE_KEPT) this.#gone.delete(this.#gone.keys().next().value!);
    return this.#byName.delete(name);
  }

  /** A node that declined said how it stands. */
  refused(name: string, usage: UsageReport, claim: Claim): void {
    const neighbour = this.#byName.get(name);
    if (!neighbour) return;
    // What it says with its next beat is news again.
    neighbour.content = undefined;
    neighbour.capacity.refused(usage, claim);
  }

  #neighbour({ name, incarnation }: MemberState): Neighbour {
    let neighbour = this.#byName.get(name);
    if (!neighbour || neighbour.incarnation !== incarnation) {
      this.#gone.delete(name);
      neighbour = { name, incarnation, isSelf: false, isOpen: false, capacity: new UsageEstimate(), content: undefined };
      this.#byName.set(name, neighbour);
    }
    return neighbour;
  }
}

const isOpen = ({ status, reach }: MemberState): boolean => status === 'up' && reach === 'linked';

const sameResources = (one: Resources, other: Resources): boolean =>
  one.length === other.length && one.every(([name, amount], at) => other[at]![0] === name && other[at]![1] === amount);

const samePlaces = (one: readonly [number, number], other: readonly [number, number]): boolean =>
  one[0] === other[0] && one[1] === other[1];

/** Whether two beats say the same of what is to be had. Of nodes that work for somebody it is not looked for. */
const saysTheSame = (one: BeatContent, other: BeatContent): boolean =>
  one.byDriver.length === 0 &&
  other.byDriver.length === 0 &&
  sameResources(one.capabilities, other.capabilities) &&
  sameResources(one.used, other.used) &&
  samePlaces(one.threads, other.threads) &&
  samePlaces(one.loopPlaces, other.loopPlaces);

function usageOf({ capabilities, used, byDriver, threads, loopPlaces }: BeatContent, driver: string): UsageReport {
  const [, usedByYou, threadsByYou, loopByYou] = byDriver.find(([name]) => name === driver) ?? [driver, [], 0, 0];
  return {
    capabilities: Object.fromEntries(capabilities),
    used: Object.fromEntries(used),
    usedByYou: Object.fromEntries(usedByYou),
    otherDrivers: byDriver.filter(([name]) => name !== driver).length,
    slots: {
      thread: { size: threads[0], used: threads[1], usedByYou: threadsByYou },
      loop: { size: loopPlaces[0], used: loopPlaces[1], usedByYou: loopByYou },
    },
  };
}
