// Brain: pure.
import type { Capabilities } from '../strategy.js';
import type { Claim } from './capacity.js';
import { HeldCosts } from './held-costs.js';
import { LimitedCapacity } from './limited-capacity.js';
import { type Amounts, fits, record } from './resources.js';
import { slotEntries } from './usage-report.js';

/** The slots of one name. */
interface Slots {
  readonly size: number;
  used: number;
  readonly costs: HeldCosts;
}

const NO_SLOTS: Readonly<Slots> = { size: 0, used: 0, costs: new HeldCosts() };

/**
 * The only authority on what a node has, and which claims hold it. The sum of running costs never exceeds the capabilities. If fewer are
 * registered than are in use, nothing is taken away, and new claims wait. Pure and synchronous; outlives every actor.
 */
export class Ledger extends LimitedCapacity {
  readonly #used = new Map<string, bigint>();
  readonly #slots: ReadonlyMap<string, Slots>;
  #slotsUsed = 0;
  /** The slots of the last look-up: most claims take a slot of the same name as the one before. */
  #lastSlot = '';
  #lastSlots: Slots = NO_SLOTS;

  /** `slots` is the number of slots, by name. */
  constructor(capabilities: Capabilities, slots: Readonly<Record<string, number>>) {
    super(capabilities);
    this.#slots = new Map(Object.entries(slots).map(([name, size]) => [name, { size, used: 0, costs: new HeldCosts() }]));
  }

  get used(): Capabilities {
    return record(new Map([...[...this.limits.keys()].map((name) => [name, 0n] as const), ...this.#used]));
  }

  /** What it has and what is in use, including slots, as other nodes are told. */
  get report(): { readonly capabilities: readonly (readonly [string, number])[]; readonly used: readonly (readonly [string, number])[] } {
    const slots = [...this.#slots];
    return {
      capabilities: [...Object.entries(this.capabilities), ...slotEntries(slots.map(([name, { size }]) => [name, size]))],
      used: [...Object.entries(this.used), ...slotEntries(slots.map(([name, { used }]) => [name, used]))],
    };
  }

  /** How many slots are in use, of all names. */
  get slotsUsed(): number {
    return this.#slotsUsed;
  }

  /** Whether nothing is held: no cost, no slot. */
  get isFree(): boolean {
    return this.#used.size === 0 && this.#slotsUsed === 0;
  }

  register(capabilities: Capabilities): void {
    this.setCapabilities(capabilities);
    this.changed();
  }

  slotCount(slot: string): number {
    return this.#slotsOf(slot).size;
  }

  hasResources(cost: Amounts): boolean {
    return fits(cost, this.limits, this.#used);
  }

  hasSlot(slot: string): boolean {
    const { used, size } = this.#slotsOf(slot);
    return used < size;
  }

  #slotsOf(slot: string): Slots {
    if (slot !== this.#lastSlot) {
      this.#lastSlots = this.#slots.get(slot) ?? NO_SLOTS;
      this.#lastSlot = slot;
    }
    return this.#lastSlots;
  }

  /** Claims do not wait in a ledger: the queue keeps those that have no room. */
  mayWait(): boolean {
    return false;
  }

  /** Takes the capacity. Throws if the claim does not fit, which is a bug of the caller. */
  take(claim: Claim): void {
    if (!this.hasSlot(claim.slot) || !this.hasResources(claim.cost)) throw new Error('a claim was granted that does not fit');
    this.hold(claim);
  }

  coveringClaims({ slot, cost }: Claim): number {
    const { used, costs } = this.#slotsOf(slot);
    if (!costs.cover(cost)) return 0;
    // What ends gives that back first.
    for (const name of cost.keys()) if ((this.#used.get(name) ?? 0n) > (this.limits.get(name) ?? 0n)) return 0;
    return used;
  }

  hold(claim: Claim): void {
    const slots = this.#slotsOf(claim.slot);
    slots.used += 1;
    slots.costs.add(claim.cost);
    this.#slotsUsed += 1;
    for (const [name, amount] of claim.cost) this.#used.set(name, (this.#used.get(name) ?? 0n) + amount);
    this.changed();
  }

  /** Takes a lent claim back if it fits, or if its cost never will, as smaller capabilities were registered. It needs a free slot. */
  takeBack(claim: Claim): boolean {
    if (!this.hasSlot(claim.slot) || (this.canEverHold(claim) && !this.hasResources(claim.cost))) return false;
    this.hold(claim);
    return true;
  }

  /** Frees a claim. Throws if it is not held, which is a bug of the caller. */
  free(claim: Claim): void {
    const slots = this.#slotsOf(claim.slot);
    if (slots.used === 0) throw new Error('a claim was freed that is not held');
    slots.used -= 1;
    slots.costs.remove(claim.cost);
    this.#slotsUsed -= 1;
    for (const [name, amount] of claim.cost) {
      const left = (this.#used.get(name) ?? 0n) - amount;
      if (left < 0n) throw new Error(`more of "${name}" was freed than is held`);
      if (left === 0n) this.#used.delete(name);
      else this.#used.set(name, left);
    }
    this.changed();
  }

  protected inUse(): Amounts {
    return this.#used;
  }
}
