import { type PlacementAnswer, type PlacementClient, Placer } from '../../lib/allocator/placement/placer.js';
import { StrategyWaits } from '../../lib/allocator/placement/strategy-waits.js';
import type { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';

/** One whole pass over a queue, with the strategies of its runs. */
export const placeAll = (queue: ClaimQueue<PlacementClient>, nowMs: number): readonly PlacementAnswer<PlacementClient>[] =>
  new Placer(queue, new StrategyWaits<PlacementClient>()).placeAll(nowMs);
