import type { Capabilities } from '../strategy.js';
import type { Amounts } from './resources.js';

/** What an attempt needs of a node: its cost, and one slot of its isolation. */
export interface ClaimNeed {
  readonly cost: Amounts;
  /** The name of the slots of which it takes one. Slots are resources that a node has by its isolations, counted in whole numbers. */
  readonly slot: string;
}

/** Capacity that is asked for, or held. */
export interface Claim extends ClaimNeed {
  /** Whether it will leave more values behind than before: held back where values fill the memory. Default false. */
  readonly growsMemory?: boolean;
  /** The modules that it runs, where nodes whose modules differ are to hold nothing of it. Default: whatever they are. */
  readonly modules?: readonly string[] | undefined;
  /** By node, which of the modules differs there, as far as it is known. */
  readonly differs?: Map<string, string> | undefined;
}

/** What a node has, and what of it is in use: exactly, by its own `Ledger`; by hearsay, a `Picture` of another. */
export interface Capacity {
  /** Exactly as registered. Slots are no part of it. */
  readonly capabilities: Capabilities;
  /** What running functions hold, of each resource that is registered or held. */
  readonly used: Capabilities;
  /** How far values are beyond what its memory is for, MiB. */
  readonly excessMiB: number;
  /** Whether an idle node would have room. */
  canEverHold(need: ClaimNeed): boolean;
  /** How many slots of that name there are, free or not. */
  slotCount(slot: string): number;
  /** Whether the resources are free now, slots apart. */
  hasResources(cost: Amounts): boolean;
  hasSlot(slot: string): boolean;
  /** Whether it is only the others' claims for which there is no room, and none of this driver's waits there already. */
  mayWait(claim: Claim): boolean;
  /** What a claim waits for: the resources that are short, else the slot; or memory, where values fill it. */
  shortOf(claim: Claim): Capabilities;
  /** Values on the node occupy so much. */
  setValueBytes(heldBytes: number): void;
  /** A value of so many bytes has been made there since. */
  addValueBytes(bytes: number): void;
  take(claim: Claim): void;
  /** Gives back what was taken. */
  free(claim: Claim): void;
  /** Calls `changed` after every change, be it a take; instead of whom it called before. */
  watch(changed: () => void): void;
}
