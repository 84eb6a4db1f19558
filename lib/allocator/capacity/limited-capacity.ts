// Brain: pure.
import type { Capabilities } from '../strategy.js';
import type { Capacity, Claim, ClaimNeed } from './capacity.js';
import { excessMiB, VALUE_MEMORY, type ValueLoad } from './memory.js';
import { type Amounts, amounts, fits, missingOf, shortOf } from './resources.js';

/** What a node's own ledger and a driver's estimate of another node have in common: limits, and a memory that values fill. */
export abstract class LimitedCapacity implements Capacity {
  protected limits: Amounts;
  /** To be called after every change. */
  protected changed = (): void => {};
  #capabilities: Capabilities;
  #heldBytes = 0;
  #limitBytes = Number.POSITIVE_INFINITY;
  #isEasing = false;
  #isUnsure = false;
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

  get isEasing(): boolean {
    return this.#isEasing;
  }

  /** Whether it is full by what was made since the load was set. Until it is set anew, a disk is believed to take some. */
  get isUnsure(): boolean {
    return this.#isUnsure;
  }

  abstract get used(): Capabilities;
  abstract slotCount(slot: string): number;
  abstract hasSlot(slot: string): boolean;
  abstract hasResources(cost: Amounts): boolean;
  abstract mayWait(claim: Claim): boolean;
  abstract take(claim: Claim): void;
  abstract coveringClaims(claim: Claim): number;

  abstract hold(claim: Claim): void;
  abstract free(claim: Claim): void;
  /** What is in use, of each resource. */
  protected abstract inUse(): Amounts;

  setValueLoad({ heldBytes, limitBytes, isSpilling }: ValueLoad): void {
    const wasOver = this.#excessMiB > 0;
    const isTurned = this.#isEasing !== isSpilling;
    this.#heldBytes = heldBytes;
    this.#limitBytes = limitBytes;
    this.#isEasing = isSpilling;
    this.#isUnsure = false;
    this.#excessMiB = excessMiB(heldBytes, limitBytes);
    const isOver = this.#excessMiB > 0;
    if (wasOver !== isOver || (isOver && isTurned)) this.changed();
  }

  addValueBytes(bytes: number): void {
    const wasOver = this.#excessMiB > 0;
    this.#heldBytes += bytes;
    this.#excessMiB = excessMiB(this.#heldBytes, this.#limitBytes);
    if (wasOver || this.#excessMiB === 0) return;
    this.#isEasing = true;
    this.#isUnsure = true;
    this.changed();
  }

  canEverHold({ cost, slot }: ClaimNeed): boolean {
    return this.slotCount(slot) > 0 && fits(cost, this.limits);
  }

  shortOf({ cost, slot, growsMemory }: Claim): Capabilities {
    const short = shortOf(cost, this.limits, this.inUse());
    if (Object.keys(short).length > 0) return short;
    if (!this.hasSlot(slot)) return { [slot]: 1 };
    return growsMemory && this.#excessMiB > 0 ? { [VALUE_MEMORY]: this.#excessMiB } : short;
  }

  lackOf(claim: Claim): Capabilities {
    const missing = missingOf(claim.cost, this.limits, this.inUse());
    return Object.keys(missing).length > 0 ? missing : this.shortOf(claim);
  }

  watch(changed: () => void): void {
    this.changed = changed;
  }

  protected setCapabilities(capabilities: Capabilities): void {
    this.#capabilities = capabilities;
    this.limits = amounts(capabilities);
  }
}
