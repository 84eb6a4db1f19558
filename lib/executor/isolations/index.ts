import type { IsolationFactory } from '../isolation.js';
import { loopIsolation } from './loop.js';
import { processIsolation } from './process.js';
import { threadIsolation } from './thread.js';

/** The isolations, by the name in a function's `isolation`. A new one is one file and one line here. */
export const isolations: ReadonlyMap<string, IsolationFactory> = new Map([
  ['thread', threadIsolation],
  ['loop', loopIsolation],
  ['process', processIsolation],
]);

export { loopIsolation, processIsolation, threadIsolation };
