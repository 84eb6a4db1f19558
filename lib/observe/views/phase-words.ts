// Brain: pure.
import type { Phases } from '../../runner/index.js';

/** The phases of an attempt in the order in which they happen, each with its name for people. */
export const PHASE_WORDS: readonly (readonly [keyof Phases, string])[] = [
  ['waitMs', 'wait'],
  ['fetchMs', 'fetch'],
  ['loadMs', 'load'],
  ['runMs', 'run'],
  ['packMs', 'pack'],
  ['handOverMs', 'hand over'],
];
