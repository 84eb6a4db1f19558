// Brain: pure.
import type { Capabilities } from '../strategy.js';
import type { Capacity, Claim, ClaimNeed } from './capacity.js';
import { excessMiB } from './memory.js';
import { type Amounts, amounts, fits, shortOf } from './resources.js';

/** What a node's own ledger and a driver's estimate of another node have in common: limits, and a memory that values fill. */
export abstract class LimitedCapacity implements Capacity {
  protected limits: Amounts;
  /** To be called after every change. */
  protected changed = (): void => {};
  #capabilities: Capabilities;
  #valueBytes = 0;
  #excessMiB = 0;

  constructor(capabilities: Capabilities) {
    this.#capabilities = capabilities;
    this.limits = amounts(capabilities);
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  get excessMiB(): number {
    return this.#excessMiB;
  }

  abstract get used(): Capabilities;
  abstract slotCount(slot: string): number;
  abstract hasSlot(slot: string): boolean;
  abstract hasResources(cost: Amounts): boolean;
  abstract mayWait(claim: Claim): boolean;
  abstract take(claim: Claim): void;

  abstract hold(claim: Claim): void;
  abstract free(claim: Claim): void;
  /** What is in use, of each resource. */
  protected abstract inUse(): Amounts;

  setValueBytes(valueBytes: number): void {
    this.#valueBytes = valueBytes;
    const before = this.#excessMiB;
    this.#excessMiB = excessMiB(valueBytes, this.#capabilities);
    if (before > 0 !== this.#excessMiB > 0) this.changed();
  }

  addValueBytes(bytes: number): void {
    this.setValueBytes(this.#valueBytes + bytes);
  }

  canEverHold({ cost, slot }: ClaimNeed): boolean {
    return this.slotCount(slot) > 0 && fits(cost, this.limits);
  }

  shortOf({ cost, slot, growsMemory }: Claim): Capabilities {
    const short = shortOf(cost, this.limits, this.inUse());
    if (Object.keys(short).length > 0) return short;
    if (!this.hasSlot(slot)) return { [slot]: 1 };
    return growsMemory && this.#excessMiB > 0 ? { memory: this.#excessMiB } : short;
  }

  watch(changed: () => void): void {
    this.changed = changed;
  }

  protected setCapabilities(capabilities: Capabilities): void {
    this.#capabilities = capabilities;
    this.limits = amounts(capabilities);
  }
}
