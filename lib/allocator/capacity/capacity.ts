import type { Capabilities } from '../strategy.js';
import type { ValueLoad } from './memory.js';
import type { Amounts } from './resources.js';

/** What a node has, and how much is in use: exactly, in its own `Ledger`; as a driver's `UsageEstimate` of another node. */
export interface Capacity {
  /** Exactly as registered. Slots are not included. */
  readonly capabilities: Capabilities;
  /** What running functions hold, of each resource that is registered or held. */
  readonly used: Capabilities;
  /** How far values exceed their part of the memory, MiB. */
  readonly excessMiB: number;
  /** Whether that gets less by itself, as the disk takes values. */
  readonly isEasing: boolean;
  /** Whether an idle node would have room. */
  canEverHold(need: ClaimNeed): boolean;
  /** How many slots of that name there are, free or not. */
  slotCount(slot: string): number;
  /** Whether the resources are free now. Slots are not checked. */
  hasResources(cost: Amounts): boolean;
  hasSlot(slot: string): boolean;
  /** Whether only other drivers' claims stand in the way, and none of this driver's waits there already. */
  mayWait(claim: Claim): boolean;
  /** How many claims are held in its slots, if each covers its cost, and whatever lies behind them may begin by them; otherwise 0. */
  coveringClaims(claim: Claim): number;
  /** What a claim waits for: the resources that are short, else the slot; or memory, if values fill it. */
  shortOf(claim: Claim): Capabilities;
  /** The same, but of each resource only as much as is missing. */
  lackOf(claim: Claim): Capabilities;
  /** Sets what the values on the node take. */
  setValueLoad(load: ValueLoad): void;
  /** Counts a value that was made there since. */
  addValueBytes(bytes: number): void;
  take(claim: Claim): void;
  /** Takes a claim for code that runs there already: it may exceed what there is. */
  hold(claim: Claim): void;
  /** Frees what was taken. */
  free(claim: Claim): void;
  /** Calls `changed` after every change, including a take. Replaces the former callback. */
  watch(changed: () => void): void;
}

/** What an attempt needs of a node: its cost, and one slot of its isolation. */
export interface ClaimNeed {
  readonly cost: Amounts;
  /** The name of the slots of which it takes one. Slots are resources that a node has through its isolations, counted in whole numbers. */
  readonly slot: string;
}

/** Capacity that is requested or held. */
export interface Claim extends ClaimNeed {
  /** Whether it will leave more values behind than before. Such claims are held back where values fill the memory. Default false. */
  readonly growsMemory?: boolean;
  /** The modules that it runs, if nodes with different modules must not hold it. By default modules do not matter. */
  readonly modules?: readonly string[] | undefined;
  /** By node, which of the modules is known to differ there. */
  readonly differs?: Map<string, string> | undefined;
}
