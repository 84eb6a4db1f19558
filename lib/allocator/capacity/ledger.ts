// Brain: pure.
import type { Capabilities } from '../strategy.js';
import type { Capacity, Claim, Slot } from './capacity.js';
import { excessMiB } from './memory.js';
import { type Amounts, amounts, fits, record, shortOf } from './resources.js';

/**
 * The only authority on what a node has, and who holds it. The sum of running costs never exceeds the capabilities; when those are
 * registered anew below what is in use, nothing is taken away, new claims wait. Pure and synchronous; outlives every actor.
 */
export class Ledger implements Capacity {
  #capabilities: Capabilities;
  #limits: Amounts;
  readonly #used = new Map<string, bigint>();
  readonly #slots: Record<Slot, { readonly size: number; used: number }>;
  #heldBytes = 0;
  #excessMiB = 0;
  #changed = (): void => {};

  constructor(capabilities: Capabilities, slots: Readonly<Record<Slot, number>>) {
    this.#capabilities = capabilities;
    this.#limits = amounts(capabilities);
    this.#slots = { thread: { size: slots.thread, used: 0 }, loop: { size: slots.loop, used: 0 } };
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  get used(): Capabilities {
    return record(new Map([...[...this.#limits.keys()].map((name) => [name, 0n] as const), ...this.#used]));
  }

  /** Threads and places on the loop: how many there are, and how many are in use. */
  get slots(): Readonly<Record<Slot, { readonly size: number; readonly used: number }>> {
    return this.#slots;
  }

  /** Whether nothing is held: no cost, no slot. */
  get isFree(): boolean {
    return this.#used.size === 0 && this.#slots.thread.used === 0 && this.#slots.loop.used === 0;
  }

  register(capabilities: Capabilities): void {
    this.#capabilities = capabilities;
    this.#limits = amounts(capabilities);
    this.#changed();
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
    return fits(cost, this.#limits, this.#used);
  }

  hasSlot(slot: Slot): boolean {
    return this.#slots[slot].used < this.#slots[slot].size;
  }

  /** Nobody waits in a ledger: what has no room there now is kept until there is. */
  mayWait(): boolean {
    return false;
  }

  shortOf({ cost, slot, growsMemory: isOpening }: Claim): Capabilities {
    const short = shortOf(cost, this.#limits, this.#used);
    if (Object.keys(short).length > 0) return short;
    if (!this.hasSlot(slot)) return { [slot]: 1 };
    return isOpening && this.#excessMiB > 0 ? { memory: this.#excessMiB } : short;
  }

  /** Takes the capacity. A claim that does not fit is a bug of the caller, and throws. */
  take(claim: Claim): void {
    if (!this.hasSlot(claim.slot) || !this.hasResources(claim.cost)) throw new Error('a claim was granted that does not fit');
    this.#hold(claim);
  }

  #hold(claim: Claim): void {
    this.#slots[claim.slot].used += 1;
    for (const [name, amount] of claim.cost) this.#used.set(name, (this.#used.get(name) ?? 0n) + amount);
    this.#changed();
  }

  /** Takes back what was lent, if it fits; or although it does not, where it never will: capabilities were registered below it. */
  takeBack(claim: Claim): boolean {
    if (this.canEverHold(claim.cost) && !(this.hasSlot(claim.slot) && this.hasResources(claim.cost))) return false;
    if (!this.hasSlot(claim.slot)) return false;
    this.#hold(claim);
    return true;
  }

  /** Gives it back. Giving back what is not held is a bug of the caller, and throws. */
  free(claim: Claim): void {
    const slot = this.#slots[claim.slot];
    if (slot.used === 0) throw new Error('a claim was freed that is not held');
    slot.used -= 1;
    for (const [name, amount] of claim.cost) {
      const left = (this.#used.get(name) ?? 0n) - amount;
      if (left < 0n) throw new Error(`more of "${name}" was freed than is held`);
      if (left === 0n) this.#used.delete(name);
      else this.#used.set(name, left);
    }
    this.#changed();
  }

  watch(changed: () => void): void {
    this.#changed = changed;
  }
}
