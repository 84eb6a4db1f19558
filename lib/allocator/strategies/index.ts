import type { AllocationStrategy } from '../strategy.js';
import { firstAvailable } from './first-available.js';
import { loadBalanced } from './load-balanced.js';
import { nearData } from './near-data.js';

/** The strategies that can be named; a new one is a file here and a line in this map. */
export const strategies: ReadonlyMap<string, () => AllocationStrategy> = new Map([
  ['first-available', firstAvailable],
  ['load-balanced', loadBalanced],
  ['near-data', nearData],
]);
