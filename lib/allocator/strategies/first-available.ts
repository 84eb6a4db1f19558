// Brain: pure.
import type { AllocationStrategy } from '../strategy.js';

/** Takes the first node with room: the driver's own, then by name. Keeps small DAGs in one place and needs no knowledge of the others. */
export const firstAvailable = (): AllocationStrategy => ({
  name: 'first-available',
  takesAnyRoom: true,
  place: ({ nodes }) => nodes.find((node) => node.fits)?.name,
});
