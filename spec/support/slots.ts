import { slotResource } from '../../lib/base/index.js';

/** Counts of slots by name, as the amounts that nodes are told. */
export const slotAmounts = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [slotResource(name), count]));

/** The same as entries. */
export const slotList = (counts: Readonly<Record<string, number>>): [string, number][] => Object.entries(slotAmounts(counts));
