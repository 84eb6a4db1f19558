// Brain: pure.
import type { Capabilities } from '../strategy.js';
import type { Claim } from './capacity.js';
import { HeldCosts } from './held-costs.js';
import { LimitedCapacity } from './limited-capacity.js';
import { type Amounts, amounts, fits, record } from './resources.js';
import { apart, type UsageReport } from './usage-report.js';

/** The slots of one name on a node: how many there are, and how many of them others and this driver use. */
interface SlotUse {
  size: number;
  others: number;
  mine: number;
  /** Those of mine. */
  readonly costs: HeldCosts;
}

const NO_SLOTS: Readonly<SlotUse> = { size: 0, others: 0, mine: 0, costs: new HeldCosts() };

const least0 = (amount: bigint): bigint => (amount > 0n ? amount : 0n);

/**
 * A driver's estimate of another node's use: its latest report, and this driver's own claims, which are known better here than there. It is
 * a hint: the node's own ledger decides, and a refused function goes elsewhere. Pure and synchronous.
 */
export class UsageEstimate extends LimitedCapacity {
  #others: Amounts = new Map();
  readonly #mine = new Map<string, bigint>();
  /** Both together: it is asked for at each placement. */
  #used = new Map<string, bigint>();
  readonly #slots = new Map<string, SlotUse>();

  /** What the node has refused although it looked free: it is reserved there for another driver. Kept until the next report. */
  readonly #withheld = new Set<string>();
  #isShut = false;
  #otherDrivers = Number.POSITIVE_INFINITY;

  constructor(usage?: UsageReport) {
    super({});
    if (usage) this.applyReport(usage);
  }

  /** Applies a report of the node. */
  applyReport(report: UsageReport): void {
    const [capabilities, used, usedByYou] = [apart(report.capabilities), apart(report.used), apart(report.usedByYou)];
    if (report.otherDrivers !== undefined) this.#otherDrivers = report.otherDrivers;
    this.#withheld.clear();
    this.#isShut = false;
    this.setCapabilities(capabilities.resources);
    const ours = amounts(usedByYou.resources);
    // If more is counted as ours than is in use at all, the difference would be room that does not exist.
    this.#others = new Map([...amounts(used.resources)].map(([name, amount]) => [name, least0(amount - (ours.get(name) ?? 0n))]));
    this.#used = new Map(this.#others);
    for (const [name, amount] of this.#mine) this.#used.set(name, (this.#used.get(name) ?? 0n) + amount);
    for (const slots of this.#slots.values()) slots.size = slots.others = 0;
    for (const [name, size] of capabilities.slots) {
      const others = Math.max(0, (used.slots.get(name) ?? 0) - (usedByYou.slots.get(name) ?? 0));
      Object.assign(this.#slotsOf(name), { size, others });
    }
    this.changed();
  }

  /** The node sent the same report as before: nothing is withheld any more. */
  toldAgain(): void {
    if (this.#withheld.size === 0 && !this.#isShut) return;
    this.#withheld.clear();
    this.#isShut = false;
    this.changed();
  }

  /** The node had no room for a claim, which is not freed yet, and reported its use. */
  refused(usage: UsageReport, { cost }: Claim): void {
    this.applyReport(usage);
    // The claim itself is still counted, and is about to be freed.
    const used = new Map(this.inUse());
    for (const [name, amount] of cost) used.set(name, (used.get(name) ?? 0n) - amount);
    if (!fits(cost, this.limits, used)) return;
    for (const name of cost.keys()) this.#withheld.add(name);
    this.#isShut = cost.size === 0;
    this.changed();
  }

  get used(): Capabilities {
    return record(this.inUse());
  }

  slotCount(slot: string): number {
    return this.#slots.get(slot)?.size ?? 0;
  }

  hasResources(cost: Amounts): boolean {
    if (this.#withheld.size > 0) for (const name of cost.keys()) if (this.#withheld.has(name)) return false;
    return !this.#isShut && fits(cost, this.limits, this.inUse());
  }

  hasSlot(slot: string): boolean {
    const { size, others, mine } = this.#slots.get(slot) ?? NO_SLOTS;
    return others + mine < size;
  }

  #slotsOf(name: string): SlotUse {
    const known = this.#slots.get(name);
    if (known) return known;
    const slots = { ...NO_SLOTS, costs: new HeldCosts() };
    this.#slots.set(name, slots);
    return slots;
  }

  /**
   * Whether a claim may wait on a full node. Queueing more than fits would trap work there; queueing nothing would starve this driver. So
   * one claim may wait there, as the node serves drivers in turn. Of claims that need only a slot, this driver's fair share may wait: with
   * one it would get one slot per round trip.
   */
  mayWait({ cost, slot }: Claim): boolean {
    const { size, others, mine } = this.#slots.get(slot) ?? NO_SLOTS;
    if (cost.size === 0 && others > 0 && mine < Math.floor(size / (1 + this.#otherDrivers))) return true;
    if (mine + others > size || (mine + others === size && others === 0)) return false;
    const used = this.inUse();
    for (const [name, amount] of cost) {
      const limit = this.limits.get(name) ?? 0n;
      const inUse = used.get(name) ?? 0n;
      if (inUse + amount <= limit) continue;
      if (inUse > limit || (this.#others.get(name) ?? 0n) === 0n) return false;
    }
    return true;
  }

  /** Takes a claim. It may exceed the capacity: then it waits there. */
  take({ cost, slot }: Claim): void {
    const slots = this.#slotsOf(slot);
    slots.mine += 1;
    slots.costs.add(cost);
    for (const [name, amount] of cost) {
      this.#mine.set(name, (this.#mine.get(name) ?? 0n) + amount);
      this.#used.set(name, (this.#used.get(name) ?? 0n) + amount);
    }
    this.changed();
  }

  hold(claim: Claim): void {
    this.take(claim);
  }

  /** None where others use any of it: what lies behind their claims begins nobody knows when. */
  coveringClaims({ cost, slot }: Claim): number {
    const { size, others, mine, costs } = this.#slots.get(slot) ?? NO_SLOTS;
    if (others > 0 || !costs.cover(cost)) return 0;
    for (const name of cost.keys()) if (this.#withheld.has(name) || (this.#others.get(name) ?? 0n) > 0n) return 0;
    return this.#isShut ? 0 : Math.min(mine, size);
  }

  /** A claim on an earlier incarnation of the node may be freed late: then there is nothing to free. */
  free({ cost, slot }: Claim): void {
    const slots = this.#slotsOf(slot);
    slots.mine = Math.max(0, slots.mine - 1);
    slots.costs.remove(cost);
    for (const [name, amount] of cost) {
      const left = least0((this.#mine.get(name) ?? 0n) - amount);
      const used = left + (this.#others.get(name) ?? 0n);
      if (left === 0n) this.#mine.delete(name);
      else this.#mine.set(name, left);
      if (used === 0n && !this.#others.has(name)) this.#used.delete(name);
      else this.#used.set(name, used);
    }
    this.changed();
  }

  protected inUse(): Amounts {
    return this.#used;
  }
}
