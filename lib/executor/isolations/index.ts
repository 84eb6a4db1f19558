import type { IsolationOptions, IsolationRunner } from '../isolation.js';
import { loopIsolation } from './loop.js';
import { processIsolation } from './process.js';
import { threadIsolation } from './thread.js';

/** Where code can run, by the name that a function's `isolation` gives. */
export const isolations: ReadonlyMap<string, (options: IsolationOptions) => IsolationRunner> = new Map([
  ['thread', threadIsolation],
  ['loop', loopIsolation],
  ['process', processIsolation],
]);
