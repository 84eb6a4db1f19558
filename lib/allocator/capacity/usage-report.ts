// Brain: pure.
import { slotOfResource, slotResource } from '../../base/index.js';
import type { Capabilities } from '../strategy.js';

/** What a node tells of itself with every beat. Slots are among its resources, under reserved names. */
export interface UsageReport {
  readonly capabilities: Capabilities;
  /** By everybody. */
  readonly used: Capabilities;
  /** By functions of the driver that hears it. */
  readonly usedByYou: Capabilities;
  /** How many other drivers use it, if that is told. */
  readonly otherDrivers?: number;
}

/** Returns counts of slots, by name, as the resources that stand for them. */
export const slotEntries = (slots: Iterable<readonly [string, number]>): (readonly [string, number])[] =>
  Array.from(slots, ([name, count]) => [slotResource(name), count] as const);

/** Returns amounts apart: those of the users' resources, and those of slots by the name of the slots. */
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
