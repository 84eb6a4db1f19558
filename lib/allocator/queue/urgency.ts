// Brain: pure.
import type { ClaimQueueClient } from './claim-class.js';

const asFloat = new Float32Array(1);
const asBits = new Int32Array(asFloat.buffer);

/**
 * Returns the band of a path of `ms`. A band is a quarter of an octave wide: paths that differ by less than a fifth may be in one. The
 * exponent and two more bits of a float are just that.
 */
export function bandOf(ms: number): number {
  asFloat[0] = ms;
  return asBits[0]! >> 21;
}

/** Returns the band of a function of a run; 0 for all in a run that knows of no paths. */
export const bandIn = ({ urgency }: ClaimQueueClient, index: number): number => (urgency ? bandOf(urgency.pathMsOf(index)) : 0);

/**
 * Returns the lowest band that is urgent in a run on so many slots. A function is urgent when the path from it on takes no less time than
 * all slots together need for what is left: if it waits, the run takes longer.
 */
export function urgentBandOf({ urgency, maxConcurrency }: ClaimQueueClient, slots: number): number {
  return urgency ? bandOf(urgency.workLeftMs / Math.max(1, Math.min(slots, maxConcurrency))) : 0;
}

/**
 * Compares the first functions of two queues of a run: below 0 if `a` goes first. By priority; then what is urgent, the longest path first;
 * then in the run's order.
 */
export function compareFirst(client: ClaimQueueClient, urgentBand: number, a: number, b: number): number {
  const { urgency } = client;
  if (urgency) {
    const byPriority = urgency.priorityOf(b) - urgency.priorityOf(a);
    if (byPriority !== 0) return byPriority;
    const bandA = bandIn(client, a);
    const bandB = bandIn(client, b);
    if (bandA !== bandB && Math.max(bandA, bandB) >= urgentBand) return bandB - bandA;
  }
  return client.compare(a, b);
}
