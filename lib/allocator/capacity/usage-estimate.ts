// Brain: pure.
import type { Capabilities } from '../strategy.js';
import type { Capacity, Claim, Slot } from './capacity.js';
import { excessMiB } from './memory.js';
import { type Amounts, amounts, fits, record, shortOf } from './resources.js';

/** What a node tells of itself with every beat. */
export interface UsageReport {
  readonly capabilities: Capabilities;
  /** By everybody. */
  readonly used: Capabilities;
  /** By functions of the driver that hears it. */
  readonly usedByYou: Capabilities;
  readonly slots: Readonly<Record<Slot, { readonly size: number; readonly used: number; readonly usedByYou: number }>>;
  /** How many other drivers use it, if that is told. */
  readonly otherDrivers?: number;
}

const least0 = (amount: bigint): bigint => (amount > 0n ? amount : 0n);

/**
 * A driver's picture of another node: what that told last, with the claims of this driver counted by itself, which are known better here
 * than there. A hint: the node's own ledger decides, and what it refuses is asked elsewhere. Pure and synchronous.
 */
export class UsageEstimate implements Capacity {
  #capabilities: Capabilities = {};
  #limits: Amounts = new Map();
  #others: Amounts = new Map();
  readonly #mine = new Map<string, bigint>();
  readonly #slots: Record<Slot, { size: number; others: number; mine: number }> = {
    thread: { size: 0, others: 0, mine: 0 },
    loop: { size: 0, others: 0, mine: 0 },
  };

  /** What the node has refused although it looked free: it is kept there for somebody else. Until the node tells anew. */
  readonly #withheld = new Set<string>();
  #isShut = false;
  #otherDrivers = Number.POSITIVE_INFINITY;
  #heldBytes = 0;
  #excessMiB = 0;
  #changed = (): void => {};

  constructor(usage?: UsageReport) {
    if (usage) this.applyReport(usage);
  }

  /** The node told how it stands. */
  applyReport({ capabilities, used, usedByYou, slots, otherDrivers }: UsageReport): void {
    if (otherDrivers !== undefined) this.#otherDrivers = otherDrivers;
    this.#withheld.clear();
    this.#isShut = false;
    this.#capabilities = capabilities;
    this.#limits = amounts(capabilities);
    const ours = amounts(usedByYou);
    // More of it ours than is in use at all would be room that nobody has.
    this.#others = new Map([...amounts(used)].map(([name, amount]) => [name, least0(amount - (ours.get(name) ?? 0n))]));
    for (const slot of ['thread', 'loop'] as const) {
      const { size, used: inUse, usedByYou: oursInUse } = slots[slot];
      Object.assign(this.#slots[slot], { size, others: Math.max(0, inUse - oursInUse) });
    }
    this.#changed();
  }

  /** The node told the same as before: nothing is withheld any more. */
  toldAgain(): void {
    if (this.#withheld.size === 0 && !this.#isShut) return;
    this.#withheld.clear();
    this.#isShut = false;
    this.#changed();
  }

  /** The node had no room for a claim, which is not given back yet, and told how it stands. */
  refused(usage: UsageReport, { cost }: Claim): void {
    this.applyReport(usage);
    // The claim itself is still counted, and is about to be given back.
    const used = new Map(this.#used());
    for (const [name, amount] of cost) used.set(name, (used.get(name) ?? 0n) - amount);
    if (!fits(cost, this.#limits, used)) return;
    for (const name of cost.keys()) this.#withheld.add(name);
    this.#isShut = cost.size === 0;
    this.#changed();
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  get used(): Capabilities {
    return record(this.#used());
  }

  get excessMiB(): number {
    return this.#excessMiB;
  }

  setValueBytes(heldBytes: number): void {
    this.#heldBytes = heldBytes;
    const before = this.#excessMiB;
    this.#excessMiB = excessMiB(heldBytes, this.#capabilities);
    if (before > 0 !== this.#excessMiB > 0) this.#changed();
  }

  addValueBytes(bytes: number): void {
    this.setValueBytes(this.#heldBytes + bytes);
  }

  canEverHold(cost: Amounts): boolean {
    return fits(cost, this.#limits);
  }

  hasResources(cost: Amounts): boolean {
    if (this.#withheld.size > 0) for (const name of cost.keys()) if (this.#withheld.has(name)) return false;
    return !this.#isShut && fits(cost, this.#limits, this.#used());
  }

  hasSlot(slot: Slot): boolean {
    const { size, others, mine } = this.#slots[slot];
    return others + mine < size;
  }

  /**
   * Whether a claim may wait on a full node. Queueing more than fits would trap work there; queueing nothing would starve this driver. So
   * one claim may wait there, as the node serves drivers in turn. Of claims that need only a slot, this driver's fair share may wait: with
   * one it would get one slot per round trip.
   */
  mayWait({ cost, slot }: Claim): boolean {
    const { size, others, mine } = this.#slots[slot];
    if (cost.size === 0 && others > 0 && mine < Math.floor(size / (1 + this.#otherDrivers))) return true;
    if (mine + others > size || (mine + others === size && others === 0)) return false;
    const used = this.#used();
    for (const [name, amount] of cost) {
      const limit = this.#limits.get(name) ?? 0n;
      const inUse = used.get(name) ?? 0n;
      if (inUse + amount <= limit) continue;
      if (inUse > limit || (this.#others.get(name) ?? 0n) === 0n) return false;
    }
    return true;
  }

  shortOf({ cost, slot, growsMemory: isOpening }: Claim): Capabilities {
    const short = shortOf(cost, this.#limits, this.#used());
    if (Object.keys(short).length > 0) return short;
    if (!this.hasSlot(slot)) return { [slot]: 1 };
    return isOpening && this.#excessMiB > 0 ? { memory: this.#excessMiB } : short;
  }

  /** What does not fit may be taken too: it waits there. */
  take({ cost, slot }: Claim): void {
    this.#slots[slot].mine += 1;
    for (const [name, amount] of cost) this.#mine.set(name, (this.#mine.get(name) ?? 0n) + amount);
    this.#changed();
  }

  /** A claim on an earlier incarnation of the node may be given back late: then there is nothing to give. */
  free({ cost, slot }: Claim): void {
    this.#slots[slot].mine = Math.max(0, this.#slots[slot].mine - 1);
    for (const [name, amount] of cost) {
      const left = (this.#mine.get(name) ?? 0n) - amount;
      if (left <= 0n) this.#mine.delete(name);
      else this.#mine.set(name, left);
    }
    this.#changed();
  }

  watch(changed: () => void): void {
    this.#changed = changed;
  }

  #used(): Amounts {
    if (this.#mine.size === 0) return this.#others;
    const used = new Map(this.#others);
    for (const [name, amount] of this.#mine) used.set(name, (used.get(name) ?? 0n) + amount);
    return used;
  }
}
