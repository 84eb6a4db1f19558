// Brain: pure.
import { slotOfResource, slotResource } from '../../base/index.js';
import type { Capabilities } from '../strategy.js';

/** The report of a node with every beat. Slots are among its resources, under reserved names. */
export interface UsageReport {
  readonly capabilities: Capabilities;
  /** The use by all drivers. */
  readonly used: Capabilities;
  /** The use by the driver that receives the report. */
  readonly usedByYou: Capabilities;
  /** How many other drivers use it, if that is reported. */
  readonly otherDrivers?: number;
}

/** Returns counts of slots, by name, as the resources that represent them. */
export const slotEntries = (slots: Iterable<readonly [string, number]>): (readonly [string, number])[] =>
  Array.from(slots, ([name, count]) => [slotResource(name), count] as const);

/** Splits amounts into those of the users' resources, and those of slots by the name of the slots. */
export function apart(told: Capabilities): { readonly resources: Capabilities; readonly slots: ReadonlyMap<string, number> } {
  const slots = new Map<string, number>();
  const resources: [string, number][] = [];
  for (const entry of Object.entries(told)) {
    const slot = slotOfResource(entry[0]);
    if (slot === undefined) resources.push(entry);
    else slots.set(slot, entry[1]);
  }
  return { resources: Object.fromEntries(resources), slots };
}
