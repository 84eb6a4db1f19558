import type { BuiltInFactory } from '../isolation.js';
import { loopIsolation } from './loop.js';
import { processIsolation, processPool } from './process.js';
import { threadIsolation, threadPool } from './thread.js';

/** The isolations, by the name in a function's `isolation`. A new one is one file and one line here. */
export const isolations: ReadonlyMap<string, BuiltInFactory> = new Map([
  ['thread', threadPool],
  ['loop', loopIsolation],
  ['process', processPool],
]);

/** The names of the built-in isolations, the default first. */
export const isolationNames: readonly string[] = [...isolations.keys()];

/** The isolations whose calls take slots of another. */
const SHARED: ReadonlyMap<string, string> = new Map([['process', 'thread']]);

/** Returns the name of the slots that calls in an isolation take: its own, but that processes and threads are counted together. */
export const slotOf = (isolation: string): string => SHARED.get(isolation) ?? isolation;

export { loopIsolation, processIsolation, threadIsolation };
