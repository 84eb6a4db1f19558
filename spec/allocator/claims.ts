import { amounts } from '../../lib/allocator/capacity/resources.js';
import { type PlacementAnswer, type PlacementClient, Placer } from '../../lib/allocator/placement/placer.js';
import { StrategyWaits } from '../../lib/allocator/placement/strategy-waits.js';
import type { ClaimClass } from '../../lib/allocator/queue/claim-class.js';
import type { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import { strategies } from '../../lib/allocator/strategies/index.js';
import type { Capabilities } from '../../lib/allocator/strategy.js';

/** A run that asks for functions and takes any node with room, unless told otherwise. */
export const asker = (runId: string, over: Partial<PlacementClient> = {}): PlacementClient => ({
  runId,
  dagId: `dag of ${runId}`,
  strategy: strategies['first-available'](),
  takesAnyRoom: true,
  maxConcurrency: Number.POSITIVE_INFINITY,
  functionId: (index) => `f${index}`,
  compare: (a, b) => a - b,
  ...over,
});

/** Functions that cost the same, in threads unless told otherwise. */
export const kindOf = (costs: Capabilities, over: Partial<ClaimClass> = {}): ClaimClass => ({
  slot: 'thread',
  costs,
  cost: amounts(costs),
  pinnedTo: undefined,
  group: undefined,
  ...over,
});

/** One whole pass over a queue, with the strategies of its runs. */
export const placeAll = (queue: ClaimQueue<PlacementClient>, nowMs: number): readonly PlacementAnswer<PlacementClient>[] =>
  new Placer(queue, new StrategyWaits<PlacementClient>()).placeAll(nowMs);
