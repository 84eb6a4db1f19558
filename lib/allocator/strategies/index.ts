import type { AllocationStrategy } from '../strategy.js';
import { firstAvailable } from './first-available.js';
import { loadBalanced } from './load-balanced.js';
import { nearData } from './near-data.js';

/** The built-in strategies, by name. A new one is one file and one line here. */
export const strategies = {
  'first-available': firstAvailable,
  'load-balanced': loadBalanced,
  'near-data': nearData,
} satisfies Record<string, () => AllocationStrategy>;

/** The names of the built-in strategies, the default first. */
export const strategyNames = Object.keys(strategies) as readonly (keyof typeof strategies)[];

/** The strategy of a run without `allocationStrategy`. */
export const defaultStrategy = firstAvailable;
