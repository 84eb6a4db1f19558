// Brain: pure.
import type { Claim } from '../capacity/capacity.js';
import { loadWith } from '../capacity/load.js';
import type { Capabilities } from '../strategy.js';
import type { PlacementNode } from './claim-class.js';
import type { NodeList } from './node-list.js';

const EASING = 2;

/**
 * The members with respect to one class of claims: which could hold a claim, and which have room for it now. Each look applies the changes
 * since the last one. Members are referred to by their positions.
 */
export class Eligibility {
  readonly roster: NodeList;
  /** The members that could ever hold it, in the order of the list. */
  readonly eligible: readonly number[];
  readonly #claim: Claim & { readonly costs: Capabilities };
  readonly #isEligible: Uint8Array;
  /**
   * By position, 1 for members that could hold it and have the resources; that also have a slot; and where it may wait. Whether they are
   * open or not.
   */
  readonly #resources: Uint8Array;
  readonly #room: Uint8Array;
  readonly #wait: Uint8Array;
  /** For members that lack only memory: 1 if it is full of values that nothing takes away, `EASING` if the disk is taking some. */
  readonly #full: Uint8Array;
  #seen = -1;

  constructor(roster: NodeList, couldHold: (member: PlacementNode) => boolean, claim: Claim & { readonly costs: Capabilities }) {
    const { members } = roster;
    this.roster = roster;
    this.#claim = claim;
    this.#isEligible = Uint8Array.from(members, (member) => Number(couldHold(member)));
    this.eligible = [...members.keys()].filter((at) => this.#isEligible[at] === 1);
    this.#resources = new Uint8Array(members.length);
    this.#room = new Uint8Array(members.length);
    this.#wait = new Uint8Array(members.length);
    this.#full = new Uint8Array(members.length);
  }

  /** How many such claims the members could hold at once, if they held nothing else. */
  get together(): number {
    let sum = 0;
    for (const at of this.eligible) sum += this.#togetherAt(at);
    return sum;
  }

  #togetherAt(at: number): number {
    const { capacity } = this.roster.members[at]!;
    const { costs, slot } = this.#claim;
    let count = capacity.slotCount(slot);
    for (const [name, cost] of Object.entries(costs)) {
      // Fractions as users write them: three claims of 0.1 fit into 0.3.
      if (cost > 0) count = Math.min(count, Math.floor((capacity.capabilities[name] ?? 0) / cost + 1e-9));
    }
    return count;
  }

  /** Whether a member has the resources. Slots are not checked. */
  get haveResources(): boolean {
    this.#look();
    return this.#resources.includes(1);
  }

  /**
   * The first position from `from` on of a node that is open, has room now, and reserves none of it for another claim. Returns -1 if no
   * node is.
   */
  withRoom(reserved: Reserved | undefined, from = 0): number {
    this.#look();
    return this.#firstFree(this.#room, reserved, from);
  }

  /** Returns the first node that lacks only memory, which is full of values that nothing takes away. */
  withRoomButMemory(reserved: Reserved | undefined): PlacementNode | undefined {
    this.#look();
    return this.roster.members[this.#firstFree(this.#full, reserved, 0)];
  }

  /** Whether a node lacks only memory, be its disk taking values or not. */
  lacksOnlyMemory({ name }: PlacementNode): boolean {
    this.#look();
    return (this.#full[this.roster.positionOf(name)] ?? 0) > 0;
  }

  #firstFree(among: Uint8Array, reserved: Reserved | undefined, from: number): number {
    for (let at = among.indexOf(1, from); at >= 0; at = among.indexOf(1, at + 1)) {
      if (this.#isFree(at, reserved)) return at;
    }
    return -1;
  }

  /** Whether a member could ever hold it. */
  isEligible(at: number): boolean {
    return this.#isEligible[at] === 1;
  }

  /** Whether a member is open, has room now, and reserves none of it for another claim. */
  hasRoom(at: number, reserved: Reserved | undefined): boolean {
    this.#look();
    return this.#room[at] === 1 && this.#isFree(at, reserved);
  }

  /** The open node that would be least loaded with the claim. */
  get nearest(): PlacementNode | undefined {
    return this.#leastLoaded(this.#isEligible);
  }

  /** The same, among nodes where the claim may wait. */
  get nearestToWait(): PlacementNode | undefined {
    this.#look();
    return this.#leastLoaded(this.#wait);
  }

  #leastLoaded(among: Uint8Array): PlacementNode | undefined {
    let best: PlacementNode | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let at = among.indexOf(1); at >= 0; at = among.indexOf(1, at + 1)) {
      const member = this.roster.members[at]!;
      if (!member.isOpen) continue;
      const load = loadWith({ capabilities: member.capacity.capabilities, used: this.roster.usedAt(at) }, this.#claim.costs);
      if (load < least) [best, least] = [member, load];
    }
    return best;
  }

  #isFree(at: number, reserved: Reserved | undefined): boolean {
    const member = this.roster.members[at]!;
    if (!member.isOpen) return false;
    const names = reserved?.get(member);
    if (names) for (const name of this.#claim.cost.keys()) if (names.has(name)) return false;
    return true;
  }

  readonly #lookAt = (at: number): void => {
    if (this.#isEligible[at] === 0) return;
    const { capacity: room } = this.roster.members[at]!;
    const { cost, slot, growsMemory } = this.#claim;
    const hasResources = room.hasResources(cost);
    const hasRoom = hasResources && room.hasSlot(slot);
    const isFull = growsMemory === true && room.excessMiB > 0;
    this.#resources[at] = Number(hasResources);
    this.#room[at] = Number(hasRoom && !isFull);
    this.#full[at] = hasRoom && isFull ? (room.isEasing ? EASING : 1) : 0;
    this.#wait[at] = Number(!isFull && room.mayWait(this.#claim));
  };

  #look(): void {
    const { roster } = this;
    if (this.#seen === roster.changes) return;
    if (this.#seen < 0 || !roster.changedSince(this.#seen, this.#lookAt)) for (const at of this.eligible) this.#lookAt(at);
    this.#seen = roster.changes;
  }
}

/** The resources, by node, that are reserved for claims that have waited long. */
export type Reserved = ReadonlyMap<PlacementNode, ReadonlySet<string>>;

/** Returns the least loaded node where a claim may wait. */
export const whereItMayWait = (eligibility: Eligibility, _reserved: Reserved | undefined): PlacementNode | undefined =>
  eligibility.nearestToWait;

/** Returns the first node where values alone leave no room. */
export const whereOnlyValuesAreInTheWay = (eligibility: Eligibility, reserved: Reserved | undefined): PlacementNode | undefined =>
  eligibility.withRoomButMemory(reserved);
